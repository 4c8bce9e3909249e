"""What a reader must know of a study before trusting a number of it."""

from __future__ import annotations

from replisome.analysis.endings import divergence_notes
from replisome.analysis.results import StudyResults
from replisome.config.plan import StudyPlan


def notes(study: StudyResults) -> list[str]:
    """Return what a reader must know before trusting a number."""
    found = []
    reduced = [name for name in study.plan.experiments if study.plan.reduced(name)]
    if reduced:
        found.append(f"Reduced budget: {', '.join(reduced)} ran on less than the reports' own epochs, steps and seeds.")
    if study.plan.rounds:
        found.append(_round_note(study.plan))
    stand_ins = {c["origin"]["stand_in"]: c["origin"]["file"] for c in study.cards.values() if c["origin"]}
    found.extend(f"Stand-in data: {file}: {note}." for note, file in stand_ins.items() if note)
    if any(card["control"] for card in study.cards.values()):
        found.append("Simulated data: these results test the pipeline, not the reports' claims.")
    return [*found, *divergence_notes(study)]


def _round_note(plan: StudyPlan) -> str:
    """Return which round of seeds a study has come to, and what that does to its intervals."""
    return (
        f"Round {plan.round_number} of {len(plan.rounds)}: what open claims use gets more seeds, round by round. "
        f"Intervals are {100 * plan.level:.3g} %, so that all rounds together err as seldom as one look at 95 %."
    )
