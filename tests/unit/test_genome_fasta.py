import gzip

import numpy as np
import pytest

from replisome.data.encode.dna import encode_dna
from replisome.errors import ReplisomeError
from replisome.studies.genome import fasta
from replisome.studies.genome.fasta import Segment, read_fasta


def written(folder, text, name="genome.fna"):
    path = folder / name
    data = text if isinstance(text, bytes) else text.encode()
    path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return path


def letters(genome):
    return "".join("ACGT"[code] for code in genome.bases.read(0, len(genome.bases)))


def test_contigs_become_segments_between_ambiguous_bases(tmp_path):
    path = written(tmp_path, ">one first\nACGN\nNTTa\n\n>two\n>three\r\nNGG\r\nRC\r\n")
    genome = read_fasta(path)
    assert genome.contigs == [("one", 8), ("three", 5)]
    assert genome.segments == [Segment(0, 0, 0, 3), Segment(0, 5, 3, 3), Segment(1, 1, 6, 2), Segment(1, 4, 8, 1)]
    assert letters(genome) == "ACGTTAGGC"
    assert (genome.ambiguous, genome.lower, genome.empty) == (4, 1, 1)


@pytest.mark.parametrize("name", ["genome.fna", "genome.fna.gz", "no-ending"])
def test_plain_and_gzip_are_told_apart_by_content(tmp_path, name):
    assert letters(read_fasta(written(tmp_path, ">a\nacgu", name))) == "ACGT"


@pytest.mark.parametrize("chunk", [1, 2, 3, 5, 7, 100])
def test_the_size_of_chunks_changes_nothing(tmp_path, monkeypatch, chunk):
    rng = np.random.default_rng(0)
    text = "".join(rng.choice(list("ACGTN"), 60, p=[0.22, 0.22, 0.22, 0.22, 0.12]))
    path = written(tmp_path, f">a\n{text}\n>b\n{text[::-1]}\n")
    whole = read_fasta(path)
    monkeypatch.setattr(fasta, "CHUNK", chunk)
    pieces = read_fasta(path)
    assert pieces._replace(bases=None) == whole._replace(bases=None)
    assert letters(pieces) == letters(whole) == (text + text[::-1]).replace("N", "")
    for segment in whole.segments:
        contig = (text, text[::-1])[segment.contig]
        assert letters(whole)[segment.offset :][: segment.length] == contig[segment.start :][: segment.length]


def test_contigs_are_chosen_and_the_genome_cut(tmp_path):
    path = written(tmp_path, ">a\nAAAA\n>b\nCCCC\n>c\nGGGG\n")
    assert letters(read_fasta(path, contigs=["c", "a"])) == "AAAAGGGG"
    assert letters(read_fasta(path, max_bases=6)) == "AAAACC"
    with pytest.raises(ReplisomeError, match="no contig 'd'"):
        read_fasta(path, contigs=["d"])


@pytest.mark.parametrize("name", ["5E10", "007", "a$b", "<b>", "NA", "chr|1;x=2", "\N{GREEK SMALL LETTER BETA}"])
def test_contigs_keep_their_names(tmp_path, name):
    assert read_fasta(written(tmp_path, f">{name} more words\nACGT\n"), contigs=[name]).contigs == [(name, 4)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty, or no header"),
        ("\n\n", "empty, or no header"),
        (">a\n", "no sequence in it"),
        ("ACGT\n>a\nACGT", "line 1: 'ACGT' stands before the first header"),
        ("\n;old\n>a\nACGT", "line 2: ';old' stands before the first header"),
        (">a\nACGT\nACEF\n", "line 3: 'E' in contig 'a' is no nucleotide"),
        (">a\nACGT\n>b x\n\nAC GT\nAC-T\n", "line 6: '-' in contig 'b' is no nucleotide"),
        (">sp|P1\nMKVLAAGIV*\n", r"line 2: 'L' in contig 'sp\|P1' is no nucleotide.*protein"),
        (">a\nNNNN\nnn\n", "not one certain base"),
        (">a\nACGT\n>b\nA\n>a\nACGT\n", "two contigs are called 'a'"),
        (">a\nAC\N{GREEK SMALL LETTER BETA}T\n", "is no nucleotide"),
        (b">a\nAC\xff\xfeGT\n", "line 2: byte 0xff is no text in UTF-8"),
    ],
)
def test_what_is_no_genome_is_refused_with_its_place(tmp_path, text, message):
    with pytest.raises(ReplisomeError, match=message):
        read_fasta(written(tmp_path, text))


def test_a_cut_off_gzip_file_is_refused(tmp_path):
    rng = np.random.default_rng(0)
    whole = gzip.compress(b">a\n" + bytes(rng.choice(list(b"ACGT"), 5000).tolist()))
    for size in (5, 200, len(whole) - 4):
        path = tmp_path / "cut.fna.gz"
        path.write_bytes(whole[:size])
        with pytest.raises(ReplisomeError, match=r"cut\.fna\.gz: cut off"):
            read_fasta(path)


@pytest.mark.real_data
def test_a_draft_of_many_contigs_is_read_as_another_reader_does(real_data):
    from Bio import SeqIO  # noqa: PLC0415 (the other reader)

    path = real_data / "genome" / "GCF_000783305.1.fna.gz"
    genome = read_fasta(path)
    with gzip.open(path, "rt") as handle:
        records = {record.id: str(record.seq) for record in SeqIO.parse(handle, "fasta")}
    assert genome.contigs == [(name, len(text)) for name, text in records.items()]
    assert (len(genome.contigs), genome.ambiguous) == (78, 18)
    joined = "".join(records.values()).upper()
    codes = encode_dna(np.frombuffer(joined.encode(), np.uint8))
    assert np.array_equal(genome.bases.read(0, len(genome.bases)), codes[codes < 4])
