"""How training went, epoch by epoch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from replisome.analysis.declare import figure
from replisome.analysis.panels import by_recipe, heading, level, score_curves
from replisome.analysis.plots import LeftOut, grid, log_scale
from replisome.analysis.results import StudyResults
from replisome.analysis.variants import Variant, evaluated_variants, label, selected_score
from replisome.studies.proteinnet.paper import LENGTH_TABLE, SIMPLE, is_long_run
from replisome.studies.proteinnet.predictions import is_reported, level_of, trained

SPLITS = {"train": "training (while it went on)", "validation": "validation", "test": "test (recorded, never used)"}
NOTHING_TRAINED = "This configuration trains nothing."


@figure("Loss against epoch")
def loss_curves(study: StudyResults) -> Figure | LeftOut:
    """Loss of all networks against epoch, a panel a split.

    Training losses are means over the steps of an epoch, with dropout at work; the other losses are taken after the
    epoch, without dropout, and so are those of a sample of training chains, thin dotted lines. Bands are the range over
    seeds, and level dotted lines are the two predictors that learn next to nothing. A network that fits with dropout
    and fails without it depends on the dropout noise.
    """
    return _by_split(study, {r: _trained(study, r, long=False) for r in study.plan.recipes}, NOTHING_TRAINED)


@figure("The score that runs are selected by")
def selected_scores(study: StudyResults) -> Figure | LeftOut:
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

    return by_recipe(study, list(scores), draw, "epoch", y, sharey=False, nothing=NOTHING_TRAINED)


@figure("The long run")
def long_run(study: StudyResults) -> Figure | LeftOut:
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


def _by_split(study: StudyResults, members: Mapping[str, Sequence[Variant]], nothing: str) -> Figure | LeftOut:
    """Return a figure of losses with a row a recipe and a panel a split, or one that says ``nothing``."""
    recipes = [recipe for recipe, found in members.items() if found]
    if not recipes:
        return LeftOut(nothing)
    paper_loss = study.plan.implementation.score("paper_loss")
    figure, axes = grid(len(SPLITS) * len(recipes), sharey=False)
    for panel, (recipe, split) in zip(axes, product(recipes, SPLITS), strict=True):
        reported = is_reported(study, recipe)
        scale, unit = (paper_loss.scale, f"{paper_loss.unit} a protein") if reported else (1.0, "A^2 a pair")
        score_curves(panel, study, members[recipe], split, "loss", scale)
        for variant in evaluated_variants(study, recipe, ["baseline"]):
            if label(study, variant) != LENGTH_TABLE:
                level(panel, level_of(study, variant, split, "loss") * scale, label(study, variant))
        log_scale(panel, "y")
        panel.set_title(f"{heading(study, recipe)}\n{SPLITS[split]}")
        panel.set_xlabel("epoch")
        panel.set_ylabel(f"loss ({unit})")
        if panel.get_legend_handles_labels()[0]:
            panel.legend(fontsize=8)
    return figure
