"""The stages, as the workflow's rules call them: arguments in, one stage called, errors turned into messages.

They are read by argparse, which costs a job nothing; what people type is read by click (:mod:`.door`).
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from replisome.commands.run_job import run_job
from replisome.config.catalogue import model_options, study
from replisome.config.search import STEPS
from replisome.errors import ReplisomeError, out_of_memory
from replisome.io import DISK_ERRORS, canonical_json, clear_leftovers, disk_error, read_json
from replisome.tracking.run_folder import STAGES as STAGES_OF_RUNS
from replisome.tracking.running_code import import_stage
from replisome.tracking.stage_key import text_hash
from replisome.training.gpu_share import own_gpu

_RUN = ("implementation", "recipe", "model", "hyperparameters", "training", "budget", "select", "curves", "seed")
_STUDY = ("name", "implementation", "recipes", "experiments", "full")
# What each stage does, in one line; ``claims`` is a command for people too (:func:`is_for_people`).
STAGES = {
    "download": "fetch a raw file",
    "prepare": "carry out a recipe",
    "probe": "say whether bf16 is clearly faster than fp32 on this device",
    "train": "train one run",
    "pilot": "train a run's first rounds, for a search of its grid",
    "search": "decide which candidates of a grid go on",
    "evaluate": "score a run on the test split, and predict validation and test",
    "explain": "say why a run predicts as it does",
    "select": "choose the best model of an experiment on validation",
    "summarise": "write the tables of a study",
    "judge": "judge the claims of a study",
    "claims": "gather the verdicts of all studies",
    "rounds": "write what each round of seeds cost and decided",
    "figures": "draw the figures of a study",
    "report": "write report.html",
    "crate": "pack results and workflow into one archive",
}
# The keys of its settings file that a stage cannot do without.
NEEDS = {
    "prepare": ("implementation", "recipe", "datasets", "study"),
    "probe": ("kind",),
    **dict.fromkeys(("train", "evaluate", "explain"), _RUN),
    "pilot": (*_RUN, "until"),
    "search": (*_STUDY, "never_dropped"),
    **dict.fromkeys(("select", "summarise", "figures"), _STUDY),
    "claims": ("studies", "preset"),
    "judge": ("study", "claims"),
    "rounds": ("studies", "begun"),
    "crate": ("preset", "sources", "snakemake"),
    "report": ("studies", "preset", "settings", "implementations", "datasets", "claims"),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one stage and return the exit code: 0 done, 1 something the user can put right."""
    options = vars(_parser().parse_args(arguments))
    stage = options.pop("stage")
    try:
        settings = _checked_settings(stage, options) if stage in NEEDS else None
        _call(stage, options, settings)
    except ReplisomeError as error:
        print(f"replisome {stage}: error: {error}", file=sys.stderr)
        return error.exit_code
    except BrokenPipeError:  # whoever read this has gone
        return 1
    except OSError as error:
        if out_of_memory(error):
            return _ran_out(stage, options, error)
        if error.errno not in DISK_ERRORS:
            raise
        print(f"replisome {stage}: error: {disk_error(Path(error.filename or '?'), error)}", file=sys.stderr)
        return 1
    except (MemoryError, RuntimeError) as error:
        if not out_of_memory(error):
            raise
        return _ran_out(stage, options, error)
    return 0


def is_for_people(words: Sequence[str]) -> bool:
    """Say whether a command line that begins with a stage's name is the command of that name, which people type."""
    return words[0] == "claims" and not any(word.partition("=")[0] == "--settings" for word in words)


def _less_memory(stage: str, options: Mapping[str, object]) -> str:
    """Return what to say where memory ran out: which keys of the configuration ask for less of it, or for more."""
    more = "give the job more memory (mem_mb in the experiment's resources, in config/studies)"
    if stage in ("train", "pilot"):
        config = read_json(Path(str(options["settings"])))
        size = config["training"].get("batch_size")
        keys = ", ".join(sorted(model_options(config["model"])))
        return (
            f"memory ran out while '{config['model']}' trained on batches of {size}. Set training.micro_batch: a batch "
            f"is then worked through in pieces of that size, and the step stays that of the whole batch; or lower "
            f"batch_size, choose a smaller model (its keys: {keys}), or {more}."
        )
    if stage in ("evaluate", "explain"):
        return f"memory ran out; {more}, or run it where the device has more."
    return "memory ran out; give the job more memory (--set-resources RULE:mem_mb=N), or use less data (max_... keys)."


def _ran_out(stage: str, options: Mapping[str, object], error: BaseException) -> int:
    first_line = (str(error).strip().splitlines() or [type(error).__name__])[0]
    print(f"replisome {stage}: error: {_less_memory(stage, options)} ({first_line})", file=sys.stderr)
    return 1


def _checked_settings(stage: str, options: dict[str, object]) -> dict[str, Any]:
    """Return the settings of a stage; refuse a file that is not what the workflow makes for it, or has planned."""
    path, planned = Path(str(options["settings"])), options.pop("planned", None)
    settings: dict[str, Any] = read_json(path)
    if not isinstance(settings, dict):
        raise ReplisomeError(f"{path}: holds no mapping of settings; was it made by the workflow?")
    missing = [key for key in NEEDS[stage] if key not in settings]
    if missing:
        raise ReplisomeError(f"{path}: has no key '{missing[0]}'; was it made by the workflow?")
    if "implementation" in NEEDS[stage]:
        study(settings["implementation"])
    if "model" in NEEDS[stage]:
        model_options(settings["model"])
    if planned not in (None, text_hash(canonical_json(settings))):
        raise ReplisomeError(
            f"{path}: is not what this call of the workflow plans for the run: another call with other settings came "
            "between. Give each configuration a folder of its own (--config results_dir=PATH), or run the same command "
            "again."
        )
    return settings


def _call(stage: str, options: dict[str, object], settings: dict[str, Any] | None) -> None:
    """Import the stage that is asked for, and only that: not all of them need torch."""
    if "threads" in options:
        # Before NumPy or torch start: the libraries under them read these once.
        for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
            os.environ[name] = str(options["threads"])
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # deterministic matrix products on CUDA
    if options.get("out") is not None:
        out = Path(str(options["out"]))
        clear_leftovers(out if out.is_dir() else out.parent)
    gpu = int(str(options.pop("gpu", 0)))
    if stage not in STAGES_OF_RUNS or settings is None:
        with own_gpu() if stage == "probe" else nullcontext():
            _import_and_run(stage, options, settings)
        return
    with run_job(stage, options, settings, gpu) as is_to_do:
        if is_to_do:
            _import_and_run(stage, options, settings)


def _import_and_run(stage: str, options: dict[str, object], settings: dict[str, Any] | None) -> None:
    if settings is not None:
        import_stage(stage, settings)
    importlib.import_module(f"replisome.stages.{stage}").run(**options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="replisome", description=__doc__)
    stages = parser.add_subparsers(dest="stage", required=True)

    download = _stage(stages, "download")
    download.add_argument("--name", required=True, help="name in the ledger")
    download.add_argument(
        "--ledger",
        type=Path,
        default=os.environ.get("REPLISOME_LEDGER"),
        help="datasets.yaml (default: the environment variable REPLISOME_LEDGER)",
    )
    download.add_argument("--stand-in", action="store_true", help="fetch the stand-in instead of the official file")
    download.add_argument(
        "--mirror",
        type=Path,
        default=os.environ.get("REPLISOME_MIRROR") or None,
        help="folder that holds <study>/<file> (default: the environment variable REPLISOME_MIRROR)",
    )
    download.add_argument("--out", required=True, type=Path)

    prepare = _stage(stages, "prepare")
    _settings(prepare, "recipe.json")
    prepare.add_argument(
        "--raw", type=_named, action="append", default=[], metavar="NAME=FILE", help="a raw file; none for controls"
    )
    prepare.add_argument("--out", required=True, type=Path, help="the recipe's folder")

    _training_parsers(stages)

    for name in ("evaluate", "explain"):
        stage = _stage(stages, name)
        _settings(stage, "the run's config.json", "--run")
        stage.add_argument("--data", required=True, type=Path, help="folder of the prepared recipe")
        if name == "evaluate":
            kinds = "best.safetensors or last.safetensors of the run, or both, those of the selection first"
            stage.add_argument("--weights", required=True, type=Path, nargs="+", help=kinds)
        else:
            stage.add_argument("--weights", required=True, type=Path)
        _planned(stage)
        stage.add_argument("--out", required=True, type=Path)
        stage.add_argument("--threads", type=_positive, default=1)
        _gpu(stage)

    select = _stage(stages, "select")
    _settings(select, "study.json")
    select.add_argument("--experiment", required=True)
    _from_results(select)

    for name in ("summarise", "figures"):
        stage = _stage(stages, name)
        _settings(stage, "study.json")
        _planned(stage)
        _from_results(stage)

    _claims_parsers(stages)

    report = _stage(stages, "report")
    _settings(report, "report.json")
    _from_results(report)

    packed = _stage(stages, "crate")
    _settings(packed, "the configuration, and the workflow's files")
    _from_results(packed)
    return parser


def _stage(stages: Any, name: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = stages.add_parser(name, help=STAGES[name])
    return parser


def _training_parsers(stages: Any) -> None:
    probe = _stage(stages, "probe")
    _settings(probe, "for which kind of jobs is asked")
    probe.add_argument("--out", required=True, type=Path, help="the folder of timings; the answer is written beside it")
    probe.add_argument("--threads", type=_positive, default=1)
    train = _stage(stages, "train")
    _settings(train, "the run's config.json", "--run")
    pilot = _stage(stages, "pilot")
    _settings(pilot, "the run's config.json, with the rounds", "--run")
    for parser in (train, pilot):
        parser.add_argument("--data", required=True, type=Path, help="folder of the prepared recipe")
        parser.add_argument("--out", required=True, type=Path)
        parser.add_argument("--threads", type=_positive, default=1)
        _gpu(parser)
        parser.add_argument("--checkpoint-minutes", type=float, default=5, help="within an epoch, save this often")
        said = "what the stage probe has answered, for a run whose precision is auto (without it: fp32)"
        parser.add_argument("--precision", type=Path, metavar="FILE", help=said)
    train.add_argument("--start", type=Path, help="the state in which a search left the run after its first rounds")

    search = _stage(stages, "search")
    _settings(search, "the settings of the search")
    search.add_argument("--experiment", required=True)
    search.add_argument("--step", required=True, choices=STEPS)
    _from_results(search)


def _claims_parsers(stages: Any) -> None:
    judge = _stage(stages, "judge")
    _settings(judge, "the study's settings and claims")
    _from_results(judge)

    rounds = _stage(stages, "rounds")
    _settings(rounds, "studies with their rounds, and the rounds that were begun")
    _from_results(rounds)

    claims = _stage(stages, "claims")
    _settings(claims, "which studies there are")
    _from_results(claims)


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def _named(text: str) -> tuple[str, Path]:
    name, equals, path = text.partition("=")
    if not (name and equals and path):
        raise argparse.ArgumentTypeError("must be NAME=FILE")
    return name, Path(path)


def _settings(parser: argparse.ArgumentParser, what: str, flag: str = "--settings") -> None:
    parser.add_argument(flag, dest="settings", required=True, type=Path, help=what)


def _from_results(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--results", required=True, type=Path, help="the results folder")
    parser.add_argument("--out", required=True, type=Path, help="the folder to write to")


def _gpu(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--gpu", type=int, default=0, help="GPUs that the job asked for; it waits for a free one")


def _planned(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--planned", metavar="HASH", help="hash of the settings as planned; other settings are refused")
