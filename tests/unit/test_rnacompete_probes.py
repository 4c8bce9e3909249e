import json
import re

import numpy as np
import pytest
from conftest import random_probes

from replisome.data.encode.bases import encode_bases
from replisome.errors import ReplisomeError
from replisome.studies.rnacompete.probes import read_probes


def test_plain_and_gzip_tables_read_the_same(probe_table, probe_info):
    plain, packed = (read_probes(probe_table(name=name), probe_info, ["ANKHD1"]) for name in ("a.txt", "a.txt.gz"))
    np.testing.assert_array_equal(plain.intensities, packed.intensities)
    assert plain.sequences == packed.sequences == random_probes(80)
    assert plain.sets.tolist() == [1, 0] * 40
    assert np.isnan(plain.intensities[:, 0]).sum() == 16


@pytest.mark.parametrize("name", ["RNCMPT00001", "A1CF", "a1cf"])
def test_a_protein_is_found_by_experiment_and_name(probe_table, probe_info, name):
    assert read_probes(probe_table(), probe_info, [name]).proteins[0][:2] == ("RNCMPT00001", "A1CF")


@pytest.mark.parametrize("name", ["RBFOX1", "A2BP1", "rbfox1", "RNCMPT00168"])
def test_rbfox1_is_a2bp1(probe_table, probe_info, name):
    path = probe_table(header=("Probe_Set", "RNA_Seq", "RNCMPT00168", "RNCMPT00123"))
    assert read_probes(path, probe_info, [name]).proteins[0].experiment == "RNCMPT00168"


def test_all_takes_every_experiment_of_the_file(probe_table, probe_info):
    assert [p.name for p in read_probes(probe_table(), probe_info, ["all"]).proteins] == ["A1CF", "ANKHD1"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("RBFOX", "no protein or experiment 'RBFOX'; did you mean 'RBFOX1'?"),
        ("xyzzy", "no protein or experiment 'xyzzy'; this file has RNCMPT00001, RNCMPT00002"),
        ("RBFOX1", "'RBFOX1' is experiment RNCMPT00168, which this file does not hold; it has RNCMPT00001"),
        ("PTBP1", r"'PTBP1' stands for several experiments: RNCMPT00268 \(Hs\), RNCMPT00269 \(Hs\); name the one"),
    ],
)
def test_an_unknown_protein_is_a_message(probe_table, probe_info, name, message):
    with pytest.raises(ReplisomeError, match=message):
        read_probes(probe_table(), probe_info, [name])


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
        (set_cell(4, 1, "ACGU"), "line 6: the probe 'ACGU' has fewer than 10 bases"),
        (set_cell(5, 2, "inf"), "line 7, experiment RNCMPT00001: 'inf' is not finite; write NaN where"),
        (set_cell(5, 2, "high"), "line 7, experiment RNCMPT00001: 'high' is not a number; write NaN where"),
        (set_cell(5, 2, "N/A"), "line 7, experiment RNCMPT00001: 'N/A' is not a number; write NaN where"),
        (set_cell(5, 2, "1,5"), "line 7, experiment RNCMPT00001: '1,5' has a comma; write numbers with a decimal"),
        (set_cell(5, 2, "1 000"), "line 7, experiment RNCMPT00001: '1 000' is not a number"),
        (lambda rows: rows[6].append("1"), "line 8: has 5 cells where line 1 names 4 columns"),
        (lambda rows: rows[6].pop(), "line 8: has 3 cells where line 1 names 4 columns"),
        (lambda rows: rows[-1].pop(), "line 81: has 3 cells where line 1 names 4 columns; .* may be cut off"),
    ],
)
def test_a_bad_line_is_named(probe_table, probe_info, change, message):
    with pytest.raises(ReplisomeError, match=f"norm_data.txt, {message}") as caught:
        read_probes(probe_table(change), probe_info, ["A1CF"])
    assert not re.search("CSV|Arrow|Row #|Column #|[Ii]nvalid|Expected", str(caught.value))  # other people's words
    with pytest.raises(ReplisomeError, match=f"norm_data.txt.gz, {message}"):
        read_probes(probe_table(change, name="norm_data.txt.gz"), probe_info, ["all"])


def test_what_is_wrong_in_columns_that_are_not_read_does_not_matter(probe_table, probe_info):
    assert read_probes(probe_table(set_cell(5, 3, "high")), probe_info, ["A1CF"]).sequences == random_probes(80)


@pytest.mark.parametrize("change", [set_cell(3, 0, "SetC"), set_cell(3, 1, "ACG-ACGUACGU"), set_cell(3, 2, "x")])
def test_blank_lines_do_not_shift_the_numbers_of_lines(probe_table, probe_info, change):
    path = probe_table(change)
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(["\n", lines[0], "\n", *lines[1:3], "\n\n", *lines[3:]]))
    with pytest.raises(ReplisomeError, match=r"norm_data\.txt, line 9[,:]"):
        read_probes(path, probe_info, ["A1CF"])
    path.write_text(path.read_text().replace("SetC", "SetA").replace("ACG-", "ACGU").replace("\tx\t", "\t1\t"))
    assert len(read_probes(path, probe_info, ["A1CF"]).sequences) == 80


@pytest.mark.parametrize("cell", ["NaN", "nan", "NA", "", " 1.5", "-2e-3", "1.5 "])
def test_numbers_and_missing_values_are_read_as_before(probe_table, probe_info, cell):
    found = read_probes(probe_table(set_cell(5, 2, cell)), probe_info, ["A1CF"]).intensities[5, 0]
    assert np.isnan(found) if cell in ("NaN", "nan", "NA", "") else found == float(cell)


@pytest.mark.parametrize("column", ["Probe_Set", "RNA_Seq"])
def test_a_missing_column_is_named(probe_table, probe_info, column):
    header = [c if c != column else "other" for c in ("Probe_Set", "RNA_Seq", "RNCMPT00001", "RNCMPT00002")]
    with pytest.raises(ReplisomeError, match=f"column '{column}' is missing; line 1 has: "):
        read_probes(probe_table(header=header), probe_info, ["A1CF"])


def test_a_metadata_table_without_a_column_is_a_message(probe_table, probe_info):
    probe_info.write_text(probe_info.read_text().replace("AA_seq", "sequence"))
    with pytest.raises(ReplisomeError, match=r"info\.tab: column 'AA_seq' is missing"):
        read_probes(probe_table(), probe_info, ["A1CF"])


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("WWAA\tRRM_1\tRRM\tA2BP1", "WWAA", r"info\.tab, line 5: has 5 cells where the header names 8 columns"),
        ("ANKHD1\tKKKK", '"ANKHD1\tKKKK', r"info\.tab, line 3: has 4 cells .*is a quotation mark open"),
        ("Species\tPlasmid_Desc", "Species\tSpecies", r"info\.tab: column 'Species' is more than once"),
    ],
)
def test_a_damaged_metadata_table_is_a_message_with_the_line(probe_table, probe_info, old, new, message):
    text = probe_info.read_text()
    assert old in text
    probe_info.write_text(text.replace(old, new))
    with pytest.raises(ReplisomeError, match=message):
        read_probes(probe_table(), probe_info, ["A1CF"])


def test_names_in_the_metadata_stay_text(probe_table, probe_info):
    probe_info.write_text(probe_info.read_text().replace("A1CF", "5E10").replace("ANKHD1", "NA"))
    assert [p.name for p in read_probes(probe_table(), probe_info, ["5E10", "NA"]).proteins] == ["5E10", "NA"]


def test_a_truncated_gzip_is_a_message(probe_table, probe_info):
    path = probe_table(name="n.txt.gz")
    path.write_bytes(path.read_bytes()[:700])
    with pytest.raises(ReplisomeError, match=r"n\.txt\.gz: cut off"):
        read_probes(path, probe_info, ["A1CF"])


def test_an_empty_file_is_a_message(probe_table, probe_info):
    path = probe_table()
    path.write_text("")
    with pytest.raises(ReplisomeError, match=r"norm_data\.txt: is empty"):
        read_probes(path, probe_info, ["A1CF"])


def test_a_table_without_probes_is_a_message(probe_table, probe_info):
    with pytest.raises(ReplisomeError, match="the table holds no probe, only a header"):
        read_probes(probe_table(lambda rows: rows.clear()), probe_info, ["A1CF"])


def test_a_byte_order_mark_is_no_part_of_a_column(probe_table, probe_info):
    path = probe_table()
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert read_probes(path, probe_info, ["A1CF"]).sequences == random_probes(80)


def test_a_column_given_twice_is_refused(probe_table, probe_info):
    with pytest.raises(ReplisomeError, match="line 1 has the column 'RNCMPT00001' more than once"):
        read_probes(probe_table(header=("Probe_Set", "RNA_Seq", "RNCMPT00001", "RNCMPT00001")), probe_info, ["A1CF"])


def test_a_very_long_sequence_costs_no_memory():
    assert encode_bases(["A" * 10**7] * 3, 41).codes.shape == (3, 41)


def test_proteins_are_described_by_composition_and_domains(probe_table, probe_info):
    one, two = read_probes(probe_table(), probe_info, ["A1CF", "ANKHD1"]).proteins
    assert len(one.features) == len(two.features) == 20 + 2  # amino acids, KH_1 and RRM_1
    assert one.features[0] > two.features[0]  # alanine
    assert json.dumps(one.features)


@pytest.mark.real_data
def test_the_real_table_has_the_known_duplicates(real_data):
    probes = read_probes(real_data / "rnacompete" / "norm_data.txt.gz", None, ["RNCMPT00001"])
    assert len(probes.sequences) == 241_399
    assert len(probes.sequences) - len(set(probes.sequences)) == 21_388
