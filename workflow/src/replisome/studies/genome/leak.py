"""The figure that shows what a random split measures: the same models and steps, with and without sight of the test."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from replisome.plots import COLOURS, LINES, MARKERS, empty, grid
from replisome.results import StudyResults
from replisome.studies.genome.columns import base_model, claimed
from replisome.studies.genome.shown import note
from replisome.studies.genome.tested import (
    COUNTS,
    SOURCE,
    Tested,
    best_counts,
    budget,
    encoding_of,
    families,
    first_losses,
    genome_of,
    successors,
    tested_variants,
    weights_role,
)
from replisome.variants import Variant, rows_of, values_of

BINS = {  # of what share of a window training has seen: nothing, a part of it, ..., all
    "covered": (0.0, 1e-9, 0.35, 0.65, 1 - 1e-9, 1.0),
    "shared": (0.0, 1e-9, 0.5, 1.0),
}
AXES = {
    "covered": "share of a test window's bases that training predicted too (%)",
    "shared": "share of a test window's 24-mers that occur in training (%)",
}
FEWEST = 4  # windows; fewer make no point
SHOWN = ("random", "blocks", "prefix80", "homology", "sparse")
NAMES = {
    "random": "random windows",
    "blocks": "blocks",
    "prefix80": "first 80 %, last 20 %",
    "homology": "no homologues",
    "sparse": "random windows, far apart",
}


def memory(study: StudyResults) -> Figure:
    """Accuracy against what training has seen of a test window, its places or its letters; and the choice of four."""
    networks = [members for members in families(study) if members[0].model not in COUNTS]
    mixes = [members for members in families(study) if members[0].model in COUNTS]
    mixes = [members for members in mixes if members[0].values.get("both_strands", True)]
    panels = [("covered", *own) for own in _by_genome(study, networks)]
    panels += [("shared", *own) for own in _by_genome(study, mixes)]
    choice = _choice(study)
    if not panels and choice is None:
        return empty("no model was tested under two splits of one genome")
    figure, axes = grid(len(panels) + (choice is not None), height=5.0, sharey=False)
    for panel, (kind, genome, own) in zip(axes, panels, strict=False):
        _one_genome(panel, study, kind, genome, own)
    if choice is not None:
        _draw_choice(axes[-1], study, *choice)
    return figure


def _by_genome(study: StudyResults, found: Sequence[list[Variant]]) -> list[tuple[str, list[list[Variant]]]]:
    genomes = dict.fromkeys(genome_of(study, members[0].recipe) for members in found)
    return [(genome, [m for m in found if genome_of(study, m[0].recipe) == genome]) for genome in genomes]


def _one_genome(panel: Axes, study: StudyResults, kind: str, genome: str, own: Sequence[Sequence[Variant]]) -> None:
    for number, members in enumerate(own):
        _seen_and_right(panel, study, kind, members, number, len(own))
    if kind == "covered":
        counted = [v for v in tested_variants(study, True) if genome_of(study, v.recipe) == genome]
        best = best_counts(study, [v for v in counted if study.plan.recipes[v.recipe]["split"] == "blocks"])
        if best is not None:
            level = 100 * Tested.of(study).score(best, "right").value
            panel.axhline(level, color="0.35", lw=1.2, ls=(0, (1, 1)))
            note(panel, level, f"best counts on validation, blocks: {level:.1f} %")
        for members in own:
            value = claimed(study, members[0], "accuracy@test")
            if value is not None:
                panel.axhline(value, color="0.6", lw=1.0, ls="--")
                note(panel, value, f"{SOURCE}, {members[0].model}: {value:g} %")
    panel.axhline(25, color="0.8", lw=1.0)
    simulated = "simulated, " if study.cards[own[0][0].recipe]["control"] else ""
    steps = sorted({int(budget(members[0]).get("steps", 0)) for members in own} - {0})
    trained = f"{' and '.join(f'{s:,}' for s in steps)} steps under each split" if steps else "counts, mixed"
    panel.set_title(f"{genome}\n{simulated}{trained}")
    panel.set_xlabel(AXES[kind])
    panel.set_xlim(-12, 112)
    panel.set_ylim(0, 102)
    panel.set_ylabel("test accuracy, next token (%)")
    panel.legend(fontsize=8, loc="upper left")


def _split(study: StudyResults, recipe: str) -> str:
    return "sparse" if study.cards[recipe]["cut"]["step"] > 1 else str(study.plan.recipes[recipe]["split"])


def _seen_and_right(
    panel: Axes, study: StudyResults, kind: str, members: Sequence[Variant], number: int, of: int
) -> None:
    """Draw one model: for each split a point a bin of windows with its interval, moved aside for all to be seen."""
    tested = Tested.of(study)
    for variant in members:
        seen = tested.windows(variant.recipe).table[kind].to_numpy()
        split = _split(study, variant.recipe)
        points = []
        for low, high in pairwise(BINS[kind]):
            among = (seen >= low) & ((seen < high) | (high == 1.0))
            if among.sum() >= min(FEWEST, len(seen)):
                points.append((100 * seen[among].mean(), tested.score(variant, "right", among)))
        if not points:
            continue
        aside = 3.0 * (number - (of - 1) / 2) + 1.2 * (SHOWN.index(split) - 2)
        x = np.array([place for place, _ in points]) + aside
        y = 100 * np.array([value for _, value in points])[:, :3]
        bars = np.nan_to_num(np.clip(np.stack([y[:, 0] - y[:, 1], y[:, 2] - y[:, 0]]), 0, None))
        panel.errorbar(
            x, y[:, 0], yerr=bars, color=COLOURS[SHOWN.index(split)], marker=MARKERS[number % len(MARKERS)], ms=7,
            capsize=3, ls=LINES[number % len(LINES)] if len(points) > 1 else "none",
            label=f"{NAMES[split]}: {variant.model}",
        )  # fmt: skip


def _choice(study: StudyResults) -> tuple[Variant, Variant] | None:
    """Return a model of overlapping k-mers, and one of bases under the same split: the pair that validates best.

    Splits without the leak come first: under a random one, memory shows beside the choice.
    """
    found = []
    for variant in tested_variants(study, False):
        k, stride = encoding_of(study, variant.recipe)
        bases = base_model(study, variant) if k > 1 and stride == 1 else None
        if bases is not None:
            found.append((variant, bases))

    def order(pair: tuple[Variant, Variant]) -> tuple[bool, float]:
        kmers = pair[0]
        paid = values_of(study, kmers, split="validation", metric="bits_per_base", role=weights_role(kmers))
        return study.plan.recipes[kmers.recipe]["split"] == "random", float(paid.mean())

    return min(found, key=order, default=None)


def _draw_choice(panel: Axes, study: StudyResults, kmers: Variant, bases: Variant) -> None:
    """Draw both losses from the first batch on: that of k-mers falls to the choice of four, then goes along."""
    tested = Tested.of(study)
    k, _ = encoding_of(study, kmers.recipe)
    for style, variant in enumerate((kmers, bases)):
        curve = rows_of(study, variant, split="validation", metric="loss", role="curve").groupby("step")["value"].mean()
        first = first_losses(study, variant).mean()
        panel.plot(
            [0, *curve.index], [first, *curve], color=COLOURS[style], marker="o", ms=3,
            label=f"{variant.model}: {100 * tested.score(variant, 'right').value:.1f} % right, "
            f"{tested.score(variant, 'bits').value:.3f} bits/base",
        )  # fmt: skip
    for level, what in ((4**k, f"any {k}-mer"), (4, "those that can follow")):
        panel.axhline(np.log(level), color="0.5", lw=1.0, ls=(0, (1, 1)))
        note(panel, np.log(level), f"ln {level}: {what}")
    share = 100 * float(successors(study, kmers).mean())
    name = genome_of(study, kmers.recipe)
    panel.set_title(f"{name}: the same choice of four\n{share:.1f} % of probability on what can follow")
    panel.set_xlabel("optimiser step (0: the first batch; then validation)")
    panel.set_ylabel("cross-entropy (nats a token)")
    panel.set_ylim(0, np.log(4**k) * 1.15)
    panel.legend(fontsize=8, loc="center right")
