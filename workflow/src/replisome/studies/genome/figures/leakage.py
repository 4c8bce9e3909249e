"""What a random split measures: the same models and steps, with and without sight of the test windows."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes

from replisome.analysis import plots
from replisome.analysis.declare import figure
from replisome.analysis.panels import Heading, bars, by_panel, level
from replisome.analysis.plots import Drawn, LeftOut
from replisome.analysis.results import StudyResults
from replisome.analysis.variants import (
    Variant,
    best_on_validation,
    data_name,
    evaluated_variants,
    label,
    rows_of,
    styles,
)
from replisome.studies.genome import predictions
from replisome.studies.genome.figures._sequences import SPLIT_NAMES, SPLITS, split_of
from replisome.studies.genome.paper import ACCURACY, REPORT, claimed

BINS = {  # of what share of a window training has seen: nothing, a part of it, ..., all
    "covered": (0.0, 1e-9, 0.35, 0.65, 1 - 1e-9, 1.0),
    "shared": (0.0, 1e-9, 0.5, 1.0),
}
SEEN = {"covered": "share of bases that training predicted too", "shared": "share of 24-mers that occur in training"}
FEWEST = 4  # windows; fewer make no point
CHANCE = 25  # percent


@figure("What a random split measures", pages=2)
def memory(study: StudyResults) -> Drawn:
    """Test accuracy against what training has seen of a test window: the same model and steps under other splits.

    Under random windows every base of the test is predicted in training windows too, so memory of the sequence counts
    as skill; under the other splits no base is. Where training windows stand far apart, training has seen all of some
    test windows, half of some and nothing of others. Other panels show the share of 24-mers: there, training has seen
    no position of the test, only repeats of the same sequence elsewhere. The colour is the split, the marker the model.
    The figure shows accuracy whatever was selected by, since that is what report D gives. Dotted: the best counts on
    validation. Grey: chance, 25 %. Points stand a little aside of their share, so that all can be seen. Intervals are
    95 %, over seeds and stretches of the genome.
    """
    panels: dict[tuple[str, str], list[list[Variant]]] = {}
    for members in predictions.families(study):
        genome = data_name(study, members[0].recipe)
        if members[0].kind == "network":
            panels.setdefault(("covered", genome), []).append(members)
        elif members[0].values.get("both_strands", True):
            panels.setdefault(("shared", genome), []).append(members)
    every = [variant for own in panels.values() for members in own for variant in members]
    numbers = styles(study, every)

    def draw(panel: Axes, key: tuple[str, str]) -> None:
        kind, genome = key
        for place, members in enumerate(panels[key]):
            aside = 3.0 * (place - (len(panels[key]) - 1) / 2)
            for variant in members:
                _draw_bins(panel, study, kind, variant, numbers[label(study, variant)], aside)
        if kind == "covered":
            _draw_levels(panel, study, genome, panels[key])
        panel.axhline(CHANCE, color=plots.FAINT, lw=plots.THIN)
        panel.set_xlim(-12, 112)
        panel.set_ylim(0, 102)

    headings = {key: _heading(study, *key, own) for key, own in panels.items()}
    splits = {split_of(study, variant.recipe) for variant in every}
    signs = [
        plots.sign(name, color=plots.COLOURS[SPLITS.index(split)], marker="", lw=3)
        for split, name in SPLIT_NAMES.items()
        if split in splits
    ]
    models = [plots.sign(name, marker=plots.look(number)["marker"], ls="none") for name, number in numbers.items()]
    x, y = "seen by training, of a test window (%)", "test accuracy, next token (%)"
    nothing = "No model was tested under two splits of one genome."
    return by_panel(headings, draw, x, y, columns=2, more=[*signs, *models], nothing=nothing)


def _heading(study: StudyResults, kind: str, genome: str, own: Sequence[Sequence[Variant]]) -> Heading:
    simulated = ("simulated",) if study.cards[own[0][0].recipe]["control"] else ()
    steps = sorted({int(members[0].budget.get("steps", 0)) for members in own} - {0})
    trained = f"{' and '.join(f'{s:,}' for s in steps)} steps under each split" if steps else "counts, mixed"
    return Heading(f"{genome}\n{SEEN[kind]}", (trained, *simulated))


def _draw_bins(panel: Axes, study: StudyResults, kind: str, variant: Variant, number: int, aside: float) -> None:
    """Draw a point a bin of windows with its interval, moved aside for all to be seen."""
    seen = predictions.windows(study, variant.recipe).table[kind].to_numpy()
    split = split_of(study, variant.recipe)
    shares, found = [], []
    for low, high in pairwise(BINS[kind]):
        among = (seen >= low) & ((seen < high) | (high == 1.0))
        if among.sum() >= min(FEWEST, len(seen)):
            shares.append(100 * seen[among].mean() + aside + 1.2 * (SPLITS.index(split) - 2))
            found.append(predictions.score(study, variant, "right", among))
    if found:
        style = {**plots.look(number), "color": plots.COLOURS[SPLITS.index(split)], "lw": plots.THIN}
        panel.errorbar(shares, [100 * one.value for one in found], bars(found, 100), **style)


def _draw_levels(panel: Axes, study: StudyResults, genome: str, own: Sequence[Sequence[Variant]]) -> None:
    """Draw the accuracy of the best counts of a genome, and what report D says of the models."""
    counted = [
        variant
        for variant in evaluated_variants(study)
        if variant.kind != "network"
        and study.plan.recipes[variant.recipe]["split"] == "blocks"
        and data_name(study, variant.recipe) == genome
    ]
    best = best_on_validation(study, counted)
    if best is not None:
        right = 100 * predictions.score(study, best, "right").value
        level(panel, right, f"best counts, blocks: {right:.1f} %")
    said = {(variant.model, claimed(study, variant, ACCURACY)) for members in own for variant in members}
    for model, value in sorted(said, key=str):
        if value is not None:
            level(panel, value, f"{REPORT}, {model}: {value:g} %", ls="--")


@figure("The same choice of four")
def choice_of_four(study: StudyResults) -> Drawn:
    """Loss of a model of overlapping 4-mers and of one of single bases under the same split, from the first batch on.

    A model of 4-mers starts by choosing among 256 tokens, soon learns that only four can follow, and from then on does
    as well as a model of single bases. Bands are the range of validation over seeds.
    """
    pair = _same_choice(study)
    if pair is None:
        return LeftOut("No model of overlapping k-mers was tested beside one of bases under the same split.")
    kmers, _ = pair
    k, _ = predictions.encoding_of(study, kmers.recipe)

    def draw(panel: Axes, key: str) -> None:
        for style, variant in enumerate(pair):
            _draw_losses(panel, study, variant, style)
        for choices, what in ((4**k, f"any {k}-mer"), (4, "those that can follow")):
            level(panel, float(np.log(choices)), f"ln {choices}: {what}")
        panel.set_ylim(0, np.log(4**k) * 1.15)

    genome, share = data_name(study, kmers.recipe), predictions.successors(study, kmers)
    headings = {genome: Heading(f"{genome}: {share:.1f} % of probability on what can follow")}
    x, y = "optimiser step (0: the first batch; then validation)", "cross-entropy (nats a token)"
    return by_panel(headings, draw, x, y)


def _same_choice(study: StudyResults) -> tuple[Variant, Variant] | None:
    """Return a model of overlapping k-mers, and one of bases under the same split: the pair that validates best.

    Splits without leakage come first: under a random one, memory shows beside the choice.
    """
    pairs = {}
    for variant in predictions.networks(study):
        k, stride = predictions.encoding_of(study, variant.recipe)
        bases = predictions.model_of_bases(study, variant) if k > 1 and stride == 1 else None
        if bases is not None:
            pairs[variant.key] = (variant, bases)
    kmers = [pair[0] for pair in pairs.values()]
    unseen = [variant for variant in kmers if study.plan.recipes[variant.recipe]["split"] != "random"]
    best = best_on_validation(study, unseen or kmers)
    return None if best is None else pairs[best.key]


def _draw_losses(panel: Axes, study: StudyResults, variant: Variant, number: int) -> None:
    """Draw a loss from the first batch on."""
    curve = rows_of(study, variant, split="validation", metric="loss", role="curve").groupby("step")["value"]
    first = predictions.first_losses(study, variant)
    steps = [0, *curve.mean().index]
    right, bits = (predictions.score(study, variant, column).value for column in ("right", "bits"))
    name = f"{label(study, variant)}: {100 * right:.1f} % right, {bits:.3f} bits/base"
    look = plots.look(number)
    panel.plot(steps, [first.mean(), *curve.mean()], ms=plots.SMALL_MARK, label=name, **look)
    band = {"color": look["color"], "alpha": plots.BAND, "lw": 0}
    panel.fill_between(steps, [first.min(), *curve.min()], [first.max(), *curve.max()], **band)
