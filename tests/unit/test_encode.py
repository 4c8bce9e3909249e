import time

import numpy as np
import pytest

from replisome.data.encode.bases import PADDING, UNKNOWN, decode_bases, encode_bases
from replisome.data.encode.dna import PackedBases, encode_dna, reverse_complement
from replisome.data.encode.kmers import kmer_numbers, kmer_stream, kmer_tokens, uncertain_kmers, vocabulary
from replisome.data.encode.onehot import SCALE, one_hot


def test_bases_are_numbered_and_padded_on_the_right():
    found = encode_bases(["ACGU", "GG"], 5)
    assert found.codes.tolist() == [[0, 1, 2, 3, PADDING], [2, 2, PADDING, PADDING, PADDING]]
    assert (found.lower, found.thymine, found.unknown, found.truncated) == (0, 0, 0, 0)


def test_what_is_read_with_leave_is_counted():
    found = encode_bases(["acgu", "ACGT", "ANXU", "ACGUACGU"], 5)
    assert found.codes[0].tolist() == [0, 1, 2, 3, PADDING]
    assert found.codes[1].tolist() == [0, 1, 2, 3, PADDING]
    assert found.codes[2].tolist() == [0, UNKNOWN, UNKNOWN, 3, PADDING]
    assert found.codes[3].tolist() == [0, 1, 2, 3, 0]
    assert (found.lower, found.thymine, found.unknown, found.truncated) == (1, 1, 1, 1)


def test_letters_that_are_not_ascii_are_unknown():
    assert encode_bases(["A\N{GREEK SMALL LETTER BETA}G"], 3).codes.tolist() == [[0, UNKNOWN, 2]]


def test_an_unknown_base_is_a_quarter_of_each_and_padding_is_nothing():
    vectors = one_hot(encode_bases(["AN"], 3).codes) * SCALE
    assert vectors.tolist() == [[[1, 0, 0, 0], [0.25, 0.25, 0.25, 0.25], [0, 0, 0, 0]]]


def test_kmers_are_numbers_to_the_base_four():
    codes = encode_bases(["AACU", "GUNA", "UU"], 4).codes
    assert kmer_tokens(codes, 2).tolist() == [[0, 1, 7], [11, 16, 16], [15, 17, 17]]
    assert kmer_tokens(codes, 3).tolist() == [[1, 7], [64, 64], [65, 65]]
    assert (vocabulary(2), vocabulary(3)) == (18, 66)
    assert kmer_tokens(codes, 3).dtype == np.uint8


@pytest.mark.parametrize("width", [1, 41])
def test_decoding_gives_the_sequences_back(width):
    sequences = ["ACGUN"[:width], "U"]
    assert decode_bases(encode_bases(sequences, width).codes) == sequences


def dna(text):
    return encode_dna(np.frombuffer(text.encode(), np.uint8))


def test_four_mers_are_numbered_as_by_hand():
    by_hand = {"AAAA": 0, "AAAC": 1, "AAAG": 2, "AAAT": 3, "AACA": 4, "ACGT": 27, "CAAA": 64, "TTTA": 252, "TTTT": 255}
    assert {kmer: int(kmer_numbers(dna(kmer), 4)[0]) for kmer in by_hand} == by_hand
    assert kmer_numbers(dna("AAAACGTTTT"), 4).tolist() == [0, 1, 6, 27, 111, 191, 255]


@pytest.mark.parametrize("k", [1, 2, 3, 4, 5, 6, 11, 24, 32])
def test_kmers_can_be_turned_back_and_fit_their_type(k):
    codes = np.random.default_rng(k).integers(0, 4, 50).astype(np.uint8)
    numbers = kmer_numbers(codes, k)
    assert len(numbers) == 50 - k + 1
    assert numbers.dtype == np.min_scalar_type(4**k - 1)
    for position in range(k):
        bases = [int(number) >> 2 * (k - 1 - position) & 3 for number in numbers]
        assert bases == codes[position : 50 - k + 1 + position].tolist()


@pytest.mark.parametrize("k", [1, 2, 3, 4, 5, 6])
@pytest.mark.parametrize("apart", [False, True])
def test_chunks_encode_as_the_whole_does_wherever_they_end(k, apart):
    codes = np.random.default_rng(0).integers(0, 4, 23).astype(np.uint8)
    stride = k if apart else 1
    whole = kmer_numbers(codes, k)[::stride].tolist()
    for first in range(24):
        for second in range(first, 24):
            pieces = (codes[:first], codes[first:second], codes[second:])
            assert [int(t) for tokens in kmer_stream(pieces, k, stride) for t in tokens] == whole
    assert [int(t) for tokens in kmer_stream((codes[i : i + 1] for i in range(23)), k, stride) for t in tokens] == whole


def test_dna_is_read_in_either_case_and_rna_as_dna():
    assert dna("ACGTacgtUu").tolist() == [0, 1, 2, 3, 0, 1, 2, 3, 3, 3]
    assert dna("NRYKMSWBDHVn").tolist() == [4] * 12
    assert dna("EFX*-. 1").tolist() == [5] * 8
    assert reverse_complement(dna("AACGT")).tolist() == dna("ACGTT").tolist()


@pytest.mark.parametrize("k", [1, 3, 8])
def test_kmers_with_an_uncertain_base_are_told_from_the_others(k):
    text = "NACGTNNACGTACGTAAN"
    assert uncertain_kmers(dna(text), k).tolist() == ["N" in text[at : at + k] for at in range(len(text) - k + 1)]


def test_packed_bases_read_back_from_anywhere():
    rng = np.random.default_rng(1)
    packed, plain = PackedBases(), np.empty(0, np.uint8)
    for size in (0, 1, 2, 3, 9, 1, 0, 4, 100, 2):
        piece = rng.integers(0, 4, size).astype(np.uint8)
        packed.append(piece)
        plain = np.concatenate([plain, piece])
    assert len(packed) == len(plain)
    for start in range(len(plain)):
        for stop in range(start, len(plain) + 1, 7):
            assert packed.read(start, stop).tolist() == plain[start:stop].tolist()


def test_a_read_costs_the_same_among_many_pieces_as_among_few():
    def seconds(pieces):
        packed = PackedBases()
        for _ in range(pieces):
            packed.append(np.zeros(50, np.uint8))
        began = time.process_time()
        for number in range(2000):
            packed.read(number * 25, number * 25 + 50)
        return time.process_time() - began

    assert seconds(40_000) < 10 * seconds(1000)
