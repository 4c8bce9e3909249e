"""Loss and score against epoch; recipes stand in panels of their own."""

from __future__ import annotations

from matplotlib.axes import Axes

from replisome.analysis.curves import score_curves
from replisome.analysis.declare import figure
from replisome.analysis.panels import by_recipe, level
from replisome.analysis.plots import Drawn
from replisome.analysis.results import StudyResults
from replisome.studies.bloodmnist.predictions import in_order, recipe_scores, softmax_floor


@figure("Training loss against epoch")
def training_loss(study: StudyResults) -> Drawn:
    """Training loss against epoch. Lines are means over seeds, bands their range.

    Thin dotted curves are the loss of a sample of training images in evaluation mode, after each epoch.
    The level dotted line is the lowest value that the cross-entropy can have when a softmax comes before it.
    """

    def draw(panel: Axes, recipe: str) -> None:
        members = in_order(study, recipe)
        score_curves(panel, study, members, "train", "loss")
        if any(variant.gives == "probabilities" for variant in members):
            classes = len(study.cards[recipe]["class_names"])
            floor = softmax_floor(classes)
            level(panel, floor, f"floor with softmax, {floor:.3f}")
        panel.set_ylim(bottom=0)

    return by_recipe(study, list(study.plan.recipes), draw, "epoch", "training loss (cross-entropy, nats)")


@figure("Validation accuracy against epoch")
def validation_accuracy(study: StudyResults) -> Drawn:
    """Validation accuracy against epoch, or whichever score the experiment selects by.

    Lines are means over seeds, bands their range. The best epoch of each run is chosen on this curve and on nothing
    else.
    """
    return _score(study, "validation")


@figure("Test accuracy against epoch")
def test_accuracy(study: StudyResults) -> Drawn:
    """Test accuracy against epoch, or whichever score the experiment selects by.

    The assignment asks for this curve. It is recorded and never used: neither the epoch nor the model is chosen by it.
    """
    return _score(study, "test")


def _score(study: StudyResults, split: str) -> Drawn:
    scores = recipe_scores(study)

    def draw(panel: Axes, recipe: str) -> None:
        score, ceiling = scores[recipe], study.cards[recipe].get("ceiling")
        score_curves(panel, study, in_order(study, recipe), split, score.name)
        if ceiling and ceiling["metric"] == score.name:
            level(panel, score.scale * ceiling["expected"], "best possible")

    def y(recipe: str) -> str:
        return f"{split} {scores[recipe].heading}"

    return by_recipe(study, list(scores), draw, "epoch", y, sharey=len(set(scores.values())) == 1)
