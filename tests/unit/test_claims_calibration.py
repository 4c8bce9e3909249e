"""False verdicts of each kind of claim, where they are most likely; ``python -m tests.simulations.claims`` prints all.

The hardest place is the threshold itself, with seeds that spread three to one where there are two models. A case has as
many studies here as there.
"""

from dataclasses import replace

import pytest
from tests.simulations.claims import STUDIES, cases, cells, within_bounds

HARDEST = {
    ("value", "one more run, same items"),
    ("value", "off by 2 R, R = 3 sd"),
    ("difference", "at the threshold"),
    ("size", "one more run of each"),
    ("same", "at the margin"),
    ("order", "one of three pairs is a tie"),
    ("ratio", "one"),
    ("ratio's size", "as printed"),
    ("ratio's size", "off by F squared"),
    ("sign", "at the number"),
    ("sign", "near, at the margin"),
    ("spread", "at the limit"),
    ("winner", "one fresh rival is better by w"),
    ("share", "most, half of the runs"),
    ("all", "one of two is a tie"),
}
ALSO = {
    ("value", "one more run, other items"),
    ("difference", "equal, by item"),
    ("difference", "equal, paired seeds"),
    ("size", "one more of each, other items"),
    ("winner", "best of 15, picked on other seeds"),
}


def named(names):
    """Cases at their hardest: with the most seeds, which make verdicts likelier, and with unlike spreads."""
    found = [
        replace(case, seeds=case.seeds[-1:], ratios=case.ratios[-1:])
        for case in cases()
        if (case.kind, case.truth) in names
    ]
    assert len(found) == len(names)
    return found


def test_every_kind_is_simulated():
    assert STUDIES >= 4000
    kinds = {case.kind for case in cases()}
    assert kinds >= {"value", "difference", "same", "order", "ratio", "sign", "winner", "spread", "share", "all"}
    assert {kind for kind, _ in HARDEST} == kinds


@pytest.mark.slow
@pytest.mark.parametrize("case", named(HARDEST | ALSO), ids=lambda case: f"{case.kind}: {case.truth}")
def test_verdicts_are_seldom_false_and_intervals_cover(case):
    assert not [cell for cell in cells([case]) if not within_bounds(cell)]


@pytest.mark.slow
def test_three_seeds_are_held_to_the_same_bounds():
    kinds = {"value", "difference"}
    few = [replace(case, seeds=(3,)) for case in named(HARDEST) if case.kind in kinds]
    assert not [cell for cell in cells(few) if not within_bounds(cell)]
