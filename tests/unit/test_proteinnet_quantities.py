"""What claims of this study ask for beside scores: worked out by hand on a few chains, and printed numbers."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from replisome.analysis.intervals import difference
from replisome.analysis.results import StudyResults
from replisome.analysis.variants import Variant
from replisome.studies.proteinnet import predictions, quantities
from replisome.studies.proteinnet.metrics import Pairs

CROP = 8
PAIRS = Pairs.of(CROP)
RNG = np.random.default_rng(5)


class Results(StudyResults):
    """A study's results as far as its quantities look: rows of the tidy table, and what each seed predicts."""

    def __init__(self, rows=(), maps=()):
        metrics = pd.DataFrame(rows, columns=["split", "metric", "role", "seed", "epoch", "value"])
        super().__init__(None, None, metrics.assign(recipe="r", model="conv_simple", hyperparameters="s"))
        cards = {"r": {"crop": CROP, "ceiling": {"oracle_on_this_draw": {"test": 2.5}}}}
        vars(self).update(cards=cards, lost=frozenset(), tested={(seed,) for seed in range(3)}, maps=maps)

    def predictions(self, run, weights=None, split="test"):
        return pd.DataFrame({"distances": list(self.maps[run.key[0]])})

    def tested_weights(self, run):
        return ("last",)


@pytest.fixture
def chains(monkeypatch):
    """Say what the test chains are: lengths, and true distances where they are asked for."""

    def make(lengths, true=()):
        found = predictions.Chains([f"c{n}" for n in range(len(lengths))], np.array(lengths), np.array(lengths))
        monkeypatch.setattr(predictions, "chains", lambda study, recipe: found)
        square = [np.zeros((CROP, CROP)) for _ in true]
        for whole, pairs in zip(square, true, strict=True):
            whole[PAIRS.first, PAIRS.second] = whole[PAIRS.second, PAIRS.first] = pairs
        monkeypatch.setattr(predictions, "true_map", lambda study, recipe, number: square[number])

    return make


def variant(seeds=2):
    runs = tuple(SimpleNamespace(key=(seed,), weights="last") for seed in range(seeds))
    return Variant("r", "conv_simple", "s", runs, {})


def curve(*seeds):
    return [
        ("validation", "loss", "curve", seed, epoch, value)
        for seed, values in enumerate(seeds)
        for epoch, value in enumerate(values, start=1)
    ]


def test_a_loss_falls_from_its_first_epoch_to_its_least():
    study = Results(curve([200, 90, 100], [50, 40, 40]))
    assert quantities.loss_fall(study, variant()) == pytest.approx([55, 20])


def test_an_error_is_above_that_of_the_oracle_and_of_none_where_there_is_no_oracle():
    rows = [("test", "rmse", "final", seed, 3, value) for seed, value in enumerate((4.0, 2.25))]
    study = Results(rows)
    assert quantities.rmse_above_oracle(study, variant()) == pytest.approx([1.5, -0.25])
    study.cards["r"] = {"crop": 256}
    assert np.isnan(quantities.rmse_above_oracle(study, variant())).all()


def test_losses_that_double_every_hundred_residues_have_a_slope_of_log_two(chains, monkeypatch):
    lengths = np.array([2, 4, 5, 8, 30])  # of the last one only the first 8 residues are seen
    seen = np.minimum(lengths, CROP)
    chains(lengths)
    losses = np.stack([7e9 * 2 ** (seen / 100), 2e9 * 4 ** (seen / 100)])
    monkeypatch.setattr(predictions, "scores", lambda study, variant: SimpleNamespace(paper_loss=losses))
    found = quantities.slope_of_log_loss_on_length(Results(), variant())
    assert found.values == pytest.approx(np.log([2, 4]))
    assert found.parts == pytest.approx(np.zeros((2, 5)), abs=1e-9)
    assert (found.items, found.groups, found.trained) == (5, 5, True)


def test_a_slope_varies_with_its_items_as_least_squares_says_and_two_slopes_differ_by_that_of_the_gap():
    n = 60
    x = RNG.uniform(0.4, 2.6, n)
    one = 3 + 0.7 * x + RNG.normal(0, 0.3, n)
    two = one + 0.2 * x + RNG.normal(0, 0.05, n)
    line, gap = stats.linregress(x, one), stats.linregress(x, two - one)
    found = quantities.slopes(x, one[None], trained=False)
    assert found.values[0] == pytest.approx(line.slope)
    assert np.sqrt((found.parts[0] ** 2).sum()) == pytest.approx(line.stderr, rel=0.15)  # equal variances, by chance
    apart = difference(quantities.slopes(x, two[None], trained=False), found)
    assert apart.value == pytest.approx(gap.slope)
    assert apart.items_half == pytest.approx(stats.t.ppf(0.975, n - 1) * gap.stderr, rel=0.15)


def test_chains_of_one_length_have_no_slope():
    found = quantities.slopes(np.ones(5), RNG.normal(size=(2, 5)))
    assert np.isnan(found.values).all()


def test_a_map_that_knows_only_separations_has_no_grid_and_one_with_a_raised_row_has():
    smooth = 3.8 * PAIRS.separation**0.6
    known = np.ones(len(smooth), bool)
    assert quantities.spread_of_row_means(smooth, known, PAIRS) == pytest.approx(0, abs=1e-12)
    raised = smooth + 7.0 * ((PAIRS.first == 3) | (PAIRS.second == 3))
    assert quantities.spread_of_row_means(raised, known, PAIRS) > 1.5


def test_row_means_are_those_of_the_whole_map_without_what_is_not_known():
    given, known = RNG.uniform(4, 30, len(PAIRS.first)), RNG.random(len(PAIRS.first)) > 0.2
    left = np.full((CROP, CROP), np.nan)
    for i, j, value in zip(*PAIRS[:2], given, strict=True):
        alike = known & (PAIRS.separation == j - i)
        left[i, j] = left[j, i] = value - given[alike].mean() if alike.any() else np.nan
    left[PAIRS.first[~known], PAIRS.second[~known]] = left[PAIRS.second[~known], PAIRS.first[~known]] = np.nan
    expected = np.nanstd(np.nanmean(left, axis=1))
    assert quantities.spread_of_row_means(given, known, PAIRS) == pytest.approx(expected)


def test_the_grid_of_a_network_is_a_mean_over_chains_and_that_of_the_true_maps_may_be_taken_off(chains):
    true = RNG.uniform(4, 30, (3, len(PAIRS.first)))
    true[1, PAIRS.second >= 6] = np.nan  # a chain of six residues
    chains([8, 6, 8], true)
    known = ~np.isnan(true)
    own = [quantities.spread_of_row_means(one, k, PAIRS) for one, k in zip(true, known, strict=True)]
    seeds = [RNG.uniform(4, 30, true.shape).astype(np.float16) for _ in range(2)]
    study = Results(maps=seeds)
    whole, beyond = (quantities.striping(study, variant(), beyond_true=off) for off in (False, True))
    for value, maps in zip(whole.values, seeds, strict=True):
        of_chains = zip(maps.astype(float), known, strict=True)
        assert value == pytest.approx(np.mean([quantities.spread_of_row_means(*one, PAIRS) for one in of_chains]))
    assert whole.items == 3
    assert beyond.values == pytest.approx(whole.values - np.mean(own))
    same = Results(maps=[np.nan_to_num(true)])
    assert quantities.striping(same, variant(1), beyond_true=True).values == pytest.approx([0])


@pytest.mark.parametrize("measure", [quantities.striping, quantities.slope_of_log_loss_on_length])
def test_what_was_not_tested_is_not_a_number(measure):
    study = Results()
    study.tested = set()
    found = measure(study, variant(3))
    assert np.isnan(found.values).all()
    assert len(found.values) == 3


def test_a_printed_loss_is_below_another_by_so_many_percent():
    assert quantities.percent_below(None, "reported", 75.0, 100.0) == pytest.approx(25)
    assert quantities.percent_below(None, "reported", 1.5, 1.2) == pytest.approx(-25)


def test_how_far_seeds_are_from_their_mean_is_in_percent_of_it():
    rows = [("test", "paper_loss", "final", seed, 3, value) for seed, value in enumerate((9e9, 10e9, 11e9))]
    np.testing.assert_allclose(quantities.apart_from_mean_percent(Results(rows), variant(3)), [10, 0, 10], atol=1e-9)


def test_the_gap_to_training_is_a_ratio_at_the_last_epoch():
    rows = [
        (split, "loss", "curve", seed, epoch, value)
        for split, values in (("validation", (9.0, 4.0)), ("train_sample", (8.0, 2.0)))
        for seed in (0, 1)
        for epoch, value in enumerate(values, start=1)
    ]
    np.testing.assert_allclose(quantities.log_gap_to_train(Results(rows), variant(2)), [np.log(2)] * 2)
