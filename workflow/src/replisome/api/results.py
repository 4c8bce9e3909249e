"""A results folder opened: its runs, scores, claims, experiments and predictions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from replisome import __version__
from replisome.api.experiments import Experiment, Plans, read_plans
from replisome.api.run_lists import Runs
from replisome.api.run_paths import CONFIG, root_of
from replisome.api.runs import Run
from replisome.config.plan import StudyPlan
from replisome.errors import ReplisomeError, did_you_mean
from replisome.tracking.stage_key import RECORD
from replisome.tracking.verify import read_verified

if TYPE_CHECKING:
    import pandas as pd

RUNS = "*/*/runs/*/*/seed=*"  # below a results folder
CLAIMS = "claims.json"
LEVELS = 7  # from a file of a run's test folder up to the results folder


def open_results(path: str | Path) -> Results:
    """Open a results folder, finished or not, such as ``results/demo``.

    Args:
        path: the folder, or any folder or file in it.

    Returns:
        The results. Nothing is read yet but the names of the runs; what lies there is compared with its records where
        it is read.

    Raises:
        ReplisomeError: no results lie there; says where some do, if any are near.
    """
    given = Path(path)
    root = root_of(given) or next(_above(given), None) if given.exists() else None
    if root is not None:
        return Results(root)
    near = given if given.is_dir() else given.parent
    inside = sorted({str(run.parents[5]) for run in near.glob(f"*/{RUNS}")}) if near.is_dir() else []
    what = "holds no results" if given.exists() else "there is no such folder"
    hint = (
        f"; open one of these: {', '.join(inside)}"
        if inside
        else "; give the folder of a configuration, such as results/demo, which the workflow makes"
    )
    raise ReplisomeError(f"{given}: {what}{hint}.")


def _above(given: Path) -> Iterator[Path]:
    """Yield the results folders that a folder or file is, or lies in: those that hold runs, or prepared data, there."""
    if any(given.glob(RUNS)) or _has_recipes(given, "*"):
        yield given
    for folder in list(given.parents)[:LEVELS]:
        study = given.relative_to(folder).parts[0]
        if any((folder / study).glob(RUNS.partition("/")[2])) or _has_recipes(folder, study):
            yield folder


def _has_recipes(folder: Path, study: str) -> bool:
    return any(path.with_name(RECORD).exists() for path in folder.glob(f"{study}/*/recipe.json"))


class Results:
    """What lies in a results folder. Opened by :func:`open_results`.

    Attributes:
        root: the folder.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._cards: dict[tuple[str, str], Mapping[str, Any]] = {}

    @cached_property
    def studies(self) -> tuple[str, ...]:
        """Names of the studies that have anything in the folder."""
        found = {path.parents[1].name for path in self.root.glob("*/*/recipe.json")}
        return tuple(sorted(found | {folder.parents[4].name for folder in self._folders}))

    @cached_property
    def runs(self) -> Runs:
        """All runs that have begun, in the order of their paths; ``runs.where(...)`` picks, ``runs[0]`` takes one."""
        return Runs([Run(folder, self.root, self._members.get(self._name(folder), ())) for folder in self._folders])

    @cached_property
    def _folders(self) -> list[Path]:
        found = [folder for folder in self.root.glob(RUNS) if (folder / CONFIG).is_file()]
        return sorted(found, key=lambda folder: (folder.parent, int(folder.name.removeprefix("seed="))))

    def _name(self, folder: Path) -> str:
        return folder.relative_to(self.root).as_posix()

    def run(self, path: str | Path) -> Run:
        """Return one run.

        Args:
            path: its folder, below the results folder or from where you are.

        Returns:
            The run.

        Raises:
            ReplisomeError: there is none.
        """
        for folder in (self.root / path, Path(path)):
            place, own = folder.absolute(), self.root.absolute()
            if (folder / CONFIG).is_file() and place.is_relative_to(own):
                inside = place.relative_to(own).as_posix()
                return Run(self.root / inside, self.root, self._members.get(inside, ()))
        near = did_you_mean(str(path), map(self._name, self._folders))
        if not near.startswith("; did"):  # a thousand names help nobody
            near = f"; it has {len(self._folders)} runs, which .runs and 'replisome show {self.root} STUDY' list"
        raise ReplisomeError(f"{self.root}: has no run '{path}'{near}")

    @cached_property
    def _plans(self) -> Plans:
        return read_plans(self.root, self.studies)

    def plan(self, study: str) -> StudyPlan | None:
        """Return a study's whole plan, which its tables were made from, or None where they are not made yet."""
        return self._plans.whole.get(study)

    @cached_property
    def _members(self) -> dict[str, tuple[str, ...]]:
        """By the folder of a run, the experiments that it is part of."""
        found: dict[str, list[str]] = {}
        for (_, name), plan in self._plans.by_experiment.items():
            for run in plan.runs_of[name]:
                found.setdefault(run.directory, []).append(name)
        return {folder: tuple(names) for folder, names in found.items()}

    @cached_property
    def experiments(self) -> Mapping[str, Experiment]:
        """Experiments by ``<study>/<name>``; of an unfinished folder those whose selection was made."""
        return {
            f"{study}/{name}": self._experiment(study, name, plan)
            for (study, name), plan in sorted(self._plans.by_experiment.items(), key=lambda one: one[0])
        }

    def _experiment(self, study: str, name: str, plan: StudyPlan) -> Experiment:
        block = plan.experiments[name]
        selection = self.root / study / "selection" / name / "selection.json"
        wanted = {run.directory for run in plan.runs_of[name]}
        return Experiment(
            study=study,
            name=name,
            description=block.get("description", ""),
            metric=block["select"]["metric"],
            settings=block,
            candidates=read_verified(selection)["recipes"] if selection.exists() else {},
            runs=Runs([run for run in self.runs if run.name in wanted]),
            expected=len(wanted),
            reduced=self._reduced(study, name),
        )

    def _reduced(self, study: str, experiment: str) -> bool | None:
        plan = self.plan(study)
        return None if plan is None or experiment not in plan.experiments else plan.reduced(experiment)

    def reduced(self, run: Run) -> bool | None:
        """Say whether a run has less budget, seeds or data than the full settings; None where that is not known yet."""
        found = [self._reduced(run.study, name) for name in run.experiments]
        return None if not found or None in found else any(found)

    def card(self, study: str, recipe: str) -> Mapping[str, Any]:
        """Return a recipe's card.json: what its data are, for people.

        Args:
            study: the study's name.
            recipe: the recipe's name.

        Returns:
            ``counts`` by split, ``protocol``, ``control`` (the simulation's name or None), ``origin`` (where the file
            comes from, and whether it is a stand-in; None of a control), and what the study adds.

        Raises:
            ReplisomeError: the recipe was not prepared here.
        """
        if (study, recipe) not in self._cards:
            self._cards[study, recipe] = read_verified(self.root / study / recipe / "card.json")
        return self._cards[study, recipe]

    def metrics(self, what: str = "scores") -> pd.DataFrame:
        """Return all numbers of all runs as one tidy table, read from what the runs left.

        Args:
            what: "scores" (validation and test at the weights that were kept), "curves" (each round), or "costs"
                (parameters, seconds, bytes, items).

        Returns:
            A row a number, with the columns that :data:`replisome.api.metrics.COLUMNS` lists and explains. Runs that
            are not finished have none.

        Raises:
            ReplisomeError: no such choice, or a run's file is damaged.
        """
        from replisome.api.metrics import metrics  # noqa: PLC0415 -- pandas is slow to import

        return metrics(self, what)

    def verdicts(self) -> list[Mapping[str, Any]]:
        """Return the claims that were judged, as claims.json has them (schema: workflow/schemas/verdicts.schema.yaml).

        Raises:
            ReplisomeError: none was judged yet, and what to run.
        """
        if not self._verdicts:
            raise ReplisomeError(
                f"{self.root}: no claims are judged here yet; the workflow's target 'claims' does that, with the same "
                "configuration (snakemake claims --cores 2 --configfile ...)."
            )
        return self._verdicts

    @cached_property
    def _verdicts(self) -> list[Mapping[str, Any]]:
        files = [path for study in self.studies if (path := self.root / study / CLAIMS).exists()]
        return [claim for path in files for claim in read_verified(path)["claims"]]

    def claims(self) -> pd.DataFrame:
        """Return the verdicts: a row a claim and protocol.

        Returns:
            Columns as in claims.csv: ``study``, ``id``, ``role``, ``owner``, ``kind``, ``protocol`` (reported or
            sound), ``verdict``, ``reason``, ``estimate`` with its interval ``low`` to ``high`` in ``unit``,
            ``reported`` (the paper's value), ``p``, ``survives`` (whether the verdict would, were all claims asked at
            once), ``caps`` and ``flags`` (joined by "; "), ``decides`` (what would decide an open claim), ``look``,
            ``verdict_id``, ``plain`` (the claim in words).

        Raises:
            ReplisomeError: none was judged yet.
        """
        import pandas as pd  # noqa: PLC0415 -- slow to import

        from replisome.claims.rows import COLUMNS, rows  # noqa: PLC0415

        found = [row for claim in self.verdicts() for row in rows(claim)]
        numbers = dict.fromkeys(("estimate", "low", "high", "reported", "p"), "float64")
        return pd.DataFrame(found, columns=list(COLUMNS)).astype(numbers)

    def predictions(self, run: Run | str | Path, split: str = "test", weights: str | None = None) -> pd.DataFrame:
        """Return what a run predicted of each item of a split, as :meth:`Run.predictions` does.

        Args:
            run: a run, or its folder.
            split: "test" or "validation".
            weights: "best" or "last"; by default those that the selection goes by.

        Returns:
            A row an item.

        Raises:
            ReplisomeError: no such run, or it has no such predictions.
        """
        return (run if isinstance(run, Run) else self.run(run)).predictions(split, weights)

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know of the whole folder, a line each: what is unfinished, what other versions made."""
        unfinished = sum(not run.finished for run in self.runs)
        found = [f"{unfinished} of {len(self.runs)} runs are not finished"] if unfinished else []
        versions = Counter(filter(None, (self._version(run) for run in self.runs if run.finished)))
        for version, count in versions.items():
            if version != __version__:
                found.append(
                    f"{count} of {len(self.runs)} runs were made by replisome {version}, and this is {__version__}: "
                    "what it cannot read it says; the workflow would make anew what has changed since"
                )
        return (*found, *self._plans.unread)

    def _version(self, run: Run) -> str | None:
        """Return which version made a run; None where its record cannot be read, which its study says."""
        try:
            return str(run.provenance.get("replisome"))
        except ReplisomeError:
            return None

    def __repr__(self) -> str:
        said = "".join(f"\n  note: {note}" for note in self.notes)
        return f"Results({str(self.root)!r}: {', '.join(self.studies)}; {len(self.runs)} runs){said}"
