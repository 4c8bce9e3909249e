"""Networks beside counts."""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from replisome.analysis.declare import figure
from replisome.analysis.panels import bars, by_recipe, level
from replisome.analysis.plots import COLOURS, LINES, LeftOut
from replisome.analysis.results import StudyResults
from replisome.analysis.variants import Variant, evaluated_variants, label
from replisome.studies.genome.predictions import encoding_of, main_variants, score


@figure("Networks beside counts")
def networks_and_counts(study: StudyResults) -> Figure | LeftOut:
    """Bits per base of counts against their order k, and as lines the mixes of all orders and every network.

    Counts of order k are of what followed the last k bases; intervals are 95 %, over stretches of the genome. The lines
    are those of the same genome and split. A network that stays above the lowest point of the curve has learned no more
    than counting teaches.
    """
    counts: dict[str, list[Variant]] = {}
    for variant in evaluated_variants(study, kinds=["counts"]):
        counts.setdefault(variant.recipe, []).append(variant)

    def sequence(recipe: str) -> list[Any]:
        """Return what recipes have in common that read the same windows, whatever their encoding."""
        block = study.plan.recipes[recipe]
        return [block["source"], block["split"], study.cards[recipe]["cut"]["step"]]

    def draw(panel: Axes, recipe: str) -> None:
        own = sorted(counts[recipe], key=lambda variant: variant.values["k"])
        found = [score(study, variant, "bits") for variant in own]
        panel.errorbar(
            [variant.values["k"] for variant in own], [one.value for one in found], yerr=bars(found), color=COLOURS[0],
            marker="o", capsize=3, label="counts of order k",
        )  # fmt: skip
        lines = [variant for variant in main_variants(study, recipe) if variant.kind not in ("counts", "network")]
        for other in study.plan.recipes:
            if sequence(other) == sequence(recipe):
                lines += [variant for variant in main_variants(study, other) if variant.kind == "network"]
        for style, variant in enumerate(lines, start=1):
            bits, (k, stride) = score(study, variant, "bits").value, encoding_of(study, variant.recipe)
            kmers = "" if k == 1 else f", {k}-mers" + (" end to end" if stride > 1 else "")
            panel.axhline(
                bits, color=COLOURS[style % len(COLOURS)], ls=LINES[style % len(LINES)], lw=1.6,
                label=f"{label(study, variant)}{kmers}: {bits:.3f}",
            )  # fmt: skip
        if "ceiling" in study.cards[recipe]:
            least = study.cards[recipe]["ceiling"]["oracle_on_this_draw"]["test"]
            level(panel, least, color="black", label=f"best possible: {least:.3f}")

    return by_recipe(study, list(counts), draw, "order k (bases of context)", "test bits/base", sharey=False)
