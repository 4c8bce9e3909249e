"""A user's own RNAs are read from FASTA and plain text, and what is no probe is refused by line."""

import gzip

import pytest

from replisome.errors import ReplisomeError
from replisome.studies.rnacompete.rna_files import RNA, read_rnas

ONE, TWO = "GGUGCAUGAACC", "acgtacgtnacgr"


@pytest.fixture
def rnas(tmp_path):
    """Write a text to a file and read it."""

    def read(text, name="rnas.txt"):
        path = tmp_path / name
        path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
        return list(read_rnas(path))

    return read


@pytest.mark.parametrize("name", ["rnas.fa", "rnas.fa.gz"])
def test_fasta_is_read_with_first_words_as_names_and_lines_joined(rnas, name):
    found = rnas(f"\n>a first\n{ONE[:5]}\n{ONE[5:]}\n>b\n{TWO}\n", name)
    assert found == [RNA("a", ONE), RNA("b", "ACGUACGUNACGN")]


def test_plain_text_is_a_sequence_a_line_with_or_without_a_name(rnas):
    assert rnas(f"{ONE}\n\nmine\t{TWO}\r\n") == [RNA("line 1", ONE), RNA("mine", "ACGUACGUNACGN")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("\n \n", "is empty"),
        (f">\n{ONE}", "line 1: a header without a name"),
        (f">a\n>b\n{ONE}", "line 1: 'a' has no sequence"),
        (f"{ONE}\nMKLVENQDEF", "line 2: base 3 is 'L'"),
        (f"a,{ONE}", "base 2 is ','"),
        (f"a\tb\t{ONE}", "neither a sequence nor a name, a tab and a sequence"),
        (f"{ONE}\n{'A' * 42}", "line 2 has 42 bases; the run was trained on probes of at most 41"),
        (f">x\n{'ACGU' * 40}", "line 1: 'x' has 160 bases"),
        (f"{ONE}\nACGUACGUA", "line 2 has 9 bases; at least 10"),
    ],
)
def test_what_is_no_probe_is_refused_by_line(rnas, text, message):
    with pytest.raises(ReplisomeError, match=message):
        rnas(text)


def test_a_folder_a_file_that_is_no_text_and_one_that_is_not_there_are_refused(tmp_path):
    path = tmp_path / "rnas.fa"
    with pytest.raises(ReplisomeError, match="cannot be read"):
        list(read_rnas(path))
    with pytest.raises(ReplisomeError, match=r"is a folder; give the files in it \(.*/\*\)"):
        list(read_rnas(tmp_path))
    path.write_bytes(b"\xff\x00\xfa")
    with pytest.raises(ReplisomeError, match="no text in UTF-8"):
        list(read_rnas(path))
