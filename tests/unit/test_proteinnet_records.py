"""ProteinNet's text records: what is read, and what each kind of damage says."""

import io
import itertools

import numpy as np
import pytest
from proteinnet_records import LETTERS, record

from replisome.data.encode.aminoacids import ALPHABET, codes
from replisome.errors import ReplisomeError
from replisome.studies.proteinnet.metrics import Pairs, true_distances
from replisome.studies.proteinnet.records import Chain, Unsolved, read_records


def read(text, whole=True):
    return list(read_records(io.BytesIO(text.encode()), "file", whole))


def test_a_record_worked_by_hand():
    profile = np.arange(63).reshape(21, 3) / 100
    text = record(
        "TBM#T0001", "AYC", ca=[[100, 200, 300], [480, 200, 300], [999, 999, 999]], mask="++-", profile=profile
    )
    (chain,) = read(text)
    assert chain.name == "TBM#T0001"
    assert chain.letters.tolist() == [0, 19, 1]
    assert chain.letters.dtype == np.uint8
    assert chain.profile.shape == (3, 21)
    np.testing.assert_allclose(chain.profile, profile.T, rtol=1e-6)
    np.testing.assert_allclose(chain.ca, [[1, 2, 3], [4.8, 2, 3], [0, 0, 0]], rtol=1e-6)  # CA, not N or C'; angstrom
    assert chain.known.tolist() == [True, True, False]
    # 380 pm apart are 3.8 angstrom; the third residue's distances are not known.
    np.testing.assert_allclose(true_distances(chain.ca, chain.known, Pairs.of(3)), [3.8, np.nan, np.nan], rtol=1e-6)


@pytest.mark.parametrize("separator", ["\t", " ", "  "])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_tabs_spaces_and_line_endings(separator, ending):
    one, two = read(
        record(separator=separator, ending=ending) + record("2XYZ", "WWWW", separator=separator, ending=ending)
    )
    assert (one.name, two.name) == ("1ABC_1_A", "2XYZ")
    np.testing.assert_allclose(one.ca[:, 0], [1, 4, 7])
    assert len(two.letters) == 4


def test_secondary_structure_is_passed_over_and_a_record_may_lack_a_structure():
    text = record("a", SECONDARY=["LHB"]) + record("b", TERTIARY=None, MASK=None) + record("c")
    found = read(text)
    assert [type(one) for one in found] == [Chain, Unsolved, Chain]


def test_a_last_record_without_structure_is_read_where_the_text_is_known_to_be_whole():
    text = record("a") + record("b", TERTIARY=None, MASK=None)
    assert [(type(one), one.name) for one in read(text)] == [(Chain, "a"), (Unsolved, "b")]
    with pytest.raises(ReplisomeError, match="line 59: record b is the last and has no structure: the file may be cut"):
        read(text, whole=False)


def test_sections_of_other_tools_are_passed_over_and_named():
    angles = ["0.1\t0.2\t0.3"] * 3
    plain = record("a", "ACDEFG") + record("b")
    more = record("a", "ACDEFG", RAMA=angles, RAMA_MASK=["+++"], CHI=["[1, 2]", *angles]) + record("b", TOOL=[])
    (one, two), (first, second) = read(plain), read(more)
    assert first.extra == ("RAMA", "RAMA_MASK", "CHI")
    assert second.extra == ("TOOL",)
    for left, right in ((one, first), (two, second)):
        assert all(map(np.array_equal, left[:5], right[:5]))
    assert read(record("c", RAMA=angles, RAMA_MASK=["+++"], TERTIARY=None, MASK=None))[0].extra == ("RAMA", "RAMA_MASK")


def walk(n, step, seed=0):
    """Return alpha carbons (n, 3) a ``step`` apart, in whatever unit that is."""
    steps = np.random.default_rng(seed).standard_normal((n, 3))
    return np.cumsum(steps / np.linalg.norm(steps, axis=1, keepdims=True), axis=0) * step + 1000


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (3.8, "0.038 angstrom apart .* seem to be in angstrom: multiply them by 100"),
        (0.38, "0.0038 angstrom apart .* seem to be in nanometres: multiply them by 1000"),
        (38_000, "380 angstrom apart .* correct the unit or the order of atoms"),
        (100, "1 angstrom apart .* correct the unit or the order of atoms"),
        (700, "7 angstrom apart .* correct the unit or the order of atoms"),
    ],
)
def test_coordinates_in_another_unit_are_refused_with_the_unit(step, message):
    with pytest.raises(ReplisomeError, match=f"^file, line 27: record x: neighbouring alpha carbons are {message}"):
        read(record("x", LETTERS, ca=walk(20, step)))


def test_gaps_and_cis_bonds_do_not_make_another_unit():
    for step in (290, 380, 550):
        assert read(record("x", LETTERS, ca=walk(20, step)))
    apart = walk(20, 380)
    apart[10:] += 5000  # residues are missing here, and the sequence does not say so
    assert read(record("x", LETTERS, ca=apart))
    assert read(record("x", LETTERS, ca=walk(20, 4000), mask="+-" * 10))  # no neighbours


def test_a_residue_at_the_origin_is_not_known_whatever_the_mask_says():
    (chain,) = read(record(ca=[[100, 0, 0], [0, 0, 0], [0, 0, 300]]))
    assert chain.known.tolist() == [True, False, True]


def test_letters_are_counted_in_alphabetical_order():
    assert ALPHABET == LETTERS == "".join(sorted(LETTERS))
    assert codes(LETTERS.encode()).tolist() == list(range(20))
    assert (codes(b"BJOUXZa*-") == 20).all()


ROW = "0.5\t0.5\t0.5"
BAD = {
    "a row cut short": (
        record(profile=None).replace(ROW, "0.5\t0.5", 1),
        "line 6: record 1ABC_1_A has a row of 2 numbers instead of 3",
    ),
    "two rows whose lengths cancel": (
        record().replace(f"{ROW}\n{ROW}", f"{ROW}\t0.5\n0.5\t0.5", 1),
        "line 6: record 1ABC_1_A has a row of 4 numbers instead of 3",
    ),
    "too few profile rows": (
        record().replace(f"{ROW}\n", "", 1),
        r"line 5: record 1ABC_1_A, section \[EVOLUTIONARY\] has 20 rows instead of 21",
    ),
    "an unknown letter": (record(letters="AXC"), "line 4: record 1ABC_1_A, residue 2: 'X' is none of the letters"),
    "a small letter": (record(letters="AcC"), "residue 2: 'c' is none of the letters"),
    "a mask of another length": (
        record(mask="++"),
        "line 32: record 1ABC_1_A has a mask of 2 residues for a sequence of 3",
    ),
    "a mask of other letters": (
        record(mask="+?+"),
        r"line 32: record 1ABC_1_A has a mask with other letters than \+ and -",
    ),
    "a word for a coordinate": (
        record().replace("\t100\t", "\tabc\t", 1),
        "line 28: record 1ABC_1_A, number 2 of the row is 'abc', not a finite",
    ),
    "a coordinate that is no number": (record().replace("\t100\t", "\tnan\t", 1), "number 2 of the row is 'nan'"),
    "a coordinate without end": (record().replace("\t100\t", "\tinf\t", 1), "number 2 of the row is 'inf'"),
    "a comma": (record().replace("\t100\t", "\t1,5\t", 1), "number 2 of the row is '1,5'"),
    "a coordinate beyond all measure": (record().replace("\t100\t", "\t1e41\t", 1), "number 2 of the row is '1e41'"),
    "a number as Python writes it": (record().replace("\t100\t", "\t1_0\t", 1), "number 2 of the row is '1_0'"),
    "a missing number": (record().replace("\t100\t", "\t\t", 1), "line 28: record 1ABC_1_A has a row of 8 numbers"),
    "too few coordinates": (
        record().replace("7\t100\t", "100\t", 1),
        "line 28: record 1ABC_1_A has a row of 8 numbers instead of 9",
    ),
    "no structure rows": (
        record(TERTIARY=[]),
        r"line 27: record 1ABC_1_A, section \[TERTIARY\] has 0 rows instead of 3",
    ),
    "a record without mask": (
        record("a", MASK=None) + record("b"),
        r"line 30: record a is cut off: it has no \[MASK\]",
    ),
    "a record without profile": (record("a", EVOLUTIONARY=None), r"record a is cut off: it has no \[EVOLUTIONARY\]"),
    "no sequence": (record("a", PRIMARY=None), r"record a is cut off: it has no \[PRIMARY\]"),
    "a lost ID": (
        record("a") + record("b").replace("[ID]\nb\n", ""),
        r"line 34: record a has a second section \[PRIMARY\]; was an \[ID\] lost",
    ),
    "an unknown section": (
        record().replace("[MASK]", "[MAKS]"),
        r"line 31: record 1ABC_1_A has an unknown section \[MAKS\]; did you mean 'MASK'",
    ),
    "a section in small letters": (
        record().replace("[TERTIARY]", "[tertiary]").replace("[MASK]", "[mask]"),
        r"line 27: record 1ABC_1_A has an unknown section \[tertiary\]; did you mean 'TERTIARY'",
    ),
    "no name": (record().replace("1ABC_1_A\n", ""), r"line 1: a record without a name under \[ID\]"),
    "another file": ("name,value\n1,2\n", r"line 1: 'name,value' where \[ID\] should be; is this ProteinNet text"),
    "a section before any ID": ("[MASK]\n+++\n", r"line 1: section \[MASK\] stands before any \[ID\]"),
    "nothing": ("\n\n", "holds no record"),
}


@pytest.mark.parametrize("case", BAD)
def test_damage_is_a_message_with_file_record_and_line(case):
    text, message = BAD[case]
    with pytest.raises(ReplisomeError, match=f"^file.*{message}"):
        read(text)


def test_a_file_cut_off_anywhere_is_a_message_or_ends_between_records():
    """Only at the very end of a record, where nothing can tell, is a cut not noticed."""
    whole = record("first") + record("second", "ACDEF")
    begin = whole.index("[ID]", 5)
    passed = 0
    for length in range(begin + 1, len(whole) - 4):
        found = names_or_message(whole[:length], known_whole=False)
        if isinstance(found, str):
            assert found.startswith("file, line")
        else:
            passed += 1
            assert found == ["first", "second"]
            assert whole[length] in "0123456789.\n", "a cut within the last number or at the end of a line"
    assert passed < 0.1 * (len(whole) - begin)


def names_or_message(text, known_whole):
    try:
        return [chain.name for chain in read(text, known_whole)]
    except ReplisomeError as error:
        return str(error)


def test_records_are_read_one_at_a_time():
    class Endless(io.RawIOBase):
        numbers = itertools.count()

        def read(self, size=-1):
            return record(f"chain{next(self.numbers)}").encode()

    stream = read_records(Endless(), "file")
    assert [chain.name for chain in itertools.islice(stream, 3)] == ["chain0", "chain1", "chain2"]


@pytest.mark.real_data
def test_untouched_records_parse_with_gaps_masked_and_never_counted(real_data):
    path = real_data / "proteinnet" / "native_sample.txt"
    with path.open("rb") as handle:
        chains = list(read_records(handle, str(path)))
    assert [(chain.name, len(chain.letters), int(chain.known.sum())) for chain in chains] == [
        ("TBM#T0285", 125, 99), ("FM#T0350", 117, 109), ("TBM#T0366", 106, 84),
        ("TBM#T0303", 224, 224), ("TBM-hard#T0348", 68, 61), ("TBM#T0383", 127, 125),
    ]  # fmt: skip
    for chain in chains:
        pairs = Pairs.of(len(chain.letters))
        true = true_distances(chain.ca, chain.known, pairs)
        known = chain.known.sum()
        assert (~np.isnan(true)).sum() == known * (known - 1) // 2
        bonds = true[(pairs.separation == 1) & ~np.isnan(true)]
        assert np.median(bonds) == pytest.approx(3.8, abs=0.03)  # angstrom between neighbouring alpha carbons
