"""The number behind each headline claim, worked out a second time from what its runs predicted.

The claims, and where their runs are, are those of the full configuration; the predictions are drawn at random. So the
first way goes through the whole judge, and the second is the few lines of ``SCORES``.
"""

import functools
import itertools
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from conftest import ROOT
from scipy.stats import spearmanr

from replisome.analysis.results import StudyResults
from replisome.claims.judging import judge_claims
from replisome.claims.measures import variant_at
from replisome.config import loader
from replisome.config.schema import read_yaml
from replisome.data.parquet import array_column, write_parquet
from replisome.studies.genome.predictions import Windows

ITEMS = {"validation": 15, "test": 24}
LENGTH, SEPARATIONS, CLASSES = 6, 9, 8
JUDGED = ("value", "difference", "ratio", "order")  # of the others, "all" and "conflict", members are judged
SCALES = {"percent": 100, "points": 100, "plain": 1, "log": 1}


@functools.cache
def plan_of(study: str):
    config = {**read_yaml(ROOT / "config/config.yaml"), "studies": [study]}
    return loader.load(config, ROOT).studies[study]


def headlines() -> list:
    found = []
    for study in ("bloodmnist", "genome", "proteinnet", "rnacompete"):
        for claim in plan_of(study).claims_settings["claims"]:
            if claim.get("role") == "headline" and claim["ask"]["kind"] in JUDGED:
                found += [
                    pytest.param(study, claim, protocol, id=f"{claim['id']} ({protocol})")
                    for protocol, about in claim["found"].items()
                    if about["places"]
                ]
    return found


# ---- predictions as evaluate leaves them, and what goes with them


def drawn(study: str, generator: np.random.Generator, items: int) -> dict[str, np.ndarray]:
    if study == "bloodmnist":
        return {"label": generator.integers(0, CLASSES, items), "predicted": generator.integers(0, CLASSES, items)}
    if study == "genome":
        right = generator.random((items, LENGTH)) < generator.random()
        return {"bits": generator.gamma(4, 0.5, (items, LENGTH)).astype(np.float32), "right": right}
    if study == "proteinnet":
        return {
            "squared": generator.gamma(2, 20, (items, SEPARATIONS)),
            "pairs": np.full((items, SEPARATIONS), 3, dtype=np.int32),
        }
    return {"predicted": generator.normal(size=(items, 1)).astype(np.float32)}


COLUMNS_MORE = {"proteinnet": ("lddt", *(f"{r} {s}" for r in ("short", "medium", "long") for s in ("L", "L/2", "L/5")))}


def write_predictions(study: str, path: Path, seed: int) -> None:
    generator = np.random.default_rng(seed)
    tables = []
    for split, items in ITEMS.items():
        for weights in ("best", "last"):
            columns = {**drawn(study, generator, items)}
            columns |= {name: np.full(items, 0.5) for name in COLUMNS_MORE.get(study, ())}
            given = {name: pa.array([value] * items) for name, value in (("split", split), ("weights", weights))}
            tables.append(pa.table({**given, **{name: array_column(values) for name, values in columns.items()}}))
    no = dict.fromkeys(("best", "last"))
    path.parent.mkdir(parents=True, exist_ok=True)
    write_parquet(path, pa.concat_tables(tables), {"diverged": dict.fromkeys(ITEMS, no)})


def opened(name: str, root: Path, places) -> StudyResults:
    """Return results of a study in which the runs of these arms were made."""
    plan = plan_of(name)
    study = StudyResults(plan, root, pd.DataFrame())
    first = {
        experiment: {
            recipe: [
                {"model": model, "slug": next(run.slug for run in runs if (run.recipe, run.model) == (recipe, model))}
                for model in dict.fromkeys(run.model for run in runs if run.recipe == recipe)
            ]
            for recipe in dict.fromkeys(run.recipe for run in runs)
        }
        for experiment, runs in plan.runs_of.items()
    }
    protein = {"experiment": "RNCMPT0", "name": "RBP"}
    card = {"control": None, "origin": {"stand_in": None}, "proteins": [protein], "labels_hidden": ["RBP"]}
    cards = dict.fromkeys(plan.recipes, card)
    study.__dict__.update(selections=first, cards=cards, lost=frozenset())
    study.__dict__["tested"] = frozenset(run.key for run in plan.runs)
    rows = []
    for place in places:
        variant = variant_at(study, place)
        for run in variant.runs:
            path = root / run.directory / "test" / "predictions.parquet"
            if not path.exists():
                write_predictions(name, path, seed=len(rows))
                own = {"recipe": run.recipe, "model": run.model, "hyperparameters": run.slug, "seed": run.seed}
                rows.append({**own, "stopped": None, "made_with": "torch 2"})
        for split, items in ITEMS.items():
            study.once(("windows", variant.recipe, split), lambda n=items: Windows(pd.DataFrame(), np.arange(n), None))
            study.once(("true distances", variant.recipe, split), lambda n=items: np.ones((n, 3)))
    study.__dict__["metrics"] = pd.DataFrame(rows)
    study.__dict__["prepared"] = lambda recipe, split: (pa.table({"target": array_column(measured(split))}), {})
    return study


def measured(split: str) -> np.ndarray:
    return np.random.default_rng(len(split)).normal(size=(ITEMS[split], 1)).astype(np.float32)


# ---- the second way


def accuracy(rows: pd.DataFrame, split: str) -> float:
    return np.mean(rows["label"] == rows["predicted"])


def share_right(rows: pd.DataFrame, split: str) -> float:
    return np.concatenate(rows["right"].tolist()).mean()


def bits(rows: pd.DataFrame, split: str) -> float:
    return np.concatenate(rows["bits"].tolist()).astype(float).mean()


def loss_of_report_c(rows: pd.DataFrame, split: str) -> float:
    return np.mean([2 * (100**2 * squared).sum() for squared in rows["squared"]])


def rank_correlation(rows: pd.DataFrame, split: str) -> float:
    return spearmanr(np.concatenate(rows["predicted"].tolist()), measured(split)[:, 0]).statistic


SCORES = {
    ("bloodmnist", "accuracy"): accuracy,
    ("genome", "accuracy"): share_right,
    ("genome", "bits_per_base"): bits,
    ("proteinnet", "paper_loss"): loss_of_report_c,
    ("rnacompete", "spearman"): rank_correlation,
    ("rnacompete", "spearman_with_few_labels"): rank_correlation,
}


def mean_over_seeds(study: StudyResults, name: str, place, number) -> float:
    variant, values = variant_at(study, place), []
    split, how = number.get("split", "test"), number.get("read", "final")
    weights = variant.runs[0].weights if how == "final" else how
    for run in variant.runs:
        table = pd.read_parquet(study.root / run.directory / "test" / "predictions.parquet")
        rows = table[(table["split"] == split) & (table["weights"] == weights)]
        values.append(SCORES[name, number.get("score") or number["quantity"]](rows, split))
    scale = number.get("scale", "plain")
    return SCALES[scale] * np.mean(np.log(values) if scale == "log" else values)


@pytest.mark.parametrize(("name", "claim", "protocol"), headlines())
def test_the_number_behind_a_headline_is_what_its_runs_predicted(tmp_path, name, claim, protocol):
    ask, places = claim["ask"], claim["found"][protocol]["places"]
    study = opened(name, tmp_path, places)
    under = {**claim, "found": {protocol: claim["found"][protocol]}}
    finding = judge_claims(study, [under])[claim["id"]][protocol].finding
    means = [mean_over_seeds(study, name, place, ask["number"]) for place in places]
    expected = {
        "value": lambda: means[0],
        "ratio": lambda: np.exp(means[0] - means[1]),
        "difference": lambda: (means[0] - means[1]) * (1 if ask.get("expect") == "first_higher" else -1),
        "order": lambda: [second - first for first, second in itertools.pairwise(means)],
    }[ask["kind"]]()
    found = finding.estimate.value if ask["kind"] != "order" else [part.estimate.value for part in finding.parts]
    assert found == pytest.approx(expected, rel=1e-6)
    assert finding.seeds == tuple(len(variant_at(study, place).runs) for place in places)


def test_every_headline_is_among_them_or_about_claims_that_are():
    tested = {parameters.values[1]["id"] for parameters in headlines()}
    for study in ("bloodmnist", "genome", "proteinnet", "rnacompete"):
        for claim in plan_of(study).claims_settings["claims"]:
            if claim.get("role") == "headline":
                assert claim["id"] in tested or claim["ask"]["kind"] in ("all", "conflict"), claim["id"]
