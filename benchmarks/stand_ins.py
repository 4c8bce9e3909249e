"""Files that stand in for thousands of runs: copies of one small run a model, each with its own settings and record."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from replisome.config import loader
from replisome.config.grid import Run
from replisome.config.plan import StudyPlan
from replisome.data.study_inputs import selections_of
from replisome.io import canonical_json
from replisome.tracking.stage_key import RECORD, stage_key, text_hash
from replisome.tracking.verify import DIGEST, record_digest

ROOT = Path(__file__).resolve().parents[1]
Json = dict[str, Any]


def plan_of(own: Mapping[str, Any], results: Path) -> StudyPlan:
    """Return the plan of the only study of a configuration that is laid over demo.yaml."""
    files = [yaml.safe_load((ROOT / "config" / name).read_text()) for name in ("config.yaml", "demo.yaml")]
    config = {**files[0], **files[1], **own, "results_dir": str(results)}
    (study,) = loader.load(config, ROOT).studies.values()
    return study


def prepare_and_train(small: StudyPlan, plan: StudyPlan, model: Path, results: Path) -> None:
    """Write the recipes and runs of a plan.

    Args:
        small: the plan of what lies in ``model``: one recipe, and one run of each model.
        plan: of what is to lie in ``results``.
        model: a results folder.
        results: the results folder to fill.
    """
    (first,) = small.recipes
    for name, recipe in plan.recipes.items():
        identity = {"study": plan.name, "implementation": plan.implementation.name, "datasets": {}}
        identity |= {"recipe": {"name": name, **recipe}}
        card = json.loads((model / small.name / first / "card.json").read_text())
        own = {"recipe.json": canonical_json(identity), "card.json": json.dumps({**card, "recipe": name})}
        copy(model / small.name / first, results / plan.name / name, "prepare", identity, own)
    like = {run.model: run for run in small.runs}
    for run in plan.runs:
        source = model / like[run.model].directory
        own = {"config.json": run.config, "validation.json": shifted(source / "validation.json", run)}
        copy(source, results / run.directory, "train", run.settings, own)


def ask(small: StudyPlan, plan: StudyPlan, model: Path, results: Path) -> None:
    """Write what the selected runs of a plan say of the test split, and why; arguments as before."""
    tested, explained = (of(selections_of(small, model)) for of in (small.tested_runs, small.explained_runs))
    like = {(run.model, part): run for runs, part in ((tested, "test"), (explained, "explanation")) for run in runs}
    selection = selections_of(plan, results)
    for run in plan.tested_runs(selection):
        source = model / like[run.model, "test"].directory / "test"
        copy(source, results / run.directory / "test", "evaluate", run.evaluation, {})
    for run in plan.explained_runs(selection):
        source = model / like[run.model, "explanation"].directory / "explanation"
        copy(source, results / run.directory / "explanation", "explain", run.settings, {})


def shifted(file: Path, run: Run) -> str:
    """Return the scores of a run, moved a little by what it is, so that not all are equal."""
    found = json.loads(file.read_text())
    for role in ("best", "last"):
        by = int(text_hash(f"{run.key} {role}"), 16) / 16**16 / 100
        found[role] = {name: value and value - by for name, value in found[role].items()}
    return json.dumps(found)


def copy(source: Path, folder: Path, stage: str, identity: Json, own: Mapping[str, str]) -> None:
    """Copy a result, with files of its own and a record that is right.

    Args:
        source: the folder of the result.
        folder: where the copy is to be; its inputs lie as far from it as those of the source.
        stage: that made it.
        identity: the settings that the copy is to be of.
        own: by name, the text of files that differ.
    """
    folder.mkdir(parents=True, exist_ok=True)
    record = json.loads((source / RECORD).read_text())
    for name in record["outputs"]:
        if name in own:
            (folder / name).write_text(own[name])
            record["outputs"][name] = f"sha256:{hashlib.sha256(own[name].encode()).hexdigest()}"
        else:
            _link(source / name, folder / name)
    record |= {"key": stage_key(stage, identity)}
    (folder / RECORD).write_text(json.dumps({**record, DIGEST: record_digest(record)}))


def _link(source: Path, copy: Path) -> None:
    try:
        os.link(source, copy)
    except OSError:  # a file system without links, or a file that has all it may have
        shutil.copyfile(source, copy)
