import numpy as np
import pytest

from replisome.data.encode.kmers import kmer_numbers
from replisome.errors import ReplisomeError
from replisome.studies.genome.control import START, draw_genes, draw_markov
from replisome.studies.genome.reading_frames import STOPS


def bases(drawn):
    return drawn.genome.bases.read(0, len(drawn.genome.bases))


@pytest.mark.parametrize("order", [0, 1, 3])
def test_the_entropy_rate_is_what_the_chain_costs(order):
    drawn = draw_markov(bases=100_000, order=order)
    assert drawn.bits.mean() == pytest.approx(drawn.least, abs=0.01)
    codes = bases(drawn)
    # The plug-in estimate from counts of the right order, another way to the same number.
    cells = np.bincount(kmer_numbers(codes, order + 1), minlength=4 ** (order + 1)).reshape(-1, 4)
    share = cells / cells.sum(axis=1, keepdims=True)
    estimate = -(cells * np.log2(np.where(share > 0, share, 1))).sum() / cells.sum()
    assert estimate == pytest.approx(drawn.least, abs=0.01)


def test_the_same_seed_draws_the_same_genome():
    one, two, other = (bases(draw_markov(bases=500, seed=seed)).tolist() for seed in (1, 1, 2))
    assert one == two != other


def test_what_a_gene_costs_is_the_entropy_of_its_codon_usage():
    drawn = draw_genes(bases=60_000, families=0, copies=0, concentration=0.3)
    assert len(bases(drawn)) == len(drawn.bits) == 60_000
    assert drawn.least is None
    # The usage that was drawn, drawn once more: three bases of a codon cost its entropy, on either strand.
    rng = np.random.default_rng(1)
    usage = rng.dirichlet(np.full(64 - len(STOPS), 0.3))
    entropy = -(usage * np.log2(usage)).sum() / 3
    costly = drawn.bits[np.convolve(drawn.bits == 2.0, np.ones(41), "same") < 41]
    assert 0.9 * entropy < np.mean(costly) < 1.1 * entropy + 0.1


def test_genes_begin_with_a_start_codon_for_nothing():
    drawn = draw_genes(bases=20_000, families=0, copies=0)
    triples = kmer_numbers(bases(drawn), 3)
    free = np.flatnonzero((drawn.bits[:-2] == 0) & (drawn.bits[1:-1] == 0) & (drawn.bits[2:] == 0))
    assert (triples[free] == START).sum() >= 5


def test_repeats_stand_several_times_on_either_strand():
    drawn = draw_genes(bases=40_000, families=2, copies=4, repeat=1000, divergence=0.0)
    numbers = kmer_numbers(bases(drawn), 24)
    _, counts = np.unique(numbers, return_counts=True)
    assert (counts > 1).sum() >= 2 * (1000 - 23) * 0.9


@pytest.mark.parametrize(
    ("draw", "options", "message"),
    [
        (draw_markov, {"bases": 50}, "needs 100 to 1,000,000,000 bases"),
        (draw_markov, {"order": 9}, "order from 0 to 8"),
        (draw_markov, {"concentration": 0}, "concentration from 0.05"),
        (draw_markov, {"seed": -1}, "seed of at least 0"),
        (draw_genes, {"concentration": 0.01}, "concentration from 0.05"),
        (draw_genes, {"families": 10**12, "copies": 0}, "fill over half"),
        (draw_genes, {"bases": 10_000}, "36 repeats of 1500 bases fill over half of 10000"),
        (draw_genes, {"divergence": 1.5}, "divergence in"),
        (draw_genes, {"copies": -1}, "no negative numbers"),
    ],
)
def test_options_out_of_range_are_refused(draw, options, message):
    with pytest.raises(ReplisomeError, match=message):
        draw(**options)
