"""How training went, epoch by epoch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product

from matplotlib.axes import Axes

from replisome.analysis import plots
from replisome.analysis.curves import score_curves
from replisome.analysis.declare import figure
from replisome.analysis.panels import Heading, by_panel, by_recipe, heading, level
from replisome.analysis.plots import Drawn
from replisome.analysis.results import StudyResults
from replisome.analysis.variants import Variant, evaluated_variants, label, selected_score
from replisome.studies.proteinnet.paper import LENGTH_TABLE, SIMPLE, is_long_run
from replisome.studies.proteinnet.predictions import is_reported, level_of, trained

SPLITS = {"train": "training while it went on", "validation": "validation", "test": "test (recorded, never used)"}
UNIT = "Å^2 a pair"  # of the loss where it is not the report's own
NOTHING_TRAINED = "This configuration trains nothing."


@figure("Loss against epoch", pages=2)
def loss_curves(study: StudyResults) -> Drawn:
    """Loss of all networks against epoch, a panel a split.

    Training losses are means over the steps of an epoch, with dropout at work; the other losses are taken after the
    epoch, without dropout, and so are those of a sample of training chains, thin dotted lines. Bands are the range over
    seeds, and level dotted lines are the two predictors that learn next to nothing. A network that fits with dropout
    and fails without it depends on the dropout noise.
    """
    return _by_split(study, {r: _trained(study, r, long=False) for r in study.plan.recipes}, NOTHING_TRAINED)


@figure("The score that runs are selected by", pages=2)
def selected_scores(study: StudyResults) -> Drawn:
    """The validation score that the recipe's networks are selected by, after each epoch.

    Lines are means over seeds and bands are their range. Networks of a recipe that are selected by another score than
    the first one are left out, and so is the long run.
    """
    members = {recipe: _trained(study, recipe, long=False) for recipe in study.plan.recipes}
    scores = {recipe: selected_score(study, found[0]) for recipe, found in members.items() if found}

    def draw(panel: Axes, recipe: str) -> None:
        alike = [variant for variant in members[recipe] if selected_score(study, variant) == scores[recipe]]
        score_curves(panel, study, alike, "validation", scores[recipe].name)

    def y(recipe: str) -> str:
        return f"validation {scores[recipe].heading}"

    return by_recipe(study, list(scores), draw, "epoch", y, nothing=NOTHING_TRAINED)


@figure("The long run", pages=2)
def long_run(study: StudyResults) -> Drawn:
    """Loss of the improved network when it is trained for longer, with the simple network beside it, a panel a split.

    Bands are the range over seeds, and dotted lines are the two predictors that learn next to nothing.
    """
    members = {}
    for recipe in study.plan.recipes:
        simple = [variant for variant in trained(study, recipe) if label(study, variant) == SIMPLE]
        found = _trained(study, recipe, long=True)
        members[recipe] = [*found, *simple] if found else []
    return _by_split(study, members, "This configuration has no long run.")


def _trained(study: StudyResults, recipe: str, *, long: bool) -> list[Variant]:
    return [variant for variant in trained(study, recipe) if is_long_run(variant) == long]


def _by_split(study: StudyResults, members: Mapping[str, Sequence[Variant]], nothing: str) -> Drawn:
    """Return pages of losses with a row a recipe and a panel a split."""
    recipes = [recipe for recipe, found in members.items() if found]
    paper_loss = study.plan.implementation.score("paper_loss")

    def draw(panel: Axes, key: tuple[str, str]) -> None:
        recipe, split = key
        scale = paper_loss.scale if is_reported(study, recipe) else 1.0
        score_curves(panel, study, members[recipe], split, "loss", scale)
        for variant in evaluated_variants(study, recipe, ["baseline"]):
            if label(study, variant) != LENGTH_TABLE:
                level(panel, level_of(study, variant, split, "loss") * scale, label(study, variant))
        plots.log_scale(panel, "y")

    def y(key: tuple[str, str]) -> str:
        return f"loss ({f'{paper_loss.unit} a protein' if is_reported(study, key[0]) else UNIT})"

    headings = {
        (recipe, split): Heading(f"{recipe}: {SPLITS[split]}", heading(study, recipe).about)
        for recipe, split in product(recipes, SPLITS)
    }
    return by_panel(headings, draw, "epoch", y, columns=len(SPLITS), rows_alike=True, nothing=nothing)
