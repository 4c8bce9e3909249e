from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from replisome.analysis.variants import Variant
from replisome.studies.rnacompete import STUDY, predictions
from replisome.studies.rnacompete.motifs import explained_proteins, known_motif
from replisome.studies.rnacompete.paper import scores_of

RNG = np.random.default_rng(0)
MEASURED = RNG.normal(size=(200, 2)).astype(np.float32)
MEASURED[::5, 1] = np.nan


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

    def predictions(self, run):
        self.read.append(run.key)
        predicted = self.predicted[run.key[0]]
        return pd.DataFrame({"measured": list(MEASURED), "predicted": list(predicted)})


def variant(name="plain", slug="heads=2", metric="spearman_mean"):
    runs = (SimpleNamespace(key=(name,), settings={"select": {"metric": metric}}),)
    return Variant("r", name, slug, runs, {})


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


def test_errors_of_single_proteins_skip_what_was_not_measured():
    study = Results(plain=np.zeros((200, 2), np.float32))
    found = predictions.values_on_test(study, variant(), "mse")
    np.testing.assert_allclose(found[:, 0], np.nanmean(MEASURED**2, axis=0))
    score = predictions.score_on_test(study, variant(), "mse")
    assert score.value == pytest.approx(found.mean())
    assert score.low < score.value < score.high
    assert score.n == 360
    assert predictions.score_on_test(study, variant(), "mse", 1).n == 160


def test_a_difference_is_paired_over_the_same_probes():
    noisy = np.nan_to_num(MEASURED) + RNG.normal(size=MEASURED.shape).astype(np.float32)
    study = Results(good=np.nan_to_num(MEASURED), noisy=noisy)
    one, two = variant("good"), variant("noisy")
    study.made |= {
        ("values on test", v.key, "spearman"): np.array(
            [[spearmanr(MEASURED[m, k], study.predicted[v.model][m, k])[0]] for k in range(2)]
        )
        for m in [~np.isnan(MEASURED[:, 1])]
        for v in (one, two)
    }
    found = predictions.difference(study, one, two, "spearman", 1, 1)
    assert found.value > found.low > 0
    assert found.n == 160
    assert predictions.difference(study, one, one, "mse").value == 0
    assert predictions.difference(study, one, two, "mse", 0, 1) is None  # two proteins are not the same probes


def test_of_large_predictions_only_the_latest_is_kept(monkeypatch):
    monkeypatch.setattr(predictions, "LARGE", 10)
    study = Results(one=MEASURED, two=MEASURED)
    for name in ("one", "one", "two", "one"):
        predictions.predictions_on_test(study, variant(name))
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
