import numpy as np
import pytest
from scipy import stats

from replisome.analysis.statistics import correlation_by_item, mean_over_seeds, rank_correlation_by_item


def test_the_interval_over_seeds_is_students():
    values = [0.91, 0.93, 0.92, 0.95, 0.90]
    found = mean_over_seeds(values)
    low, high = stats.t.interval(0.95, 4, loc=np.mean(values), scale=stats.sem(values))
    assert found[:4] == pytest.approx((np.mean(values), low, high, 5))
    assert mean_over_seeds(values, level=0.983).high > found.high


def test_one_seed_has_a_value_and_no_interval():
    found = mean_over_seeds([0.9])
    assert (found.value, found.seeds) == (0.9, 1)
    assert np.isnan(found.low)
    assert np.isnan(found.high)


def test_no_seed_is_no_number():
    assert np.isnan(mean_over_seeds([]).value)


@pytest.fixture(params=["smooth", "tied"])
def pair(request):
    rng = np.random.default_rng(3)
    one, two = rng.normal(size=(2, 400))
    two = 0.7 * one + 0.5 * two
    return (one, two) if request.param == "smooth" else (one.round(), two.round(1))


@pytest.mark.parametrize(
    ("by_item", "scipys"), [(rank_correlation_by_item, stats.spearmanr), (correlation_by_item, stats.pearsonr)]
)
def test_items_add_up_to_a_correlation_and_vary_as_its_bootstrap_does(pair, by_item, scipys):
    one, two = pair
    found = by_item(one, two)
    assert found.mean() == pytest.approx(scipys(one, two)[0])
    rng = np.random.default_rng(4)
    samples = (rng.integers(400, size=400) for _ in range(1000))
    drawn = np.std([scipys(one[items], two[items])[0] for items in samples])
    assert found.std() / 20 == pytest.approx(drawn, rel=0.08)


@pytest.mark.parametrize("by_item", [rank_correlation_by_item, correlation_by_item])
@pytest.mark.parametrize("predicted", [np.ones(20), np.full(20, np.nan), np.r_[np.inf, np.arange(19)]])
def test_what_never_varies_or_is_no_number_has_no_correlation(by_item, predicted):
    assert np.isnan(by_item(predicted, np.arange(20.0))).all()
