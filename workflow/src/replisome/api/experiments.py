"""What results say of their plan: the experiments, and which runs they have."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from replisome import __version__
from replisome.api.run_lists import Runs
from replisome.config.plan import StudyPlan
from replisome.errors import ReplisomeError
from replisome.io import read_json


@dataclass(frozen=True)
class Experiment:
    """A set of runs with a rule of selection.

    Attributes:
        study: the study's name.
        name: its own.
        description: one line; empty where the configuration gives none.
        metric: the validation score that its candidates are ranked by.
        settings: what the configuration says of it: recipes, models with their grids, budget, seeds.
        candidates: by recipe, the best on validation first; each has ``model``, ``slug``, ``mean``, ``seeds`` and
            ``diverged``.
        runs: those of its runs that lie in the results.
        expected: how many runs it has when all are done.
        reduced: whether it has less budget, seeds or data than the full settings; None where that is not known yet.
    """

    study: str
    name: str
    description: str
    metric: str
    settings: Mapping[str, Any]
    candidates: Mapping[str, Sequence[Mapping[str, Any]]]
    runs: Runs
    expected: int
    reduced: bool | None

    def __repr__(self) -> str:
        return f"Experiment({self.study}/{self.name}, {len(self.runs)} of {self.expected} runs)"


class Plans(NamedTuple):
    """What was read of plans.

    Attributes:
        whole: by study, the plan that its tables were made from, where they are made.
        by_experiment: by study and experiment, the plan that says what its runs are.
        unread: a line for each file that cannot be read, of another version for example.
    """

    whole: dict[str, StudyPlan]
    by_experiment: dict[tuple[str, str], StudyPlan]
    unread: list[str]


def read_plans(root: Path, studies: Iterable[str]) -> Plans:
    """Return what the settings beside tables and selections say; a selection's own are newer than the tables'.

    Args:
        root: the results folder.
        studies: names of the studies in it.
    """
    found = Plans({}, {}, [])
    for study in studies:
        files = [root / study / "tables" / "study.json", *sorted((root / study / "selection").glob("*/study.json"))]
        for path in filter(Path.exists, files):
            try:
                plan = StudyPlan(read_json(path), {})
                names = plan.runs_of.keys()  # expands the grids: settings of another version end here
            except (ReplisomeError, KeyError, TypeError, ValueError) as error:
                why = f"cannot be read by replisome {__version__} ({error}); its experiment is left out"
                found.unread.append(f"{path}: {why}")
                continue
            if path.parent.name == "tables":
                found.whole[study] = plan
                found.by_experiment.update({(study, name): plan for name in names})
            elif path.parent.name in names:
                found.by_experiment[study, path.parent.name] = plan
    return found
