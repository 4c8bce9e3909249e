import numpy as np
import pytest
from conftest import random_probes

from replisome.data.encode.bases import PADDING, encode_bases
from replisome.data.parquet import column_array
from replisome.data.raw_files import RawFile
from replisome.errors import ReplisomeError
from replisome.studies.rnacompete import targets
from replisome.studies.rnacompete.data import course_split, encode, prepare, sequence_codes, stratified_split


def recipe(**changes):
    plain = {
        "name": "r", "source": {"dataset": "d", "options": {"proteins": ["A1CF"]}}, "split": "course",
        "encoding": "onehot", "normalisation": "training",
    }  # fmt: skip
    return {**plain, **changes}


def files(table, info):
    return {"d": RawFile(table, {}), "d-info": RawFile(info, {})}


def test_the_split_is_the_courses():
    order = list(range(11))
    np.random.RandomState(42).shuffle(order)
    train, held = course_split(11)
    assert held.tolist() == order[:2]  # int(0.2 * 11)
    assert train.tolist() == order[2:]


def test_every_protein_has_its_share_of_labels_in_training_and_validation():
    valid = np.random.default_rng(0).random((5000, 3)) < [0.9, 0.1, 0.01]
    train, held = stratified_split(valid)
    assert sorted([*train, *held]) == list(range(5000))
    for protein in valid.T:
        assert protein[held].sum() == pytest.approx(protein.sum() / 5, abs=4)


def test_targets_are_clipped_shifted_logged_and_scaled_in_that_order():
    values = np.array([-1.0, 0.0, 2.0, 5.0, np.nan, 100.0])
    by = targets.scaling(values, "here")
    clip = np.percentile([-1.0, 0.0, 2.0, 5.0, 100.0], 99.95)
    logged = np.log(np.minimum([-1.0, 0.0, 2.0, 5.0, 100.0], clip) + 2.0 + 1e-6)  # |min| + 1 = 2
    expected = (logged - logged.mean()) / logged.std()
    found = targets.apply(values, by)
    assert np.isnan(found[4])
    np.testing.assert_allclose(found[[0, 1, 2, 3, 5]], expected)


def test_positive_values_are_not_shifted():
    assert targets.scaling(np.array([0.5, 1.0, 2.0]), "here").shift == 0


def test_another_splits_smaller_values_are_raised_to_the_floor():
    by = targets.scaling(np.array([-1.0, 0.0, 3.0]), "here")
    assert targets.apply(np.array([-50.0]), by) == targets.apply(np.array([-1.0]), by)


def target_of(prepared, split):
    table, _ = prepared.tables[split]
    return column_array(table, "target", (prepared_outputs(prepared),))


def prepared_outputs(prepared):
    return len(prepared.statistics["outputs"])


def test_the_reported_recipe_normalises_each_split_by_itself_and_the_sound_one_by_training(probe_table, probe_info):
    reported = prepare(recipe(normalisation="each-split"), files(probe_table(), probe_info))
    sound = prepare(recipe(), files(probe_table(), probe_info))
    for split in ("train", "validation", "test"):
        assert target_of(reported, split).mean() == pytest.approx(0, abs=1e-6)
        assert target_of(reported, split).std() == pytest.approx(1, abs=1e-6)
    np.testing.assert_array_equal(target_of(reported, "train"), target_of(sound, "train"))
    assert abs(target_of(sound, "validation").mean()) > 0.01
    used = sound.statistics["targets"]
    assert used["train"] == used["validation"] == used["test"]


def test_the_splits_are_the_courses_rows(probe_table, probe_info):
    prepared = prepare(recipe(), files(probe_table(), probe_info))
    rows = prepared.tables["validation"][0].column("row").to_numpy()
    set_a = np.arange(1, 80, 2)
    np.testing.assert_array_equal(rows, set_a[course_split(40)[1]])
    assert prepared.card["counts"] == {"train": 32, "validation": 8, "test": 40}


def test_failed_probes_change_nothing(probe_table, probe_info):
    """Whatever stands where a value is missing: the mask comes after the split, and statistics skip it."""

    def add_failed(rows):
        rows.extend([["SetB", s, "NaN", "1.0"] for s in random_probes(20, seed=9)])

    without = prepare(recipe(), files(probe_table(), probe_info))
    more = prepare(recipe(), files(probe_table(add_failed), probe_info))
    for split in ("train", "validation", "test"):
        assert without.tables[split][0].equals(more.tables[split][0])


def test_a_sequence_in_two_splits_is_dropped_from_the_earlier_one(probe_table, probe_info):
    set_a = np.arange(1, 80, 2)
    train, held = (set_a[part] for part in course_split(40))

    def repeat(rows):
        rows[train[0]][1] = rows[0][1]  # also in test
        rows[train[1]][1] = rows[held[0]][1]
        rows[held[1]][1] = rows[2][1]
        rows[4][1] = rows[6][1]  # twice in test: kept

    kept = prepare(recipe(), files(probe_table(repeat), probe_info))
    assert kept.card["duplicates"] == {"groups": 4, "probes": 8, "crossing_groups": 3}
    assert kept.card["repeats_in_table"] == 4
    assert sum(kept.card["dropped"].values()) == 0
    dropped = prepare(recipe(split="course-deduplicated"), files(probe_table(repeat), probe_info))
    assert dropped.card["dropped"] == {"train": 2, "validation": 1, "test": 0}
    assert not {train[0], train[1]} & set(dropped.tables["train"][0].column("row").to_pylist())


BOTH = {"dataset": "d", "options": {"proteins": ["A1CF", "ANKHD1"]}}


def test_a_protein_keeps_a_share_of_its_labels_and_the_same_ones_alone_as_beside_others(probe_table, probe_info):
    few = {"source": BOTH, "split": "stratified-deduplicated", "label_fraction": {"ANKHD1": 0.25}}
    several = prepare(recipe(**few), files(probe_table(), probe_info))
    alone = prepare(recipe(**few, targets=["ANKHD1"]), files(probe_table(), probe_info))
    labels = target_of(several, "train")[:, 1]
    rows = several.tables["train"][0].column("row").to_numpy()
    assert several.card["labels_hidden"]["ANKHD1"] > 0
    assert alone.tables["train"][0].column("row").to_numpy().tolist() == rows[~np.isnan(labels)].tolist()
    np.testing.assert_array_equal(target_of(alone, "train")[:, 0], labels[~np.isnan(labels)])
    assert not np.isnan(target_of(several, "train")[:, 0]).any()
    assert len(target_of(alone, "validation")) == several.card["proteins"][1]["validation"]


def test_an_unseen_protein_has_labels_in_the_test_alone():
    """Of four drawn proteins a quarter is unseen; of the others nothing changes."""
    drawn = {"control": "probes", "options": {"proteins": 4, "train": 400, "test": 60}}
    given = {"source": drawn, "split": "stratified-deduplicated", "normalisation": "training"}
    whole, without = (prepare(recipe(**given, **more), {}) for more in ({}, {"unseen": 0.25}))
    unseen = [k for k, p in enumerate(without.card["proteins"]) if p["experiment"] in without.card["unseen"]]
    seen = [k for k in range(4) if k not in unseen]
    assert len(unseen) == 1
    for split in ("train", "validation"):
        assert np.isnan(target_of(without, split)[:, unseen]).all()
        assert all(without.card["proteins"][k][split] == 0 for k in unseen)
        np.testing.assert_array_equal(target_of(without, split)[:, seen], target_of(whole, split)[:, seen])
    np.testing.assert_array_equal(target_of(without, "test"), target_of(whole, "test"))
    assert prepare(recipe(**given, unseen=0.25), {}).card["unseen"] == without.card["unseen"]


@pytest.mark.parametrize(("share", "proteins"), [(0.1, 4), (0.9, 4)])
def test_a_share_that_leaves_none_unseen_or_too_few_seen_is_a_message(share, proteins):
    drawn = {"control": "probes", "options": {"proteins": proteins, "train": 100, "test": 30}}
    with pytest.raises(ReplisomeError, match=f"recipe: unseen: {share} of {proteins} proteins leaves none unseen"):
        prepare(recipe(source=drawn, split="stratified-deduplicated", unseen=share), {})


def test_a_protein_with_few_training_labels_has_no_more_validation_labels(probe_table, probe_info):
    few = {"source": BOTH, "split": "stratified-deduplicated", "label_fraction": {"ANKHD1": 0.1}}
    several = prepare(recipe(**few), files(probe_table(), probe_info))
    alone = prepare(recipe(**few, targets=["ANKHD1"]), files(probe_table(), probe_info))
    whole = prepare(recipe(**{**few, "label_fraction": {}}), files(probe_table(), probe_info))
    protein = several.card["proteins"][1]
    assert protein["validation"] == protein["train"] < whole.card["proteins"][1]["validation"]
    assert several.card["validation_labels_hidden"] == {
        "ANKHD1": whole.card["proteins"][1]["validation"] - protein["validation"]
    }
    assert several.card["proteins"][0] == whole.card["proteins"][0]
    assert protein["test"] == whole.card["proteins"][1]["test"]
    held_out = target_of(several, "validation")[:, 1]
    rows = several.tables["validation"][0].column("row").to_numpy()[~np.isnan(held_out)]
    assert alone.tables["validation"][0].column("row").to_numpy().tolist() == rows.tolist()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"targets": ["RBFOX1"]}, "recipe: targets: no protein 'RBFOX1' in it"),
        ({"label_fraction": {"A1CFF": 0.5}}, "label_fraction: no protein 'A1CFF' in it; did you mean 'A1CF'"),
        ({"label_fraction": {"A1CF": 0.01}}, "0.01 of A1CF's 32 labels is too few"),
        ({"source": {"dataset": "d", "options": {"proteins": []}}}, "needs at least one protein"),
        ({"source": {"dataset": "d", "options": {"proteins": ["A1CF"], "max_probes": 3}}}, "max_probes of at least 10"),
        (
            {"source": {"dataset": "d", "options": {"proteins": ["A1CF", "RNCMPT00001"]}}},
            "two of the proteins A1CF, RNCMPT00001 are the same experiment",
        ),
    ],
)
def test_a_recipe_that_cannot_be_is_a_message(probe_table, probe_info, changes, message):
    with pytest.raises(ReplisomeError, match=message):
        prepare(recipe(**changes), files(probe_table(), probe_info))


def test_a_protein_without_a_valid_value_in_a_split_is_a_message(probe_table, probe_info):
    def fail(rows):
        for row in rows:
            if row[0] == "SetB":
                row[2] = "NaN"

    with pytest.raises(ReplisomeError, match=r"A1CF \(RNCMPT00001\) has no valid intensity in the test split \(40 pro"):
        prepare(recipe(), files(probe_table(fail), probe_info))


def test_equal_targets_are_a_message(probe_table, probe_info):
    def same(rows):
        for row in rows:
            row[2] = "1.5"

    with pytest.raises(ReplisomeError, match=r"train split: all 32 intensities are equal \(1\.5\)"):
        prepare(recipe(), files(probe_table(same), probe_info))


def test_letters_read_with_leave_are_counted_and_said(probe_table, probe_info, capsys):
    def letters(rows):
        rows[1][1] = rows[1][1].lower()
        rows[3][1] = "ACGT" * 9
        rows[5][1] = "ACGX" * 9
        rows[7][1] = "ACGU" * 11

    prepared = prepare(recipe(), files(probe_table(letters), probe_info))
    assert prepared.card["read_with_leave"] == {"lower": 1, "thymine": 1, "unknown": 1, "truncated": 1}
    said = capsys.readouterr().out
    assert "1 probes have T, read as U" in said
    assert "1 probes have more bases than the width, cut at the right" in said


@pytest.mark.parametrize("encoding", ["onehot", "kmer2", "kmer3"])
def test_the_sequence_comes_back_from_its_encoding(encoding):
    codes = encode_bases(["ACGU" * 10, "GGGA"], 41).codes
    stored, tokens = encode(codes, encoding)
    np.testing.assert_array_equal(sequence_codes(stored, tokens), codes)


def test_max_probes_keeps_the_first_valid_ones_of_each_set(probe_table, probe_info):
    options = {"proteins": ["ANKHD1"], "max_probes": 10}
    prepared = prepare(recipe(source={"dataset": "d", "options": options}), files(probe_table(), probe_info))
    assert prepared.card["counts"] == {"train": 8, "validation": 2, "test": 10}
    assert prepared.card["probes_in_source"] == 20


def test_padding_stands_at_the_end(probe_table, probe_info):
    prepared = prepare(recipe(), files(probe_table(), probe_info))
    part, metadata = prepared.tables["test"]
    codes = sequence_codes(column_array(part, "input", tuple(metadata["shape"])), metadata["tokens"])
    assert (np.diff((codes == PADDING).astype(int), axis=1) >= 0).all()


@pytest.mark.real_data
def test_the_real_table_gives_the_same_24000_probes_to_every_encoding(real_data):
    folder = real_data / "rnacompete"
    raw = files(folder / "norm_data.txt.gz", folder / "info_all.tab")
    source = {"dataset": "d", "options": {"proteins": ["A1CF"], "max_probes": 30000}}
    one, two = (prepare(recipe(source=source, encoding=e), raw) for e in ("onehot", "kmer3"))
    assert one.card["counts"] == {"train": 24000, "validation": 6000, "test": 30000}
    assert one.tables["train"][0].column("row").equals(two.tables["train"][0].column("row"))
    assert one.card["duplicates"]["crossing_groups"] == 0


def test_the_same_sequence_in_other_letters_is_the_same_sequence(probe_table, probe_info):
    train, held = (np.arange(1, 80, 2)[part] for part in course_split(40))

    def respell(rows):
        rows[0][1] = "ACGU" * 10
        rows[train[0]][1] = "acgt" * 10
        rows[held[0]][1] = "ACGU" * 10

    prepared = prepare(recipe(split="course-deduplicated"), files(probe_table(respell), probe_info))
    assert prepared.card["dropped"] == {"train": 1, "validation": 1, "test": 0}


def test_a_probe_too_short_for_a_motif_is_a_message(probe_table, probe_info):
    def shorten(rows):
        rows[3][1] = "ACGU"

    with pytest.raises(ReplisomeError, match="the probe 'ACGU' has fewer than 10 bases"):
        prepare(recipe(), files(probe_table(shorten), probe_info))


def test_masked_probes_are_counted(probe_table, probe_info):
    source = {"dataset": "d", "options": {"proteins": ["ANKHD1"]}}
    prepared = prepare(recipe(source=source), files(probe_table(), probe_info))
    assert sum(prepared.card["masked"].values()) == 16
    assert sum(prepared.card["counts"].values()) == 64


def test_experiments_can_be_left_out(probe_table, probe_info):
    source = {"dataset": "d", "options": {"proteins": ["all"], "without": ["RNCMPT00002", "RNCMPT00123"]}}
    prepared = prepare(recipe(source=source), files(probe_table(), probe_info))
    assert [protein["name"] for protein in prepared.card["proteins"]] == ["A1CF"]


def test_intensities_that_the_logarithm_flattens_are_a_message(probe_table, probe_info):
    def tiny(rows):
        for number, row in enumerate(rows):
            row[2] = f"{(number + 1) * 1e-23}"

    with pytest.raises(ReplisomeError, match="do not differ once logarithms are taken; check their units"):
        prepare(recipe(), files(probe_table(tiny), probe_info))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"targets": ["A2BP1"]}, "targets: 'A2BP1' stands for several experiments: RNCMPT00168, RNCMPT00123; name one"),
        (
            {"targets": ["RNCMPT00168", "RNCMPT00168"]},
            "targets: two of the names RNCMPT00168, RNCMPT00168 are",
        ),
    ],
)
def test_a_target_that_is_not_one_protein_is_refused(probe_table, probe_info, changes, message):
    probe_info.write_text(probe_info.read_text().replace("RBFOX1", "A2BP1"))
    path = probe_table(header=("Probe_Set", "RNA_Seq", "RNCMPT00168", "RNCMPT00123"))
    source = {"dataset": "d", "options": {"proteins": ["all"]}}
    with pytest.raises(ReplisomeError, match=message):
        prepare(recipe(source=source, **changes), files(path, probe_info))
