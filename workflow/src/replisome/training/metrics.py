"""Scores of predictions from numpy alone.

They are those of scipy.stats and scikit-learn (tests compare them). Importing these two takes one to two seconds of
processor time, which every job of training and evaluation would pay: a fifth of the demo.
"""

from __future__ import annotations

import numpy as np


def ranks(values: np.ndarray) -> np.ndarray:
    """Return the ranks of finite values (n,) from 1; equal values share the mean of theirs."""
    _, group, counts = np.unique(values, return_inverse=True, return_counts=True)
    last: np.ndarray = np.cumsum(counts)
    shared: np.ndarray = (last - (counts - 1) / 2)[group]
    return shared


def pearson(first: np.ndarray, second: np.ndarray) -> float:
    """Return Pearson's correlation of two arrays (n,); NaN where one of them does not vary."""
    if len(first) < 2 or np.ptp(first) == 0 or np.ptp(second) == 0:
        return float("nan")
    return float(np.corrcoef(first.astype(np.float64), second.astype(np.float64))[0, 1])


def spearman(first: np.ndarray, second: np.ndarray) -> float:
    """Return Spearman's correlation of two arrays (n,): Pearson's of their ranks. NaN where a value is NaN."""
    if np.isnan(first).any() or np.isnan(second).any():
        return float("nan")
    return pearson(ranks(first), ranks(second))


def accuracy(labels: np.ndarray, predicted: np.ndarray) -> float:
    """Return the share of items (n,) whose predicted class is their label."""
    return float(np.mean(labels == predicted))


def balanced_accuracy(labels: np.ndarray, predicted: np.ndarray) -> float:
    """Return the mean over the classes that occur of the share of their items that is predicted right."""
    return float(np.mean([np.mean(predicted[labels == number] == number) for number in np.unique(labels)]))


def auc(positive: np.ndarray, scored: np.ndarray) -> float:
    """Return the area under the ROC curve: how often a positive item scores above a negative one, ties counting half.

    It is the Mann-Whitney statistic over the number of pairs (Hanley & McNeil, Radiology 143, 1982).

    Args:
        positive: (n,), true or false; both occur.
        scored: (n,), finite.
    """
    members = np.count_nonzero(positive)
    above = ranks(scored)[positive].sum() - members * (members + 1) / 2
    return float(above / (members * (len(positive) - members)))


def entropy(probabilities: np.ndarray) -> np.ndarray:
    """Return the entropy in nats (n,) of each of the distributions (n, classes), which need not sum to one."""
    shares = probabilities.astype(np.float64)
    shares /= shares.sum(axis=1, keepdims=True)
    found: np.ndarray = -(shares * np.log(np.where(shares == 0, 1, shares))).sum(axis=1) + 0.0  # not -0
    return found
