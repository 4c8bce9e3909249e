"""``replisome new model STUDY NAME``: a small network that runs, and the experiment that trains it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from replisome.api.new import check as new_check
from replisome.api.new.edits import Edits
from replisome.api.new.proposal import Proposal, check_name, read
from replisome.api.new.yaml_text import with_entry, with_item
from replisome.config.catalogue import STUDIES, model_names
from replisome.config.study_files import StudyFiles, read_study
from replisome.errors import ReplisomeError
from replisome.tracking.introspect import keyword_defaults

EXAMPLE = "example_model"
MODELS = "workflow/src/replisome/models"
LIKE = ("recipes", "training", "budget", "seeds", "select", "curves", "resources")  # what an experiment takes over
IN_PRESETS = ("recipes", "training", "budget", "seeds", "resources")


def propose(study: str, name: str, root: Path) -> Proposal:
    """Return what would be written for a new model; nothing is.

    Args:
        study: whose data it is for; its package has an ``example_model.py``.
        name: of the model, its file and its experiment.
        root: the repository.

    Returns:
        The checked changes and the commands to run next.

    Raises:
        ReplisomeError: the name is taken, or there is no such study.
    """
    check_name(name, "model", as_module=True)
    files = read_study(study, root, key="new model")
    package = str(files.settings.get("implementation", files.name))
    example = STUDIES / package / f"{EXAMPLE}.py"
    if not example.is_file():
        raise ReplisomeError(f"study '{study}': there is no {example} to begin from; copy a model of {MODELS}.")
    if name in model_names() or (root / MODELS / f"{name}.py").exists():
        raise ReplisomeError(f"there is a model '{name}' in {MODELS} already; choose another name.")
    if name in files.settings["experiments"]:
        raise ReplisomeError(f"study '{study}' has an experiment '{name}' already; choose another name.")
    pattern = next(
        key
        for key, block in files.settings["experiments"].items()
        if not any("from" in m for m in block["models"].values())
    )
    experiment = _experiment(name, example, pattern, files.settings["experiments"][pattern])
    edits = Edits(root)
    edits.write(f"{MODELS}/{name}.py", read(example).replace(EXAMPLE, name))
    _add(edits, files, (), {name: experiment}, None)
    for preset in sorted(files.presets):
        block = files.with_preset(preset)["experiments"].get(pattern)
        if block is None:
            continue
        differs = {key: value for key, value in _difference(experiment, block).items() if key in IN_PRESETS}
        only = files.presets[preset].get("only")
        if differs or only:
            _add(edits, files, (preset,), {name: differs}, only)
    new_check.check(edits, files.name)
    simulated = " --configfile config/demo.yaml" if "demo" in files.presets else ""
    call = f"--cores 2{simulated} --config 'studies=[{study}]'"
    folder = f"results/{name}-trial"
    small = f"max_epochs=1 max_steps=1 max_seeds=1 results_dir={folder}"
    then = [
        (
            f"snakemake {folder}/{study}/selection/{name}/selection.json {call} {small}",
            "first, its runs alone, in brief",
        ),
        (
            f"snakemake report {call} results_dir=results/{name}-demo",
            "a report with it beside the study's own networks",
        ),
        (f"snakemake report --cores 2 --config 'studies=[{study}]'", "the full budget, on the study's data"),
    ]
    notes = [f"It has recipes, training, budget and seeds of experiment '{pattern}', so that it compares with it."]
    return Proposal(f"model '{name}' for study '{study}'", edits, [], notes, then)


def _experiment(name: str, example: Path, pattern: str, like: Mapping[str, Any]) -> dict[str, Any]:
    """Return an experiment of the new model with what another one has of its settings."""
    defaults = keyword_defaults(example, "build")
    grid: dict[str, list[Any]] = {key: [value] for key, value in list(defaults.items())[:1]}
    rates = [rate for choice in like["models"].values() for rate in choice.get("grid", {}).get("lr", [])[:1]]
    if rates and "lr" not in like["training"]:
        grid["lr"] = rates[:1]
    taken = {key: like[key] for key in LIKE if key in like}
    if "curves" in taken:  # test is for the choice that validation made, once
        taken["curves"] = [split for split in taken["curves"] if split != "test"]
    about = f"{name}, a network of our own, with the budget of {pattern}"
    return {"description": about, "models": {name: {"grid": grid}}, **taken, "test": "selected"}


def _difference(base: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Return what must be laid over ``base`` to have ``other``; null where it has no such key."""
    found: dict[str, Any] = {}
    for key in [*other, *(key for key in base if key not in other)]:
        ours, theirs = base.get(key), other.get(key)
        if isinstance(ours, Mapping) and isinstance(theirs, Mapping):
            if inner := _difference(ours, theirs):
                found[key] = inner
        elif ours != theirs:
            found[key] = theirs
    return found


def _add(
    edits: Edits, files: StudyFiles, preset: tuple[str, ...], value: dict[str, Any], only: list[str] | None
) -> None:
    """Add an experiment to the file of a study that holds them, or what a preset changes of it to the preset's."""
    folder = edits.root / files.origin
    if folder.is_dir():
        path = f"{files.origin}/presets/{preset[0]}.yaml" if preset else f"{files.origin}/experiments.yaml"
        keys = ["experiments"] if preset else []
    else:
        path, keys = files.origin, (["presets", preset[0], "experiments"] if preset else ["experiments"])
    if not (edits.root / path).is_file():
        raise ReplisomeError(f"{path}: there is no such file; the experiments of '{files.name}' stand elsewhere.")
    at = next((n for n, text in enumerate(edits.texts) if text.path == edits.root / path), None)
    before = read(edits.root / path)
    text = before if at is None else edits.texts[at].after
    (name,) = value
    if value[name]:
        text = with_entry(text, keys, value, path)
    if only:
        text = (
            with_item(text, [*keys[:-1], "only"], name, path)
            if folder.is_dir()
            else with_entry(text, keys[:-1], {"only": [*only, name]}, path)
        )
    if at is not None:
        edits.texts.pop(at)
    edits.change(path, before, text)
