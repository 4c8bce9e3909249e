import gzip
import hashlib
import http.server
import threading

import pytest
import yaml

from replisome.errors import ReplisomeError
from replisome.io import read_json
from replisome.stages import download

DATA = b"raw data" * 1000
DIGEST = f"sha256:{hashlib.sha256(DATA).hexdigest()}"
CONTENT = f"content-{DIGEST}"


def entry(**changes):
    plain = {
        "study": "study", "version": "1", "file": "raw.npz", "addresses": [], "checksum": DIGEST, "bytes": None,
        "licence": "MIT", "citation": "us", "place": "Ask us for raw.npz",
        "stand_in": {"file": "other.npz", "checksum": DIGEST, "licence": "CC0", "note": "rebuilt"},
    }  # fmt: skip
    return {**plain, **changes}


@pytest.fixture
def ledger(tmp_path):
    """Write a ledger with one data set, x."""

    def write(about):
        (tmp_path / "datasets.yaml").write_text(yaml.safe_dump({"x": about}))
        return tmp_path / "datasets.yaml"

    return write


@pytest.fixture
def out(tmp_path):
    return tmp_path / "resources" / "x" / "1" / "raw.npz"


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


def test_the_mirror_comes_first_and_the_origin_is_written(mirror, ledger, out):
    download.run("x", ledger(entry(addresses=["http://127.0.0.1:9/never"])), False, mirror, out)
    assert out.read_bytes() == DATA
    origin = read_json(out.with_name("raw.npz.origin.json"))
    assert (origin["from"], origin["stand_in"]) == ("mirror folder, study/raw.npz", None)
    assert origin["place"] == str(mirror / "study" / "raw.npz")
    assert f"sha256:{origin['sha256']}" == DIGEST


def test_a_file_in_the_mirror_with_a_wrong_checksum_is_refused_and_not_copied(mirror, ledger, out):
    (mirror / "study" / "raw.npz").write_bytes(b"something else")
    with pytest.raises(ReplisomeError, match=r"raw\.npz: wrong checksum: found sha256:.*expected sha256:.*replace it"):
        download.run("x", ledger(entry()), False, mirror, out)
    assert not out.exists()


def test_without_a_mirror_the_addresses_are_tried_in_turn(server, ledger, out):
    folder, address = server
    (folder / "good").write_bytes(DATA)
    download.run("x", ledger(entry(addresses=[f"{address}/missing", f"{address}/good"])), False, None, out)
    assert out.read_bytes() == DATA
    assert read_json(out.with_name("raw.npz.origin.json"))["from"] == f"{address}/good"


def test_a_download_with_a_wrong_checksum_leaves_nothing(server, ledger, out):
    folder, address = server
    (folder / "bad").write_bytes(b"a captive portal")
    with pytest.raises(ReplisomeError, match="could not be had from"):
        download.run("x", ledger(entry(addresses=[f"{address}/bad"])), False, None, out)
    assert list(out.parent.iterdir()) == []


def test_no_network_and_no_mirror_says_how_to_place_the_file_by_hand(tmp_path, ledger, out):
    with pytest.raises(ReplisomeError) as caught:
        download.run("x", ledger(entry(addresses=["http://127.0.0.1:9/raw.npz"])), False, None, out)
    text = str(caught.value)
    for part in (
        "http://127.0.0.1:9/raw.npz",
        "Ask us for raw.npz",
        str(tmp_path / "resources" / "by-hand" / "raw.npz"),
        "--config mirror=",
        DIGEST,
    ):
        assert part in text


def test_a_file_placed_by_hand_is_taken_if_its_checksum_is_right(out, ledger, tmp_path):
    placed = tmp_path / "resources" / "by-hand" / "raw.npz"
    placed.parent.mkdir(parents=True)
    placed.write_bytes(b"not it")
    with pytest.raises(ReplisomeError, match=r"by-hand/raw\.npz: wrong checksum"):
        download.run("x", ledger(entry()), False, None, out)
    placed.write_bytes(DATA)
    download.run("x", ledger(entry()), False, None, out)
    assert out.read_bytes() == DATA
    assert read_json(out.with_name("raw.npz.origin.json"))["from"] == "placed by hand"


@pytest.mark.parametrize(("name", "message"), [("y", "no data set 'y'; known: x"), ("x", "no stand-in")])
def test_what_the_ledger_does_not_have_is_a_message(out, ledger, name, message):
    about = {key: value for key, value in entry().items() if key != "stand_in"}
    with pytest.raises(ReplisomeError, match=message):
        download.run(name, ledger(about), True, None, out)


def test_an_unknown_checksum_is_recorded(mirror, capsys, ledger, out):
    download.run("x", ledger(entry(checksum=None)), False, mirror, out)
    assert DIGEST in capsys.readouterr().out


def test_a_wrong_size_is_refused(mirror, ledger, out):
    with pytest.raises(ReplisomeError, match=rf"study/raw\.npz: has {len(DATA)} bytes, .* says 5.*replace it"):
        download.run("x", ledger(entry(bytes=5)), False, mirror, out)
    assert not out.exists()


def test_a_download_of_a_wrong_size_leaves_nothing(server, ledger, out):
    folder, address = server
    (folder / "raw").write_bytes(DATA)
    with pytest.raises(ReplisomeError, match="could not be had from"):
        download.run("x", ledger(entry(bytes=5, checksum=None, addresses=[f"{address}/raw"])), False, None, out)
    assert list(out.parent.iterdir()) == []


def test_a_bad_file_placed_by_hand_is_not_in_the_way_of_a_good_one_in_the_mirror(mirror, ledger, out, tmp_path):
    placed = tmp_path / "resources" / "by-hand" / "raw.npz"
    placed.parent.mkdir(parents=True)
    placed.write_bytes(b"not it")
    download.run("x", ledger(entry()), False, mirror, out)
    assert out.read_bytes() == DATA


def test_a_bad_copy_in_place_is_not_taken_for_what_an_address_would_give(server, ledger, out):
    folder, address = server
    (folder / "raw").write_bytes(DATA)
    out.parent.mkdir(parents=True)
    for checksum in (None, DIGEST, CONTENT):
        out.write_bytes(b"an old copy")
        download.run("x", ledger(entry(checksum=checksum, addresses=[f"{address}/raw"])), False, None, out)
        assert out.read_bytes() == DATA


def test_a_stand_in_comes_from_the_mirror_only_and_says_so(mirror, server, ledger, out):
    folder, address = server
    (folder / "raw.npz").write_bytes(DATA)
    both = ledger(entry(addresses=[f"{address}/raw.npz"]))
    other = out.with_name("other.npz")
    with pytest.raises(ReplisomeError, match=r"other\.npz could not be had"):
        download.run("x", both, True, mirror, other)
    (mirror / "study" / "other.npz").write_bytes(DATA)
    download.run("x", both, True, mirror, other)
    origin = read_json(other.with_name("other.npz.origin.json"))
    assert origin["stand_in"] == "rebuilt"


PACKED = {"file": "raw.txt.gz", "checksum": None}


def test_an_official_file_that_lies_there_uncompressed_is_compressed_on_the_way(ledger, tmp_path):
    mirror = tmp_path / "mirror"
    (mirror / "study").mkdir(parents=True)
    (mirror / "study" / "raw.txt").write_bytes(DATA)
    out = tmp_path / "resources/x/1/raw.txt.gz"
    (mirror / "study" / "raw.txt").write_bytes(gzip.compress(DATA, mtime=0))  # the name lies
    download.run("x", ledger(entry(**PACKED)), False, mirror, out)
    assert gzip.decompress(out.read_bytes()) == DATA
    (mirror / "study" / "raw.txt").write_bytes(DATA)
    download.run("x", ledger(entry(**PACKED)), False, mirror, out)
    assert gzip.decompress(out.read_bytes()) == DATA
    assert "uncompressed there" in read_json(tmp_path / "resources/x/1/raw.txt.gz.origin.json")["from"]


def test_a_pinned_compressed_file_that_lies_there_uncompressed_cannot_be_known_again(ledger, tmp_path):
    mirror = tmp_path / "mirror"
    (mirror / "study").mkdir(parents=True)
    (mirror / "study" / "raw.txt").write_bytes(DATA)
    about = entry(file="raw.txt.gz", checksum=f"sha256:{hashlib.sha256(gzip.compress(DATA)).hexdigest()}")
    out = tmp_path / "resources/x/1/raw.txt.gz"
    with pytest.raises(ReplisomeError, match=r"raw\.txt: uncompressed, while the checksum .* pin the content"):
        download.run("x", ledger(about), False, mirror, out)
    assert not out.exists()


@pytest.mark.parametrize(
    "packed",
    [gzip.compress(DATA, 1), gzip.compress(DATA[:9]) + gzip.compress(DATA[9:]), DATA],
    ids=["another level", "two members", "uncompressed"],
)
def test_a_stand_in_is_taken_whatever_compressed_it(mirror, ledger, tmp_path, packed):
    out = tmp_path / "resources" / "x" / "stand-in" / "other.txt.gz"
    (mirror / "study" / ("other.txt" if packed == DATA else "other.txt.gz")).write_bytes(packed)
    stand_in = {"file": "other.txt.gz", "checksum": CONTENT, "licence": "CC0", "note": "rebuilt"}
    download.run("x", ledger(entry(stand_in=stand_in)), True, mirror, out)
    assert gzip.decompress(out.read_bytes()) == DATA


def test_a_stand_in_of_the_same_name_never_poses_as_the_official_file(ledger, tmp_path, capsys):
    mirror = tmp_path / "mirror"
    (mirror / "study").mkdir(parents=True)
    (mirror / "study" / "raw.txt.gz").write_bytes(DATA)
    stand_in = {"file": "raw.txt.gz", "checksum": DIGEST, "licence": "CC0", "note": "a part of it"}
    with pytest.raises(ReplisomeError, match="could not be had"):
        download.run(
            "x", ledger(entry(**PACKED, stand_in=stand_in)), False, mirror, tmp_path / "resources/x/1/raw.txt.gz"
        )
    assert (
        "holds only its stand-in, which this configuration does not allow (key 'stand_ins')" in capsys.readouterr().out
    )
    download.run(
        "x", ledger(entry(**PACKED, stand_in=stand_in)), True, mirror, tmp_path / "resources/x/stand-in/raw.txt.gz"
    )


@pytest.mark.parametrize("packed", [gzip.compress(DATA, 1, mtime=0), gzip.compress(DATA, 9, mtime=1), DATA])
def test_a_checksum_of_content_holds_whatever_compressed_it(mirror, ledger, tmp_path, packed):
    out = tmp_path / "resources" / "x" / "1" / "raw.fna.gz"
    name = "raw.fna.gz" if packed != DATA else "raw.fna"
    (mirror / "study" / name).write_bytes(packed)
    download.run("x", ledger(entry(file="raw.fna.gz", checksum=CONTENT)), False, mirror, out)
    assert gzip.decompress(out.read_bytes()) == DATA
    assert "not compared" not in read_json(out.with_name("raw.fna.gz.origin.json"))["from"]


@pytest.mark.parametrize("wrong", [gzip.compress(b"other", mtime=0), gzip.compress(DATA, mtime=0)[:-9], b"other"])
def test_another_content_or_a_damaged_one_is_refused(mirror, ledger, tmp_path, wrong):
    out = tmp_path / "resources" / "x" / "1" / "raw.fna.gz"
    (mirror / "study" / "raw.fna.gz").write_bytes(wrong)
    with pytest.raises(ReplisomeError, match=r"wrong checksum: found .*expected content-sha256"):
        download.run("x", ledger(entry(file="raw.fna.gz", checksum=CONTENT)), False, mirror, out)
    assert not out.exists()


def test_a_download_of_the_wrong_content_goes_on_to_the_next_address(server, ledger, tmp_path):
    folder, address = server
    out = tmp_path / "resources" / "x" / "1" / "raw.fna.gz"
    (folder / "bad").write_bytes(gzip.compress(b"other", mtime=0))
    (folder / "good").write_bytes(gzip.compress(DATA, mtime=0))
    about = entry(file="raw.fna.gz", checksum=CONTENT, addresses=[f"{address}/bad", f"{address}/good"])
    download.run("x", ledger(about), False, None, out)
    assert gzip.decompress(out.read_bytes()) == DATA
    assert read_json(out.with_name("raw.fna.gz.origin.json"))["from"] == f"{address}/good"
