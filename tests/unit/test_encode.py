import numpy as np
import pytest

from replisome.encode.bases import PADDING, UNKNOWN, decode_bases, encode_bases
from replisome.encode.kmers import kmer_tokens, vocabulary
from replisome.encode.onehot import SCALE, one_hot


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
