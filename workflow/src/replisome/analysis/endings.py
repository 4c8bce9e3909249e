"""How runs ended: which stopped before their budget and why, which diverged, which were made by other versions."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from replisome.analysis.results import StudyResults, VariantKey

MOST_NAMED = 8  # models that a note lists


class Ending(NamedTuple):
    """Of a run: why it stopped before its budget, or None, and with what it was made (``torch 2.13.0, ...``)."""

    stopped: str | None
    made_with: str

    @property
    def diverged(self) -> bool:
        """Say whether it stopped because its numbers were not finite."""
        return self.stopped is not None and self.stopped.startswith("diverged")


def endings(study: StudyResults) -> dict[VariantKey, list[Ending]]:
    """Return how the runs of a study ended, seed by seed."""

    def gather() -> dict[VariantKey, list[Ending]]:
        found: dict[VariantKey, list[Ending]] = {}
        runs = study.metrics.drop_duplicates(["recipe", "model", "hyperparameters", "seed"]).sort_values(
            "seed", kind="stable"
        )
        for row in runs.to_dict(orient="records"):
            stopped = row["stopped"] if isinstance(row["stopped"], str) else None
            key = (row["recipe"], row["model"], row["hyperparameters"])
            found.setdefault(key, []).append(Ending(stopped, row["made_with"]))
        return found

    return study.once("endings", gather)


def diverged_seeds(study: StudyResults, key: VariantKey) -> int:
    """Return how many seeds of a variant diverged, in their first round or later."""
    return sum(end.diverged for end in endings(study)[key])


def remarks(study: StudyResults, key: VariantKey) -> str | None:
    """Return what a reader must know of a variant's mean over seeds: which stopped early, which were made otherwise.

    Such as ``1 of 3: diverged in epoch 2`` or ``seeds differ in torch: 2.12.0, 2.13.0``; None where there is nothing.
    """
    ends = endings(study)[key]
    found = [
        reason if count == len(ends) else f"{count} of {len(ends)}: {reason}"
        for reason, count in Counter(end.stopped for end in ends).items()
        if reason is not None
    ]
    made: dict[str, set[str]] = {}
    for name, _, version in (part.partition(" ") for end in ends for part in end.made_with.split(", ")):
        made.setdefault(name, set()).add(version)
    found += [f"seeds differ in {name}: {', '.join(sorted(which))}" for name, which in made.items() if len(which) > 1]
    return "; ".join(found) or None


def divergence_notes(study: StudyResults) -> list[str]:
    """Return what a reader of the page must know of runs that diverged, and of choices among nothing else."""
    members = endings(study)
    lost = [
        f"{model} {slug} on {recipe} ({remarks(study, (recipe, model, slug))})"
        for recipe, model, slug in members
        if diverged_seeds(study, (recipe, model, slug))
    ]
    notes = []
    if lost:
        shown = "; ".join(lost[:MOST_NAMED]) + ("; and more" if len(lost) > MOST_NAMED else "")
        notes.append(
            f"Diverged: training of {len(lost)} of {len(members)} models came to numbers that are not finite. From "
            "there on they have no scores; where the tested weights are such, neither has the mean over seeds: "
            f"{shown}."
        )
    for experiment, chosen in study.selections.items():
        for recipe, candidates in chosen.items():
            lost_ones = sum(one["diverged"] > 0 for one in candidates)
            if candidates[0]["mean"] is None and lost_ones:
                notes.append(
                    f"No choice: no candidate of experiment {experiment} on recipe {recipe} has a score; {lost_ones} "
                    f"of {len(candidates)} diverged. The first of them stands where a choice is needed; nothing can "
                    "be read from it."
                )
    return notes
