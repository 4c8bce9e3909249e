"""A finished run's predictions of validation and test say what each item adds to the scores that its files have."""

import json
from types import SimpleNamespace

import pandas as pd
import pytest
from planning import load

from replisome.analysis.results import StudyResults
from replisome.analysis.scores import item_scores
from replisome.analysis.variants import variants
from replisome.config.plan import StudyPlan
from replisome.data.parquet import read_parquet
from replisome.io import canonical_json
from replisome.stages import evaluate, prepare, select, train
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
    """Prepare, train, evaluate and select what a case says of a study's control, and open the results."""
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
    return StudyResults.open(settings, root, pd.DataFrame(columns=COLUMNS))


@pytest.fixture(scope="module", params=CASES)
def study(request, tmp_path_factory):
    return finished(request.param, tmp_path_factory.mktemp(request.param))


def scores_of(study, run, split, kind):
    folder = study.root / run.directory
    if split == "validation":
        return json.loads((folder / "validation.json").read_text())[kind]
    found = json.loads((folder / "test" / "metrics.json").read_text())
    return found["scores"] if kind == found["weights"] else found["also"][kind]


@pytest.mark.parametrize("split", ["validation", "test"])
@pytest.mark.parametrize("kind", ["best", "last"])
def test_what_items_add_is_the_score_of_each_seed_in_its_files(study, split, kind):
    (variant,) = variants(study)
    seeds = [scores_of(study, run, split, kind) for run in variant.runs]
    unknown = set()
    for score in study.plan.implementation.scores:
        found = item_scores(study, variant.at(kind), score, split)
        if found is None:
            unknown.add(score.name)
            continue
        assert found.values == pytest.approx([own[score.name] for own in seeds], rel=1e-4, nan_ok=True), score.name
        assert found.items <= len(study.predictions(variant.runs[0], kind, split))
    assert unknown == CASES[study.plan.name]["unknown"]


def test_both_splits_are_there_with_both_weights_and_items_count_from_the_first_of_each(study):
    for run in study.plan.runs:
        table, metadata = read_parquet(study.root / run.directory / "test" / "predictions.parquet")
        frame = table.select(["split", "weights", "item"]).to_pandas()
        sizes = {split: len(study.prepared(run.recipe, split)[0]) for split in ("validation", "test")}
        assert dict(frame.groupby(["split", "weights"], observed=True).size()) == {
            (split, kind): size for split, size in sizes.items() for kind in ("best", "last")
        }
        for (split, _), rows in frame.groupby(["split", "weights"], observed=True):
            assert rows["item"].tolist() == list(range(sizes[split]))
        assert metadata["diverged"] == {split: {"best": None, "last": None} for split in sizes}


def test_columns_that_are_kept_of_test_alone_are_left_out_of_validation(study):
    run = study.plan.runs[0]
    both, tested = (set(study.predictions(run, None, split)) for split in ("validation", "test"))
    expected = {"proteinnet": {"distances"}, "rnacompete": {"measured"}}.get(study.plan.name, set())
    assert tested - both == expected
    assert both <= tested
