"""The next round: which configurations open claims use, how many seeds they get, and about how long that takes.

Nothing slow is imported here: the workflow asks before it plans its jobs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from replisome.claims.supplement import ROLES
from replisome.config.catalogue import model_traits
from replisome.config.grid import Run
from replisome.config.plan import StudyPlan
from replisome.config.rounds import Configuration, next_round
from replisome.errors import ReplisomeError
from replisome.tracking.stage_key import RECORD
from replisome.tracking.verify import read_record

# Why a claim has no interval, or no look, that more seeds would give it.
TOO_FEW_SEEDS = ("one seed", "fewer seeds than the first round has")
PARTS = ("", "pilot", "test", "explanation")  # of a run's folder, each with a record


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
    """What a study's next round is. Together the lists of claims name all that are open, as ``id (protocol)``.

    Attributes:
        raises: a configuration each.
        claims: open claims that get seeds.
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
        lists = ("claims", "left", "hopeless", "spent")
        return {"raises": [asdict(one) for one in self.raises], **{name: list(getattr(self, name)) for name in lists}}


def open_verdicts(claims: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Yield the open verdicts of a study with rounds: the name ``id (protocol)``, the claim's role, the verdict.

    Args:
        claims: as written in claims.json. Verdicts that a cap keeps low have no look, and are not among them.
    """
    for claim in claims:
        for protocol, verdict in claim["verdicts"].items():
            if verdict["look"] and verdict["look"]["decided"] is None:
                yield f"{claim['id']} ({protocol})", claim["role"], verdict


def plan_round(
    plan: StudyPlan, claims: Sequence[Mapping[str, Any]], results: Path, hours: float | None = None
) -> NextRound:
    """Return the next round of a study.

    A claim's arms are raised to the round after that of the arm with the fewest seeds.

    Args:
        plan: of the study, with the seeds that it has, after its searches.
        claims: as written in claims.json, judged with those.
        results: the results folder, whose records tell how long runs take.
        hours: what the new runs may take, one after the other; None: as long as it takes. Headline claims are served
            first, then those that cost least. A claim gets the seeds of all its arms or of none.
    """
    waiting: list[tuple[int, str, list[Raise]]] = []
    hopeless, spent = [], []
    runs = {run.directory: run for run in plan.runs}
    for name, role, verdict in open_verdicts(claims):
        arms = _configurations(plan, [runs[folder] for folder in dict.fromkeys(verdict["runs"]) if folder in runs])
        if not arms or not _seeds_may_decide(verdict):
            hopeless.append(name)
            continue
        number = next_round(plan.rounds, min(map(len, arms)))
        if number is None:
            spent.append(name)
        else:
            raises = [_raise(own, number, results) for own in arms if len(own) < number]
            waiting.append((ROLES.index(role), name, raises))
    chosen: dict[Configuration, Raise] = {}
    served, left = [], []
    for _, name, raises in sorted(waiting, key=lambda one: (one[0], sum(r.seconds for r in one[2]), one[1])):
        more = {r.configuration: r for r in raises if _given(chosen, r.configuration) < r.seeds}
        if hours is not None and sum(r.seconds for r in {**chosen, **more}.values()) > 3600 * hours:
            left.append(name)
            continue
        chosen |= more
        served.append(name)
    return NextRound(tuple(chosen.values()), tuple(served), tuple(left), tuple(hopeless), tuple(spent))


def _given(chosen: Mapping[Configuration, Raise], configuration: Configuration) -> int:
    return chosen[configuration].seeds if configuration in chosen else 0


def _seeds_may_decide(verdict: Mapping[str, Any]) -> bool:
    """Say whether more seeds may decide an open claim.

    They do not where the items alone leave too much room, and where it has no interval for another reason than that
    there are too few seeds.
    """
    if verdict["decides"] and verdict["decides"]["items_factor"] is not None:
        return False
    return verdict["low"] is not None or verdict["reason"] in TOO_FEW_SEEDS


def _configurations(plan: StudyPlan, runs: Sequence[Run]) -> list[list[Run]]:
    """Return the runs of an arm each: of networks, for seeds of what is solved differ in nothing.

    None at all where one of them has fewer seeds than its fellows because a search has dropped it.
    """
    found: dict[Configuration, list[Run]] = {}
    for run in runs:
        if not plan.has_all_seeds(vars(run)):
            return []
        if model_traits(run.model).kind == "network":
            found.setdefault((run.recipe, run.model, run.slug), []).append(run)
    return list(found.values())


def _raise(runs: Sequence[Run], number: int, results: Path) -> Raise:
    """Return what it takes to give a configuration so many seeds."""
    run = runs[0]
    seconds = [took for one in runs if (took := seconds_of(results / one.directory)) is not None]
    mean = sum(seconds) / len(seconds) if seconds else 0.0
    return Raise(run.recipe, run.model, run.slug, len(runs), number, mean * (number - len(runs)))


def seconds_of(folder: Path) -> float | None:
    """Return how long a run took with all that was asked of it, as its records say; None where it has none."""
    found = []
    for part in PARTS:
        try:
            found.append(float(read_record(folder / part / RECORD)["seconds"]))
        except (ReplisomeError, KeyError):  # not asked for, or of an earlier version
            continue
    return sum(found) if found else None
