"""From records to prepared chains and to what a model is trained on: splits, crops, masks, units, both losses."""

import gzip
import io
import json
import tarfile
import tracemalloc

import numpy as np
import pytest
import torch
from proteinnet_records import LETTERS, chain_file, record

from replisome.data.parquet import read_parquet, write_parquet_stream
from replisome.data.prepared import Stream
from replisome.data.raw_files import RawFile
from replisome.data.splits import SPLITS
from replisome.errors import ReplisomeError
from replisome.io import write_json
from replisome.studies.proteinnet.data import prepare
from replisome.studies.proteinnet.task import open_task

CPU = torch.device("cpu")
MEMBERS = {"train": "training_30", "validation": "validation", "test": "testing"}


def chain(name, length, seed, **more):
    rng = np.random.default_rng(seed)
    letters = "".join(LETTERS[k] for k in rng.integers(20, size=length))
    ca = np.round(np.cumsum(rng.standard_normal((length, 3)) * 220, axis=0), 1) + 10
    return record(name, more.pop("letters", letters), ca=ca, profile=np.round(rng.random((21, length)), 3), **more)


def recipe(**changes):
    plain = {
        "source": {"dataset": "p"}, "split": "official", "encoding": "profile_onehot", "normalisation": "none",
        "protocol": "sound", "crop": 16,
    }  # fmt: skip
    return {**plain, **changes}


@pytest.fixture
def files(tmp_path):
    """Three text files as the stand-in has them."""
    texts = {
        "train": [chain("t1", 12, 1), chain("t2", 40, 2), chain("t3", 16, 3)],
        "validation": [chain("90#v1", 9, 4)],
        "test": [chain("TBM#e1", 20, 5), chain("FM#e2", 16, 6)],
    }
    return {
        f"p-{split}": RawFile(chain_file(tmp_path / f"{MEMBERS[split]}.gz", *parts), {})
        for split, parts in texts.items()
    }


def written(folder, prepared):
    """Write what prepare gives as its stage does; returns the splits' tables."""
    tables = {}
    for split in SPLITS:
        stream = prepared.tables[split]
        assert isinstance(stream, Stream)
        write_parquet_stream(folder / f"{split}.parquet", *stream)
        tables[split], _ = read_parquet(folder / f"{split}.parquet")
    write_json(folder / "stats.json", prepared.statistics)
    json.dumps(prepared.card)  # the card is JSON
    return {split: table.to_pandas() for split, table in tables.items()}


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


@pytest.fixture
def task(tmp_path, files):
    def open_(protocol, crop=16):
        written(tmp_path, prepare(recipe(protocol=protocol, crop=crop), files))
        return open_task(tmp_path)

    return open_


@pytest.mark.parametrize(("protocol", "unit"), [("reported", 100), ("sound", 1)])
def test_inputs_and_distances_of_a_batch(task, files, protocol, unit):
    opened = task(protocol)
    split = opened.load("train", CPU)
    inputs, targets = split.batch(torch.tensor([1, 0]))  # chains of 40 and 12 residues
    assert inputs.shape == (2, 2, 16, 21)
    assert targets.shape == (2, 16, 16)
    assert (inputs[:, 1].sum(dim=2) == 1).all()
    assert inputs[1, 1, :, 20].tolist() == [0] * 12 + [1] * 4  # the last letter is no residue
    assert not inputs[1, 0, 12:].any()
    table, _ = read_parquet(opened.recipe / "train.parquet")
    rows = table.to_pandas()
    for item, row in ((0, rows.iloc[1]), (1, rows.iloc[0])):
        length = min(16, len(row["letters"]))
        assert inputs[item, 1, :length].argmax(dim=1).tolist() == row["letters"][:length].tolist()
        np.testing.assert_array_equal(inputs[item, 0, :length], np.reshape(row["profile"], (-1, 21))[:length])
        ca = np.reshape(row["ca"], (-1, 3))[:length].astype(float)
        wanted = np.full((16, 16), np.nan)
        wanted[:length, :length] = np.linalg.norm(ca[:, None] - ca, axis=2) * unit
        np.fill_diagonal(wanted, np.nan)
        np.testing.assert_allclose(targets[item], wanted, rtol=1e-5)


def test_distances_survive_a_chain_far_from_the_origin(tmp_path, files):
    rng = np.random.default_rng(0)
    ca = np.cumsum(rng.standard_normal((12, 3)) * 220, axis=0) + 300_000
    chain_file(files["p-test"].path, record("far", LETTERS[:12], ca=np.round(ca, 1)))
    written(tmp_path, prepare(recipe(), files))
    _, targets = open_task(tmp_path).load("test", CPU).batch(torch.tensor([0]))
    wanted = np.linalg.norm(ca[:, None] - ca, axis=2) / 100
    assert np.nanmax(np.abs(targets[0, :12, :12] - wanted)) < 0.02


def test_random_crops_come_from_anywhere_in_long_chains_and_leave_short_ones_alone(task):
    opened = task("sound")
    split = opened.load("train", CPU)
    whole = read_parquet(opened.recipe / "train.parquet")[0].to_pandas()["letters"]
    torch.manual_seed(0)
    starts = set()
    for _ in range(200):
        inputs, targets = split.augmented(torch.tensor([1, 0, 2]), "random_crop")
        letters = inputs[:, 1].argmax(dim=2)
        begin = next(k for k in range(25) if letters[0].tolist() == whole[1][k : k + 16].tolist())
        starts.add(begin)
        plain = split.batch(torch.tensor([0, 2]))
        assert torch.equal(inputs[1:], plain[0])
        assert torch.equal(targets[1:].nan_to_num(), plain[1].nan_to_num())
    assert starts == set(range(25))


def by_loop(outputs, targets, reported):
    """Return the loss as the report's words have it, pair by pair."""
    total, count = 0.0, 0
    for one, target in zip(outputs.tolist(), targets.tolist(), strict=True):
        for i in range(len(target)):
            for j in range(len(target)):
                if target[i][j] == target[i][j]:
                    squared = sum((a - b) ** 2 for a, b in zip(one[i], one[j], strict=True))
                    total += ((squared if reported else squared**0.5) - target[i][j]) ** 2
                    count += 1
    return total / (len(targets) if reported else count)


@pytest.mark.parametrize("protocol", ["reported", "sound"])
def test_losses_are_those_of_a_loop_over_pairs(task, protocol):
    opened = task(protocol)
    _, targets = opened.load("train", CPU).batch(torch.arange(3))
    outputs = torch.randn((3, 16, 3), generator=torch.Generator().manual_seed(1)) * (
        30 if protocol == "reported" else 9
    )
    expected = by_loop(outputs, targets, protocol == "reported")
    assert opened.loss(outputs, targets).item() == pytest.approx(expected, rel=1e-4)
    assert opened.terms(targets) == (3 if protocol == "reported" else (~targets.isnan()).sum())


@pytest.mark.parametrize("protocol", ["reported", "sound"])
def test_batches_add_up_and_unknown_pairs_have_no_gradient(task, protocol):
    opened = task(protocol)
    _, targets = opened.load("train", CPU).batch(torch.arange(3))
    outputs = torch.randn((3, 16, 3), generator=torch.Generator().manual_seed(1), requires_grad=True)
    whole = opened.loss(outputs, targets)
    parts = [opened.loss(outputs[k : k + 1], targets[k : k + 1]) * opened.terms(targets[k : k + 1]) for k in range(3)]
    torch.testing.assert_close(sum(parts) / opened.terms(targets), whole)
    whole.backward()
    assert outputs.grad.isfinite().all()
    # The first chain has 12 residues; what is not 0 beyond them is rounding.
    assert outputs.grad[0, 12:].abs().max() < 1e-5 * outputs.grad.abs().max()
    opened.loss(outputs, torch.full_like(targets, torch.nan)).backward()
    assert outputs.grad.isfinite().all()


@pytest.mark.parametrize("protocol", ["reported", "sound"])
def test_coordinates_and_maps_are_judged_alike(task, protocol):
    opened = task(protocol)
    _, targets = opened.load("test", CPU).batch(torch.arange(2))
    coordinates = torch.randn((2, 16, 3), generator=torch.Generator().manual_seed(2)) * 20
    maps = torch.cdist(coordinates, coordinates) ** (2 if protocol == "reported" else 1)
    torch.testing.assert_close(opened.loss(coordinates, targets), opened.loss(maps, targets), rtol=1e-3, atol=1e-3)
    one, two = (opened.reduce_outputs(outputs, targets).numpy() for outputs in (coordinates, maps))
    np.testing.assert_allclose(one, two, rtol=1e-3, atol=1e-2)


def test_scores_and_the_reported_loss_agree(task):
    opened = task("reported")
    _, targets = opened.load("test", CPU).batch(torch.arange(2))
    maps = targets.nan_to_num(nan=3.0) + 150.0
    reduced = opened.reduce_outputs(maps, targets).numpy()
    scores = opened.scores(reduced, targets.numpy())
    assert scores["rmse"] == pytest.approx(1.5, rel=1e-5)  # 150 pm
    assert scores["drmsd"] == pytest.approx(1.5, rel=1e-5)
    assert scores["paper_loss"] == pytest.approx(opened.loss(maps, targets).item(), rel=1e-5)
    columns = opened.predictions(reduced, targets.numpy(), "distances")
    assert columns["squared"].shape == columns["pairs"].shape == (2, 15)
    assert columns["pairs"].sum(axis=1).tolist() == [120, 120]
    np.testing.assert_allclose(columns["squared"].sum(axis=1), 120 * 1.5**2, rtol=1e-4)


def test_predictions_without_end_are_kept_within_half_precision(task):
    opened = task("sound")
    _, targets = opened.load("test", CPU).batch(torch.arange(2))
    columns = opened.predictions(np.full((2, 120), 1e9, np.float32), targets.numpy(), "distances")
    assert np.isfinite(columns["distances"]).all()


@pytest.mark.parametrize("shape", [(2, 8), (2, 16, 8), (2, 15, 3)])
def test_outputs_that_are_neither_coordinates_nor_maps_are_a_message(task, shape):
    opened = task("sound")
    _, targets = opened.load("test", CPU).batch(torch.arange(2))
    with pytest.raises(ReplisomeError, match="needs a model that gives coordinates or distances of 16 residues"):
        opened.loss(torch.zeros(shape), targets)
