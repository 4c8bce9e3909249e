"""Our own scores are those of scipy and scikit-learn, and need neither."""

import os
import subprocess
import sys

import numpy as np
import pytest
from conftest import ROOT
from scipy.stats import entropy, pearsonr, rankdata, spearmanr
from sklearn.metrics import accuracy_score, balanced_accuracy_score, roc_auc_score

from replisome.training import metrics


@pytest.fixture(params=["all different", "many ties", "float32"])
def pair(request):
    draw = np.random.default_rng(1)
    first, second = draw.normal(size=(2, 300))
    second += first
    if request.param == "many ties":
        return first.round(), second.round()
    return (first, second) if request.param == "all different" else (first.astype(np.float32), second)


def test_correlations_are_scipys(pair):
    assert (metrics.ranks(pair[0]) == rankdata(pair[0])).all()
    assert metrics.spearman(*pair) == pytest.approx(spearmanr(*pair)[0], abs=1e-12)
    assert metrics.pearson(*pair) == pytest.approx(pearsonr(*(x.astype(float) for x in pair))[0], abs=1e-12)


@pytest.mark.parametrize("values", [[], [1.0], [2.0, 2.0, 2.0]], ids=["none", "one", "constant"])
def test_what_does_not_vary_has_no_correlation(values):
    rising = np.arange(len(values), dtype=float)
    for correlation in (metrics.spearman, metrics.pearson):
        assert np.isnan(correlation(np.array(values), rising))
        assert np.isnan(correlation(rising, np.array(values)))


def test_what_is_not_a_number_gives_none():
    values = np.array([1.0, np.nan, 3.0, 2.0])
    for correlation in (metrics.spearman, metrics.pearson):
        assert np.isnan(correlation(values, np.arange(4.0)))
        assert np.isnan(correlation(np.arange(4.0), values))
    assert np.isnan(metrics.entropy(np.array([[np.nan, 0.5]])))
    assert str(metrics.entropy(np.array([[1.0, 0.0]]))[0]) == "0.0"


def test_scores_of_classes_are_scikit_learns(pair):
    draw = np.random.default_rng(2)
    labels = np.digitize(pair[0], [-1.5, 0, 0.5])
    predicted = np.where(draw.random(300) < 0.7, labels, draw.integers(4, size=300))
    assert metrics.accuracy(labels, predicted) == accuracy_score(labels, predicted)
    assert metrics.balanced_accuracy(labels, predicted) == pytest.approx(balanced_accuracy_score(labels, predicted))
    assert metrics.auc(labels == 1, pair[1]) == pytest.approx(roc_auc_score(labels == 1, pair[1]), abs=1e-12)


def test_balanced_accuracy_leaves_out_a_class_that_only_answers_name():
    labels, predicted = np.array([0, 0, 1, 1]), np.array([0, 2, 1, 1])
    assert metrics.balanced_accuracy(labels, predicted) == 0.75


def test_entropy_is_scipys_where_a_share_is_nothing_and_where_they_do_not_sum_to_one():
    shares = np.array([[1, 0, 0], [0.2, 0.3, 0.5], [0.3, 0.3, 0.3]], dtype=np.float32)
    assert metrics.entropy(shares) == pytest.approx(entropy(shares.astype(float), axis=1), abs=1e-12)


@pytest.mark.parametrize("study", ["bloodmnist", "rnacompete", "genome", "proteinnet", "_template"])
def test_a_job_that_trains_or_evaluates_imports_no_heavy_library_for_its_scores(study):
    code = (
        f"import sys, replisome.stages.train, replisome.stages.evaluate, replisome.studies.{study}.task\n"
        "print(sorted({'scipy.stats', 'sklearn', 'matplotlib', 'torch._dynamo'} & sys.modules.keys()))"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "workflow" / "src")}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
