"""From records to prepared chains: splits, masks, what is counted, refused and left out."""

import gzip
import io
import tarfile
import tracemalloc

import numpy as np
import pytest
import torch
from proteinnet_records import LETTERS, MEMBERS, chain, chain_file, recipe, record, three_files, written

from replisome.data.raw_files import RawFile
from replisome.data.splits import SPLITS
from replisome.errors import ReplisomeError
from replisome.studies.proteinnet.data import prepare

CPU = torch.device("cpu")


@pytest.fixture
def files(tmp_path):
    return three_files(tmp_path)


def test_chains_are_stored_whole_with_their_profiles_coordinates_and_masks(tmp_path, files):
    prepared = prepare(recipe(), files)
    tables = written(tmp_path, prepared)
    assert tables["train"]["id"].tolist() == ["t1", "t2", "t3"]
    assert [len(letters) for letters in tables["train"]["letters"]] == [12, 40, 16]
    row = tables["test"].iloc[0]
    assert np.asarray(row["profile"]).shape == (20 * 21,)
    assert np.asarray(row["ca"]).reshape(20, 3).shape == (20, 3)
    assert prepared.card["counts"] == {"train": 3, "validation": 1, "test": 2}
    assert prepared.card["chains"]["train"]["longer than the crop"] == 1
    assert prepared.card["chains"]["train"]["longest"] == 40


def archive(path, members, mode="w:gz"):
    with tarfile.open(path, mode) as tar:
        for name, text in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text)
            tar.addfile(entry, io.BytesIO(text))
    return {"p": RawFile(path, {})}


@pytest.mark.parametrize("order", [("testing", "training_30", "validation"), ("validation", "training_30", "testing")])
def test_the_official_archive_gives_the_same_as_three_files(tmp_path, files, order):
    texts = {MEMBERS[name.removeprefix("p-")]: gzip.decompress(file.path.read_bytes()) for name, file in files.items()}
    packed = archive(
        tmp_path / "casp7.tar.gz",
        {f"casp7/{name}": texts[name] for name in order} | {"casp7/training_50": record("other").encode()},
    )
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    separate = written(tmp_path / "one", prepare(recipe(), files))
    together = written(tmp_path / "two", prepare(recipe(), packed))
    for split in SPLITS:
        assert separate[split]["id"].tolist() == together[split]["id"].tolist()
        assert all(map(np.array_equal, separate[split]["ca"], together[split]["ca"]))
    other = recipe(source={"dataset": "p", "options": {"training": "training_50"}})
    (tmp_path / "three").mkdir()
    assert written(tmp_path / "three", prepare(other, packed))["train"]["id"].tolist() == ["other"]


def test_an_archive_without_the_thinning_is_a_message(tmp_path):
    packed = archive(tmp_path / "casp7.tar.gz", {"casp7/testing": record().encode()})
    with pytest.raises(ReplisomeError, match=r"casp7.tar.gz: holds no '(validation|training_30)' but casp7/testing"):
        prepare(recipe(), packed)


def test_a_thinning_that_no_file_has_is_a_message(files):
    with pytest.raises(
        ReplisomeError, match=r"no file of training_30.gz, validation.gz, testing.gz holds 'training_70'"
    ):
        prepare(recipe(source={"dataset": "p", "options": {"training": "training_70"}}), files)


@pytest.mark.parametrize("damage", ["cut", "changed"])
@pytest.mark.parametrize("kind", ["text", "archive"])
def test_a_damaged_file_is_a_message(tmp_path, files, damage, kind):
    if kind == "text":
        path = files["p-test"].path
        given = files
    else:
        members = {f"casp7/{MEMBERS[s]}": gzip.decompress(files[f"p-{s}"].path.read_bytes()) for s in SPLITS}
        given = archive(tmp_path / "casp7.tar.gz", members)
        path = given["p"].path
    data = path.read_bytes()
    half = len(data) // 2
    path.write_bytes(data[:half] if damage == "cut" else data[:half] + bytes(40) + data[half + 40 :])
    with pytest.raises(ReplisomeError, match=r"(damaged|cut off|cut-off archive|line \d+)"):
        written(tmp_path, prepare(recipe(), given))


@pytest.mark.parametrize("most", [None, 1])
def test_a_bit_that_changed_in_an_archive_never_passes(tmp_path, files, most):
    """Chains of random numbers hardly compress, so that a changed bit is a changed number."""
    members = {f"casp7/{MEMBERS[s]}": gzip.decompress(files[f"p-{s}"].path.read_bytes()) for s in SPLITS}
    given = archive(tmp_path / "casp7.tar.gz", members)
    whole = given["p"].path.read_bytes()
    asked = recipe(source={"dataset": "p", "options": {"max_chains": most}})
    for place in np.linspace(20, len(whole) - 9, 60).astype(int):
        given["p"].path.write_bytes(whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1 :])
        with pytest.raises(ReplisomeError):
            written(tmp_path, prepare(asked, given))


def test_only_the_top_folder_of_an_archive_counts(tmp_path, files):
    members = {f"casp7/{MEMBERS[s]}": gzip.decompress(files[f"p-{s}"].path.read_bytes()) for s in SPLITS}
    other = {"__MACOSX/testing": b"x", "casp7/old/testing": b"x"}
    tables = written(tmp_path, prepare(recipe(), archive(tmp_path / "casp7.tar.gz", other | members)))
    assert tables["test"]["id"].tolist() == ["TBM#e1", "FM#e2"]


def test_records_that_cannot_be_used_are_counted(tmp_path, files):
    chain_file(
        files["p-train"].path,
        chain("good", 12, 1),
        chain("unsolved", 12, 2, TERTIARY=None, MASK=None),
        chain("unknown", 12, 3, mask="-" * 12),
        chain("one", 12, 4, mask="+" + "-" * 11),
        chain("late", 30, 5, mask="-" * 16 + "+" * 14),  # known only beyond the crop
        chain("good", 14, 6),
    )
    prepared = prepare(recipe(), files)
    assert written(tmp_path, prepared)["train"]["id"].tolist() == ["good", "good"]
    found = prepared.card["chains"]["train"]
    assert found["records"] == 6
    assert found["without structure"] == 1
    assert found["no two known residues"] == 3
    assert found["repeated names"] == 1
    assert prepared.card["counts"]["train"] == 2


def test_a_split_of_which_nothing_is_left_is_a_message(tmp_path, files):
    chain_file(files["p-test"].path, chain("unknown", 12, 3, mask="-" * 12))
    with pytest.raises(ReplisomeError, match="no chain is left for test: of 1 records 1 no two known residues"):
        prepare(recipe(), files)


def test_deduplicated_splits_drop_what_a_later_one_holds(tmp_path, files):
    letters = LETTERS[:14]
    chain_file(files["p-train"].path, chain("a", 14, 1, letters=letters), chain("b", 12, 2))
    chain_file(files["p-validation"].path, chain("c", 14, 3, letters=letters), chain("d", 12, 4))
    chain_file(files["p-test"].path, chain("e", 14, 5, letters=letters))
    for split, kept in (
        ("official", [["a", "b"], ["c", "d"], ["e"]]),
        ("official-deduplicated", [["b"], ["d"], ["e"]]),
    ):
        prepared = prepare(recipe(split=split), files)
        tables = written(tmp_path, prepared)
        assert [tables[name]["id"].tolist() for name in SPLITS] == kept
        dropped = [prepared.card["chains"][name]["also in a later split"] for name in SPLITS]
        assert dropped == [1, 1, 0]  # counted in either


def test_chains_that_are_the_same_up_to_the_crop_are_the_same_to_a_model(tmp_path, files):
    shown = (LETTERS * 2)[:16]  # a crop of 16 residues
    chain_file(
        files["p-train"].path,
        chain("ends otherwise", 30, 1, letters=shown + LETTERS[:14]),
        chain("begins otherwise", 30, 2, letters=LETTERS[::-1][:14] + shown),  # a random crop can be the last 16
        chain("shorter", 15, 3, letters=shown[:15]),
        chain("another", 30, 4, letters=shown[:15] + LETTERS[::-1][:15]),
    )
    chain_file(files["p-validation"].path, chain("v", 40, 5, letters=shown + shown + LETTERS[:8]), chain("w", 12, 6))
    chain_file(files["p-test"].path, chain("e", 18, 7, letters=shown + "WW"))
    prepared = prepare(recipe(split="official-deduplicated"), files)
    tables = written(tmp_path, prepared)
    assert [tables[name]["id"].tolist() for name in SPLITS] == [["shorter", "another"], ["w"], ["e"]]
    assert [prepared.card["chains"][name]["also in a later split"] for name in SPLITS] == [2, 1, 0]


def test_sections_of_other_tools_are_counted_by_name(tmp_path, files):
    rows = ["0.1\t0.2"] * 3
    chain_file(files["p-test"].path, chain("e", 20, 1, RAMA=rows), chain("f", 20, 2, RAMA=rows, CHI=rows))
    prepared = prepare(recipe(), files)
    assert written(tmp_path, prepared)["test"]["id"].tolist() == ["e", "f"]
    assert prepared.card["extra_sections"] == {"train": {}, "validation": {}, "test": {"RAMA": 2, "CHI": 1}}


@pytest.mark.parametrize("packed", [True, False])
def test_a_last_record_without_structure_is_counted_if_the_file_is_known_to_be_whole(tmp_path, files, packed):
    path = files["p-test"].path if packed else files["p-test"].path.with_name("testing")
    chain_file(path, chain("e", 20, 1), chain("embargoed", 20, 2, TERTIARY=None, MASK=None))
    given = {**files, "p-test": RawFile(path, {})}
    if packed:
        prepared = prepare(recipe(), given)
        assert written(tmp_path, prepared)["test"]["id"].tolist() == ["e"]
        assert prepared.card["chains"]["test"]["without structure"] == 1
    else:
        with pytest.raises(ReplisomeError, match="embargoed is the last and has no structure: the file may be cut off"):
            prepare(recipe(), given)


def test_an_archive_that_promises_more_than_it_can_hold_is_refused_before_memory_is_taken(tmp_path):
    """Headers of eight petabytes, for the text itself and for a name that tarfile would read into memory."""
    promise, damage = "says that 'casp7/testing' has 9,007,199,254,740,992 bytes", "a damaged or cut-off archive"
    for kind, name, message in (
        (tarfile.REGTYPE, "casp7/testing", promise),
        (tarfile.XHDTYPE, "x", damage),
        (tarfile.GNUTYPE_LONGNAME, "x", damage),
    ):
        entry = tarfile.TarInfo(name)
        entry.size, entry.type = 8 << 50, kind
        header = entry.tobuf(tarfile.GNU_FORMAT)
        path = tmp_path / "casp7.tar.gz"
        path.write_bytes(gzip.compress(header + bytes(1 << 26)))
        tracemalloc.start()
        try:
            with pytest.raises(ReplisomeError, match=rf"casp7\.tar\.gz: {message}"):
                prepare(recipe(), {"p": RawFile(path, {})})
            assert tracemalloc.get_traced_memory()[1] < 10_000_000
        finally:
            tracemalloc.stop()


def test_no_more_chains_than_asked_are_read(tmp_path, files):
    prepared = prepare(recipe(source={"dataset": "p", "options": {"max_chains": 1}}), files)
    assert [len(table) for table in written(tmp_path, prepared).values()] == [1, 1, 1]
    with pytest.raises(ReplisomeError, match="max_chains is at least 1"):
        prepare(recipe(source={"dataset": "p", "options": {"max_chains": 0}}), files)


def test_training_chains_are_read_as_they_are_written(tmp_path, files):
    prepared = prepare(recipe(), files)
    assert prepared.card["counts"]["train"] == prepared.card["chains"]["train"]["records"] == 0
    written(tmp_path, prepared)
    assert prepared.card["counts"]["train"] == 3
