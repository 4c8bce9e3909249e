"""A new model, or another score to select by, needs no change elsewhere: it passes through to the page."""

from __future__ import annotations

import copy
import shutil

import pandas as pd
import pytest
from tiny_workflow import TINY, Workflow

from replisome.config.catalogue import study as declared

HEAD = """
from torch import Tensor, nn

from replisome.config.catalogue import Traits
from replisome.models import DataSpec

TRAITS = Traits(kind="network", gives="{gives}")


class Mine(nn.Module):
    def __init__(self, data: DataSpec) -> None:
        super().__init__()
        {layer}

    def forward(self, inputs: Tensor) -> Tensor:
        {forward}


def build(data: DataSpec, *, unused: int = 1) -> Mine:
    return Mine(data)
"""
# By study: what the model gives, its layer, its forward pass, the recipe and the score it is selected by.
MODELS = {
    "bloodmnist": (
        "logits",
        "self.layer = nn.Linear(data.shape[0] * data.shape[1] * data.shape[2], data.outputs)",
        "return self.layer(inputs.flatten(1))",
        "control",
        "balanced_accuracy",
    ),
    "rnacompete": (
        "affinity",
        "self.layer = nn.Linear(data.shape[0] * data.shape[1], data.outputs)",
        "return self.layer(inputs.flatten(1))",
        "control",
        "pearson",
    ),
    "genome": (
        "logits",
        "self.layer = nn.Embedding(data.tokens, data.tokens)",
        "return self.layer(inputs)",
        "control",
        "accuracy",
    ),
    "proteinnet": (
        "coordinates",
        "self.layer = nn.Linear(2 * 21, 3)",
        "return self.layer(inputs.transpose(1, 2).flatten(2))",
        "control_reported",
        "lddt",
    ),
}


@pytest.mark.parametrize("study", MODELS)
def test_a_model_in_a_file_of_its_own_and_another_score_reach_the_page(finished_study, tmp_path, study):
    gives, layer, forward, recipe, metric = MODELS[study]
    root = tmp_path / "replisome"
    shutil.copytree(finished_study(study), root, symlinks=True)
    file = root / "workflow/src/replisome/models/mine.py"
    file.write_text(HEAD.format(gives=gives, layer=layer, forward=forward))
    overrides = copy.deepcopy(TINY)
    overrides[study]["experiments"]["mine"] = {
        "description": "a model of one's own",
        "recipes": [recipe],
        "models": {"mine": {"grid": {"lr": [0.01, 0.001]}}},
        "training": {},
        "budget": {"steps": 2, "every": 1} if study == "genome" else {"epochs": 2},
        "seeds": 1,
        "select": {"metric": metric},
        "test": "all",
    }
    done = Workflow(root, study).run("report", overrides=overrides)
    assert done.returncode == 0, done.stdout
    results = root / "results" / "demo"
    cost = pd.read_csv(results / study / "tables" / "cost.csv")
    assert (cost["model"].str.contains("mine")).sum() == 2
    score = declared(study).score(metric)
    shown = [
        table.stem
        for table in sorted((results / study / "tables").glob("*.csv"))
        if table.read_text().strip()  # of a table that no run belongs in there is not even a head
        and (rows := pd.read_csv(table)).shape[0]
        and f"validation {score.heading}" in rows
        and rows.loc[rows["model"].str.contains("mine"), f"validation {score.heading}"].notna().all()
    ]
    assert shown, "no table shows the score that was selected by"
    assert "mine" in (results / "report.html").read_text()


def test_curves_show_the_score_that_is_selected_by(finished_study, tmp_path):
    root = tmp_path / "replisome"
    shutil.copytree(finished_study("bloodmnist"), root, symlinks=True)
    overrides = copy.deepcopy(TINY)
    overrides["bloodmnist"]["experiments"]["variants"]["select"] = {"metric": "balanced_accuracy"}
    folder = "results/demo/bloodmnist"
    done = Workflow(root).run(f"{folder}/figures/validation_accuracy.png", overrides=overrides)
    assert done.returncode == 0, done.stdout
    drawn = (root / folder / "figures/validation_accuracy.svg").read_text()
    assert "balanced" in drawn  # the label of the y axis, in one line or two
    assert "accuracy (%)" in drawn
