"""Scores against epoch."""

from __future__ import annotations

from matplotlib.axes import Axes

from replisome.analysis.curves import score_curves
from replisome.analysis.declare import figure
from replisome.analysis.panels import by_recipe, level
from replisome.analysis.plots import Drawn
from replisome.analysis.results import StudyResults
from replisome.analysis.variants import selected_score, variants


@figure("Validation score against epoch")
def validation_curves(study: StudyResults) -> Drawn:
    """The score that models are chosen by, on validation, after each epoch.

    Lines are means over seeds, bands their range. The dotted line is the best possible accuracy of the control.
    """
    score = selected_score(study, variants(study)[0])

    def draw(panel: Axes, recipe: str) -> None:
        score_curves(panel, study, [v for v in variants(study) if v.recipe == recipe], "validation", score.name)
        ceiling = study.cards[recipe].get("ceiling")
        if ceiling and ceiling["metric"] == score.name:
            level(panel, score.scale * ceiling["expected"], "best possible")

    return by_recipe(study, list(study.plan.recipes), draw, "epoch", f"validation {score.heading}")
