"""What reports A and B print of blood cells is possible, and fits together where they compute with it."""

import math

import pytest
from conftest import ROOT

from replisome.config.study_files import read_study

CLAIMS = {claim["id"]: claim["ask"] for claim in read_study("bloodmnist", ROOT).claims}
IMAGES = {"test": 3421, "validation": 1712}
SHARES = [
    name
    for name, ask in CLAIMS.items()
    if ask["kind"] == "value" and ask["number"].get("score") == "accuracy" and ask["number"]["read"] != "best_round"
]


def printed(name):
    return CLAIMS[name]["reported"]["value"]


@pytest.mark.parametrize("name", SHARES)
def test_a_printed_accuracy_is_that_of_a_whole_number_of_images(name):
    reported, images = CLAIMS[name]["reported"], IMAGES[CLAIMS[name]["number"]["split"]]
    nearest = 100 * round(reported["value"] / 100 * images) / images
    assert nearest == pytest.approx(reported["value"], abs=reported["digits"] / 2)


def test_the_accuracies_of_both_reports_are_among_them():
    assert len(SHARES) == 6


@pytest.mark.parametrize(
    ("name", "first", "second"),
    [
        ("softmax-hurts-test-nopool", "acc-nopool-logits", "acc-nopool-softmax"),
        ("softmax-hurts-test-pool", "acc-pool-logits", "acc-pool-softmax"),
        ("pool-accuracy", "acc-pool-logits", "acc-nopool-logits"),
        ("softmax-hurts-val-maxima", "pool-within-1pt", "nopool-softmax-degrades"),
    ],
)
def test_a_printed_difference_is_that_of_the_printed_accuracies(name, first, second):
    assert printed(name) == pytest.approx(printed(first) - printed(second), abs=1e-9)


@pytest.mark.parametrize("report", ["a", "b"])
def test_a_printed_ratio_is_that_of_the_printed_seconds(report):
    ratio = printed(f"pool-time-{report}") / printed(f"pool-time-{report}-nopool")
    assert printed(f"pool-time-{report}-ratio") == pytest.approx(ratio, abs=0.0005)


def test_the_least_possible_loss_is_the_bound_that_claims_name():
    bound = math.log(1 + 7 / math.e)
    assert printed("softmax-loss-possible") == pytest.approx(bound, abs=0.0005)
    assert CLAIMS["failure-to-converge"]["than"] == pytest.approx(bound + 0.1, abs=0.0005)


def test_the_layer_of_the_hint_reads_what_the_second_block_gives():
    inputs, outputs = 64 * 28 * 28, 256
    assert printed("input-hint") == (inputs + 1) * outputs
