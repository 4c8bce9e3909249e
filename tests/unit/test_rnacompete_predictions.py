from types import SimpleNamespace

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from scipy.stats import sem, spearmanr

from replisome.analysis.intervals import interval
from replisome.analysis.scores import score_on_test
from replisome.analysis.statistics import correlation_by_item
from replisome.analysis.variants import Variant
from replisome.data.parquet import array_column
from replisome.studies.rnacompete import STUDY, predictions
from replisome.studies.rnacompete.motifs import explained_proteins, known_motif
from replisome.studies.rnacompete.paper import scores_of
from replisome.studies.rnacompete.predictions import Measured
from replisome.studies.rnacompete.task import Binding, correlations

RNG = np.random.default_rng(0)
MEASURED = RNG.normal(size=(200, 2)).astype(np.float32)
MEASURED[::5, 1] = np.nan


def test_a_mean_over_some_proteins_is_that_of_their_own_scores():
    predicted = np.where(np.isnan(MEASURED), 0, MEASURED) + RNG.normal(size=(2, 200, 2))
    study, one = Results(plain=predicted[0]), solved("plain")
    own = [predictions.protein_scores(study, one, "spearman", number).values[0] for number in range(2)]
    for numbers in ([0], [1], [0, 1]):
        found = predictions.mean_over_proteins(study, one, "spearman", numbers).values
        assert found == pytest.approx([np.mean([own[k] for k in numbers])])


def test_a_split_that_knows_nothing_of_a_protein_is_scored_on_the_others(monkeypatch):
    hidden = MEASURED.copy()
    hidden[:, 1] = np.nan
    study = Results(plain=MEASURED + RNG.normal(size=MEASURED.shape))
    monkeypatch.setattr(
        Results, "prepared", lambda self, recipe, split: (pa.table({"target": array_column(hidden)}), {})
    )
    found = predictions.item_scores(study, solved("plain"), STUDY.score("spearman_mean"), "validation").values
    assert found == pytest.approx(predictions.protein_scores(study, solved("plain"), "spearman", 0).values)
    task = SimpleNamespace(experiments=["E0", "E1"])
    scores = Binding.scores(task, MEASURED, hidden)
    assert scores["spearman_mean"] == scores["spearman.E0"] == pytest.approx(1)
    assert "spearman.E1" not in scores


class Results:
    """What the functions ask of a study's results: one recipe of two proteins, and one prediction a run."""

    def __init__(self, **predicted):
        self.predicted, self.read, self.made = predicted, [], {}
        counts = [{"experiment": f"E{k}", "name": f"P{k}", "test": n} for k, n in enumerate((200, 160))]
        self.cards = {"r": {"proteins": counts, "encoding": "onehot"}}
        self.tested = {(name,) for name in predicted}
        self.plan = SimpleNamespace(implementation=STUDY)

    def once(self, key, make):
        if key not in self.made:
            self.made[key] = make()
        return self.made[key]

    def part(self, module):
        return predictions

    lost = frozenset()

    def tested_weights(self, run):
        return ("best",)

    def prepared(self, recipe, split):
        return pa.table({"target": array_column(MEASURED)}), {}

    def predictions_of(self, runs, weights=None, split="test"):
        self.read += [run.key for run in runs]
        tables = (self.predicted[run.key[0]] for run in runs)
        return [pd.DataFrame({"predicted": list(predicted)}) for predicted in tables]


def variant(name="plain", slug="heads=2", metric="spearman_mean", seeds=1):
    runs = tuple(
        SimpleNamespace(key=(name,), weights="best", settings={"select": {"metric": metric}}) for _ in range(seeds)
    )
    return Variant("r", name, slug, runs, {})


def solved(name, seeds=1):
    """A variant of a model that is solved: ridge regression."""
    return Variant("r", "kmer_ridge", name, variant(name, seeds=seeds).runs, {})


@pytest.mark.parametrize(
    ("slug", "name"),
    [
        ("from=architectures", "bilstm as the grid chose"),
        ("from=architectures+heads=2", "bilstm: heads 2"),
        ("depth=1+width=3", "bilstm: depth 1, width 3"),
        ("default", "bilstm"),
    ],
)
def test_a_name_says_what_a_variant_changes(slug, name):
    assert predictions.variant_name(Results(), variant("bilstm", slug)) == name


def test_known_motifs_are_the_literatures_or_what_was_planted():
    assert known_motif({"experiment": "RNCMPT00168", "name": "RBFOX1"}) == "UGCAUG"
    assert known_motif({"experiment": "control2", "name": "control 2 (AGACGU)"}) == "AGACGU"
    assert known_motif({"experiment": "RNCMPT00099", "name": "X (Y)"}) == ""
    assert explained_proteins(["a", "b", "c", "d"]) == [0, 1, 2, 3]
    assert explained_proteins(["a", "b", "c", "d", "RNCMPT00001"]) == [4]


@pytest.mark.parametrize("name", ["spearman", "pearson", "loss"])
def test_scores_over_all_values_at_once_are_the_tasks(name):
    noisy = (np.nan_to_num(MEASURED) + RNG.normal(size=(2, *MEASURED.shape))).astype(np.float32)
    study = Results(plain=noisy[0])
    valid = ~np.isnan(MEASURED)
    wanted = {**correlations(noisy[0][valid], MEASURED[valid]), "loss": np.mean((noisy[0] - MEASURED)[valid] ** 2)}
    found = score_on_test(study, solved("plain"), STUDY.score(name))
    assert (found.value, found.items) == (pytest.approx(wanted[name]), 200)
    assert found.low < found.value < found.high


def test_errors_of_single_proteins_skip_what_was_not_measured():
    study = Results(plain=np.zeros((200, 2), np.float32))
    each = [predictions.protein_scores(study, solved("plain"), "mse", number).values[0] for number in range(2)]
    np.testing.assert_allclose(each, np.nanmean(MEASURED**2, axis=0), rtol=1e-6)
    second = predictions.protein_scores(study, solved("plain"), "mse", 1)
    assert (second.items, second.values.shape) == (160, (1,))
    assert interval(second).items_half == pytest.approx(
        1.96 * sem(MEASURED[~np.isnan(MEASURED[:, 1]), 1] ** 2), rel=1e-3
    )


def test_a_network_with_one_seed_has_a_score_and_no_interval():
    network = Variant("r", "bilstm", "default", variant("plain").runs, {})
    found = score_on_test(Results(plain=np.zeros((200, 2), np.float32)), network, STUDY.score("loss"))
    assert np.isfinite(found.value)
    assert np.isnan(found.low)


def test_a_seed_that_diverged_is_not_left_out_of_the_mean():
    broken = np.zeros((200, 2), np.float32)
    broken[7] = np.nan
    found = score_on_test(Results(plain=broken), solved("plain"), STUDY.score("loss"))
    assert np.isnan([found.value, found.low]).all()


def test_the_mean_of_two_proteins_knows_that_probes_are_shared():
    """Both were measured on the same probes, and predicted alike: their mean varies as one of them, not less."""
    measured = np.repeat(MEASURED[:, :1], 2, axis=1)
    noise = RNG.normal(size=(200, 1)).astype(np.float32)
    study, one = Results(plain=measured), solved("plain")
    study.made["measured and predicted"] = {(one.key, None, "test"): Measured(measured, (measured + noise)[None])}
    both = interval(predictions.item_scores(study, one, STUDY.score("spearman_mean")))
    first = interval(predictions.protein_scores(study, one, "spearman", 0))
    assert both == pytest.approx(first)
    halved = measured.copy()
    halved[100:, 1] = np.nan
    study.made["measured and predicted"] = {(one.key, None, "test"): Measured(halved, (measured + noise)[None])}
    mean = interval(predictions.item_scores(study, one, STUDY.score("pearson_mean")))
    own = [correlation_by_item(np.ravel(halved[:n, 0] + noise[:n, 0]), halved[:n, 0]) for n in (200, 100)]
    assert mean.value == pytest.approx(np.mean([one.mean() for one in own]))
    by_probe = (own[0] - own[0].mean()) / 2
    by_probe[:100] += own[1] - own[1].mean()  # each counts twice: of half as many
    assert mean.items_half == pytest.approx(1.96 * by_probe.std(ddof=1) / np.sqrt(200), rel=1e-4)


def test_a_difference_is_paired_over_the_same_probes():
    noisy = np.nan_to_num(MEASURED) + RNG.normal(size=MEASURED.shape).astype(np.float32)
    study = Results(good=np.nan_to_num(MEASURED), noisy=noisy)
    one, two = solved("good"), solved("noisy")
    found = predictions.difference(study, one, two, "spearman", 1, 1)
    assert found.value > found.low > 0
    assert found.items == 160
    valid = ~np.isnan(MEASURED[:, 1])
    assert found.value == pytest.approx(1 - spearmanr(MEASURED[valid, 1], noisy[valid, 1])[0])
    assert predictions.difference(study, one, one, "mse").value == 0
    assert predictions.difference(study, one, two, "mse", 0, 1) is None  # two proteins are not the same probes


def test_of_large_predictions_only_the_latest_is_kept(monkeypatch):
    monkeypatch.setattr(predictions, "LARGE", 10)
    study = Results(one=MEASURED, two=MEASURED)
    for name in ("one", "one", "two", "one"):
        predictions.measured_and_predicted(study, variant(name))
    assert study.read == [("one",), ("two",), ("one",)]


@pytest.mark.parametrize(
    ("metric", "shown"),
    [
        ("spearman_mean", ["spearman_mean"]),
        ("spearman", ["spearman"]),
        ("pearson_mean", ["pearson_mean", "spearman_mean"]),
        ("loss", ["loss", "spearman_mean"]),
    ],
)
def test_what_is_selected_by_is_shown_and_spearman_stays(metric, shown):
    assert [score.name for score in scores_of(Results(), variant(metric=metric))] == shown
