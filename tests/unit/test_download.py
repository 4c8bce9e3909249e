import hashlib
import http.server
import threading

import pytest

from replisome.errors import ReplisomeError
from replisome.io import read_json
from replisome.stages import download

DATA = b"raw data" * 1000
DIGEST = f"sha256:{hashlib.sha256(DATA).hexdigest()}"


def entry(**changes):
    plain = {
        "study": "study", "version": "1", "file": "raw.npz", "addresses": [], "checksum": DIGEST, "bytes": None,
        "licence": "MIT", "citation": "us", "place": "Ask us for raw.npz",
        "stand_in": {"file": "other.npz", "checksum": DIGEST, "licence": "CC0", "note": "rebuilt"},
    }  # fmt: skip
    return {**plain, **changes}


@pytest.fixture
def mirror(tmp_path):
    folder = tmp_path / "mirror" / "study"
    folder.mkdir(parents=True)
    (folder / "raw.npz").write_bytes(DATA)
    return tmp_path / "mirror"


@pytest.fixture
def server(tmp_path):
    """Serve a folder on the loopback interface; yields the folder and its address."""
    folder = tmp_path / "served"
    folder.mkdir()

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments):
            super().__init__(*arguments, directory=str(folder))

        def log_message(self, *arguments):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield folder, f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(download, "RETRIES", 0)
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)


def test_the_mirror_comes_first_and_the_origin_is_written(tmp_path, mirror):
    out = tmp_path / "resources" / "raw.npz"
    download.run("x", entry(addresses=["http://127.0.0.1:9/never"]), False, mirror, out)
    assert out.read_bytes() == DATA
    origin = read_json(out.with_name("raw.npz.origin.json"))
    assert (origin["from"], origin["stand_in"]) == ("mirror folder, study/raw.npz", None)
    assert f"sha256:{origin['sha256']}" == DIGEST


def test_a_file_in_the_mirror_with_a_wrong_checksum_is_refused_and_not_copied(tmp_path, mirror):
    (mirror / "study" / "raw.npz").write_bytes(b"something else")
    with pytest.raises(ReplisomeError, match=r"raw\.npz: wrong checksum: found sha256:.*expected sha256:.*replace it"):
        download.run("x", entry(), False, mirror, tmp_path / "raw.npz")
    assert not (tmp_path / "raw.npz").exists()


def test_without_a_mirror_the_addresses_are_tried_in_turn(tmp_path, server):
    folder, address = server
    (folder / "good").write_bytes(DATA)
    out = tmp_path / "r" / "raw.npz"
    download.run("x", entry(addresses=[f"{address}/missing", f"{address}/good"]), False, None, out)
    assert out.read_bytes() == DATA
    assert read_json(out.with_name("raw.npz.origin.json"))["from"] == f"{address}/good"


def test_a_download_with_a_wrong_checksum_leaves_nothing(tmp_path, server):
    folder, address = server
    (folder / "bad").write_bytes(b"a captive portal")
    with pytest.raises(ReplisomeError, match="could not be had from"):
        download.run("x", entry(addresses=[f"{address}/bad"]), False, None, tmp_path / "r" / "raw.npz")
    assert list((tmp_path / "r").iterdir()) == []


def test_no_network_and_no_mirror_says_how_to_place_the_file_by_hand(tmp_path):
    with pytest.raises(ReplisomeError) as caught:
        download.run("x", entry(addresses=["http://127.0.0.1:9/raw.npz"]), False, None, tmp_path / "raw.npz")
    text = str(caught.value)
    for part in (
        "http://127.0.0.1:9/raw.npz",
        "Ask us for raw.npz",
        str(tmp_path / "raw.npz"),
        "--config mirror=",
        DIGEST,
    ):
        assert part in text


def test_a_file_placed_by_hand_is_taken_if_its_checksum_is_right(tmp_path):
    (tmp_path / "raw.npz").write_bytes(DATA)
    download.run("x", entry(), False, None, tmp_path / "raw.npz")
    assert read_json(tmp_path / "raw.npz.origin.json")["from"] == "placed by hand"


def test_an_unknown_checksum_is_recorded(tmp_path, mirror, capsys):
    download.run("x", entry(checksum=None), False, mirror, tmp_path / "raw.npz")
    assert DIGEST in capsys.readouterr().out


def test_a_wrong_size_is_refused(tmp_path, mirror):
    with pytest.raises(ReplisomeError, match=f"has {len(DATA)} bytes, .* says 5"):
        download.run("x", entry(bytes=5), False, mirror, tmp_path / "raw.npz")


def test_a_stand_in_comes_from_the_mirror_only_and_says_so(tmp_path, mirror, server):
    folder, address = server
    (folder / "raw.npz").write_bytes(DATA)
    both = entry(addresses=[f"{address}/raw.npz"])
    with pytest.raises(ReplisomeError, match=r"other\.npz could not be had"):
        download.run("x", both, True, mirror, tmp_path / "other.npz")
    (mirror / "study" / "other.npz").write_bytes(DATA)
    download.run("x", both, True, mirror, tmp_path / "other.npz")
    origin = read_json(tmp_path / "other.npz.origin.json")
    assert (origin["stand_in"], origin["licence"]) == ("rebuilt", "CC0")
