"""What would decide an open claim, and which findings survive among many."""

import numpy as np
import pytest
from scipy import stats

from replisome.analysis.intervals import ItemScores, measure, measure_difference
from replisome.claims.deciding import MOST_SEEDS, in_words, what_decides
from replisome.claims.finding import Decides
from replisome.claims.multiplicity import survivors
from replisome.claims.rules import judge

HIGHER = {"kind": "difference", "expect": "first_higher"}


def runs(*values):
    return ItemScores(np.array(values, dtype=float), np.zeros((len(values), 0)), 0, 0)


def by_item(seeds, items):
    return ItemScores.of_items(np.reshape(seeds, (-1, 1)) + np.asarray(items))


def test_the_seeds_that_decide_a_difference_worked_by_hand():
    # s = 1 in both and d = 1.5: the least n with (t[2n - 2] + 0.84) sqrt(2 / n) <= 1.5.
    finding = judge(HIGHER, [runs(1.5, 2.5, 3.5), runs(0, 1, 2)], "this_set")

    def needed(s):
        return next(n for n in range(4, 100) if (stats.t.ppf(0.975, 2 * n - 2) + 0.8416) * s * np.sqrt(2 / n) <= 1.5)

    assert finding.word == "inconclusive"
    assert finding.decides is not None
    assert finding.decides.seeds == needed(1.0) == 8
    quiet, loud = (needed(np.sqrt(4 / stats.chi2.ppf(share, 4))) for share in (0.75, 0.25))
    assert (finding.decides.fewest, finding.decides.most) == (quiet, None)
    assert loud > MOST_SEEDS
    assert in_words(finding.decides) == f"about 8 seeds ({quiet} to more than 15)"


def test_more_seeds_do_decide_as_often_as_is_said():
    rng, enough = np.random.default_rng(0), 8
    scores = rng.normal(size=(4000, 2, enough)) + np.array([[1.5], [0.0]])
    p = stats.ttest_ind(scores[:, 0], scores[:, 1], axis=1, equal_var=False).pvalue
    assert 0.77 < np.mean(p < 0.05) < 0.85


def test_where_items_are_too_few_no_number_of_seeds_decides():
    rng = np.random.default_rng(1)
    one, two = (by_item((5.0, 5.01, 5.02), rng.normal(size=200)) for _ in range(2))
    found = measure_difference(one, two)
    room = found.halves()[1] / 2
    decides = what_decides(found, room, 0.95)
    assert decides == Decides(None, None, None, pytest.approx(4))
    assert in_words(decides) == "no number of seeds decides this; it needs about 4.0 times as many items"


def test_about_one_run_our_items_can_only_halve_the_error():
    rng = np.random.default_rng(1)
    found = measure(by_item((5.0, 5.01, 5.02), rng.normal(size=200)), one_run=True)
    half = found.halves()[1]
    assert what_decides(found, half, 0.95, power=False).items_factor == pytest.approx(1)
    assert what_decides(found, half / np.sqrt(2), 0.95, power=False).items_factor is None


def test_a_value_whose_runs_differ_by_more_than_the_resolution_stays_open():
    ask = {"kind": "value", "reported": {"value": 0}, "resolution": {"value": 1.5}}
    finding = judge(ask, [runs(-1, 0, 1)], "this_set")  # 1.96 s is more than 1.5 however many runs there are
    assert in_words(finding.decides) == "no number of seeds up to 15 decides this"
    calmer = judge(ask, [runs(-0.5, 0, 0.5)], "this_set")
    assert finding.reason == calmer.reason == "too noisy to tell"
    assert calmer.decides.seeds == next(
        n for n in range(4, 16) if stats.t.ppf(0.975, n - 1) * 0.5 * np.sqrt(1 + 1 / n) < 1.5
    )


@pytest.mark.parametrize(
    ("decides", "words"),
    [
        (Decides(12, 7, None), "about 12 seeds (7 to more than 15)"),
        (Decides(8, 5, 13), "about 8 seeds (5 to 13)"),
        (Decides(None, 9, None), "more than 15 seeds (9 at the least)"),
        (Decides(None, None, None), "no number of seeds up to 15 decides this"),
        (Decides(None, None, None, 30.2), "no number of seeds decides this; it needs about 30 times as many items"),
        (
            Decides(None, None, None, 1e9),
            "no number of seeds decides this; it needs more than 1000 times as many items",
        ),
    ],
)
def test_it_is_said_in_words(decides, words):
    assert in_words(decides) == words


def test_nothing_is_said_of_what_is_decided_or_cannot_be():
    assert judge(HIGHER, [runs(9, 9.1, 9.2), runs(1, 1.1, 1.2)], "this_set").decides is None
    assert judge(HIGHER, [runs(9), runs(1)], "this_set").decides is None


def test_a_spread_near_its_limit_takes_more_seeds():
    finding = judge({"kind": "spread", "at_most": {"value": 1.0}}, [runs(0.0, 0.4, 0.8)], "this_set")
    assert finding.decides is not None
    assert finding.decides.seeds == next(
        n for n in range(4, 16) if 0.4 * np.sqrt((n - 1) / stats.chi2.ppf(0.025, n - 1)) < 1
    )


def test_an_order_is_decided_when_its_last_pair_is():
    models = [runs(0, 1, 2), runs(1.5, 2.5, 3.5), runs(100, 101, 102)]
    finding = judge({"kind": "order", "first_is": "lowest"}, models, "this_set")
    assert finding.word == "direction only"
    assert [part.decides is None for part in finding.parts] == [False, True]


def test_of_many_findings_few_survive():
    # Benjamini & Hochberg's own example has steps of 0.05 k / n; Holm's of 0.05 / (n - k + 1).
    kept = survivors({"a": 0.001, "b": 0.02, "c": 0.03, "d": 0.9})
    assert [one.benjamini_hochberg for one in kept.values()] == [True, True, True, False]
    assert [one.holm for one in kept.values()] == [True, False, False, False]
    assert survivors({}) == {}
    assert survivors({"alone": 0.04})["alone"] == (True, True)
