"""The next round: which configurations open claims use, how many seeds they get, and about how long that takes.

Nothing slow is imported here: the workflow asks before it plans its jobs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from replisome.config.catalogue import model_traits
from replisome.config.grid import Run
from replisome.config.plan import StudyPlan
from replisome.config.rounds import Configuration, next_round
from replisome.errors import ReplisomeError
from replisome.tracking.stage_key import RECORD
from replisome.tracking.verify import read_record

OPEN = "inconclusive"
NO_SPREAD = "one seed"  # why a claim is open whose spread nothing tells yet
ROLES = ("headline", "detail", "background")  # in this order claims are served where time is short


@dataclass(frozen=True)
class Raise:
    """More seeds for a configuration.

    Attributes:
        recipe: of its runs.
        model: of its runs.
        slug: what their path shows.
        before: how many seeds it has.
        seeds: how many it gets in all.
        seconds: what the new runs take one after the other, as long as its runs took so far.
    """

    recipe: str
    model: str
    slug: str
    before: int
    seeds: int
    seconds: float

    @property
    def configuration(self) -> Configuration:
        """What its runs share."""
        return (self.recipe, self.model, self.slug)


@dataclass(frozen=True)
class NextRound:
    """What a study's next round is.

    Attributes:
        raises: a configuration each.
        claims: the open claims that get seeds, as ``id (protocol)``.
        left: open claims for which there is no time.
        hopeless: open claims that no number of seeds decides: they get none.
        spent: open claims whose runs have had all rounds.
    """

    raises: tuple[Raise, ...]
    claims: tuple[str, ...]
    left: tuple[str, ...] = ()
    hopeless: tuple[str, ...] = ()
    spent: tuple[str, ...] = ()

    @property
    def seconds(self) -> float:
        """What all new runs take, one after the other."""
        return sum(one.seconds for one in self.raises)

    @property
    def runs(self) -> int:
        """How many runs are added."""
        return sum(one.seeds - one.before for one in self.raises)

    def as_json(self) -> dict[str, Any]:
        """Return it as it is written."""
        return {**asdict(self), "raises": [asdict(one) for one in self.raises]}


def plan_round(
    plan: StudyPlan, claims: Sequence[Mapping[str, Any]], results: Path, hours: float | None = None
) -> NextRound:
    """Return the next round of a study.

    Args:
        plan: of the study, with the seeds that it has.
        claims: as written in claims.json, judged with those.
        results: the results folder, whose records tell how long runs take.
        hours: what the new runs may take, one after the other; None: as long as it takes. Headline claims are served
            first, then those that cost least. A claim gets the seeds of all its arms or of none.
    """
    open_claims: list[tuple[int, str, list[Raise]]] = []
    hopeless, spent = [], []
    known: dict[Configuration, Raise | None] = {}
    runs = {run.directory: run for run in plan.runs}
    for claim in claims:
        for protocol, verdict in claim["verdicts"].items():
            if verdict["verdict"] != OPEN or not verdict["runs"]:
                continue
            name = f"{claim['id']} ({protocol})"
            if not _seeds_may_decide(verdict):
                hopeless.append(name)
                continue
            members = _configurations([runs[folder] for folder in verdict["runs"] if folder in runs])
            for key, own in members.items():
                if key not in known:
                    known[key] = _raise(plan, own, results)
            raises = [one for key in members if (one := known[key])]
            if raises:
                open_claims.append((ROLES.index(claim["role"]), name, raises))
            else:
                spent.append(name)
    chosen: dict[Configuration, Raise] = {}
    served, left = [], []
    for _, name, raises in sorted(open_claims, key=lambda one: (one[0], sum(r.seconds for r in one[2]), one[1])):
        more = {one.configuration: one for one in raises if one.configuration not in chosen}
        if hours is not None and sum(r.seconds for r in (*chosen.values(), *more.values())) > 3600 * hours:
            left.append(name)
            continue
        chosen |= more
        served.append(name)
    return NextRound(tuple(chosen.values()), tuple(served), tuple(left), tuple(hopeless), tuple(spent))


def _seeds_may_decide(verdict: Mapping[str, Any]) -> bool:
    """Say whether more seeds may decide an open claim.

    They do not where the items alone leave too much room, where a cap keeps it open, and where it has no interval for
    another reason than that one seed tells no spread.
    """
    if verdict["caps"] or (verdict["decides"] and verdict["decides"]["items_factor"] is not None):
        return False
    return verdict["low"] is not None or verdict["reason"] == NO_SPREAD


def _configurations(runs: Sequence[Run]) -> dict[Configuration, list[Run]]:
    """Return the runs of networks by configuration; the seeds of what is solved differ in nothing."""
    found: dict[Configuration, list[Run]] = {}
    for run in runs:
        if model_traits(run.model).kind == "network":
            found.setdefault((run.recipe, run.model, run.slug), []).append(run)
    return found


def _raise(plan: StudyPlan, runs: Sequence[Run], results: Path) -> Raise | None:
    """Return the next round of a configuration, or None where it has had the last."""
    number = next_round(plan.rounds, len(runs))
    if number is None:
        return None
    run = runs[0]
    seconds = [_seconds(results / one.directory) for one in runs]
    mean = sum(seconds) / len(seconds)
    return Raise(run.recipe, run.model, run.slug, len(runs), number, mean * (number - len(runs)))


def _seconds(folder: Path) -> float:
    """Return how long a run took with all that was asked of it, as its records say."""
    found = 0.0
    for part in ("", "test", "explanation"):
        try:
            found += float(read_record(folder / part / RECORD)["seconds"])
        except (ReplisomeError, KeyError):  # not asked for, or of an earlier version
            continue
    return found
