"""What can be wrong with a study's recipes, experiments and code, found before anything runs."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from replisome.config import declared
from replisome.config.catalogue import STUDIES, check_hyperparameters, explains, model_traits, source_options
from replisome.config.plan import ALL, StudyPlan
from replisome.config.renamed import METRICS
from replisome.config.schema import check_schema, validate
from replisome.config.study import Study
from replisome.errors import ReplisomeError, did_you_mean
from replisome.tracking.introspect import ROOT, parse

COMMON = frozenset({"source", "protocol"})  # keys that a recipe of any study has
# Where the protocols stand that a study's modules and its task must fulfil.
CONTRACT, TASK = STUDIES / "contract.py", ROOT / "training" / "task.py"
MODULES = {
    "data": "DataModule",
    "task": "TaskModule",
    "predictions": "PredictionsModule",
    "explain": "ExplainModule",
    "new_data": "NewDataModule",
}
OPTIONAL = ("explain", "new_data")


def check_recipes(plan: StudyPlan, ledger: Mapping[str, Any], origin: str) -> None:
    """Check the recipes of a study against the study's schema, its controls and the ledger.

    Raises:
        ReplisomeError: names ``origin``, the key and the remedy.
    """
    study = plan.implementation
    for name, recipe in plan.recipes.items():
        at = f"{origin}: key 'recipes.{name}"
        source = recipe["source"]
        if ("dataset" in source) == ("control" in source):
            raise ReplisomeError(f"{at}.source': give either 'dataset' or 'control'.")
        if "dataset" in source and source["dataset"] not in ledger:
            raise ReplisomeError(
                f"{at}.source.dataset': '{source['dataset']}' is not in config/datasets.yaml"
                f"{did_you_mean(source['dataset'], ledger)}"
            )
        if "control" in source and source["control"] not in study.controls:
            near = did_you_mean(source["control"], study.controls)
            raise ReplisomeError(f"{at}.source.control': no control '{source['control']}'{near}")
        _check_options(study, source, at)
        own = {key: value for key, value in recipe.items() if key not in COMMON}
        validate(own, recipe_schema(study.name), origin, ("recipes", name))


def recipe_schema(study: str) -> Path:
    """Return the file of a study's own schema, for what its recipes hold beside source and protocol."""
    return STUDIES / study / "recipe.schema.yaml"


def _check_options(study: Study, source: Mapping[str, Any], at: str) -> None:
    known, given = source_options(study.name, source.get("control")), source.get("options", {})
    missing = [option for option, about in known.items() if about.required and option not in given]
    if missing:
        raise ReplisomeError(f"{at}.source.options': needs a value for: {', '.join(missing)}.")
    for option, value in given.items():
        if option not in known:
            raise ReplisomeError(f"{at}.source.options': unknown option '{option}'{did_you_mean(option, known)}")
        known[option].check(value, f"{at}.source.options.{option}'")


def check_experiment(plan: StudyPlan, name: str) -> None:
    """Check what an experiment asks of the study and its models.

    Raises:
        ReplisomeError: names the key and the remedy.
    """
    block, study = plan.experiments[name], plan.implementation
    for run in plan.runs_of[name]:
        augment, allowed = run.settings["training"].get("augment", "none"), ("none", *study.augmentations)
        if augment not in allowed:
            raise ReplisomeError(
                f"experiments.{name}: augment: study '{plan.name}' has no '{augment}'{did_you_mean(augment, allowed)}"
            )
    explained = block.get("explain", [])
    for model in block["models"] if explained == ALL else explained:
        if not explains(study.name):
            raise ReplisomeError(f"experiments.{name}.explain: study '{plan.name}' cannot explain its models.")
        if model not in block["models"]:
            raise ReplisomeError(
                f"experiments.{name}.explain: no model '{model}'{did_you_mean(model, block['models'])}"
            )
    for model in block["models"]:
        for recipe in block["recipes"]:
            try:
                for values in _each_value_once(plan.hyperparameters(name, model, recipe)):
                    check_hyperparameters(model, values)
            except ReplisomeError as error:
                raise ReplisomeError(f"experiments.{name}.models.{model}: {error}") from None
    for model in block["models"]:
        model_traits(model)


def _each_value_once(values: Mapping[str, Sequence[Any]]) -> Iterator[dict[str, Any]]:
    """Yield as many combinations as it takes for every value of every key to stand in one, not all that there are."""
    for number in range(max(map(len, values.values()), default=1)):
        yield {key: given[min(number, len(given) - 1)] for key, given in values.items()}


def check_metric(study: Study, experiment: str, metric: str) -> None:
    """Refuse a score to select by that the study does not declare.

    Raises:
        ReplisomeError: names the key, and a near name.
    """
    known = [score.name for score in study.scores]
    if metric not in known and METRICS.get(metric) in known:
        raise ReplisomeError(f"experiments.{experiment}.select.metric: '{metric}' is called '{METRICS[metric]}' now.")
    if metric not in known:
        raise ReplisomeError(
            f"experiments.{experiment}.select.metric: unknown metric '{metric}'{did_you_mean(metric, known)}"
        )


def check_contract(study: Study) -> None:
    """Check that a study's package has what :mod:`replisome.studies.contract` asks for, without importing it.

    Raises:
        ReplisomeError: names the file and the function, caption, table or figure that is missing.
    """
    package = STUDIES / study.name
    for module, protocol in MODULES.items():
        path = package / f"{module}.py"
        if path.is_file():
            _require(study, path, _members(CONTRACT, protocol), _names(parse(path).body), "function")
        elif module not in OPTIONAL:
            raise ReplisomeError(f"study '{study.name}': there is no {path}; see {CONTRACT}.")
    _require_task(study, package / "task.py")
    if study.controls:
        path = package / "control.py"
        defined = _names(parse(path).body) if path.is_file() else set()
        _require(study, path, [f"draw_{name}" for name in study.controls], defined, "function")
    if not recipe_schema(study.name).is_file():
        raise ReplisomeError(f"study '{study.name}': there is no {recipe_schema(study.name)}; see {CONTRACT}.")
    check_schema(recipe_schema(study.name))
    for kind, found in (("table", declared.tables(study.name)), ("figure", declared.figures(study.name))):
        if not found:
            raise ReplisomeError(f"study '{study.name}' declares no {kind}; put @{kind}(...) above a function.")


def _require(study: Study, path: Path, wanted: Iterable[str], defined: set[str], what: str) -> None:
    for name in wanted:
        if name not in defined:
            raise ReplisomeError(f"study '{study.name}': {path} defines no {what} '{name}'; see {CONTRACT}.")


def _require_task(study: Study, path: Path) -> None:
    """Check the class that ``open_task`` says it returns, where it and its bases stand there or beside the protocol."""
    body = parse(path).body
    classes = {node.name: node for node in body if isinstance(node, ast.ClassDef)}
    opened = next((node for node in body if isinstance(node, ast.FunctionDef) and node.name == "open_task"), None)
    task = classes.get(opened.returns.id) if opened and isinstance(opened.returns, ast.Name) else None
    known = {**{node.name: node for node in parse(TASK).body if isinstance(node, ast.ClassDef)}, **classes}
    family = [task, *task.bases] if task else []
    whole = [known.get(one.id) if isinstance(one, ast.Name) else one for one in family]
    if task is not None and all(isinstance(one, ast.ClassDef) for one in whole):
        defined = {name for one in whole if isinstance(one, ast.ClassDef) for name in _own(one)}
        _require(study, path, _members(TASK, "Task"), defined, f"'{task.name}' with a method or attribute")


def _members(path: Path, protocol: str) -> list[str]:
    """Return the methods and attributes of a protocol, read from its source."""
    node = next(node for node in parse(path).body if isinstance(node, ast.ClassDef) and node.name == protocol)
    return sorted(_names(node.body))


def _names(body: Iterable[ast.stmt]) -> set[str]:
    """Return the names that a module or class defines or imports at its top level."""
    found: set[str] = set()
    for node in body:
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                found.add(name)
            case ast.AnnAssign(target=ast.Name(id=name)):
                found.add(name)
            case ast.Assign(targets=targets):
                found |= {target.id for target in targets if isinstance(target, ast.Name)}
            case ast.ImportFrom(names=names):
                found |= {alias.asname or alias.name for alias in names}
    return found


def _own(node: ast.ClassDef) -> set[str]:
    """Return the methods of a class and its attributes, those that its methods assign to ``self`` among them."""
    return _names(node.body) | {
        target.attr
        for inside in ast.walk(node)
        for target in ([*inside.targets] if isinstance(inside, ast.Assign) else [getattr(inside, "target", None)])
        if isinstance(target, ast.Attribute)
    }
