"""A user's own chains are read with their profiles from four kinds of files, and what does not fit is refused."""

import gzip

import numpy as np
import pytest
from proteinnet_records import LETTERS, record

from replisome.errors import ReplisomeError
from replisome.studies.proteinnet.chain_files import read_chains
from replisome.studies.proteinnet.records import read_records

PSI_ORDER = "ARNDCQEGHILKMFPSTWYV"


def frequencies(length, seed=0):
    return np.random.default_rng(seed).dirichlet(np.full(20, 0.5), length)


def content(rows):
    entropy = -(rows * np.log2(np.where(rows > 0, rows, 1))).sum(axis=1)
    return 1 - entropy / np.log2(20)


def with_content(rows):
    return np.column_stack([rows, content(rows)]).astype(np.float32)


def psi_blast(letters, percentages, order=PSI_ORDER):
    """Write a matrix as psiblast -out_ascii_pssm does; ``percentages`` (n, 20) are in the order of the alphabet."""
    lines = ["", "Last position-specific scoring matrix computed, weighted observed percentages rounded down, ..."]
    lines.append("            " + "  ".join(order) + "   " + "   ".join(order))
    for number, (letter, row) in enumerate(zip(letters, percentages, strict=True), start=1):
        scores = " ".join(["-1"] * 20)
        shares = " ".join(f"{row[LETTERS.index(one)]:.0f}" for one in order)
        lines.append(f"{number:5d} {letter}  {scores}  {shares}  0.60 0.30")
    return "\n".join(
        [*lines, "", "                      K         Lambda", "PSI Ungapped         0.1543     0.3169", ""]
    )


def table(letters, rows, header=("residue", *LETTERS)):
    lines = ["\t".join(header)]
    lines += ["\t".join([one, *(f"{value:.9g}" for value in row)]) for one, row in zip(letters, rows, strict=True)]
    return "\n".join(lines) + "\n"


@pytest.fixture
def read(tmp_path):
    """Write files, text or arrays, and read their chains."""

    def read(**files):
        paths = []
        for name, what in files.items():
            path = tmp_path / name.replace("__", ".")
            if isinstance(what, dict):
                np.savez(path, **what)
            else:
                path.write_bytes(gzip.compress(what.encode()) if path.suffix == ".gz" else what.encode())
            paths.append(path)
        return list(read_chains(paths))

    return read


def test_records_are_read_as_the_study_reads_them_and_need_no_structure(read, tmp_path):
    profile = np.random.default_rng(0).random((21, 12))
    text = record("1ABC", LETTERS[:12], profile=profile, RAMA=["x"])
    (own,) = read(one__gz=text)
    path = tmp_path / "two"
    path.write_text(text)
    with path.open("rb") as content:
        (theirs,) = read_records(content, "two")
    assert own.name == "1ABC"
    np.testing.assert_array_equal(own.letters, theirs.letters)
    np.testing.assert_array_equal(own.profile, theirs.profile)
    bare = record("T0999", LETTERS[:12], profile=profile, TERTIARY=None, MASK=None)
    found = read(three=bare + text)
    assert [chain.name for chain in found] == ["T0999", "1ABC"]
    np.testing.assert_array_equal(found[0].profile, own.profile)


def test_fasta_takes_its_profiles_from_arrays_and_the_information_content_is_computed(read):
    one, two = frequencies(5), frequencies(7, 1)
    whole = with_content(two)
    found = read(chains__fa=">a x\nACD\nef\n>b\nGHIKLMN\n", profiles__npz={"a": one, "b": whole})
    assert [chain.name for chain in found] == ["a", "b"]
    assert found[0].letters.tolist() == [0, 1, 2, 3, 4]
    assert found[0].profile.dtype == np.float32
    np.testing.assert_allclose(found[0].profile, with_content(one), atol=1e-7)
    np.testing.assert_array_equal(found[1].profile, whole)


def test_psi_blasts_percentages_are_put_in_order_and_scaled_and_rows_of_zeros_are_the_residue_itself(read):
    percentages = np.floor(100 * frequencies(6))
    percentages[2] = 0
    (found,) = read(T1__pssm=psi_blast("ACDEFG", percentages))
    assert found.name == "T1"
    percentages[2, LETTERS.index("D")] = 1
    expected = percentages / percentages.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(found.profile, with_content(expected), atol=1e-6)
    assert found.profile[2, -1] == 1


def test_a_table_names_its_columns_in_any_order(read):
    rows = frequencies(4)
    (plain,) = read(mine__tsv=table("WYAC", rows))
    turned = LETTERS[::-1]
    (other,) = read(other__tsv=table("WYAC", rows[:, ::-1], ("residue", *turned)))
    np.testing.assert_allclose(plain.profile, with_content(rows), atol=1e-7)
    np.testing.assert_array_equal(plain.profile, other.profile)
    (known,) = read(known__tsv=table("WYAC", with_content(rows), ("residue", *LETTERS, "information")))
    np.testing.assert_allclose(known.profile, plain.profile, atol=1e-7)


FASTA = ">a\nACDEF\n"
FIT = frequencies(5)


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"a__fa": ""}, "is empty"),
        ({"a__fa": FASTA}, "has sequences alone, and the run reads a profile of each residue too"),
        ({"a__fa": ">a\nACDXF\n", "p__npz": {"a": FIT}}, "residue 4: 'X' is none of the letters"),
        ({"a__fa": ">a\nACDE*\n", "p__npz": {"a": FIT}}, "residue 5: '\\*' is none of the letters"),
        ({"a__fa": ">a\nACDEß\n", "p__npz": {"a": FIT}}, "residue 5: 'ß' is none of the letters"),
        ({"a__fa": ">a\nA\n", "p__npz": {"a": FIT[:1]}}, "has one residue, and no distance"),
        ({"a__fa": FASTA, "p__npz": {"b": FIT}}, "no profile of 'a'"),
        ({"a__fa": FASTA, "p__npz": {"a": FIT, "b": FIT}}, "'b' is the name of no chain in FASTA"),
        ({"p__npz": {"a": FIT}}, "'a' is the name of no chain in FASTA; give the FASTA file"),
        ({"a__fa": FASTA, "p__npz": {"a": FIT}, "q__npz": {"a": FIT}}, "has a profile of 'a', as .*p.npz has"),
        ({"a__fa": FASTA, "b__fa": FASTA, "p__npz": {"a": FIT}}, "a second chain 'a', after that of .*a.fa"),
        ({"a__fa": FASTA, "p__npz": {"a": frequencies(6)}}, "has 6 residues; the chain in .*a.fa has 5"),
        ({"a__fa": FASTA, "p__npz": {"a": FIT.T}}, "has the shape 20 x 5; .* transpose it"),
        ({"a__fa": FASTA, "p__npz": {"a": FIT[:, :19]}}, "has the shape 5 x 19"),
        ({"a__fa": FASTA, "p__npz": {"a": FIT * 100}}, "values outside 0 to 1; .* not scores or percentages"),
        ({"a__fa": FASTA, "p__npz": {"a": FIT * np.nan}}, "values outside 0 to 1"),
        ({"a__fa": FASTA, "p__npz": {"a": FIT / 2}}, "add up to 0.500, not 1"),
        ({"a__fa": FASTA, "p__npz": {"a": FIT * 0}}, "no frequency above 0"),
        ({"a__fa": FASTA, "p__npz": {"a": with_content(FIT)[:, ::-1]}}, "the last column is .* but the information"),
        ({"a__fa": FASTA, "p__npz": {"a": np.array(["x"])}}, "not numbers"),
        ({"a__fa": FASTA, "p__npz": {"a": np.array([object()])}}, "is damaged, or holds Python objects"),
        ({"a__fa": FASTA, "p__npz": {}}, "holds no array"),
        ({"a__fa": FASTA, "p__npz": "text"}, "damaged or no .npz file"),
        ({"a__tsv": table("ACD", frequencies(3)[:, :19], ("residue", *LETTERS[:19]))}, "line 1: no column Y"),
        ({"a__tsv": "some text\n"}, "no column residue, A, C, D, E and more"),
        ({"a__tsv": table("ACD", frequencies(3), ("residue", *LETTERS[:19], "Y", "gap"))}, "unknown column 'gap'"),
        ({"a__tsv": table("AXD", frequencies(3))}, "line 3: residue 'X'"),
        ({"a__tsv": table("ACD", frequencies(3)) + "A\t1\n"}, "line 5: has 2 cells for 21 columns"),
        ({"a__tsv": table("AC", frequencies(2)).replace("0.", "0,")}, "column A: '0,[0-9]+' is not a number"),
        ({"a__tsv": table("", [])}, "has no row for a residue"),
        ({"a": psi_blast("ACD", 100 * frequencies(3)).replace("    2 C", "    3 C")}, "position 3 where 2 should be"),
        ({"a": psi_blast("ABD", 100 * frequencies(3))}, "residue 'B' is none of the letters"),
        ({"a": psi_blast("ACD", 30 * frequencies(3))}, "the percentages add up to"),
        ({"a": psi_blast("ACD", 100 * frequencies(3)).replace("-1 ", "", 12)}, "this one has 32 cells"),
        ({"a": psi_blast("ACD", 100 * frequencies(3)).replace("  ".join(PSI_ORDER), "")}, "names 20 columns of scores"),
        ({"a": psi_blast("", [])}, "holds no row of a matrix"),
        ({"a": record(PRIMARY=None)}, r"section \[PRIMARY\] has 1 row, but here it is missing"),
        ({"a": record(EVOLUTIONARY=["0 0 0"] * 20)}, r"section \[EVOLUTIONARY\] has 21 rows, but here it has 20"),
        ({"a": record(EVOLUTIONARY=["0 0"] * 21)}, "a row of 2 numbers, for a sequence of 3"),
        ({"a": record(EVOLUTIONARY=["0 x 0"] * 21)}, "'x' in a row of its profile, which is not a number"),
        ({"a": record(EVOLUTIONARY=["0 1e9 0"] * 21)}, r"a number of 1e\+08 or more"),
        ({"a": record(letters="AXD")}, "residue 2: 'X'"),
        ({"a": record(ID=[])}, "a record without a name"),
        ({"a": "[PRIMARY]\nACD\n"}, r"section \[PRIMARY\] without an \[ID\]"),
    ],
)
def test_what_does_not_fit_is_refused(read, files, message):
    with pytest.raises(ReplisomeError, match=message):
        read(**files)
