"""What each study says of its items, from predictions as runs leave them; no workflow."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score

from replisome.analysis.intervals import ItemScores, interval
from replisome.analysis.results import StudyResults
from replisome.analysis.scores import difference_on_test, difference_on_validation, score_on_test
from replisome.analysis.statistics import mean_over_seeds
from replisome.analysis.variants import Variant
from replisome.studies import bloodmnist, genome, proteinnet
from replisome.studies.bloodmnist.predictions import by_area, by_class
from replisome.studies.genome import predictions as genome_predictions
from replisome.studies.genome.predictions import Windows
from replisome.studies.proteinnet import predictions as proteinnet_predictions

RNG = np.random.default_rng(1)


class Results(StudyResults):
    """A study's results as far as the functions look: the predictions of each variant's seeds, and the tidy table."""

    def __init__(self, package, tables, metrics=None):
        plan = SimpleNamespace(implementation=package.STUDY, recipes={"r": {"encoding": "onehot"}})
        super().__init__(plan, None, metrics)
        tested = {(name,) for name in tables}
        vars(self).update(tables=tables, package=package, tested=tested, lost=frozenset())

    def part(self, module):
        return getattr(self.package, module)

    def predictions_of(self, runs, weights=None, split="test"):
        found = self.tables[runs[0].key[0]]
        return found[split] if isinstance(found, dict) else found

    def tested_weights(self, run):
        return ("best",)


def variant(model, name, seeds):
    return Variant("r", model, name, (SimpleNamespace(key=(name,), weights="best"),) * seeds, {})


def answers(seeds, images=400, right=0.8):
    labels = np.arange(images) % 4
    shared = RNG.random(images)
    found = []
    for _ in range(seeds):
        hit = (shared + 0.2 * RNG.random(images)) < right
        found.append(pd.DataFrame({"label": labels, "predicted": np.where(hit, labels, (labels + 1) % 4)}))
    return found


def test_accuracy_has_both_parts_and_one_seed_has_no_interval():
    study = Results(bloodmnist, {"three": answers(3), "one": answers(1)})
    accuracy = bloodmnist.STUDY.score("accuracy")
    found = score_on_test(study, variant("cnn", "three", 3), accuracy)
    right = np.stack([table["label"] == table["predicted"] for table in study.tables["three"]])
    assert found.value == pytest.approx(right.mean())
    assert found.seeds_half == pytest.approx(4.302653 * stats.sem(right.mean(axis=1)))
    cov = np.cov(right)
    shared = (cov.sum() - np.trace(cov)) / 6 / 400
    assert found.items_half == pytest.approx(1.959964 * np.sqrt(shared))
    alone = score_on_test(study, variant("cnn", "one", 1), accuracy)
    assert np.isfinite(alone.value)
    assert np.isnan(alone.low)
    apart = difference_on_test(study, variant("cnn", "three", 3), variant("cnn", "one", 1), accuracy)
    assert np.isnan(apart.low)


def test_a_variant_that_was_not_tested_has_no_score_and_no_difference():
    study = Results(bloodmnist, {"one": answers(2)}, pd.DataFrame({"recipe": [], "model": [], "hyperparameters": [],
                    "split": [], "metric": [], "role": [], "seed": [], "epoch": [], "value": []}))  # fmt: skip
    accuracy = bloodmnist.STUDY.score("accuracy")
    assert np.isnan(score_on_test(study, variant("cnn", "other", 2), accuracy).value)
    assert np.isnan(difference_on_test(study, variant("cnn", "one", 2), variant("cnn", "other", 2), accuracy).value)


def test_every_class_weighs_the_same_in_balanced_accuracy():
    labels = np.repeat([0, 1, 3], [200, 60, 10])
    right = RNG.random((2, 270)) < np.where(labels == 0, 0.9, 0.5)
    by_image = by_class(right, labels)
    predicted = np.where(right, labels, 2)
    for row, one in zip(by_image, predicted, strict=True):
        with np.errstate(all="ignore"):
            recalls = [np.mean(one[labels == label] == label) for label in (0, 1, 3)]
        assert row.mean() == pytest.approx(np.mean(recalls))
    # The error of a mean of three shares of their own sizes.
    shares = [right[0, labels == label].mean() for label in (0, 1, 3)]
    error = np.sqrt(sum(p * (1 - p) / n for p, n in zip(shares, (200, 60, 10), strict=True))) / 3
    found = interval(ItemScores.of_items(by_image[0], trained=False))
    assert found.items_half == pytest.approx(1.96 * error, rel=0.01)


@pytest.mark.parametrize("classes", [2, 4])
def test_the_area_under_the_curve_is_medmnists_and_varies_as_its_bootstrap_does(classes):
    labels = RNG.integers(classes, size=300)
    logits = 1.5 * np.eye(classes)[labels] + RNG.normal(size=(2, 300, classes)).round(1)  # with ties
    shares = np.exp(logits) / np.exp(logits).sum(axis=2, keepdims=True)
    scored = range(classes) if classes > 2 else [1]

    def area(items):
        return np.mean([roc_auc_score(labels[items] == k, shares[0, items, k]) for k in scored])

    by_image = by_area(shares, labels)
    assert by_image[0].mean() == pytest.approx(area(np.arange(300)))
    drawn = [area(RNG.integers(300, size=300)) for _ in range(300)]
    found = interval(ItemScores.of_items(by_image[0], trained=False))
    assert found.items_half == pytest.approx(1.96 * np.std(drawn), rel=0.15)
    assert np.isnan(by_area(shares, np.zeros(300, int))).all()  # a class without images


def test_differences_on_validation_are_welchs():
    rows = [
        {"recipe": "r", "model": "cnn", "hyperparameters": name, "split": "validation", "metric": "accuracy",
         "role": "best", "seed": seed, "epoch": 1, "value": value}
        for name, values in (("a", [0.9, 0.8, 0.85]), ("b", [0.7, 0.6]))
        for seed, value in enumerate(values)
    ]  # fmt: skip
    study = Results(bloodmnist, {}, pd.DataFrame(rows))
    score = bloodmnist.STUDY.score("accuracy")
    found = difference_on_validation(study, variant("cnn", "a", 3), variant("cnn", "b", 2), score)
    expected = stats.ttest_ind([0.9, 0.8, 0.85], [0.7, 0.6], equal_var=False).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))


def test_windows_of_one_stretch_are_one_group():
    bits = RNG.random((2, 60, 8))
    tables = [pd.DataFrame({"bits": list(one), "right": list(one < 0.5)}) for one in bits]
    study = Results(genome, {"a": tables, "solved": tables[:1]})
    study.plan.recipes["r"]["encoding"] = "kmer1"
    stretch = np.arange(60) // 6
    study._made[("windows", "r", "test")] = Windows(pd.DataFrame(index=range(60)), stretch, None)
    found = genome_predictions.item_scores(study, variant("char_lstm", "a", 2), genome.STUDY.score("bits_per_base"))
    assert (found.groups, found.items, found.trained) == (10, 60, True)
    assert found.values == pytest.approx(bits.mean(axis=(1, 2)))
    loss = genome_predictions.item_scores(study, variant("char_lstm", "a", 2), genome.STUDY.score("loss"))
    assert loss.values == pytest.approx(np.log(2) * found.values)
    assert genome_predictions.item_scores(study, variant("char_lstm", "a", 2), genome.STUDY.score("successors")) is None
    counts = genome_predictions.item_scores(
        study, variant("context_counts", "solved", 1), genome.STUDY.score("accuracy")
    )
    by_stretch = (bits[0] < 0.5).mean(axis=1).reshape(10, 6).mean(axis=1)
    assert interval(counts).items_half == pytest.approx(2.262157 * stats.sem(by_stretch))


def chains(seeds, n=12, separations=30):
    pairs = np.tile(np.arange(separations, 0, -1), (n, 1))
    pairs[0, 23:] = 0  # too short for pairs far apart
    tables = []
    for _ in range(seeds):
        squared = RNG.gamma(2, size=pairs.shape) * pairs
        columns = {"squared": list(squared), "pairs": list(pairs), "lddt": RNG.random(n)}
        columns |= {name: np.where(pairs[:, 24].astype(bool) | (not name.startswith("long")), RNG.random(n), np.nan)
                    for name in proteinnet_predictions.CONTACTS.values()}  # fmt: skip
        tables.append(pd.DataFrame(columns))
    return tables


def test_chains_count_where_the_true_structure_says_so():
    study = Results(proteinnet, {"a": chains(2), "zeros": chains(1)})
    true = np.full((12, 5), 4.0)
    true[3] = np.nan  # nothing known: no dRMSD
    true[4] = 20.0  # nothing near: no lDDT
    study._made[("true distances", "r", "test")] = true
    one = variant("conv_simple", "a", 2)
    sizes = {name: proteinnet_predictions.item_scores(study, one, proteinnet.STUDY.score(name)).items
             for name in ("rmse", "drmsd", "lddt", "paper_loss")}  # fmt: skip
    assert sizes == {"rmse": 12, "drmsd": 11, "lddt": 10, "paper_loss": 11}
    assert proteinnet_predictions.item_scores(study, one, proteinnet.STUDY.score("loss")) is None
    assert proteinnet_predictions.contacts(study, one, "long", "L").items == 11
    study.tables["a"][1].loc[5, "long L"] = np.nan  # not the structure's doing
    study._made.clear()
    assert np.isnan(proteinnet_predictions.contacts(study, one, "long", "L").value)


def test_the_pooled_error_is_the_mean_of_the_seeds_own():
    study = Results(proteinnet, {"a": chains(3)})
    found = interval(proteinnet_predictions.pooled(study, variant("conv_simple", "a", 3)))
    own = [np.sqrt(np.sum(table["squared"].tolist()) / np.sum(table["pairs"].tolist())) for table in study.tables["a"]]
    assert found.value == pytest.approx(np.mean(own))
    assert found.seeds_half == pytest.approx(mean_over_seeds(own).seeds_half)
