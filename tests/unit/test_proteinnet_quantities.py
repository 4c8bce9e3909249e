"""What claims of this study ask for beside scores: worked out by hand on a few chains, and printed numbers."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from replisome.analysis.intervals import difference
from replisome.analysis.variants import Variant
from replisome.studies.proteinnet import predictions, quantities
from replisome.studies.proteinnet.metrics import Pairs

CROP = 8
PAIRS = Pairs.of(CROP)
RNG = np.random.default_rng(5)


class Results:
    """What the quantities ask of a study's results: a row of scores a seed, and what each seed predicts."""

    def __init__(self, tables, true, lengths, curves=None):
        self.tables, self.made = tables, {("true distances", "r"): true}
        chains = {"letters": ["A" * n for n in lengths], "known": [np.ones(n, bool) for n in lengths]}
        self.made["test split", "r"] = pd.DataFrame({"id": [f"c{n}" for n in range(len(lengths))], **chains})
        self.cards = {"r": {"crop": CROP, "ceiling": {"oracle_on_this_draw": {"test": 2.5}}}}
        self.metrics = pd.DataFrame(curves or [], columns=["split", "metric", "role", "seed", "epoch", "value"])
        self.metrics = self.metrics.assign(recipe="r", model="m", hyperparameters="s")
        self.tested, self.lost = {("m",)}, frozenset()

    def once(self, key, make):
        return self.made[key] if key in self.made else self.made.setdefault(key, make())

    def test_predictions(self, runs, weights=None):
        return self.tables

    def tested_weights(self, run):
        return ("last",)

    def pick(self, **where):
        rows = self.metrics
        for column, value in where.items():
            rows = rows[rows[column] == value]
        return rows


def variant(seeds=2):
    runs = tuple(SimpleNamespace(key=("m",), weights="last") for _ in range(seeds))
    return Variant("r", "conv_simple", "s", runs, {})


def of_metrics(seeds=2):
    return Variant("r", "m", "s", variant(seeds).runs, {})


def predicted(maps, losses=None):
    """Return a table of predictions: maps (n, pairs), and losses (n,) in square picometres."""
    squared = np.zeros((len(maps), CROP - 1))
    if losses is not None:
        squared[:, 0] = np.asarray(losses) / 2e4  # 100^2 picometres, both halves of a map
    known = np.ones((len(maps), CROP - 1))
    columns = {"distances": list(maps), "squared": list(squared), "pairs": list(known), "lddt": 0.5}
    return pd.DataFrame({**columns, **dict.fromkeys(predictions.CONTACTS.values(), 0.5)})


def curve(*seeds):
    return [
        ("validation", "loss", "curve", seed, epoch, value)
        for seed, values in enumerate(seeds)
        for epoch, value in enumerate(values, start=1)
    ]


def test_a_loss_falls_from_its_first_epoch_to_its_least():
    study = Results([], np.empty((0, len(PAIRS.first))), [], curve([200, 90, 100], [50, 40, 40]))
    assert quantities.loss_fall(study, of_metrics()) == pytest.approx([55, 20])


def test_an_error_is_above_that_of_the_oracle_and_of_none_where_there_is_no_oracle():
    rows = [("test", "rmse", "final", seed, 3, value) for seed, value in enumerate((4.0, 2.25))]
    study = Results([], np.empty((0, len(PAIRS.first))), [], rows)
    assert quantities.rmse_above_oracle(study, of_metrics()) == pytest.approx([1.5, -0.25])
    study.cards["r"] = {"crop": 256}
    assert np.isnan(quantities.rmse_above_oracle(study, of_metrics())).all()


def test_losses_that_double_every_hundred_residues_have_a_slope_of_log_two():
    lengths = np.array([2, 4, 5, 8, 30])  # of the last one only the first 8 residues are seen
    seen = np.minimum(lengths, CROP)
    blank = np.zeros((5, len(PAIRS.first)))
    tables = [predicted(blank, losses) for losses in (7e9 * 2 ** (seen / 100), 2e9 * 4 ** (seen / 100))]
    study = Results(tables, blank, lengths)
    found = quantities.slope_of_log_loss_on_length(study, variant())
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


def test_the_grid_of_a_network_is_a_mean_over_chains_and_that_of_the_true_maps_may_be_taken_off():
    true = RNG.uniform(4, 30, (3, len(PAIRS.first)))
    true[1, PAIRS.second >= 6] = np.nan  # a chain of six residues
    seeds = [RNG.uniform(4, 30, true.shape).astype(np.float16) for _ in range(2)]
    study = Results([predicted(maps) for maps in seeds], true, [8, 6, 8])
    known = ~np.isnan(true)
    own = [quantities.spread_of_row_means(one, k, PAIRS) for one, k in zip(true, known, strict=True)]
    whole, beyond = (quantities.striping(study, variant(), beyond_true=off) for off in (False, True))
    for values, maps in zip(whole.values, seeds, strict=True):
        by_chain = [
            quantities.spread_of_row_means(one.astype(float), k, PAIRS) for one, k in zip(maps, known, strict=True)
        ]
        assert values == pytest.approx(np.mean(by_chain))
    assert whole.items == 3
    assert beyond.values == pytest.approx(whole.values - np.mean(own))
    same = Results([predicted(np.nan_to_num(true))], true, [8, 6, 8])
    assert quantities.striping(same, variant(1), beyond_true=True).values == pytest.approx([0])


@pytest.mark.parametrize("measure", [quantities.striping, quantities.slope_of_log_loss_on_length])
def test_what_was_not_tested_is_not_a_number(measure):
    study = Results([], np.empty((0, len(PAIRS.first))), [])
    study.tested = set()
    found = measure(study, variant(3))
    assert np.isnan(found.values).all()
    assert len(found.values) == 3


def test_a_printed_loss_is_below_another_by_so_many_percent():
    assert quantities.percent_below(None, "reported", 75.0, 100.0) == pytest.approx(25)
    assert quantities.percent_below(None, "reported", 1.5, 1.2) == pytest.approx(-25)


def test_the_spread_over_seeds_is_in_percent_of_the_mean(monkeypatch):
    rows = [("test", "paper_loss", "final", seed, 3, value) for seed, value in enumerate((9e9, 10e9, 11e9))]
    study = Results([], np.empty((0, len(PAIRS.first))), [], rows)
    monkeypatch.setattr(predictions, "find", lambda study, recipe, name: of_metrics(3) if name == "improved" else None)
    assert quantities.spread_percent(study, "r", "improved") == pytest.approx(10)
    assert np.isnan(quantities.spread_percent(study, "r", "simple"))
