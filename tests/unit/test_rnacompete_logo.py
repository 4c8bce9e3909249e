import numpy as np
import pytest

from replisome.studies.rnacompete.logo import (
    WIDTH,
    Logo,
    agreement,
    align,
    importance,
    kmer_names,
    mean_by_kmer,
    spelled,
)

BASES = "ACGU"


def effect_of(sequences, motif, width=30):
    """The effect of a model that wants ``motif`` and loses 1 for each of its bases that is replaced."""
    effect = np.full((len(sequences), width, 4), np.nan)
    for row, sequence in enumerate(sequences):
        start = sequence.find(motif)
        for at, base in enumerate(sequence):
            effect[row, at] = -1.0 if start <= at < start + len(motif) else 0.0
            effect[row, at, BASES.index(base)] = 0.0
    return effect


def probes_with(motif, count=20, seed=0):
    rng = np.random.default_rng(seed)
    made = []
    for _ in range(count):
        bases = rng.choice(list("AC"), size=24)
        start = rng.integers(0, 24 - len(motif) + 1)
        made.append("".join(bases[:start]) + motif + "".join(bases[start + len(motif) :]))
    return made


def test_a_motif_is_found_wherever_it_lies():
    sequences = probes_with("UGGUUG")
    logo = align(sequences, effect_of(sequences, "UGGUUG"))
    assert spelled(logo.heights, 6) == spelled(logo.bits, 6) == "UGGUUG"
    assert logo.heights.max() == pytest.approx(1)
    assert logo.probes == 20
    top = logo.heights.max(axis=1)
    assert np.flatnonzero(top > 0.9).tolist() == [2, 3, 4, 5, 6, 7]  # in the middle of ten


def test_importance_is_the_mean_cost_of_the_bases_that_were_tried():
    effect = np.array([[[0.0, -1.0, -3.0, np.nan], [np.nan, np.nan, 0.0, np.nan]]])
    found = importance(["AG"], effect)
    assert found[0].tolist() == [[2.0, 0, 0, 0], [0, 0, 0.0, 0]]


def test_bits_are_two_where_one_base_stands_and_none_where_all_do():
    shares = np.zeros((WIDTH, 4))
    shares[0, 1], shares[1] = 1.0, 0.25
    bits = Logo(shares, shares, 5).bits
    assert bits[0].tolist() == [0, 2, 0, 0]
    np.testing.assert_allclose(bits[1], 0, atol=1e-9)
    assert bits[2].tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize(
    ("found", "known", "expected"),
    [("UGCAUG", "UGCAUG", 6), ("GCAUGA", "UGCAUG", 5), ("AAUUAA", "UAAUUG", 4), ("CCCCCC", "UGAAUG", 0)],
)
def test_agreement_allows_for_a_shift(found, known, expected):
    assert agreement(found, known) == expected


def test_kmers_are_named_in_the_order_of_their_tokens():
    assert kmer_names(2)[:5] == ["AA", "AC", "AG", "AU", "CA"]
    assert len(kmer_names(6)) == 4096


def test_a_kmer_counts_once_a_probe_and_only_if_common():
    tokens = np.array([[0, 0, 1]] * 30 + [[1, 2, 16]] * 10)
    mean = mean_by_kmer(tokens, np.r_[np.full(30, 1.0), np.full(10, -1.0)], 16)
    assert mean[0] == pytest.approx(1.0)
    assert mean[1] == pytest.approx(0.5)
    assert mean[2] == -np.inf  # ten probes are too few
