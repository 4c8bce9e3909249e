"""The reference of a results folder: every kind of file, the stage that makes it, and what is in it.

``tests/e2e/test_documentation.py`` holds that each file of a finished demo is of one kind here, made by that stage.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from replisome.commands.stage import STAGES


class Kind(NamedTuple):
    """A kind of file.

    Attributes:
        path: below the results folder, with what varies in angle brackets.
        stage: the stage that makes it.
        what: what is in it.
    """

    path: str
    stage: str
    what: str

    def matches(self, path: str) -> bool:
        """Say whether a file, by its path below the results folder, is of this kind."""
        pattern = "".join(
            "[^/]+" if part.startswith("<") else re.escape(part) for part in re.split(r"(<[^>]+>)", self.path)
        )
        return re.fullmatch(pattern, path) is not None


RECIPE, RUN = "<study>/<recipe>", "<study>/<recipe>/runs/<model>/<slug>/seed=<n>"
SECTIONS: dict[str, Sequence[Kind]] = {
    "Pages and verdicts": (
        Kind("report.html", "report", "the answer on its first screen, then a story a study; needs no other file"),
        Kind("claims.html", "report", "a section a claim: words, verdicts, rule, uncertainty, evidence"),
        Kind("runs.html", "report", "every run with its curve, to sort and filter"),
        Kind("tables.html", "report", "the long tables"),
        Kind("results.json", "report", "every file with its hash, and the run and the stage that made it"),
        Kind("claims.json", "claims", "the verdicts of all studies"),
        Kind("claims.csv", "claims", "the same as a table"),
        Kind("claims/settings.json", "claims", "what the stage was told"),
        Kind("<study>/claims.json", "judge", "the verdicts of a study"),
        Kind("<study>/claims.md", "judge", "the same as a page of text, to print"),
        Kind("<study>/claims.tex", "judge", "the same to typeset; each claim has the label `claim:<id>`"),
        Kind("<study>/claims/settings.json", "judge", "what the stage was told"),
        Kind("crate.zip", "crate", "on demand: results and workflow in one archive to deposit"),
        Kind("crate/settings.json", "crate", "what the stage was told"),
        Kind("rounds.csv", "rounds", "what each round of seeds cost and decided, where studies have rounds"),
    ),
    "Prepared data: the folder of a recipe": (
        Kind(f"{RECIPE}/train.parquet", "prepare", "the training split"),
        Kind(f"{RECIPE}/validation.parquet", "prepare", "the validation split"),
        Kind(f"{RECIPE}/test.parquet", "prepare", "the test split"),
        Kind(f"{RECIPE}/tokens.parquet", "prepare", "of a genome: its tokens, once; the splits are windows into them"),
        Kind(f"{RECIPE}/recipe.json", "prepare", "the recipe, as it was carried out"),
        Kind(f"{RECIPE}/stats.json", "prepare", "what a model needs to know of the data: sizes, statistics"),
        Kind(f"{RECIPE}/card.json", "prepare", "what people need to know: counts, origin, duplicates, ceiling"),
    ),
    "In which numbers runs train": (
        Kind("precision/<kind>.json", "probe", "fp32 or bf16, of runs that leave it open; `gpu` or `cpu`"),
        Kind("precision/<kind>/timings.json", "probe", "the seconds of a step in each, and on what"),
        Kind("precision/<kind>/settings.json", "probe", "what the stage was told"),
    ),
    "A run": (
        Kind(f"{RUN}/config.json", "train", "everything that makes this run what it is, besides its data"),
        Kind(f"{RUN}/best.safetensors", "train", "the weights of the round with the best validation score"),
        Kind(f"{RUN}/last.safetensors", "train", "the weights at the end"),
        Kind(f"{RUN}/history.parquet", "train", "loss and scores after each round"),
        Kind(f"{RUN}/validation.json", "train", "validation scores of the best round and of the last"),
        Kind(f"{RUN}/test/metrics.json", "evaluate", "test scores; only of runs that a selection or a claim names"),
        Kind(f"{RUN}/test/predictions.parquet", "evaluate", "predictions of validation and test, item by item"),
        Kind(f"{RUN}/explanation/explanation.parquet", "explain", "why it predicts so: mutagenesis, attention, shifts"),
        Kind(f"{RUN}/pilot/config.json", "pilot", "of a grid that is searched: settings of the first rounds"),
        Kind(f"{RUN}/pilot/state.pt", "pilot", "the state from which `train` goes on"),
        Kind(f"{RUN}/pilot/validation.json", "pilot", "validation scores after the first rounds"),
    ),
    "Choices": (
        Kind("<study>/selection/<experiment>/selection.json", "select", "the best of an experiment, on validation"),
        Kind("<study>/selection/<experiment>/study.json", "select", "what the stage was told"),
        Kind("<study>/search/<experiment>/<step>/search.json", "search", "which candidates went on"),
        Kind("<study>/search/<experiment>/<step>/study.json", "search", "what the stage was told"),
    ),
    "Tables and figures": (
        Kind("<study>/tables/metrics.parquet", "summarise", "the tidy table: a row a run, split, score and epoch"),
        Kind("<study>/tables/<table>.csv", "summarise", "the tables of the page"),
        Kind("<study>/tables/study.json", "summarise", "what the stage was told"),
        Kind("<study>/figures/<figure>.png", "figures", "the figures of the page"),
        Kind("<study>/figures/<figure>.svg", "figures", "the same, to edit"),
        Kind("<study>/figures/left_out.json", "figures", "for which figures this configuration has nothing, and why"),
    ),
}
KINDS = [kind for section in SECTIONS.values() for kind in section]
OPENING = """\
# Results layout

Every call of the workflow has one results folder: `results/full`, `results/quick`, `results/demo`, or what
`results_dir` says. It moves and copies as a whole. Angle brackets stand for what varies:

| in a path | is |
|---|---|
| `<study>` | a study, such as `genome` |
| `<recipe>` | one way to prepare its data, such as `reported` or `sound` |
| `<model>` | a model, such as `cnn` |
| `<slug>` | what the grid of the experiment varies, as `head=logits+lr=0.001`; `default` where nothing varies |
| `seed=<n>` | the seed |

Each folder that a stage writes also has a `provenance.json`: who made this, with what, when, from which files, and the
hashes of the files beside it. [File formats](files.md) says how to read each of them.
"""
CLOSING = """\
## Beside them

| file | what is in it |
|---|---|
| `logs/<stage>/...` | what a job printed; its last line says what is wrong and what to do |
| `benchmarks/<stage>/...` | seconds and memory of each job, as Snakemake measures them |
| `.in-use.json` | who is working on this folder; it goes with the process |
| `.lease.json` in a run's folder | the process that writes there now, or was killed there |
| `.called` | when the last call began: jobs keep results that another process has finished since |
| `.sweep.json` | the jobs of the last call, for `replisome watch` |

The keys of [claims.json](configuration.md#claimsjson-in-the-results) and of
[results.json](configuration.md#resultsjson-in-the-results) are in the reference of the configuration.
"""


def results_page() -> str:
    """Return the page."""
    parts = [OPENING]
    for title, kinds in SECTIONS.items():
        lines = [f"## {title}", "", "| file | made by | what is in it |", "|---|---|---|"]
        lines += [f"| `{kind.path}` | {_stage(kind.stage)} | {kind.what} |" for kind in kinds]
        parts.append("\n".join(lines))
    return "\n\n".join(part.strip("\n") for part in [*parts, CLOSING]) + "\n"


def _stage(name: str) -> str:
    return f'<span title="{STAGES[name]}">`{name}`</span>'
