"""What the best model of each recipe answers: which classes it confuses, where it is sure and wrong."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from sklearn.metrics import confusion_matrix as count_confusions

from replisome.analysis.declare import figure
from replisome.analysis.panels import by_recipe, heading
from replisome.analysis.plots import WIDTH, LeftOut
from replisome.analysis.results import StudyResults
from replisome.analysis.variants import label
from replisome.studies.bloodmnist.figures.data import images_of, short_names, show_images
from replisome.studies.bloodmnist.predictions import best_answers

LINES, IN_LINE = 2, 6  # mistakes that are shown of each recipe
MISTAKES = LINES * IN_LINE


@figure("Which classes are taken for which")
def confusion_matrix(study: StudyResults) -> Figure | LeftOut:
    """Which classes are taken for which by the model that is best on validation, on the test split (first seed).

    Each row adds up to 100 %; empty cells are zero.
    """

    def draw(panel: Axes, recipe: str) -> str:
        panel.grid(False)
        found = best_answers(study, recipe)
        if found is None:
            panel.text(0.5, 0.5, "no run of this recipe was tested", ha="center")
            return ""
        names = short_names(study, recipe)
        counts = count_confusions(found.table["label"], found.table["predicted"], labels=range(len(names)))
        share = 100 * counts / np.maximum(1, counts.sum(axis=1, keepdims=True))
        panel.imshow(share, cmap="Blues", vmin=0, vmax=100)
        for (row, column), value in np.ndenumerate(share):
            if counts[row, column]:
                text, colour = f"{value:.0f}" if value >= 1 else "<1", "white" if value > 55 else "black"
                panel.text(column, row, text, ha="center", va="center", color=colour)
        panel.set_xticks(range(len(names)), names, rotation=40, ha="right")
        panel.set_yticks(range(len(names)), [f"{n} (n={c})" for n, c in zip(names, counts.sum(axis=1), strict=True)])
        accuracy = 100 * np.trace(counts) / counts.sum()
        model, seed = label(study, found.variant), found.variant.runs[0].seed
        return f"{model}, seed {seed}: accuracy {accuracy:.1f} % of {counts.sum()}"

    recipes, y = list(study.plan.recipes), "true class, % of its images"
    return by_recipe(study, recipes, draw, "predicted class", y, sharey=False, height=6.4)


@figure("The most confident mistakes")
def mistakes(study: StudyResults) -> Figure | LeftOut:
    """The most confident mistakes of the model that is best on validation, on the test split (first seed).

    Some are worth a second look at the label.
    """
    recipes = list(study.plan.recipes)
    figure = Figure(figsize=(2 * WIDTH, (2.6 * LINES + 0.6) * len(recipes)), layout="constrained")
    for part, recipe in zip(figure.subfigures(len(recipes), 1, squeeze=False)[:, 0], recipes, strict=True):
        panels = part.subplots(LINES, IN_LINE).ravel()
        found = best_answers(study, recipe)
        if found is None:
            show_images(panels, [])
            part.suptitle(f"{heading(study, recipe)}: no run was tested")
            continue
        wrong = found.table.query("label != predicted")
        surest = wrong.assign(sure=[np.max(p) for p in wrong["probabilities"]]).nlargest(MISTAKES, "sure")
        show_images(panels, images_of(study, recipe, "test", surest["item"].to_numpy()))
        names = short_names(study, recipe, 22)
        what = (surest[column].to_list() for column in ("label", "predicted", "sure"))
        for panel, truth, predicted, sure in zip(panels, *what, strict=False):
            text = f"is {names[truth]}\ntaken for {names[predicted]}\n{sure:.1%} sure"
            panel.set_title(text, fontsize=8)
        name = label(study, found.variant)
        part.suptitle(f"{heading(study, recipe)}: {name}, {len(surest)} of {len(wrong)} mistakes", fontsize=12)
    return figure
