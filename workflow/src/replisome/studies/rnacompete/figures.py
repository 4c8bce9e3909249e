"""The figures of the study. Recipes stand in panels of their own: protocols are never mixed in one."""

from __future__ import annotations

import logomaker
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from replisome.encode.bases import ALPHABET
from replisome.plots import COLOURS, COLUMNS, MARKERS, WIDTH, empty, padded, panels
from replisome.results import StudyResults
from replisome.studies.rnacompete.explained import explained
from replisome.studies.rnacompete.logo import spelled
from replisome.studies.rnacompete.motifs import KNOWN, K
from replisome.studies.rnacompete.tested import (
    SOURCE,
    Tested,
    label,
    protein_names,
    proteins_of,
    reference,
    tested_variants,
    validation,
    varying,
)
from replisome.variants import Variant, curves_of, heading, variants

BASE_COLOURS = {"A": "#009E73", "C": "#0072B2", "G": "#E69F00", "U": "#D55E00"}
SHOWN = 12  # probes of an attention map


def _heading(study: StudyResults, recipe: str) -> str:
    return f"{heading(study, recipe, 'probes')}\n{protein_names(study, recipe)}"


def _recipes_with(study: StudyResults, *models: str) -> list[str]:
    return [r for r in study.plan.recipes if all(reference(study, r, model) is not None for model in models)]


def _losses(panel: Axes, study: StudyResults, members: list[tuple[str, Variant]]) -> None:
    """Draw training loss dashed and validation loss solid, a colour a model."""
    for style, (name, variant) in enumerate(members):
        for split, line, shown in (("train", "--", None), ("validation", "-", f"{name} (n={len(variant.runs)})")):
            curves = curves_of(study, variant, split, "loss")
            mean = np.nanmean(padded(curves), axis=0)
            colour = COLOURS[style % len(COLOURS)]
            panel.plot(range(1, len(mean) + 1), mean, line, color=colour, label=shown, lw=1.7, marker="o", ms=3)
    panel.set_xlabel("epoch (solid: validation, dashed: training)")
    panel.xaxis.set_major_locator(MaxNLocator(integer=True))
    panel.legend(fontsize=9)


def loss_curves(study: StudyResults) -> Figure:
    """Loss against epoch of the chosen BiLSTM and CNN of a recipe, and of the CNN before the BiLSTM."""
    recipes = _recipes_with(study, "bilstm", "cnn1d")
    if not recipes:
        return empty("no recipe has both models")
    figure, axes = panels(len(recipes))
    for panel, recipe in zip(axes, recipes, strict=True):
        members = [(m, v) for m in ("bilstm", "cnn1d", "cnn_bilstm") if (v := reference(study, recipe, m)) is not None]
        _losses(panel, study, members)
        panel.set_title(_heading(study, recipe))
    axes[0].set_ylabel("mean squared error of z-scored targets")
    return figure


def attention_curves(study: StudyResults) -> Figure:
    """Loss against epoch without attention and with each number of heads."""
    recipes = list(dict.fromkeys(v.recipe for v in variants(study) if v.model == "bilstm_attention"))
    if not recipes:
        return empty("no attention model in this configuration")
    figure, axes = panels(len(recipes))
    for panel, recipe in zip(axes, recipes, strict=True):
        plain = reference(study, recipe)
        members = [("no attention", plain)] if plain else []
        attentive = [v for v in variants(study) if v.model == "bilstm_attention" and v.recipe == recipe]
        attentive.sort(key=lambda v: v.values["heads"])
        members += [(f"{v.values['heads']} head{'s' if v.values['heads'] > 1 else ''}", v) for v in attentive]
        _losses(panel, study, members)
        panel.set_title(_heading(study, recipe))
    axes[0].set_ylabel("mean squared error of z-scored targets")
    return figure


def grid_view(study: StudyResults) -> Figure:
    """Mean validation Spearman over the grid: depth and width across, whatever else varies down."""
    if SOURCE not in study.plan.experiments:
        return empty("no grid in this configuration")
    members = variants(study, SOURCE)
    keys = list(dict.fromkeys((v.recipe, v.model) for v in members))
    figure = Figure(figsize=(WIDTH * len(keys), 4.0), layout="constrained")
    values = {id(v): validation(study, v, "spearman").value for v in members}
    low, high = np.nanmin(list(values.values())), np.nanmax(list(values.values()))
    for panel, (recipe, model) in zip(figure.subplots(1, len(keys), squeeze=False)[0], keys, strict=True):
        here = [v for v in members if (v.recipe, v.model) == (recipe, model)]
        across = [key for key in ("depth", "width") if any(key in v.values for v in here)]
        down = [key for key in varying(here) if key not in across] or [k for k in ("lr",) if k in here[0].values]
        frame = pd.DataFrame(
            {
                "down": "\n".join(f"{key} {v.values[key]}" for key in down if key in v.values),
                "across": tuple(v.values.get(key) for key in across),
                "value": values[id(v)],
            }
            for v in here
        ).pivot(index="down", columns="across", values="value")
        panel.imshow(frame, cmap="viridis", vmin=low, vmax=high, aspect="auto")
        for (row, column), value in np.ndenumerate(frame.to_numpy()):
            dark = value < (low + high) / 2
            panel.text(column, row, f"{value:.3f}", ha="center", va="center", color="white" if dark else "black")
        panel.set_xticks(range(frame.shape[1]), [" x ".join(map(str, size)) for size in frame.columns])
        panel.set_yticks(range(frame.shape[0]), frame.index)
        panel.set_xlabel(" x ".join(across))
        panel.grid(False)
        panel.set_title(f"{model}: validation Spearman\n{_heading(study, recipe)}", fontsize=10)
    return figure


def predicted_and_measured(study: StudyResults) -> Figure:
    """Test probes of each protein's best model of one protein, chosen on validation: measured against predicted."""
    tested = Tested.of(study)
    shown: dict[tuple[str, str], Variant] = {}
    for variant in tested_variants(study):
        proteins = proteins_of(study, variant.recipe)
        full = not study.cards[variant.recipe]["labels_hidden"]
        if len(proteins) == 1 and full and study.cards[variant.recipe]["encoding"] == "onehot":
            key = (proteins[0]["experiment"], study.cards[variant.recipe]["protocol"])
            best = shown.get(key)
            score = validation(study, variant, "spearman").value
            if best is None or score > validation(study, best, "spearman").value:
                shown[key] = variant
    if not shown:
        return empty("no tested model of one protein")
    figure = Figure(figsize=(5.2 * len(shown), 5.0), layout="constrained")
    for panel, variant in zip(figure.subplots(1, len(shown), squeeze=False)[0], shown.values(), strict=True):
        found, reached = tested.protein(variant, 0), tested.values(variant, "spearman")
        assert found is not None
        assert reached is not None
        panel.hexbin(found.predicted[0], found.measured, gridsize=60, bins="log", cmap="Blues", mincnt=1)
        panel.set_xlabel("predicted (z-score)")
        panel.set_ylabel("measured (z-score)")
        panel.set_title(
            f"{label(variant)}\n{_heading(study, variant.recipe)}\n"
            f"seed {variant.runs[0].seed}, n = {len(found.measured):,} test probes; Spearman {reached[0, 0]:.3f}",
            fontsize=8,
        )
    return figure


def few_labels(study: StudyResults) -> Figure:
    """Test Spearman against the labels a protein has, for one model of several proteins and one of its own."""
    tested = Tested.of(study)
    several = [v for v in tested_variants(study) if len(proteins_of(study, v.recipe)) > 1]
    if not several:
        return empty("no model of several proteins in this configuration")
    wanted = list(
        dict.fromkeys(p[0]["experiment"] for r in study.plan.recipes if len(p := proteins_of(study, r)) == 1)
    ) or [p["experiment"] for p in proteins_of(study, several[0].recipe)[:COLUMNS]]
    members = [v for v in tested_variants(study) if v in several or reference(study, v.recipe) == v]
    here = {p["experiment"]: p["name"] for v in several for p in proteins_of(study, v.recipe)}
    labels: dict[str, set[int]] = {}
    split = study.cards[several[0].recipe]["split"]
    for recipe in (r for r in study.plan.recipes if study.cards[r]["split"] == split):
        for protein in proteins_of(study, recipe):
            labels.setdefault(protein["experiment"], set()).add(protein["train"])
    wanted = [experiment for experiment in wanted if experiment in here]
    wanted = [experiment for experiment in wanted if len(labels.get(experiment, ())) > 1] or wanted
    if not any(len(labels.get(experiment, ())) > 1 for experiment in wanted):
        return empty("no protein has models with more and with fewer labels in this configuration")
    figure, axes = panels(len(wanted))
    for panel, experiment in zip(axes, wanted, strict=True):
        lines: dict[str, list[tuple[int, float, float, float]]] = {}
        for variant in members:
            for number, protein in enumerate(proteins_of(study, variant.recipe)):
                if protein["experiment"] == experiment and study.cards[variant.recipe]["split"] == split:
                    kind = variant.values.get("protein")
                    name = f"several proteins, by {kind}" if kind else "this protein alone"
                    score = tested.score(variant, "spearman", number)
                    lines.setdefault(name, []).append((protein["train"], score.value, score.low, score.high))
        for style, (name, points) in enumerate(lines.items()):
            x, y, low, high = np.array(sorted(points)).T
            spread = np.nan_to_num(np.stack([y - low, high - y])).clip(min=0)
            colour, marker = COLOURS[style % len(COLOURS)], MARKERS[style % len(MARKERS)]
            panel.errorbar(x, y, spread, color=colour, marker=marker, label=name, capsize=3, lw=1.6)
        panel.set_xscale("log")
        panel.set_xlabel("training labels of this protein")
        panel.set_title(
            f"{here[experiment]} ({experiment})\n{heading(study, several[0].recipe, 'probes')}", fontsize=10
        )
        panel.legend(fontsize=9)
    axes[0].set_ylabel("test Spearman (95 % interval)")
    return figure


def logos(study: StudyResults) -> Figure:
    """Two logos a model and protein: what replacing a base costs, and the bases that stand there."""
    found = explained(study)
    if not found:
        return empty("no explained model in this configuration")
    lines = -(-len(found) // COLUMNS)
    figure = Figure(figsize=(4.6 * COLUMNS, 4.7 * lines), layout="constrained")
    for part, item in zip(figure.subfigures(lines, COLUMNS, squeeze=False).ravel(), found, strict=False):
        logo = item.logo()
        upper, lower = part.subplots(2, 1)
        _draw_logo(upper, np.clip(logo.heights, 0, None), "cost of replacing (sd)")
        _draw_logo(lower, logo.bits, "bits")
        known = KNOWN.get(item.protein["experiment"])
        names = f"{spelled(logo.heights, K)} / {spelled(logo.bits, K)}" + (f" (known: {known})" if known else "")
        part.suptitle(
            f"{item.protein['name']}: {names}\n{label(item.variant)}\n"
            f"recipe {item.variant.recipe}, n = {logo.probes} probes",
            fontsize=8,
        )
    return figure


def _draw_logo(panel: Axes, heights: np.ndarray, what: str) -> None:
    logomaker.Logo(pd.DataFrame(heights, columns=list(ALPHABET)), ax=panel, color_scheme=BASE_COLOURS)
    panel.set_ylabel(what, fontsize=8)
    panel.set_xticks([])
    panel.grid(False)


def attention_maps(study: StudyResults) -> Figure:
    """Attention weights along the strongest validation probes, the largest of all heads, and the bases they rest on."""
    found = [item for item in explained(study) if item.metadata["attention"] is not None]
    if not found:
        return empty("no explained attention model in this configuration")
    figure = Figure(figsize=(2 * WIDTH, 0.32 * SHOWN * len(found) + 1.2 * len(found)), layout="constrained")
    for panel, item in zip(figure.subplots(len(found), 1, squeeze=False)[:, 0], found, strict=True):
        top = item.rows.head(SHOWN)
        weights = np.stack(top["attention"].tolist()).reshape(len(top), *item.metadata["attention"]).max(axis=1)
        panel.imshow(weights, cmap="Oranges", aspect="auto", vmin=0, vmax=np.quantile(weights, 0.995))
        for row, sequence in enumerate(top["sequence"]):
            for position, base in enumerate(sequence):
                panel.text(position, row, base, ha="center", va="center", fontsize=8, family="monospace")
        panel.set_yticks(range(len(top)), [f"{value:.1f}" for value in top["measured"]])
        panel.set_ylabel("measured (z-score)")
        panel.set_xlabel("position in the probe")
        panel.grid(False)
        about = f"{item.protein['name']}: {label(item.variant)}, largest of the heads"
        panel.set_title(f"{about}; {heading(study, item.variant.recipe, 'probes')}", fontsize=10)
    return figure
