import gzip
import json

import numpy as np
import pytest

from replisome.encode.bases import PADDING, encode_bases
from replisome.errors import ReplisomeError
from replisome.io import column_array
from replisome.rawfiles import RawFile
from replisome.studies.rnacompete import targets
from replisome.studies.rnacompete.data import course_split, encode, prepare, sequence_codes, stratified_split
from replisome.studies.rnacompete.probes import read_probes

COLUMNS = (
    "Motif_display_ID", "Gene_name", "Species", "Plasmid_Desc", "AA_seq", "Pfam_RBPs", "Domain_string",
    "Gene_display_name",
)  # fmt: skip
INFO = [
    ("RNCMPT00001", "A1CF", "Hs", "A1CF", "ACDA", "RRM_1,RRM_1", "RRM", "A1CF"),
    ("RNCMPT00002", "ANKHD1", "Hs", "ANKHD1", "KKKK", "KH_1", "KH", "ANKHD1"),
    ("RNCMPT00168", "A2BP1", "Hs", "A2BP1", "WWAA", "RRM_1", "RRM", "RBFOX1"),
    ("RNCMPT00123", "a2bp1", "Dm", "CG32062", "WWAA", "RRM_1", "RRM", "A2BP1"),
    ("RNCMPT00268", "PTBP1", "Hs", "PTBP1", "WYAA", "RRM_1", "RRM", "PTBP1"),
    ("RNCMPT00269", "PTBP1", "Hs", "PTBP1", "WYAA", "RRM_1", "RRM", "PTBP1"),
]


@pytest.fixture
def info(tmp_path):
    path = tmp_path / "info.tab"
    path.write_text("\n".join("\t".join(row) for row in (COLUMNS, *INFO)) + "\n")
    return path


def random_probes(n, seed=0):
    rng = np.random.default_rng(seed)
    return ["".join(rng.choice(list("ACGU"), size=rng.integers(30, 42))) for _ in range(n)]


@pytest.fixture
def table(tmp_path):
    """Write a probe table: 40 probes in each set, three experiments, every fifth value of the second missing."""

    def write(change=None, name="norm_data.txt", header=("Probe_Set", "RNA_Seq", "RNCMPT00001", "RNCMPT00002")):
        rng = np.random.default_rng(1)
        values = np.exp(rng.normal(size=(80, 2)))
        rows = [
            ["SetA" if i % 2 else "SetB", s, f"{v[0]:.4f}", "NaN" if i % 5 == 0 else f"{v[1]:.4f}"]
            for i, (s, v) in enumerate(zip(random_probes(80), values, strict=True))
        ]
        if change:
            change(rows)
        text = "\n".join("\t".join(row) for row in (header, *rows)) + "\n"
        path = tmp_path / name
        path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
        return path

    return write


def recipe(**changes):
    plain = {
        "name": "r", "source": {"dataset": "d", "options": {"proteins": ["A1CF"]}}, "split": "course",
        "encoding": "onehot", "normalisation": "training",
    }  # fmt: skip
    return {**plain, **changes}


def files(table, info):
    return {"d": RawFile(table, {}), "d-info": RawFile(info, {})}


def test_plain_and_gzip_tables_read_the_same(table, info):
    plain, packed = (read_probes(table(name=name), info, ["ANKHD1"]) for name in ("a.txt", "a.txt.gz"))
    np.testing.assert_array_equal(plain.intensities, packed.intensities)
    assert plain.sequences == packed.sequences == random_probes(80)
    assert plain.sets.tolist() == [1, 0] * 40
    assert np.isnan(plain.intensities[:, 0]).sum() == 16


@pytest.mark.parametrize("name", ["RNCMPT00001", "A1CF", "a1cf"])
def test_a_protein_is_found_by_experiment_and_name(table, info, name):
    assert read_probes(table(), info, [name]).proteins[0][:2] == ("RNCMPT00001", "A1CF")


@pytest.mark.parametrize("name", ["RBFOX1", "A2BP1", "rbfox1", "RNCMPT00168"])
def test_rbfox1_is_a2bp1(table, info, name):
    path = table(header=("Probe_Set", "RNA_Seq", "RNCMPT00168", "RNCMPT00123"))
    assert read_probes(path, info, [name]).proteins[0].experiment == "RNCMPT00168"


def test_all_takes_every_experiment_of_the_file(table, info):
    assert [p.name for p in read_probes(table(), info, ["all"]).proteins] == ["A1CF", "ANKHD1"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("RBFOX", "no protein or experiment 'RBFOX'; did you mean 'RBFOX1'?"),
        ("xyzzy", "no protein or experiment 'xyzzy'; this file has RNCMPT00001, RNCMPT00002"),
        ("RBFOX1", "'RBFOX1' is experiment RNCMPT00168, which this file does not hold; it has RNCMPT00001"),
        ("PTBP1", r"'PTBP1' stands for several experiments: RNCMPT00268 \(Hs\), RNCMPT00269 \(Hs\); name the one"),
    ],
)
def test_an_unknown_protein_is_a_message(table, info, name, message):
    with pytest.raises(ReplisomeError, match=message):
        read_probes(table(), info, [name])


def set_cell(row, column, value):
    def change(rows):
        rows[row][column] = value

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (set_cell(3, 0, "SetC"), "line 5: Probe_Set is 'SetC', expected SetA or SetB"),
        (set_cell(4, 1, ""), "line 6: '' is not a sequence of letters"),
        (set_cell(4, 1, '"ACGUACGUACGU"'), "line 6: '\"ACGU.* is not a sequence of letters"),
        (set_cell(4, 1, "ACGU ACGU"), "line 6: 'ACGU ACGU' is not a sequence of letters"),
        (set_cell(5, 2, "inf"), "line 7: RNCMPT00001 is infinite"),
        (set_cell(5, 2, "high"), "norm_data.txt: not a readable table .*high"),
        (lambda rows: rows[6].append("1"), "norm_data.txt: not a readable table .*Row #8: Expected 4 columns, got 5"),
        (lambda rows: rows[6].pop(), "norm_data.txt: not a readable table .*Row #8: Expected 4 columns, got 3"),
    ],
)
def test_a_bad_line_is_named(table, info, change, message):
    with pytest.raises(ReplisomeError, match=message):
        read_probes(table(change), info, ["A1CF"])


@pytest.mark.parametrize("column", ["Probe_Set", "RNA_Seq"])
def test_a_missing_column_is_named(table, info, column):
    header = [c if c != column else "other" for c in ("Probe_Set", "RNA_Seq", "RNCMPT00001", "RNCMPT00002")]
    with pytest.raises(ReplisomeError, match=f"column '{column}' is missing; line 1 has: "):
        read_probes(table(header=header), info, ["A1CF"])


def test_a_metadata_table_without_a_column_is_a_message(table, info):
    info.write_text(info.read_text().replace("AA_seq", "sequence"))
    with pytest.raises(ReplisomeError, match=r"info\.tab: column 'AA_seq' is missing"):
        read_probes(table(), info, ["A1CF"])


def test_a_truncated_gzip_is_a_message(table, info):
    path = table(name="n.txt.gz")
    path.write_bytes(path.read_bytes()[:700])
    with pytest.raises(ReplisomeError, match=r"n\.txt\.gz: not a readable table"):
        read_probes(path, info, ["A1CF"])


def test_an_empty_file_is_a_message(table, info):
    path = table()
    path.write_text("")
    with pytest.raises(ReplisomeError, match="column 'Probe_Set' is missing"):
        read_probes(path, info, ["A1CF"])


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


def test_the_reported_recipe_normalises_each_split_by_itself_and_the_sound_one_by_training(table, info):
    reported = prepare(recipe(normalisation="each-split"), files(table(), info))
    sound = prepare(recipe(), files(table(), info))
    for split in ("train", "validation", "test"):
        assert target_of(reported, split).mean() == pytest.approx(0, abs=1e-6)
        assert target_of(reported, split).std() == pytest.approx(1, abs=1e-6)
    np.testing.assert_array_equal(target_of(reported, "train"), target_of(sound, "train"))
    assert abs(target_of(sound, "validation").mean()) > 0.01
    used = sound.statistics["targets"]
    assert used["train"] == used["validation"] == used["test"]


def test_the_splits_are_the_courses_rows(table, info):
    prepared = prepare(recipe(), files(table(), info))
    rows = prepared.tables["validation"][0].column("row").to_numpy()
    set_a = np.arange(1, 80, 2)
    np.testing.assert_array_equal(rows, set_a[course_split(40)[1]])
    assert prepared.card["counts"] == {"train": 32, "validation": 8, "test": 40}


def test_failed_probes_change_nothing(table, info):
    """Whatever stands where a value is missing: the mask comes after the split, and statistics skip it."""

    def add_failed(rows):
        rows.extend([["SetB", s, "NaN", "1.0"] for s in random_probes(20, seed=9)])

    without = prepare(recipe(), files(table(), info))
    more = prepare(recipe(), files(table(add_failed), info))
    for split in ("train", "validation", "test"):
        assert without.tables[split][0].equals(more.tables[split][0])


def test_a_sequence_in_two_splits_is_dropped_from_the_earlier_one(table, info):
    set_a = np.arange(1, 80, 2)
    train, held = (set_a[part] for part in course_split(40))

    def repeat(rows):
        rows[train[0]][1] = rows[0][1]  # also in test
        rows[train[1]][1] = rows[held[0]][1]
        rows[held[1]][1] = rows[2][1]
        rows[4][1] = rows[6][1]  # twice in test: kept

    kept = prepare(recipe(), files(table(repeat), info))
    assert kept.card["duplicates"] == {"groups": 4, "probes": 8, "crossing_groups": 3}
    assert kept.card["repeats_in_table"] == 4
    assert sum(kept.card["dropped"].values()) == 0
    dropped = prepare(recipe(split="course-deduplicated"), files(table(repeat), info))
    assert dropped.card["dropped"] == {"train": 2, "validation": 1, "test": 0}
    assert not {train[0], train[1]} & set(dropped.tables["train"][0].column("row").to_pylist())


BOTH = {"dataset": "d", "options": {"proteins": ["A1CF", "ANKHD1"]}}


def test_a_protein_keeps_a_share_of_its_labels_and_the_same_ones_alone_as_beside_others(table, info):
    few = {"source": BOTH, "split": "stratified-deduplicated", "label_fraction": {"ANKHD1": 0.25}}
    several = prepare(recipe(**few), files(table(), info))
    alone = prepare(recipe(**few, targets=["ANKHD1"]), files(table(), info))
    labels = target_of(several, "train")[:, 1]
    rows = several.tables["train"][0].column("row").to_numpy()
    assert several.card["labels_hidden"]["ANKHD1"] > 0
    assert alone.tables["train"][0].column("row").to_numpy().tolist() == rows[~np.isnan(labels)].tolist()
    np.testing.assert_array_equal(target_of(alone, "train")[:, 0], labels[~np.isnan(labels)])
    assert not np.isnan(target_of(several, "train")[:, 0]).any()
    assert len(target_of(alone, "validation")) == several.card["proteins"][1]["validation"]


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
def test_a_recipe_that_cannot_be_is_a_message(table, info, changes, message):
    with pytest.raises(ReplisomeError, match=message):
        prepare(recipe(**changes), files(table(), info))


def test_a_protein_without_a_valid_value_in_a_split_is_a_message(table, info):
    def fail(rows):
        for row in rows:
            if row[0] == "SetB":
                row[2] = "NaN"

    with pytest.raises(ReplisomeError, match=r"A1CF \(RNCMPT00001\) has no valid intensity in the test split \(40 pro"):
        prepare(recipe(), files(table(fail), info))


def test_equal_targets_are_a_message(table, info):
    def same(rows):
        for row in rows:
            row[2] = "1.5"

    with pytest.raises(ReplisomeError, match=r"train split: all 32 intensities are equal \(1\.5\)"):
        prepare(recipe(), files(table(same), info))


def test_letters_read_with_leave_are_counted_and_said(table, info, capsys):
    def letters(rows):
        rows[1][1] = rows[1][1].lower()
        rows[3][1] = "ACGT" * 9
        rows[5][1] = "ACGX" * 9
        rows[7][1] = "ACGU" * 11

    prepared = prepare(recipe(), files(table(letters), info))
    assert prepared.card["read_with_leave"] == {"lower": 1, "thymine": 1, "unknown": 1, "truncated": 1}
    said = capsys.readouterr().out
    assert "1 probes have T, read as U" in said
    assert "1 probes have more bases than the width, cut at the right" in said


@pytest.mark.parametrize("encoding", ["onehot", "kmer2", "kmer3"])
def test_the_sequence_comes_back_from_its_encoding(encoding):
    codes = encode_bases(["ACGU" * 10, "GGGA"], 41).codes
    stored, tokens = encode(codes, encoding)
    np.testing.assert_array_equal(sequence_codes(stored, tokens), codes)


def test_max_probes_keeps_the_first_valid_ones_of_each_set(table, info):
    options = {"proteins": ["ANKHD1"], "max_probes": 10}
    prepared = prepare(recipe(source={"dataset": "d", "options": options}), files(table(), info))
    assert prepared.card["counts"] == {"train": 8, "validation": 2, "test": 10}
    assert prepared.card["probes_in_source"] == 20


def test_padding_stands_at_the_end(table, info):
    prepared = prepare(recipe(), files(table(), info))
    part, metadata = prepared.tables["test"]
    codes = sequence_codes(column_array(part, "input", tuple(metadata["shape"])), metadata["tokens"])
    assert (np.diff((codes == PADDING).astype(int), axis=1) >= 0).all()


def test_proteins_are_described_by_composition_and_domains(table, info):
    one, two = read_probes(table(), info, ["A1CF", "ANKHD1"]).proteins
    assert len(one.features) == len(two.features) == 20 + 2  # amino acids, KH_1 and RRM_1
    assert one.features[0] > two.features[0]  # alanine
    assert json.dumps(one.features)


@pytest.mark.real_data
def test_the_real_table_gives_the_same_24000_probes_to_every_encoding(real_data):
    folder = real_data / "rnacompete"
    raw = files(folder / "norm_data.txt.gz", folder / "info_all.tab")
    source = {"dataset": "d", "options": {"proteins": ["A1CF"], "max_probes": 30000}}
    one, two = (prepare(recipe(source=source, encoding=e), raw) for e in ("onehot", "kmer3"))
    assert one.card["counts"] == {"train": 24000, "validation": 6000, "test": 30000}
    assert one.tables["train"][0].column("row").equals(two.tables["train"][0].column("row"))
    assert one.card["duplicates"]["crossing_groups"] == 0


@pytest.mark.real_data
def test_the_real_table_has_the_known_duplicates(real_data):
    probes = read_probes(real_data / "rnacompete" / "norm_data.txt.gz", None, ["RNCMPT00001"])
    assert len(probes.sequences) == 241_399
    assert len(probes.sequences) - len(set(probes.sequences)) == 21_388


def test_the_same_sequence_in_other_letters_is_the_same_sequence(table, info):
    train, held = (np.arange(1, 80, 2)[part] for part in course_split(40))

    def respell(rows):
        rows[0][1] = "ACGU" * 10
        rows[train[0]][1] = "acgt" * 10
        rows[held[0]][1] = "ACGU" * 10

    prepared = prepare(recipe(split="course-deduplicated"), files(table(respell), info))
    assert prepared.card["dropped"] == {"train": 1, "validation": 1, "test": 0}


def test_a_probe_too_short_for_a_motif_is_a_message(table, info):
    with pytest.raises(ReplisomeError, match="the probe 'ACGU' has fewer than 10 bases"):
        prepare(recipe(), files(table(set_cell(3, 1, "ACGU")), info))


def test_masked_probes_are_counted(table, info):
    source = {"dataset": "d", "options": {"proteins": ["ANKHD1"]}}
    prepared = prepare(recipe(source=source), files(table(), info))
    assert sum(prepared.card["masked"].values()) == 16
    assert sum(prepared.card["counts"].values()) == 64


def test_experiments_can_be_left_out(table, info):
    source = {"dataset": "d", "options": {"proteins": ["all"], "without": ["RNCMPT00002", "RNCMPT00123"]}}
    prepared = prepare(recipe(source=source), files(table(), info))
    assert [protein["name"] for protein in prepared.card["proteins"]] == ["A1CF"]


def test_a_table_without_probes_is_a_message(table, info):
    with pytest.raises(ReplisomeError, match="the table holds no probe, only a header"):
        read_probes(table(lambda rows: rows.clear()), info, ["A1CF"])


def test_a_byte_order_mark_is_no_part_of_a_column(table, info):
    path = table()
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert read_probes(path, info, ["A1CF"]).sequences == random_probes(80)


def test_a_column_given_twice_is_refused(table, info):
    with pytest.raises(ReplisomeError, match="line 1 has the column 'RNCMPT00001' more than once"):
        read_probes(table(header=("Probe_Set", "RNA_Seq", "RNCMPT00001", "RNCMPT00001")), info, ["A1CF"])


def test_intensities_that_the_logarithm_flattens_are_a_message(table, info):
    def tiny(rows):
        for number, row in enumerate(rows):
            row[2] = f"{(number + 1) * 1e-23}"

    with pytest.raises(ReplisomeError, match="do not differ once logarithms are taken; check their units"):
        prepare(recipe(), files(table(tiny), info))


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
def test_a_target_that_is_not_one_protein_is_refused(table, info, changes, message):
    info.write_text(info.read_text().replace("RBFOX1", "A2BP1"))
    path = table(header=("Probe_Set", "RNA_Seq", "RNCMPT00168", "RNCMPT00123"))
    source = {"dataset": "d", "options": {"proteins": ["all"]}}
    with pytest.raises(ReplisomeError, match=message):
        prepare(recipe(source=source, **changes), files(path, info))


def test_a_very_long_sequence_costs_no_memory():
    assert encode_bases(["A" * 10**7] * 3, 41).codes.shape == (3, 41)
