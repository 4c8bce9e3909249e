"""What the best model of each recipe answers: which classes it confuses, where it is sure and wrong."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from sklearn.metrics import confusion_matrix as count_confusions

from replisome.analysis import plots
from replisome.analysis.declare import figure
from replisome.analysis.panels import by_recipe, heading
from replisome.analysis.plots import Drawn, LeftOut
from replisome.analysis.results import StudyResults
from replisome.analysis.variants import label
from replisome.studies.bloodmnist.figures.data import images_of, short_names, show_image
from replisome.studies.bloodmnist.predictions import Answers, best_answers

IN_LINE = 4
MISTAKES = plots.PANELS  # that are shown of each recipe
DARK = 55  # percent: on darker cells text is white
NOTHING = "No run was tested."


@figure("Which classes are taken for which")
def confusion_matrix(study: StudyResults) -> Drawn:
    """Which classes are taken for which by the model that is best on validation, on the test split (first seed).

    Each row adds up to 100 %; empty cells are zero.
    """
    answers = _tested(study)

    def draw(panel: Axes, recipe: str) -> str:
        found, names = answers[recipe], short_names(study, recipe)
        counts = count_confusions(found.table["label"], found.table["predicted"], labels=range(len(names)))
        share = 100 * counts / np.maximum(1, counts.sum(axis=1, keepdims=True))
        plots.heat_map(panel, share, cmap=plots.SHARES, vmin=0, vmax=100, aspect="auto")
        for (row, column), value in np.ndenumerate(share):
            if counts[row, column]:
                text, colour = f"{value:.0f}" if value >= 1 else "<1", "white" if value > DARK else plots.INK
                panel.text(column, row, text, ha="center", va="center", color=colour)
        panel.set_xticks(range(len(names)), names, rotation=90)
        panel.set_yticks(range(len(names)), [f"{n} (n={c})" for n, c in zip(names, counts.sum(axis=1), strict=True)])
        accuracy = 100 * np.trace(counts) / counts.sum()
        model, seed = label(study, found.variant), found.variant.runs[0].seed
        return f"{model}, seed {seed}:\naccuracy {accuracy:.1f} % of {counts.sum()}"

    x, y = "predicted class", "true class, % of its images"
    return by_recipe(
        study, list(answers), draw, x, y, sharex=False, sharey=False, height=3.0, columns=1, nothing=NOTHING
    )


@figure("The most confident mistakes", pages=2, image=True)
def mistakes(study: StudyResults) -> Drawn:
    """The most confident mistakes of the model that is best on validation, on the test split (first seed).

    Some are worth a second look at the label. Each recipe has a page.
    """
    found = {recipe: answers for recipe, answers in _tested(study).items() if len(_wrong(answers))}
    if not found:
        return LeftOut("No run was tested, or none made a mistake." if _tested(study) else NOTHING)
    return [_page_of_mistakes(study, recipe, answers) for recipe, answers in found.items()]


def _page_of_mistakes(study: StudyResults, recipe: str, answers: Answers) -> Figure:
    wrong = _wrong(answers)
    surest = wrong.assign(sure=[np.max(p) for p in wrong["probabilities"]]).nlargest(MISTAKES, "sure")
    wide = plots.WIDE / IN_LINE
    figure, panels = plots.grid(len(surest), wide + 0.4, columns=IN_LINE)
    names = short_names(study, recipe, 22)
    images = images_of(study, recipe, "test", surest["item"].to_numpy())
    what = (surest[column].to_list() for column in ("label", "predicted", "sure"))
    for panel, image, truth, predicted, sure in zip(panels, images, *what, strict=True):
        show_image(panel, image)
        text = f"is {names[truth]}\ntaken for {names[predicted]}\n{sure:.1%} sure"
        panel.set_title(plots.fitted(text, wide, plots.SMALL), fontsize=plots.SMALL)
    name = label(study, answers.variant)
    title = f"{heading(study, recipe)}\n{name}, {len(surest)} of {len(wrong)} mistakes"
    figure.suptitle(plots.fitted(title, plots.WIDE))
    return figure


def _tested(study: StudyResults) -> dict[str, Answers]:
    """Return by recipe what its best model answers; only recipes of which a run was tested."""
    found = {recipe: best_answers(study, recipe) for recipe in study.plan.recipes}
    return {recipe: answers for recipe, answers in found.items() if answers is not None}


def _wrong(answers: Answers) -> pd.DataFrame:
    return answers.table.query("label != predicted")
