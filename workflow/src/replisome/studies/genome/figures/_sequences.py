"""What stands together in a panel: recipes that read the same windows of one genome, whatever their encoding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from replisome.analysis.panels import Heading, heading
from replisome.analysis.results import StudyResults
from replisome.analysis.variants import Variant, data_name, label
from replisome.io import canonical_json
from replisome.studies.genome.predictions import encoding_of

SPLIT_NAMES = {
    "random": "random windows",
    "blocks": "blocks",
    "prefix80": "first 80 %, last 20 %",
    "homology": "no homologues",
    "sparse": "random windows, far apart",
}
SPLITS = tuple(SPLIT_NAMES)


def split_of(study: StudyResults, recipe: str) -> str:
    """Return which of :data:`SPLITS` a recipe has; random windows that stand far apart are one of their own."""
    return "sparse" if study.cards[recipe]["cut"]["step"] > 1 else str(study.plan.recipes[recipe]["split"])


def sequence(study: StudyResults, recipe: str) -> str:
    """Return what recipes have in common that read the same windows under one protocol."""
    block = study.plan.recipes[recipe]
    return canonical_json([block["source"], split_of(study, recipe), block["protocol"]])


def by_sequence(study: StudyResults, members: Mapping[str, Sequence[Variant]]) -> dict[str, list[Variant]]:
    """Return variants, which are given by recipe, by :func:`sequence`, those of one genome together, split by split.

    Recipes without any have no part in it.
    """
    recipes = [recipe for recipe, own in members.items() if own]
    genomes = list(dict.fromkeys(data_name(study, recipe) for recipe in recipes))
    recipes.sort(key=lambda r: (genomes.index(data_name(study, r)), SPLITS.index(split_of(study, r))))
    found: dict[str, list[Variant]] = {}
    for recipe in recipes:
        found.setdefault(sequence(study, recipe), []).extend(members[recipe])
    return found


def headings(study: StudyResults, members: Mapping[str, Sequence[Variant]]) -> dict[str, Heading]:
    """Return what stands above the panel of each sequence: its first recipe, genome, split, protocol."""
    found = {}
    for key, own in members.items():
        recipe = own[0].recipe
        genome = data_name(study, recipe)
        about = [part for part in heading(study, recipe).about if part != genome]
        found[key] = Heading(recipe, (genome.partition(",")[0], SPLIT_NAMES[split_of(study, recipe)], *about))
    return found


def name_of(study: StudyResults, variant: Variant) -> str:
    """Return a variant's name with its tokens, since a panel has several encodings; orders of counts have one name."""
    if variant.kind == "counts":
        return "counts of the order that is best on validation"
    k, stride = encoding_of(study, variant.recipe)
    return label(study, variant) + ("" if k == 1 else f", {k}-mers{' end to end' if stride > 1 else ''}")


def numbers(study: StudyResults, members: Mapping[str, Sequence[Variant]]) -> dict[str, int]:
    """Return a number for each name, so that it looks the same in all panels of a figure."""
    names = dict.fromkeys(name_of(study, variant) for own in members.values() for variant in own)
    return {name: number for number, name in enumerate(names)}
