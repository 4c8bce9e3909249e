"""Readings: how a curve over rounds becomes one number. Each by a curve whose reading is known by hand."""

from math import isnan, log, sqrt

import numpy as np
import pytest

from replisome.claims.readings import Curve, never_crosses, read
from replisome.config.claims import definition


def curve(*values: float, better: str = "max", every: int = 10) -> Curve:
    return Curve(np.arange(1, len(values) + 1) * every, np.array(values, dtype=float), better)


RISING = curve(0.1, 0.5, 0.9, 0.6, 0.8)
FALLING = curve(3.0, 2.0, 1.0, 1.5, better="min")


@pytest.mark.parametrize(
    ("reading", "rising", "falling"),
    [
        ("last", 0.8, 1.5),
        ("lowest", 0.1, 1.0),
        ("highest", 0.9, 3.0),
        ("best_round", 3, 3),
        ("largest_drop", 0.3, 0.5),
        ("rise_since_best", 0.1, 0.5),
        ("fall_from_first", 0.7, 1.5),
        ({"at_epoch": 2}, 0.5, 2.0),
        ({"at_step": 30}, 0.9, 1.0),
        ({"mean_of_last": 2}, 0.7, 1.25),
        ({"slope_of_last": 0.4}, 0.2, 0.5),
        ({"relative_fall_of_last": 0.4}, -1 / 3, -0.5),
        ({"rounds_to": 0.5}, 2, 2),
        ({"rounds_to": 1.0}, 3, 3),
        ({"change_between": [2, 4]}, 0.1, -0.5),
    ],
)
def test_readings_of_a_score_that_rises_and_of_a_loss_that_falls(reading, rising, falling):
    assert read(RISING, reading) == pytest.approx(rising)
    assert read(FALLING, reading) == pytest.approx(falling)


def test_the_slope_is_that_of_least_squares_over_the_last_share_of_the_rounds():
    values = [9, 9, 9, 9, 9, 9, 9, 9, 1.0, 3.0]
    assert read(curve(*values), {"slope_of_last": 0.2}) == pytest.approx(2.0)
    noisy = np.random.default_rng(0).normal(size=40)
    assert read(curve(*noisy), {"slope_of_last": 0.5}) == pytest.approx(np.polyfit(range(20), noisy[20:], 1)[0])


def test_a_run_that_ended_before_the_round_has_no_number():
    assert isnan(read(RISING, {"at_epoch": 6}))
    assert isnan(read(RISING, {"at_step": 35}))
    assert isnan(read(RISING, {"mean_of_last": 6}))
    assert isnan(read(RISING, {"change_between": [2, 6]}))
    assert isnan(read(curve(1.0), "largest_drop"))
    assert isnan(read(curve(1.0), {"slope_of_last": 0.5}))
    assert isnan(read(curve(), "last"))


@pytest.mark.parametrize(
    "reading",
    [
        *("lowest", "highest", "best_round", "largest_drop", "rise_since_best"),
        {"rounds_to": 0.9},
        {"slope_of_last": 1.0},
    ],
)
def test_a_round_that_is_not_a_number_makes_none_of_the_reading(reading):
    assert isnan(read(curve(0.1, float("nan"), 0.9), reading))


def test_a_curve_that_never_got_worse_has_a_drop_below_zero():
    assert read(curve(0.1, 0.3, 0.9), "largest_drop") == pytest.approx(-0.2)


def test_the_distance_to_a_printed_curve_is_over_the_steps_that_the_run_has():
    printed = [[10, 0.0], [30, 1.0], [99, 5.0]]
    assert read(RISING, {"distance_to_printed": "x"}, printed) == pytest.approx(sqrt((0.1**2 + 0.1**2) / 2))
    assert isnan(read(RISING, {"distance_to_printed": "x"}, [[10, 0.0], [98, 0.0], [99, 0.0]]))
    assert isnan(read(RISING, {"distance_to_printed": "x"}, []))


def test_curves_cross_where_the_second_run_is_worse_after_any_round():
    loss = curve(log(4), 1.2, 1.0, better="min")
    assert never_crosses(loss, curve(1.0, 1.1, 1.0, better="min"))
    assert not never_crosses(loss, curve(1.0, 1.3, 0.5, better="min"))
    assert never_crosses(curve(0.1, 0.2), curve(0.1, 0.3, 0.4))


def test_every_reading_of_the_schema_is_a_function_and_the_other_way_round():
    words = {*definition("read_word")["enum"]} - {"final", "best", "gap_to_train"}  # of weights, and of two curves
    assert all(np.isfinite(read(RISING, word)) for word in words)
    arguments = {"at_epoch": 1, "at_step": 10, "mean_of_last": 2, "change_between": [1, 2]}
    for name in definition("read_with")["properties"]:
        assert np.isfinite(read(RISING, {name: arguments.get(name, 0.5)}, [[10, 0.0]]))
