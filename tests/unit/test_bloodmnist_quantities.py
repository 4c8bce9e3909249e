"""What claims ask of blood cells beside scores and costs, on examples worked by hand."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from replisome.analysis.intervals import ItemScores, interval
from replisome.analysis.results import StudyResults
from replisome.analysis.variants import Variant
from replisome.errors import ReplisomeError
from replisome.studies.bloodmnist import STUDY, quantities

VARIANT = Variant("r", "cnn", "pool=max", (SimpleNamespace(seed=0, weights="best"),) * 2, {})
CEILING = {"metric": "accuracy", "expected": 0.9, "oracle_on_this_draw": {"test": 0.75, "validation": 0.5}}


def results(card=None, curves=None):
    """Return a study's results: a data card, and by split and score a curve a seed."""
    rows = [
        {"recipe": "r", "model": "cnn", "hyperparameters": "pool=max", "split": split, "metric": metric,
         "role": "curve", "seed": seed, "epoch": epoch, "value": value}
        for (split, metric), seeds in (curves or {}).items()
        for seed, curve in enumerate(seeds)
        for epoch, value in enumerate(curve, start=1)
    ]  # fmt: skip
    study = StudyResults(SimpleNamespace(implementation=STUDY, name="bloodmnist"), Path("nowhere"), pd.DataFrame(rows))
    study.__dict__["cards"] = {"r": card or {}}
    return study


@pytest.fixture
def right(monkeypatch):
    """Let two seeds have tested four images with the best weights and with the last; or neither."""
    answers = {"best": np.array([[1, 1, 0, 0], [1, 1, 1, 0]]), "last": np.array([[1, 0, 0, 0], [1, 1, 1, 0]])}

    def scores(study, variant, score):
        assert score.name == "accuracy"
        found = answers.get(variant.read_with or "best")
        return None if found is None else ItemScores.of_items(found)

    monkeypatch.setattr(quantities, "item_scores", scores)
    return answers


def test_a_model_is_compared_with_the_oracle_on_the_same_drawn_images(right):
    found = quantities.accuracy_less_ceiling(results({"ceiling": CEILING}), VARIANT)
    assert found.values.tolist() == [-0.25, 0.0]
    assert interval(found, question="this_set").items_half == 0
    assert found.items == 4
    right.clear()
    assert np.isnan(quantities.accuracy_less_ceiling(results({"ceiling": CEILING}), VARIANT)).tolist() == [True, True]


def test_real_data_have_no_ceiling(right):
    with pytest.raises(ReplisomeError, match="recipe 'r': its data have no known ceiling"):
        quantities.accuracy_less_ceiling(results(), VARIANT)


def test_what_the_epoch_of_reading_is_worth_is_a_difference_on_the_same_images(right):
    found = quantities.best_less_last(results(), VARIANT, score="accuracy")
    assert found.values.tolist() == [0.25, 0.0]
    np.testing.assert_allclose(found.parts, ItemScores.of_items(right["best"] - right["last"]).parts)
    del right["last"]
    assert np.isnan(quantities.best_less_last(results(), VARIANT, score="accuracy")).all()


def test_a_score_is_read_after_the_largest_fall_of_another():
    curves = {
        ("validation", "accuracy"): [[0.5, 0.9, 0.2, 0.8, 0.3], [0.1, 0.15, 0.5, 0.7, 0.9], [0.9]],
        ("validation", "balanced_accuracy"): [[0.4, 0.8, 0.125, 0.7, 0.2], [0.1, 0.15, 0.5, 0.6, 0.9], [0.9]],
        ("validation", "loss"): [[2.0, 1.0, 1.2, 1.1, 1.5], [2.0, 1.95, 1.5, 1.3, 1.1], [0.2]],
    }
    study = results(curves=curves)
    asked = {"score": "balanced_accuracy", "split": "validation"}
    found = quantities.after_largest_drop(study, VARIANT, drop_of="accuracy", **asked)
    np.testing.assert_array_equal(found, [0.125, 0.15, np.nan])  # 0.9 to 0.2; never, and least from 0.1 to 0.15
    found = quantities.after_largest_drop(study, VARIANT, drop_of="loss", **asked)
    np.testing.assert_array_equal(found, [0.2, 0.15, np.nan])  # 1.1 to 1.5, where more is worse


def test_no_loss_over_probabilities_is_lower_than_that_of_a_network_that_is_sure_and_right():
    study = results({"class_names": list("abcdefgh")})
    sure = np.eye(8)[0]
    by_hand = -np.log(np.exp(sure[0]) / np.exp(sure).sum())
    assert quantities.least_loss_with_softmax(study, "r") == pytest.approx(by_hand)
    assert quantities.least_loss_with_softmax(study, "r") == pytest.approx(1.274, abs=5e-4)


def test_a_test_image_is_seen_where_an_earlier_split_has_it_too():
    groups = [["train", "test"], ["train", "train"], ["validation", "test", "test"], ["test", "test"]]
    members = [[{"split": split, "row": 0, "label": 0} for split in group] for group in groups]
    card = {"duplicates": {"members": members}, "counts": {"train": [50], "validation": [9], "test": [20, 10]}}
    assert quantities.seen_test_images_percent(results(card), "r") == pytest.approx(10)  # 3 of 30
