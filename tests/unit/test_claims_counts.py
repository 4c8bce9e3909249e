"""Shares of runs, facts, and several claims at once."""

import math

import pytest

from replisome.claims.deciding import in_words
from replisome.claims.finding import Decides, Finding
from replisome.claims.rules import judge_all, judge_fact, judge_share

MOST, NONE = {"of": [{}], "expect": "most"}, {"of": [{}], "expect": "none"}


@pytest.mark.parametrize(
    ("ask", "seen", "runs", "expected"),
    [
        (MOST, 3, 3, "inconclusive"),
        (MOST, 5, 5, "inconclusive"),
        (MOST, 6, 6, "replicated"),
        (MOST, 0, 6, "not replicated"),
        (MOST, 3, 6, "inconclusive"),
        (NONE, 0, 3, "inconclusive"),
        (NONE, 0, 6, "replicated"),
        (NONE, 6, 6, "not replicated"),
        ({**NONE, "at_most": 0.2}, 0, 6, "inconclusive"),
        ({**NONE, "at_most": 0.2}, 0, 17, "replicated"),
        ({**NONE, "at_most": 0.2}, 5, 6, "not replicated"),
    ],
)
def test_a_share_of_runs(ask, seen, runs, expected):
    finding = judge_share(ask, [True] * seen + [False] * (runs - seen))
    assert (finding.word, finding.seeds) == (expected, (runs,))
    assert finding.estimate.value == pytest.approx(seen / runs)


def test_six_pairs_of_runs_would_decide_what_three_do_not():
    finding = judge_share({**MOST, "of": [{}, {}]}, [True, True, True])
    assert finding.reason == "in 3 of 3 pairs of runs"
    assert finding.decides is not None
    assert in_words(finding.decides) == "about 6 seeds"
    assert finding.estimate.low == pytest.approx(0.025 ** (1 / 3))


def test_no_run_tells_nothing():
    assert judge_share(MOST, []).word == "inconclusive"


@pytest.mark.parametrize(
    ("reported", "found", "more", "expected"),
    [
        ({"value": 66070688, "digits": 1}, 66070656, {"offset": 32}, "replicated"),
        ({"value": 66070688, "digits": 1}, 66070656, {}, "not replicated"),
        ({"value": 66070688, "digits": 1}, 66070687, {}, "not replicated"),
        ({"value": 1.274, "digits": 0.001}, math.log(1 + 7 / math.e), {}, "replicated"),
        ({"value": 1.275, "digits": 0.001}, math.log(1 + 7 / math.e), {}, "not replicated"),
        ({"value": 93.25, "digits": 0.01}, 93.255, {}, "replicated"),  # rounds either way
        ({"value": 37, "digits": 1}, 36.4, {}, "not replicated"),
        ({"value": 300000, "approx": 10000}, 309000, {}, "replicated"),
        ({"value": 0.1}, 0.3 - 0.2, {}, "replicated"),
        ({"value": 100}, 120, {"bound": "at_least"}, "replicated"),
        ({"value": 100}, 80, {"bound": "at_least"}, "not replicated"),
        ({"value": 100}, 80, {"bound": "at_most"}, "replicated"),
        ({"value": 100}, 120, {"bound": "at_most"}, "not replicated"),
    ],
)
def test_a_fact_is_equal_to_the_printed_digit_or_on_its_side(reported, found, more, expected):
    assert judge_fact({"reported": reported, **more}, found).word == expected


def test_a_fact_that_is_no_number_is_not_judged():
    assert judge_fact({"reported": {"value": 1}}, math.nan).word == "inconclusive"


def test_a_fact_that_fails_says_both_numbers():
    ask = {"reported": {"value": 300000, "digits": 1}}
    assert judge_fact(ask, 294488).reason == "it is 294,488, printed is 300,000"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("replicated", "replicated"), "replicated"),
        (("replicated", "direction only"), "direction only"),
        (("direction only", "inconclusive"), "inconclusive"),
        (("replicated", "not run"), "not run"),
        (("inconclusive", "not run"), "not run"),
        (("replicated", "not replicated"), "not replicated"),
        (("not run", "not replicated", "inconclusive"), "not replicated"),
    ],
)
def test_a_conjunction_is_as_good_as_its_worst_part(words, expected):
    finding = judge_all([Finding(word, "") for word in words])
    assert (finding.word, len(finding.parts)) == (expected, len(words))


def test_a_conjunction_is_decided_when_its_last_open_part_is():
    first = Finding("inconclusive", "", decides=Decides(5, 4, 9))
    second = Finding("inconclusive", "", decides=Decides(9, 6, None))
    assert judge_all([first, second]).decides == Decides(9, 6, None)
    assert judge_all([first, Finding("inconclusive", "one seed")]).decides is None
    items = Finding("inconclusive", "", decides=Decides(None, None, None, 4.0))
    assert judge_all([first, items]).decides == Decides(None, None, None, 4.0)
