import numpy as np
import pytest
from scipy import stats

from replisome.analysis.intervals import ItemScores, difference, interval
from replisome.analysis.statistics import correlation_by_item, root_of_pooled

RNG = np.random.default_rng(0)
T2, T5, T9 = 4.302653, 2.570582, 2.262157  # 97.5 % quantiles of Student's t


def half(estimate):
    return (estimate.high - estimate.low) / 2


def seed_effects_only(means, items=200):
    """Every item scores what its seed scores."""
    return ItemScores.of_items(np.repeat(np.reshape(means, (-1, 1)), items, axis=1))


def test_the_interval_of_a_model_worked_by_hand():
    # Three seeds, six items. Scores of seeds: 3, 4, 5; s = 1. Items deviate by -+1 alike in all seeds:
    # Cov of any two seeds is 6/5, c^2 = 6/5/6 = 0.2, and k = t[5].
    items = np.array([-1.0, 1, -1, 1, -1, 1])
    found = interval(ItemScores.of_items(np.array([[3.0], [4.0], [5.0]]) + items))
    assert (found.value, found.seeds, found.items) == (4, 3, 6)
    assert found.seeds_half == pytest.approx(T2 / np.sqrt(3), rel=1e-5)
    assert found.items_half == pytest.approx(T5 * np.sqrt(0.2), rel=1e-5)
    assert half(found) == pytest.approx(np.hypot(found.seeds_half, found.items_half))
    assert found.low + found.high == pytest.approx(2 * found.value)


def test_the_interval_of_a_difference_worked_by_hand():
    # A: seeds 3, 4, 5 on items +-1. B: seeds 1, 1, 4 (mean 2, s^2 = 3) on items +-2, the same sign.
    # se^2 = 1/3 + 1 = 4/3; nu = (4/3)^2 / ((1/3)^2/2 + 1/2) = 3.2; c^2 = 0.2 + 0.8 - 2 * 0.4 = 0.2.
    sign = np.array([-1.0, 1, -1, 1, -1, 1])
    one = ItemScores.of_items(np.array([[3.0], [4.0], [5.0]]) + sign)
    two = ItemScores.of_items(np.array([[1.0], [1.0], [4.0]]) + 2 * sign)
    found = difference(one, two)
    assert (found.value, found.seeds, found.items) == (2, 3, 6)
    assert found.seeds_half == pytest.approx(stats.t.ppf(0.975, 3.2) * np.sqrt(4 / 3))
    assert found.items_half == pytest.approx(T5 * np.sqrt(0.2), rel=1e-5)


def test_where_items_say_nothing_it_is_students_t_over_seeds():
    means = [0.91, 0.93, 0.92, 0.95, 0.90]
    found = interval(seed_effects_only(means))
    assert (found.low, found.high) == pytest.approx(
        stats.t.interval(0.95, 4, loc=np.mean(means), scale=stats.sem(means))
    )


def test_where_items_say_nothing_a_difference_is_welchs():
    one, two = [0.91, 0.93, 0.92, 0.95, 0.90], [0.80, 0.90, 0.95]
    found = difference(seed_effects_only(one), seed_effects_only(two))
    welch = stats.ttest_ind(one, two, equal_var=False).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((welch.low, welch.high))


def test_the_degrees_of_freedom_are_those_of_the_smaller_arm_at_least():
    still, loud = [0.5, 0.5, 0.5], [0.1, 0.5, 0.9]
    found = difference(seed_effects_only(still), seed_effects_only(loud))
    assert half(found) == pytest.approx(T2 * np.std(loud, ddof=1) / np.sqrt(3), rel=1e-5)


def test_a_model_that_is_solved_has_items_errors_only():
    scores = RNG.normal(size=500)
    found = interval(ItemScores.of_items(scores, trained=False))
    assert found.seeds_half == 0
    assert half(found) == pytest.approx(1.959964 * stats.sem(scores))


def test_the_mean_over_a_few_items_is_students_t_over_them():
    scores = RNG.normal(size=10)
    found = interval(ItemScores.of_items(scores, trained=False))
    assert half(found) == pytest.approx(T9 * stats.sem(scores), rel=1e-5)
    low, high = stats.t.interval(0.95, 9, loc=scores.mean(), scale=stats.sem(scores))
    assert (found.low, found.high) == pytest.approx((low, high))


def test_two_solved_models_are_paired_over_items():
    one = RNG.normal(size=40)
    two = one + RNG.normal(0.5, 0.1, size=40)
    found = difference(ItemScores.of_items(one, trained=False), ItemScores.of_items(two, trained=False))
    paired = stats.ttest_rel(one, two).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((paired.low, paired.high))


def test_beside_a_solved_model_the_seeds_error_is_the_other_ones():
    trained, solved = ItemScores.of_items(RNG.normal(size=(4, 300))), ItemScores.of_items(np.ones(300), trained=False)
    found = difference(trained, solved)
    assert found.seeds_half == pytest.approx(interval(trained).seeds_half)
    assert found.items_half == pytest.approx(interval(trained).items_half)
    assert found.seeds == 4


@pytest.mark.parametrize("other", [1, 5])
def test_a_trained_model_with_one_seed_has_no_interval(other):
    one, two = ItemScores.of_items(RNG.random((1, 300))), ItemScores.of_items(RNG.random((other, 300)))
    for found in (interval(one), difference(one, two), difference(two, one)):
        assert np.isfinite(found.value)
        assert np.isnan([found.low, found.high]).all()


@pytest.mark.parametrize(("groups", "known"), [(1, False), (5, False), (6, True), (99, True)])
def test_below_six_groups_there_is_no_interval(groups, known):
    scores = ItemScores.of_items(RNG.normal(size=(3, 990)), np.arange(990) % groups)
    for found in (interval(scores), difference(scores, scores)):
        assert np.isfinite(found.low) == known
        assert np.isfinite(found.seeds_half)


def test_items_of_one_group_count_once():
    """Copying each item ten times, within its group, changes nothing."""
    few = RNG.normal(size=(3, 30))
    once, copied = interval(ItemScores.of_items(few)), interval(
        ItemScores.of_items(np.repeat(few, 10, axis=1), np.repeat(np.arange(30), 10))
    )  # fmt: skip
    assert (copied.low, copied.high) == pytest.approx((once.low, once.high))
    assert (copied.items, once.items) == (300, 30)


def test_groups_without_effect_of_their_own_change_little():
    scores = RNG.normal(size=60_000) + np.zeros((3, 1))
    alone, grouped = ItemScores.of_items(scores), ItemScores.of_items(scores, np.arange(60_000) % 3000)
    assert interval(grouped).items_half == pytest.approx(interval(alone).items_half, rel=0.06)


def test_what_only_one_seed_does_on_an_item_counts_among_seeds_only():
    found = interval(ItemScores.of_items(RNG.normal(size=(5, 4000))))
    assert found.items_half < 0.5 * 1.96 / np.sqrt(5 * 4000)


def test_about_these_very_items_only_seeds_err():
    scores, solved = ItemScores.of_items(RNG.normal(size=(3, 50))), ItemScores.of_items(np.arange(50.0), trained=False)
    found = interval(scores, question="this_set")
    assert half(found) == pytest.approx(found.seeds_half)
    assert half(difference(scores, solved, question="this_set")) == pytest.approx(found.seeds_half)
    assert half(interval(solved, question="this_set")) == 0


def test_another_level_moves_both_parts():
    scores = ItemScores.of_items(RNG.normal(size=(3, 400)) + RNG.normal(size=400))
    wide, usual = interval(scores, level=0.983), interval(scores)
    assert wide.seeds_half / usual.seeds_half == pytest.approx(stats.t.ppf(0.9915, 2) / T2, rel=1e-5)
    assert wide.items_half / usual.items_half == pytest.approx(stats.norm.ppf(0.9915) / 1.959964, rel=1e-5)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_seed_that_diverged_leaves_no_number(bad):
    scores = RNG.random((3, 40))
    scores[1, 7] = bad
    broken, whole = ItemScores.of_items(scores), ItemScores.of_items(RNG.random((3, 40)))
    for found in (interval(broken), difference(broken, whole), difference(whole, broken)):
        assert np.isnan([found.value, found.low, found.high]).all()


def test_no_item_no_number():
    found = interval(ItemScores.of_items(np.empty((3, 0))))
    assert np.isnan([found.value, found.low, found.high]).all()
    assert found.items == 0


def test_unlike_items_cannot_be_paired():
    with pytest.raises(ValueError, match="40 and 39 items"):
        difference(ItemScores.of_items(np.ones((3, 40))), ItemScores.of_items(np.ones((3, 39))))


def test_the_interval_of_a_correlation_is_near_fishers():
    x = RNG.normal(size=2000)
    y = x + RNG.normal(size=2000)
    value = stats.pearsonr(x, y)[0]
    found = interval(ItemScores.of_items(correlation_by_item(x, y), trained=False))
    assert found.value == pytest.approx(value)
    low, high = stats.pearsonr(x, y).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.005)


def test_the_root_of_a_pooled_mean_varies_as_its_bootstrap_does():
    sizes = RNG.integers(5, 50, 200).astype(float)
    sums = (sizes * RNG.gamma(2, size=200))[None]
    by_item = root_of_pooled(sums, sizes)
    assert by_item.mean() == pytest.approx(np.sqrt(sums.sum() / sizes.sum()))
    counts = RNG.multinomial(200, np.full(200, 1 / 200), size=4000)
    drawn = np.sqrt((counts @ sums[0]) / (counts @ sizes))
    assert interval(ItemScores.of_items(by_item, trained=False)).items_half == pytest.approx(
        1.96 * drawn.std(), rel=0.05
    )
    assert (root_of_pooled(np.zeros((1, 4)), np.ones(4)) == 0).all()
