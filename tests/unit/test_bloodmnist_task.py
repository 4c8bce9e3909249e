"""The scores of a classifier of images are those of MedMNIST's own evaluator."""

import numpy as np
import pytest
import torch
from medmnist.evaluator import getACC, getAUC

from replisome.data.parquet import write_parquet_stream
from replisome.data.raw_files import RawFile
from replisome.io import write_json
from replisome.studies.bloodmnist.data import prepare
from replisome.studies.bloodmnist.task import ImageClassification, auc

RECIPE = {"name": "r", "source": {"dataset": "x"}, "split": "official", "encoding": "image", "normalisation": "half"}


@pytest.fixture
def task(tmp_path, mnist_arrays):
    """The task of a small file."""
    np.savez(tmp_path / "x.npz", **mnist_arrays)
    prepared = prepare(RECIPE, {"x": RawFile(tmp_path / "x.npz", {"classes": ["a", "b", "c"]})})
    for split, stream in prepared.tables.items():
        write_parquet_stream(tmp_path / f"{split}.parquet", *stream)
    write_json(tmp_path / "stats.json", prepared.statistics)
    return ImageClassification(tmp_path)


def answers(classes, n=400):
    """Return labels (n,) and probabilities (n, classes) that are somewhat right."""
    rng = np.random.default_rng(classes)
    labels = np.arange(n) % classes
    logits = rng.normal(size=(n, classes)).astype(np.float32) * 2
    logits[np.arange(n), labels] += 1.5
    return labels, logits, torch.from_numpy(logits).softmax(dim=1).numpy()


@pytest.mark.parametrize(("classes", "kind"), [(2, "binary-class"), (3, "multi-class"), (8, "multi-class")])
def test_auc_and_accuracy_are_those_of_medmnist(task, classes, kind):
    labels, logits, probabilities = answers(classes)
    scores = task.scores(logits, labels)
    assert scores["auc"] == pytest.approx(getAUC(labels[:, None], probabilities, kind), abs=1e-12)
    assert scores["accuracy"] == getACC(labels[:, None], probabilities, kind)
    assert 0.5 < scores["auc"] < 1


def test_a_collapse_shows_in_the_commonest_answer_and_the_entropy(task):
    labels, logits, _ = answers(4)
    collapsed = np.zeros_like(logits)
    collapsed[:, 2] = 50.0
    found = task.scores(collapsed, labels)
    assert (found["commonest"], found["entropy"]) == (1.0, pytest.approx(0, abs=1e-9))
    even = task.scores(np.zeros_like(logits), labels)
    assert even["entropy"] == pytest.approx(np.log(4))
    assert task.scores(logits, labels)["commonest"] == np.bincount(logits.argmax(axis=1)).max() / len(logits)


def test_a_head_that_gives_probabilities_has_the_same_auc_as_one_that_gives_logits(task):
    labels, logits, probabilities = answers(5)
    assert task.scores(probabilities, labels)["auc"] == task.scores(logits, labels)["auc"]


def test_auc_is_not_defined_where_a_class_has_no_image_or_a_probability_is_not_finite():
    labels, _, probabilities = answers(3)
    assert np.isnan(auc(labels[labels < 2], probabilities[labels < 2]))
    probabilities[7, 1] = np.nan
    assert np.isnan(auc(labels, probabilities))


def test_a_split_lies_on_the_device_as_the_file_has_it(task, mnist_arrays):
    split = task.load("validation", torch.device("cpu"))
    np.testing.assert_array_equal(split.images.numpy(), mnist_arrays["val_images"])
    assert split.images.dtype == torch.uint8
    assert split.labels.tolist() == mnist_arrays["val_labels"].ravel().tolist()
