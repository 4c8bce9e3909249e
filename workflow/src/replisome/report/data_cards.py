"""What the data of a study are, as plain tables: recipes, items of each class, and the files they come from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from replisome.analysis.results import StudyResults
from replisome.analysis.variants import data_kind, data_name
from replisome.data.splits import SPLITS
from replisome.report.tables import Shown, as_rows

MOST_CLASSES = 24  # with more, classes are counted in the card's file alone


def recipes_table(study: StudyResults) -> Shown:
    """Return a row a recipe: how its data were split and normalised, how many items there are, the best possible."""
    rows = []
    for recipe, found in study.cards.items():
        card = study.card(recipe)
        subject = study.plan.implementation.subject
        rows.append(
            {
                "recipe": recipe,
                **({subject: data_name(study, recipe)} if subject else {}),
                "protocol": "control" if card["control"] else card["protocol"],
                "data": data_kind(card),
                "source": card["origin"]["file"] if card["origin"] else card["control"],
                "split": card["split"],
                "normalisation": card["normalisation"],
                **{f"{split} {study.plan.implementation.items}": _total(card["counts"][split]) for split in SPLITS},
                **_ceiling(study, found),
            }
        )
    return as_rows(rows)


def classes_table(study: StudyResults) -> Shown | None:
    """Return how many items of each class every recipe's splits have; None where a study has no classes, or many."""
    counted = {recipe: card for recipe, card in study.cards.items() if "class_names" in card}
    names = dict.fromkeys(name for card in counted.values() for name in card["class_names"])
    if not 0 < len(names) <= MOST_CLASSES:
        return None
    rows = []
    for name in names:
        numbers = {
            f"{recipe}: {split}": card["counts"][split][card["class_names"].index(name)]
            for recipe, card in counted.items()
            if name in card["class_names"]
            for split in SPLITS
        }
        rows.append({"class": name, **numbers})
    return as_rows(rows)


def sources(study: StudyResults, ledger: Mapping[str, Mapping[str, Any]]) -> list[dict[str, str]]:
    """Return the files that the data come from, each once: version, checksum, licence, citation, what stands in.

    Args:
        study: its results.
        ledger: the data sets, by name.
    """
    found: dict[str, dict[str, str]] = {}
    for recipe in study.cards:
        card = study.card(recipe)
        own = [(card["dataset"] or "", card["origin"])] if card["origin"] else []
        for name, origin in [*own, *((str(one.get("dataset", "")), one) for one in card["companions"])]:
            entry = ledger.get(name, {})
            found[origin["sha256"]] = {
                "file": origin["file"],
                "version": origin["version"],
                "from": str(origin.get("from", "")),
                "sha256": origin["sha256"],
                "licence": str(entry.get("licence", "")),
                "citation": str(entry.get("citation", "")),
                "stand_in": origin["stand_in"] or "",
            }
    return list(found.values())


def _total(counted: Any) -> int:
    return sum(counted) if isinstance(counted, list) else int(counted)


def _ceiling(study: StudyResults, card: Mapping[str, Any]) -> dict[str, Any]:
    if "ceiling" not in card:
        return {}
    score = study.plan.implementation.score(card["ceiling"]["metric"])
    return {f"best possible {score.title}": score.written(card["ceiling"]["expected"])}
