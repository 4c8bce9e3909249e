"""Verdicts of rules about scores, where the right one is known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from replisome.analysis.intervals import ItemScores, difference
from replisome.claims.rules import judge

T2 = stats.t.ppf(0.975, 2)
VALUE = {"kind": "value", "reported": {"value": 68.78, "digits": 0.01}, "resolution": {"value": 5}}
HIGHER = {"kind": "difference", "expect": "first_higher"}
SIZED = {**HIGHER, "reported": {"value": 24.47, "digits": 0.01}, "size": {"value": 5}, "negligible": {"value": 1.14}}
SAME = {"kind": "same", "margin": {"value": 1.5}}
ORDER = {"kind": "order", "first_is": "lowest"}
RATIO = {"kind": "ratio", "expect": "below_one", "reported": {"value": 0.632, "digits": 0.001}, "factor": 1.25}
FALLS = {"kind": "sign", "expect": "below", "than": 0}
WINNER = {"kind": "winner", "best": "highest", "within": {"value": 0.005}}
STABLE = {"kind": "spread", "at_most": {"value": 1.0}}


def runs(*values, trained=True):
    """Scores by seed, of items that are not known."""
    return ItemScores(np.array(values, dtype=float), np.zeros((len(values), 1)), 0, 0, trained)


def logs(*values):
    return runs(*np.log(values))


def by_item(*seeds, items=(-1.0, 1, -1, 1, -1, 1), trained=True):
    """Scores of seeds on items that lie around each seed's score alike."""
    return ItemScores.of_items(np.reshape(seeds, (-1, 1)) + np.array(items), trained=trained)


def word(ask, *arms, question="this_set"):
    return judge(ask, arms, question).word


# ---- a printed value


def test_a_value_worked_by_hand():
    # Three runs 65, 68, 71: mean 68, s = 3, h = 4.30 * 3 * sqrt(4/3) = 14.9, far wider than the resolution of 5.
    finding = judge(VALUE, [runs(65, 68, 71)], "this_set")
    half = T2 * 3 * np.sqrt(4 / 3) + 0.005
    assert (finding.word, finding.reason, finding.seeds) == ("inconclusive", "too noisy to tell", (3,))
    assert (finding.estimate.low, finding.estimate.high) == pytest.approx((68 - half, 68 + half))
    assert finding.estimate.seeds_half == pytest.approx(half - 0.005)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ((68.0, 68.5, 69.0), "replicated"),  # h = 2.5, and 68.78 is inside
        ((66.0, 66.1, 66.2), "replicated"),  # off by 2.68, outside, but all of it within 5
        ((64.0, 64.1, 64.2), "inconclusive"),  # off by 4.68: may be less than 5 or more
        ((60.0, 60.1, 60.2), "not replicated"),
        ((50.0, 68.0, 86.0), "inconclusive"),  # the printed number is inside because all are
        ((93.0, 93.2, 10.0), "inconclusive"),  # one run collapsed
    ],
)
def test_a_value_replicates_by_being_near_and_not_by_being_noisy(values, expected):
    assert word(VALUE, runs(*values)) == expected


def test_of_a_solved_model_half_a_printed_digit_decides():
    exact = {**VALUE, "resolution": {"value": 0.01}}
    assert word(exact, runs(68.7849, trained=False)) == "replicated"
    assert word(exact, runs(68.7951, trained=False)) == "not replicated"
    assert word({**exact, "resolution": {"value": 0.001}}, runs(68.7849, trained=False)) == "inconclusive"


def test_about_widens_a_printed_value():
    about = {"kind": "value", "reported": {"value": 85.9, "approx": 0.5}, "resolution": {"value": 0.4}}
    assert word(about, runs(86.5, 86.5, 86.5)) == "replicated"
    assert word(about, runs(86.9, 86.9, 86.9)) == "not replicated"


def test_on_other_items_their_part_counts_twice():
    arm = by_item(3, 4, 5)  # c^2 = 0.2, as test_intervals works out
    found = judge({**VALUE, "reported": {"value": 4}}, [arm], "general")
    assert found.estimate.items_half == pytest.approx(stats.t.ppf(0.975, 5) * np.sqrt(2 * 0.2))
    same = judge({**VALUE, "reported": {"value": 4}}, [arm], "this_set")
    assert same.estimate.items_half == 0


def test_items_in_groups_widen_a_value():
    rng = np.random.default_rng(0)
    group = np.repeat(np.arange(10), 30)
    scores = rng.normal(size=(3, 1)) + rng.normal(size=10)[group] + np.zeros((3, 300))
    grouped, alone = (ItemScores.of_items(scores, groups) for groups in (group, None))
    wide, narrow = (judge(VALUE, [arm], "general").estimate.items_half for arm in (grouped, alone))
    assert wide > 4 * narrow


# ---- nothing can be told


@pytest.mark.parametrize("ask", [VALUE, FALLS, STABLE])
@pytest.mark.parametrize(
    ("arm", "reason"),
    [
        (runs(1.0), "one seed"),
        (runs(1.0, np.nan, 1.0), "a seed gave no number"),
        (runs(1.0, np.inf, 1.0), "a seed gave no number"),
        (runs(), "no run"),
    ],
)
def test_one_model_without_an_interval_is_inconclusive(ask, arm, reason):
    finding = judge(ask, [arm], "this_set")
    assert (finding.word, finding.reason, finding.p, finding.decides) == ("inconclusive", reason, None, None)


@pytest.mark.parametrize("ask", [HIGHER, SIZED, SAME, RATIO, WINNER])
@pytest.mark.parametrize(
    ("arm", "reason"),
    [(runs(0.5), "one seed"), (runs(0.5, np.nan), "a seed gave no number"), (runs(), "no run")],
)
@pytest.mark.parametrize("first", [True, False])
def test_two_models_without_an_interval_are_inconclusive(ask, arm, reason, first):
    arms = [arm, runs(0.1, 0.1, 0.1)]
    finding = judge(ask, arms if first else arms[::-1], "this_set")
    assert (finding.word, finding.reason, finding.p, finding.size) == ("inconclusive", reason, None, None)


@pytest.mark.parametrize("ask", [HIGHER, SAME])
def test_five_groups_of_items_do_not_stand_for_all(ask):
    group = np.arange(30) % 5
    arms = [ItemScores.of_items(np.full((3, 30), score), group) for score in (1.0, 9.0)]
    finding = judge(ask, arms, "general")
    assert (finding.word, finding.reason) == ("inconclusive", "fewer than six groups of items")
    assert finding.estimate.value == pytest.approx(-8)
    assert judge(ask, arms, "this_set").word == "not replicated"


def test_a_kind_that_is_not_about_scores_is_refused():
    with pytest.raises(ValueError, match="fact is not judged from scores"):
        judge({"kind": "fact"}, [], "this_set")


# ---- a difference


def test_a_difference_worked_by_hand():
    # As in test_intervals: 2, with se^2 = 4/3 at 3.2 degrees of freedom and c^2 = 0.2.
    one, two = by_item(3, 4, 5), by_item(1, 1, 4, items=(-2.0, 2, -2, 2, -2, 2))
    finding = judge(HIGHER, [one, two], "general")
    assert finding.estimate == difference(one, two)
    assert (finding.word, finding.reason) == ("inconclusive", "either may be higher")
    # At the level that p gives, the interval ends at the threshold.
    assert finding.p is not None
    assert difference(one, two, level=1 - finding.p).low == pytest.approx(0, abs=1e-6)
    assert judge(HIGHER, [one, two], "general", level=1 - 1.01 * finding.p).word == "replicated"


def test_p_of_seeds_alone_is_welchs():
    one, two = (0.91, 0.93, 0.92, 0.95, 0.90), (0.80, 0.90, 0.95)
    finding = judge(HIGHER, [runs(*one), runs(*two)], "this_set")
    assert finding.p == pytest.approx(stats.ttest_ind(one, two, equal_var=False).pvalue)


@pytest.mark.parametrize("expect", ["first_higher", "first_lower"])
def test_a_difference_is_told_in_the_claimed_direction(expect):
    high, low = runs(9.0, 9.1, 9.2), runs(1.0, 1.1, 1.2)
    first, second = (high, low) if expect == "first_higher" else (low, high)
    ask = {
        **HIGHER,
        "expect": expect,
        "reported": {"value": 8 if expect == "first_higher" else -8},
        "size": {"value": 1},
    }
    found, other_way = judge(ask, [first, second], "this_set"), judge(ask, [second, first], "this_set")
    assert (found.word, found.reason) == ("replicated", "direction and size agree")
    assert found.estimate.value == pytest.approx(8)
    assert found.size is not None
    assert found.size.estimate.value == pytest.approx(8)
    assert (other_way.word, other_way.reason) == ("not replicated", "the opposite")
    assert other_way.estimate.value == pytest.approx(-8)


def test_which_differences_matter_is_the_claims_to_say():
    softmax = runs(84.0, 84.1, 84.2)
    small = judge(SIZED, [runs(84.5, 84.6, 84.7), softmax], "this_set")
    assert (small.word, small.reason) == ("not replicated", "smaller than matters")
    assert judge(HIGHER, [runs(84.5, 84.6, 84.7), softmax], "this_set").word == "replicated"
    assert (
        judge(SIZED, [runs(85.0, 85.3, 85.6), softmax], "this_set").reason == "it may be more or less than what matters"
    )


@pytest.mark.parametrize(
    ("logits", "softmax", "expected", "reason"),
    [
        ((93.0, 93.2, 93.4), (68.0, 68.5, 69.0), "replicated", "direction and size agree"),
        ((93.0, 93.2, 93.4), (82.0, 82.5, 83.0), "direction only", "the size differs"),
        ((93.0, 93.2, 93.4), (63.0, 68.5, 74.0), "direction only", "the size cannot be told yet"),
    ],
)
def test_the_size_decides_between_replicated_and_direction_only(logits, softmax, expected, reason):
    finding = judge(SIZED, [runs(*logits), runs(*softmax)], "this_set")
    assert (finding.word, finding.reason) == (expected, reason)


def test_the_interval_of_a_size_is_for_one_more_run_of_each():
    one, two = (93.0, 93.2, 93.4), (68.0, 68.5, 69.0)
    finding = judge(SIZED, [runs(*one), runs(*two)], "this_set")
    variances = np.array([np.var(one, ddof=1), np.var(two, ddof=1)])
    degrees = variances.sum() ** 2 / (variances**2 / 2).sum()
    half = stats.t.ppf(0.975, degrees) * np.sqrt(variances.sum() * 4 / 3) + 0.005
    assert finding.size is not None
    assert finding.size.estimate.high - finding.size.estimate.value == pytest.approx(half)


def test_paired_seeds_are_students_t_of_their_differences():
    one, two = (70.0, 80.0, 90.0), (69.0, 79.1, 88.9)
    assert word(HIGHER, runs(*one), runs(*two)) == "inconclusive"
    finding = judge({**HIGHER, "seeds": "paired"}, [runs(*one), runs(*two)], "this_set")
    assert finding.word == "replicated"
    assert finding.p == pytest.approx(stats.ttest_rel(one, two).pvalue)


def test_paired_seeds_pair_their_items_too():
    one, two = by_item(70, 80, 90), by_item(69, 79.1, 88.9)
    finding = judge({**HIGHER, "seeds": "paired"}, [one, two], "general")
    assert finding.estimate.items_half == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("ask", [HIGHER, SAME])
def test_unlike_numbers_of_seeds_cannot_be_paired(ask):
    finding = judge({**ask, "seeds": "paired"}, [runs(1, 2, 3), runs(1, 2)], "this_set")
    assert (finding.word, finding.reason) == ("inconclusive", "unlike numbers of seeds cannot be paired")


def test_a_difference_of_runs_that_are_all_the_same_has_no_width():
    still = runs(0.5, 0.5, 0.5)
    higher, tie = judge(HIGHER, [runs(0.6, 0.6, 0.6), still], "this_set"), judge(HIGHER, [still, still], "this_set")
    assert (higher.word, higher.p) == ("replicated", 1e-12)
    assert (tie.word, tie.reason, tie.p) == ("not replicated", "no difference at all", 1.0)
    assert (tie.estimate.low, tie.estimate.high) == (0, 0)


def test_two_solved_models_differ_by_their_items():
    rng = np.random.default_rng(0)
    one, two = (by_item(score, items=rng.normal(size=50), trained=False) for score in (3.0, 1.0))
    assert word(HIGHER, one, two, question="general") == "replicated"
    assert word(HIGHER, two, one, question="this_set") == "not replicated"


def test_a_run_that_collapsed_leaves_a_difference_open():
    assert word(HIGHER, runs(93.0, 93.1, 10.0), runs(68.0, 68.5, 69.0)) == "inconclusive"


# ---- the same


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        ((92.9, 93.1, 93.3), "replicated"),
        ((90.0, 90.2, 90.4), "not replicated"),
        ((96.0, 96.2, 96.4), "not replicated"),
        ((91.0, 93.0, 95.0), "inconclusive"),
        ((91.5, 91.7, 91.9), "inconclusive"),  # a gap of 1.5, which is the margin
    ],
)
def test_the_same_is_within_the_margin_with_the_whole_interval(second, expected):
    assert word(SAME, runs(93.0, 93.2, 93.4), runs(*second)) == expected


# ---- an order

BEST, GOOD, FAIR, WORST = (runs(level, level + 0.1, level + 0.2) for level in (1.0, 2.0, 3.0, 4.0))


def test_an_order_holds_if_each_is_ahead_of_the_next():
    finding = judge(ORDER, [BEST, GOOD, FAIR, WORST], "this_set")
    assert (finding.word, len(finding.parts), finding.seeds) == ("replicated", 3, (3, 3, 3, 3))
    assert finding.p == max(part.p for part in finding.parts)
    assert finding.estimate.value == pytest.approx(1)
    assert word({**ORDER, "first_is": "highest"}, WORST, FAIR, GOOD, BEST) == "replicated"


def test_an_order_with_a_tie_between_holds_at_its_ends():
    finding = judge(ORDER, [BEST, GOOD, runs(1.9, 2.1, 2.3), WORST], "this_set")
    assert finding.word == "direction only"
    assert [part.word for part in finding.parts] == ["replicated", "inconclusive", "replicated"]
    assert finding.estimate.value == pytest.approx(0, abs=1e-9)


def test_an_order_with_two_exchanged_does_not_hold():
    finding = judge(ORDER, [BEST, FAIR, GOOD, WORST], "this_set")
    assert (finding.word, finding.reason) == ("not replicated", "neighbours stand the other way round")
    assert finding.estimate.high < 0


def test_an_order_that_nothing_tells_apart_is_open():
    noisy = [runs(1, 5, 9), runs(2, 5, 9), runs(3, 5, 9)]
    assert word(ORDER, *noisy) == "inconclusive"
    finding = judge(ORDER, [BEST, runs(2.0), FAIR], "this_set")
    assert (finding.word, finding.reason, finding.p) == ("inconclusive", "one seed", None)


# ---- a ratio


def test_a_ratio_worked_by_hand():
    one, two = (60.0, 63.0, 66.0), (95.0, 100.0, 105.0)
    finding = judge(RATIO, [logs(*one), logs(*two)], "this_set")
    welch = stats.ttest_ind(np.log(one), np.log(two), equal_var=False)
    assert (finding.word, finding.reason) == ("replicated", "direction and size agree")
    assert finding.p == pytest.approx(welch.pvalue)
    interval = welch.confidence_interval(0.95)
    assert (finding.estimate.low, finding.estimate.high) == pytest.approx((np.exp(interval.low), np.exp(interval.high)))
    assert finding.estimate.value == pytest.approx(stats.gmean(one) / stats.gmean(two))


@pytest.mark.parametrize(
    ("first", "expected"),
    [
        ((40.0, 41.0, 42.0), "direction only"),  # 0.41 is beyond 0.632 / 1.25
        ((55.0, 63.0, 72.0), "direction only"),  # right in the middle, but known to a factor of 1.4 only
        ((98.0, 100.0, 102.0), "inconclusive"),
        ((150.0, 151.0, 152.0), "not replicated"),
    ],
)
def test_a_ratio_has_a_side_and_a_size(first, expected):
    assert word(RATIO, logs(*first), logs(100.0, 101.0, 99.0)) == expected


def test_a_ratio_above_one():
    ask = {"kind": "ratio", "expect": "above_one"}
    assert word(ask, logs(2.0, 2.1), logs(1.0, 1.01)) == "replicated"
    assert word(ask, logs(1.0, 1.01), logs(2.0, 2.1)) == "not replicated"


# ---- a sign


def test_a_slope_that_falls():
    assert word(FALLS, runs(-0.3, -0.2, -0.25)) == "replicated"
    assert word(FALLS, runs(0.3, 0.2, 0.25)) == "not replicated"
    assert word(FALLS, runs(-0.3, 0.2, -0.25)) == "inconclusive"
    assert word({**FALLS, "expect": "above", "than": -1}, runs(-0.3, -0.2, -0.25)) == "replicated"
    assert judge(FALLS, [runs(-0.3, -0.2, -0.25)], "this_set").p == pytest.approx(
        stats.ttest_1samp([-0.3, -0.2, -0.25], 0).pvalue
    )


@pytest.mark.parametrize(
    ("values", "expected"),
    [((1.1, 1.2, 1.3), "replicated"), ((4.0, 4.1, 4.2), "not replicated"), ((0.0, 1.5, 3.0), "inconclusive")],
)
def test_near_a_number_is_within_the_margin_of_it(values, expected):
    assert word({"kind": "sign", "expect": "near", "than": 1, "margin": {"value": 0.7}}, runs(*values)) == expected


# ---- a winner


def test_the_papers_choice_wins_if_no_rival_is_better_by_what_matters():
    choice = runs(0.500, 0.501, 0.502)
    assert word(WINNER, choice, runs(0.499, 0.500, 0.501), runs(0.40, 0.42, 0.41)) == "replicated"
    beaten = judge(WINNER, [choice, runs(0.40, 0.42, 0.41), runs(0.519, 0.520, 0.521)], "this_set")
    assert (beaten.word, beaten.estimate.value) == ("not replicated", pytest.approx(0.019))
    assert word(WINNER, choice, runs(0.49, 0.50, 0.51)) == "inconclusive"
    lowest = {**WINNER, "best": "lowest"}
    assert word(lowest, choice, runs(0.519, 0.520, 0.521)) == "replicated"
    assert word(lowest, choice, runs(0.479, 0.480, 0.481)) == "not replicated"


def test_one_rival_must_be_better_by_more_the_more_there_are():
    choice, better, poor = runs(0.500, 0.501, 0.502), runs(0.5085, 0.5095, 0.5105), runs(0.400, 0.401, 0.402)
    assert word(WINNER, choice, better) == "not replicated"
    assert word(WINNER, choice, better, *[poor] * 14) == "inconclusive"


# ---- a spread


def test_a_spread_worked_by_hand():
    # s = 0.2 of three: chi-square's 97.5 % quantile at two degrees of freedom is 7.38, its 2.5 % one 0.0506.
    finding = judge(STABLE, [runs(1.0, 1.2, 1.4)], "this_set")
    assert finding.estimate.value == pytest.approx(0.2)
    assert (finding.estimate.low, finding.estimate.high) == pytest.approx((0.2 * 0.5207, 0.2 * 6.2847), rel=1e-3)
    assert finding.word == "inconclusive"
    assert word(STABLE, runs(1.0, 1.1, 1.2)) == "replicated"
    assert word(STABLE, runs(1.0, 11.0, 21.0)) == "not replicated"
    assert word(STABLE, runs(1.0, 1.0, 1.0)) == "replicated"
    assert word(STABLE, runs(7.0, trained=False)) == "replicated"
