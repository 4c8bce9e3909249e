"""What a score costs in time."""

from __future__ import annotations

from matplotlib.axes import Axes

from replisome.analysis.cost import cost_of
from replisome.analysis.declare import figure
from replisome.analysis.panels import by_recipe, style_number
from replisome.analysis.plots import Drawn, log_scale, look
from replisome.analysis.results import StudyResults
from replisome.analysis.variants import label, values_of
from replisome.studies.bloodmnist.predictions import in_order, recipe_scores


@figure("What accuracy costs")
def accuracy_and_cost(study: StudyResults) -> Drawn:
    """What accuracy costs. Each point is a run; up is better, left is cheaper.

    The score is the one that the experiment selects by, on validation.
    """
    scores = recipe_scores(study)
    times = study.pick(split="run", metric="seconds_training", role="cost")["value"]

    def draw(panel: Axes, recipe: str) -> None:
        score = scores[recipe]
        for variant in in_order(study, recipe):
            cost = cost_of(study, variant)
            found = values_of(study, variant, split="validation", metric=score.name, role=variant.weights)
            name = f"{label(study, variant)}, {cost.parameters / 1e6:.2g} M parameters"
            style = look(style_number(study, variant))
            panel.plot(cost.training, score.scale * found, **{**style, "ls": "none"}, label=name)
        log_scale(panel, "x")
        panel.set_xlim(times.min() / 2, times.max() * 2)

    def y(recipe: str) -> str:
        return f"validation {scores[recipe].heading}"

    x = "training time of a run (s, log scale)"
    return by_recipe(study, list(scores), draw, x, y, sharey=len(set(scores.values())) == 1)
