"""Results of tiny models on tiny controls, a model a study, for tests of what is read from results."""

from types import SimpleNamespace

import pandas as pd
from planning import load

from replisome.analysis.results import StudyResults
from replisome.config.plan import StudyPlan
from replisome.data.study_inputs import selections_of
from replisome.io import canonical_json
from replisome.stages import evaluate, explain, prepare, select, train
from replisome.stages.summarise import COLUMNS

# By study: the experiment, a recipe, its rows, a model, a budget, and the scores of which items tell nothing.
CASES = {
    "bloodmnist": {
        "experiment": "variants", "recipe": "control", "unknown": {"loss"}, "epochs": 2,
        "data": {"source": {"options": {"side": 12, "train": 64, "validation": 40, "test": 48}}},
        "model": {"cnn": {"fixed": {"hidden": 4}, "grid": {"pool": ["max"], "head": ["logits"]}}},
    },
    "rnacompete": {
        "experiment": "architectures", "recipe": "control_two", "unknown": set(), "epochs": 2,
        "data": {"source": {"options": {"train": 150, "test": 40}}},
        "model": {"bilstm": {"grid": {"width": [3], "depth": [1]}}, "cnn1d": None},
    },
    "genome": {
        "experiment": "models_kmer", "recipe": "control_kmer4", "unknown": {"successors"}, "steps": 4,
        "data": {"source": {"options": {"bases": 4000}}, "windows": {"length": 40, "blocks": 3}},
        "model": {"kmer_lstm": {"grid": {"embedding": [3], "hidden": [4]}}},
    },
    "proteinnet": {
        "experiment": "beyond", "recipe": "control", "unknown": {"loss"}, "epochs": 2,
        "data": {
            "crop": 16,
            "source": {"options": {"train": 20, "validation": 8, "test": 7, "shortest": 12, "longest": 24}},
        },
        "model": {"pair_resnet": {"fixed": {"augment": "random_crop"}, "grid": {"width": [4], "channels": [3]}}},
    },
}  # fmt: skip


def finished(name, root):
    """Prepare, train, evaluate, select and explain what a case says of a study's control, and open the results."""
    case = SimpleNamespace(**CASES[name])
    budget = {"steps": case.steps, "every": 2} if hasattr(case, "steps") else {"epochs": case.epochs}
    block = {"models": case.model, "budget": budget, "seeds": 2, "test": "all", "test_weights": ["best", "last"]}
    changes = {"recipes": {case.recipe: case.data}, "experiments": {case.experiment: block}}
    whole = load(studies=[name], preset="demo", overrides={name: changes}).studies[name].settings
    own = {"recipes": {case.recipe: whole["recipes"][case.recipe]}}
    own |= {"experiments": {case.experiment: {**whole["experiments"][case.experiment], "recipes": [case.recipe]}}}
    plan = StudyPlan({**whole, **own}, {})
    data, settings = root / name / case.recipe, root / "study.json"
    recipe = {"name": case.recipe, **plan.recipe(case.recipe)}
    for path, content in (
        (root / "recipe.json", {"study": name, "implementation": name, "recipe": recipe, "datasets": {}}),
        (settings, dict(plan.settings)),
        (root / name / "selection" / case.experiment / "study.json", plan.selection_settings(case.experiment)),
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(canonical_json(content))
    prepare.run(root / "recipe.json", [], data)
    for run in plan.runs:
        place = root / run.directory
        place.mkdir(parents=True)
        (place / "config.json").write_text(run.config)
        train.run(place / "config.json", data, place, 1, 5.0)
        weights = [place / f"{kind}.safetensors" for kind in run.tested_weights]
        evaluate.run(place / "config.json", data, weights, place / "test", 1)
    select.run(path, case.experiment, root, path.parent)
    for run in plan.explained_runs(selections_of(plan, root)):
        place = root / run.directory
        explain.run(place / "config.json", data, place / f"{run.weights}.safetensors", place / "explanation", 1)
    return StudyResults.open(settings, root, pd.DataFrame(columns=COLUMNS))
