"""The figures of the study. Recipes stand in panels of their own: protocols are never mixed in one."""

from __future__ import annotations

import textwrap

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator
from sklearn.metrics import confusion_matrix as count_confusions

from replisome.io import column_array, read_parquet
from replisome.plots import COLOURS, MARKERS, WIDTH, curve_with_spread, panels
from replisome.results import StudyResults
from replisome.studies.bloodmnist.tables import Switches, variant_list
from replisome.variants import curves_of, heading, values_of

SAMPLES = 8  # images a class
MISTAKES = 12  # images a recipe


def _style(study: StudyResults, variant: Switches) -> int:
    """Return a variant's style, the same under every recipe; the four of the assignment follow their switches."""
    found = {(v.pool == "max", v.head or "", v.model, v.slug) for v in variant_list(study)}
    return sorted(found).index((variant.pool == "max", variant.head or "", variant.model, variant.slug))


def _heading(study: StudyResults, recipe: str) -> str:
    return heading(study, recipe, "cells")


def _recipes(study: StudyResults) -> list[str]:
    return list(study.plan.recipes)


def _short(names: list[str], width: int = 28) -> list[str]:
    return [textwrap.shorten(name.partition("(")[0], width, placeholder="...") for name in names]


def _curves(study: StudyResults, split: str, metric: str, scale: float, label: str) -> Figure:
    figure, axes = panels(len(_recipes(study)))
    rates = {v.values.get("lr") for v in variant_list(study)}
    for panel, recipe in zip(axes, _recipes(study), strict=True):
        for variant in (v for v in variant_list(study) if v.recipe == recipe):
            curves = [scale * curve for curve in curves_of(study, variant, split, metric)]
            rate = f", lr {variant.values.get('lr')}" if len(rates) > 1 else ""
            if curves:
                curve_with_spread(panel, curves, f"{variant.label}{rate} (n={len(curves)})", _style(study, variant))
        panel.set_title(_heading(study, recipe))
        panel.set_xlabel("epoch")
        panel.xaxis.set_major_locator(MaxNLocator(integer=True))
        ceiling = study.cards[recipe].get("ceiling")
        if ceiling and metric == "accuracy":
            panel.axhline(100 * ceiling["expected"], color="0.35", lw=1.2, ls=(0, (1, 1)), label="best possible")
        panel.legend(fontsize=9)
    axes[0].set_ylabel(label)
    return figure


def training_loss(study: StudyResults) -> Figure:
    """Training loss against epoch, and the floor that a softmax head cannot get below."""
    figure = _curves(study, "train", "loss", 1, "training loss (cross-entropy, nats)")
    for panel, recipe in zip(figure.axes, _recipes(study), strict=True):
        classes = len(study.cards[recipe]["class_names"])
        floor = np.log(1 + (classes - 1) / np.e)
        panel.axhline(floor, color="0.35", lw=1.2, ls=(0, (1, 1)), label=f"floor with softmax, {floor:.3f}")
        panel.set_ylim(bottom=0)
        panel.legend(fontsize=9)
    return figure


def validation_accuracy(study: StudyResults) -> Figure:
    """Validation accuracy against epoch."""
    return _curves(study, "validation", "accuracy", 100, "validation accuracy (%)")


def test_accuracy(study: StudyResults) -> Figure:
    """Test accuracy against epoch: the curve the assignment asks for, used for nothing."""
    return _curves(study, "test", "accuracy", 100, "test accuracy (%)")


def accuracy_and_cost(study: StudyResults) -> Figure:
    """Best validation accuracy against training time, a point a run; panels share both axes."""
    times = study.pick(split="run", metric="seconds_training", role="cost")["value"]
    figure, axes = panels(len(_recipes(study)))
    for panel, recipe in zip(axes, _recipes(study), strict=True):
        for variant in (v for v in variant_list(study) if v.recipe == recipe):
            seconds = values_of(study, variant, split="run", metric="seconds_training", role="cost")
            best = 100 * values_of(study, variant, split="validation", metric="accuracy", role="best")
            size = values_of(study, variant, split="run", metric="parameters", role="cost")[0]
            style = _style(study, variant)
            panel.plot(
                seconds,
                best,
                MARKERS[style % len(MARKERS)],
                color=COLOURS[style % len(COLOURS)],
                ms=9,
                label=f"{variant.label}, {size / 1e6:.2g} M",
            )
        panel.set_xscale("log")
        panel.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        panel.xaxis.set_major_formatter(FuncFormatter(lambda seconds, _: f"{seconds:g}"))
        panel.xaxis.set_minor_locator(NullLocator())
        panel.set_xlim(times.min() / 2, times.max() * 2)
        panel.set_title(_heading(study, recipe))
        panel.set_xlabel("training time of a run (s, log scale)")
        panel.legend(fontsize=9, title="variant, parameters", title_fontsize=9)
    axes[0].set_ylabel("best validation accuracy (%)")
    return figure


def _best_predictions(study: StudyResults, recipe: str) -> tuple[Switches, pd.DataFrame] | None:
    """Return the variant chosen on validation and the predictions of its first seed."""
    runs = study.best_runs(recipe)
    predictions = study.predictions(runs[0]) if runs else None
    if predictions is None:
        return None
    return next(v for v in variant_list(study) if runs[0] in v.runs), predictions


def confusion_matrix(study: StudyResults) -> Figure:
    """Confusions of the best model on the test split, rows adding up to 100 %."""
    recipes = _recipes(study)
    figure = Figure(figsize=(7.4 * len(recipes), 6.4), layout="constrained")
    for panel, recipe in zip(figure.subplots(1, len(recipes), squeeze=False)[0], recipes, strict=True):
        found = _best_predictions(study, recipe)
        names = _short(study.cards[recipe]["class_names"])
        panel.grid(False)
        if found is None:
            panel.text(0.5, 0.5, "no run of this recipe was tested", ha="center")
            continue
        variant, predictions = found
        counts = count_confusions(predictions["label"], predictions["predicted"], labels=range(len(names)))
        share = 100 * counts / np.maximum(1, counts.sum(axis=1, keepdims=True))
        panel.imshow(share, cmap="Blues", vmin=0, vmax=100)
        for (row, column), value in np.ndenumerate(share):
            if counts[row, column]:
                text = f"{value:.0f}" if value >= 1 else "<1"
                panel.text(column, row, text, ha="center", va="center", color="white" if value > 55 else "black")
        panel.set_xticks(range(len(names)), names, rotation=40, ha="right")
        panel.set_yticks(range(len(names)), [f"{n} (n={c})" for n, c in zip(names, counts.sum(axis=1), strict=True)])
        panel.set_xlabel("predicted class")
        panel.set_ylabel("true class, % of its images")
        accuracy = 100 * np.trace(counts) / counts.sum()
        seed = variant.runs[0].seed
        panel.set_title(f"{_heading(study, recipe)}\n{variant.label}, seed {seed}: {accuracy:.1f} % of {counts.sum()}")
    return figure


def _show(axes: Axes, image: np.ndarray) -> None:
    axes.imshow(image if image.shape[-1] == 3 else image[..., 0], cmap="gray", vmin=0, vmax=255)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.grid(False)
    for spine in axes.spines.values():
        spine.set_visible(False)


def mistakes(study: StudyResults) -> Figure:
    """The test images that the best model is surest of and wrong about."""
    recipes = _recipes(study)
    columns = 6
    lines = MISTAKES // columns
    figure = Figure(figsize=(2 * WIDTH, 2.6 * lines * len(recipes) + 0.6 * len(recipes)), layout="constrained")
    for part, recipe in zip(figure.subfigures(len(recipes), 1, squeeze=False)[:, 0], recipes, strict=True):
        grid = part.subplots(lines, columns).ravel()
        for panel in grid:
            panel.axis("off")
        found = _best_predictions(study, recipe)
        if found is None:
            part.suptitle(f"{_heading(study, recipe)}: no run was tested")
            continue
        variant, predictions = found
        table, metadata = read_parquet(study.root / study.plan.name / recipe / "test.parquet")
        images = column_array(table, "image", tuple(metadata["shape"]))
        names = _short(study.cards[recipe]["class_names"], 22)
        sure = np.array([np.max(p) for p in predictions["probabilities"]])
        wrong = predictions.assign(sure=sure).query("label != predicted").nlargest(MISTAKES, "sure")
        columns_shown = (wrong[name].to_list() for name in ("item", "label", "predicted", "sure"))
        for panel, item, label, predicted, confidence in zip(grid, *columns_shown, strict=False):
            panel.axis("on")
            _show(panel, images[item])
            panel.set_title(f"is {names[label]}\ntaken for {names[predicted]}\n{confidence:.1%} sure", fontsize=8)
        total = int((predictions["label"] != predictions["predicted"]).sum())
        part.suptitle(f"{_heading(study, recipe)}: {variant.label}, {len(wrong)} of {total} mistakes", fontsize=12)
    return figure


def samples(study: StudyResults) -> Figure:
    """The first images of each class in the training split."""
    recipe = _recipes(study)[0]
    table, metadata = read_parquet(study.root / study.plan.name / recipe / "train.parquet")
    labels = table.column("label").to_numpy()
    names = _short(study.cards[recipe]["class_names"])
    chosen = [np.flatnonzero(labels == label)[:SAMPLES] for label in range(len(names))]
    images = column_array(table, "image", tuple(metadata["shape"]))
    figure = Figure(figsize=(2 * WIDTH, 1.15 * len(names)), layout="constrained")
    grid = figure.subplots(len(names), SAMPLES, squeeze=False)
    for line, (name, rows) in enumerate(zip(names, chosen, strict=True)):
        for panel in grid[line]:
            panel.axis("off")
        for panel, row in zip(grid[line], rows, strict=False):
            panel.axis("on")
            _show(panel, images[row])
        count = int((labels == line).sum())
        grid[line][0].set_ylabel(f"{name}\n(n={count})", rotation=0, ha="right", va="center", fontsize=10)
    figure.suptitle(f"{_heading(study, recipe)}, training split")
    return figure
