"""What a random split measures: the same models and steps, with and without sight of the test windows."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from replisome.analysis.declare import figure
from replisome.analysis.panels import bars, level
from replisome.analysis.plots import COLOURS, LINES, MARKERS, LeftOut, grid
from replisome.analysis.results import StudyResults
from replisome.analysis.variants import Variant, best_on_validation, data_name, evaluated_variants, label, rows_of
from replisome.studies.genome import predictions
from replisome.studies.genome.paper import ACCURACY, REPORT, claimed

BINS = {  # of what share of a window training has seen: nothing, a part of it, ..., all
    "covered": (0.0, 1e-9, 0.35, 0.65, 1 - 1e-9, 1.0),
    "shared": (0.0, 1e-9, 0.5, 1.0),
}
AXES = {
    "covered": "share of a test window's bases that training predicted too (%)",
    "shared": "share of a test window's 24-mers that occur in training (%)",
}
FEWEST = 4  # windows; fewer make no point
SPLIT_NAMES = {
    "random": "random windows",
    "blocks": "blocks",
    "prefix80": "first 80 %, last 20 %",
    "homology": "no homologues",
    "sparse": "random windows, far apart",
}
SPLITS = tuple(SPLIT_NAMES)


@figure("What a random split measures")
def memory(study: StudyResults) -> Figure | LeftOut:
    """Test accuracy against what training has seen of a test window: the same model and steps under other splits.

    Under random windows every base of the test is predicted in training windows too, so memory of the sequence counts
    as skill; under the other splits no base is. Where training windows stand far apart, training has seen all of some
    test windows, half of some and nothing of others. Other panels show the share of 24-mers: there, training has seen
    no position of the test, only repeats of the same sequence elsewhere. In the last panel a model of 4-mers starts by
    choosing among 256 tokens, soon learns that only four can follow, and from then on does as well as a model of single
    bases. The figure shows accuracy whatever was selected by, since that is what report D gives. Dotted: the best
    counts on validation. Grey: chance, 25 %. Points stand a little aside of their share, so that all can be seen.
    Intervals are 95 %, over seeds and stretches of the genome.
    """
    panels: dict[tuple[str, str], list[list[Variant]]] = {}
    for members in predictions.families(study):
        genome = data_name(study, members[0].recipe)
        if members[0].kind == "network":
            panels.setdefault(("covered", genome), []).append(members)
        elif members[0].values.get("both_strands", True):
            panels.setdefault(("shared", genome), []).append(members)
    choice = _same_choice(study)
    if not panels and choice is None:
        return LeftOut("No model was tested under two splits of one genome.")
    drawing, axes = grid(len(panels) + (choice is not None), height=5.0, sharey=False)
    for panel, ((kind, genome), own) in zip(axes, panels.items(), strict=False):
        _draw_genome(panel, study, kind, genome, own)
    if choice is not None:
        _draw_choice(axes[-1], study, *choice)
    return drawing


def _draw_genome(panel: Axes, study: StudyResults, kind: str, genome: str, own: Sequence[Sequence[Variant]]) -> None:
    for number, members in enumerate(own):
        aside = 3.0 * (number - (len(own) - 1) / 2)
        for variant in members:
            _draw_bins(panel, study, kind, variant, number, aside)
    if kind == "covered":
        _draw_levels(panel, study, genome, own)
    panel.axhline(25, color="0.8", lw=1.0)
    simulated = "simulated, " if study.cards[own[0][0].recipe]["control"] else ""
    steps = sorted({int(members[0].budget.get("steps", 0)) for members in own} - {0})
    trained = f"{' and '.join(f'{s:,}' for s in steps)} steps under each split" if steps else "counts, mixed"
    panel.set_title(f"{genome}\n{simulated}{trained}")
    panel.set_xlabel(AXES[kind])
    panel.set_xlim(-12, 112)
    panel.set_ylim(0, 102)
    panel.set_ylabel("test accuracy, next token (%)")
    panel.legend(fontsize=8, loc="upper left")


def _draw_bins(panel: Axes, study: StudyResults, kind: str, variant: Variant, number: int, aside: float) -> None:
    """Draw a point a bin of windows with its interval, moved aside for all to be seen."""
    seen = predictions.windows(study, variant.recipe).table[kind].to_numpy()
    split = "sparse" if study.cards[variant.recipe]["cut"]["step"] > 1 else study.plan.recipes[variant.recipe]["split"]
    shares, found = [], []
    for low, high in pairwise(BINS[kind]):
        among = (seen >= low) & ((seen < high) | (high == 1.0))
        if among.sum() >= min(FEWEST, len(seen)):
            shares.append(100 * seen[among].mean() + aside + 1.2 * (SPLITS.index(split) - 2))
            found.append(predictions.score(study, variant, "right", among))
    if found:
        panel.errorbar(
            shares, [100 * one.value for one in found], yerr=bars(found, 100), ms=7, capsize=3,
            color=COLOURS[SPLITS.index(split)], label=f"{SPLIT_NAMES[split]}: {label(study, variant)}",
            marker=MARKERS[number % len(MARKERS)], ls=LINES[number % len(LINES)] if len(found) > 1 else "none",
        )  # fmt: skip


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
        level(panel, right, f"best counts on validation, blocks: {right:.1f} %")
    said = {(variant.model, claimed(study, variant, ACCURACY)) for members in own for variant in members}
    for model, value in sorted(said, key=str):
        if value is not None:
            level(panel, value, f"{REPORT}, {model}: {value:g} %", color="0.6", lw=1.0, ls="--")


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


def _draw_choice(panel: Axes, study: StudyResults, kmers: Variant, bases: Variant) -> None:
    """Draw both losses from the first batch on: that of k-mers falls to the choice of four, then goes along."""
    k, _ = predictions.encoding_of(study, kmers.recipe)
    for style, variant in enumerate((kmers, bases)):
        curve = rows_of(study, variant, split="validation", metric="loss", role="curve").groupby("step")["value"].mean()
        first = predictions.first_losses(study, variant).mean()
        panel.plot(
            [0, *curve.index], [first, *curve], color=COLOURS[style], marker="o", ms=3,
            label=f"{label(study, variant)}: {100 * predictions.score(study, variant, 'right').value:.1f} % right, "
            f"{predictions.score(study, variant, 'bits').value:.3f} bits/base",
        )  # fmt: skip
    for choices, what in ((4**k, f"any {k}-mer"), (4, "those that can follow")):
        level(panel, float(np.log(choices)), f"ln {choices}: {what}", color="0.5", lw=1.0)
    name, share = data_name(study, kmers.recipe), predictions.successors(study, kmers)
    panel.set_title(f"{name}: the same choice of four\n{share:.1f} % of probability on what can follow")
    panel.set_xlabel("optimiser step (0: the first batch; then validation)")
    panel.set_ylabel("cross-entropy (nats a token)")
    panel.set_ylim(0, np.log(4**k) * 1.15)
    panel.legend(fontsize=8, loc="center right")
