"""Maps of distances, true and predicted."""

from __future__ import annotations

import textwrap

import numpy as np
from matplotlib.figure import Figure

from replisome.analysis.declare import figure
from replisome.analysis.plots import LeftOut
from replisome.analysis.results import StudyResults
from replisome.analysis.variants import Variant, best_on_validation, evaluated_variants, label, selected_score
from replisome.errors import ReplisomeError, did_you_mean
from replisome.studies.proteinnet import predictions
from replisome.studies.proteinnet.paper import MAPPED, TABLE, is_report_network

CHOSEN = 3  # chains whose maps are drawn where none are named
LONGEST = 24  # letters of a chain's name
INCH = 2.6  # width and height of a map


@figure("True and predicted distances")
def maps(study: StudyResults) -> Figure | LeftOut:
    """True distances of some test chains and those that models predict, in angstrom; a row a chain.

    Colours are cut at the largest true distance; what is grey is not known. Above each map stands its error over all
    known pairs. Of several seeds the first is drawn. Of the networks that are not report C's, the best on validation is
    drawn.
    """
    recipes = [recipe for recipe in study.plan.recipes if evaluated_variants(study, recipe)]
    rows = [(recipe, number) for recipe in recipes for number in chosen_chains(study, recipe)]
    if not rows:
        return LeftOut("Nothing was tested.")
    members = {recipe: _drawn(study, recipe) for recipe in recipes}
    across = 1 + max(map(len, members.values()))
    figure = Figure(figsize=(INCH * across + 1, (INCH + 0.5) * len(rows)), layout="constrained")
    axes = figure.subplots(len(rows), across, squeeze=False)
    for line, (recipe, number) in zip(axes, rows, strict=True):
        chains, true = predictions.chains(study, recipe), predictions.true_map(study, recipe, number)
        length = min(int(chains.lengths[number]), len(true))
        unknown, farthest = np.isnan(true[:length, :length]), float(np.nanmax(true))
        found = {label(study, v): predictions.predicted_map(study, v, number) for v in members[recipe]}
        for panel in line[1 + len(found) :]:
            panel.set_axis_off()
        for panel, (name, whole) in zip(line, {"true": true, **found}.items(), strict=False):
            values = np.ma.masked_array(whole[:length, :length], mask=unknown)
            image = panel.imshow(values, cmap="viridis_r", vmin=0, vmax=farthest, interpolation="nearest")
            panel.set_facecolor("0.8")
            off = np.sqrt(np.nanmean((whole - true)[np.triu_indices(len(true), 1)] ** 2))
            panel.set_title(name if name == "true" else f"{name}: {off:.1f} Å", fontsize=9)
            panel.grid(visible=False)
            panel.tick_params(labelsize=7)
        name = textwrap.shorten(chains.names[number], LONGEST)
        line[0].set_ylabel(f"{name}\n{recipe}, {chains.lengths[number]} residues", fontsize=9)
        figure.colorbar(image, ax=line.tolist(), shrink=0.8, pad=0.01).set_label("Å", fontsize=8)
    return figure


def chosen_chains(study: StudyResults, recipe: str) -> list[int]:
    """Return which test chains are drawn: those that the study file names under ``show``, or three of different length.

    Raises:
        ReplisomeError: a name that no recipe's test split has.
    """
    wanted, chains = study.plan.settings["show"], predictions.chains(study, recipe)
    tested = {variant.recipe for variant in evaluated_variants(study)}
    known = {name for other in tested for name in predictions.chains(study, other).names}
    for name in wanted:
        if name not in known:
            raise ReplisomeError(
                f"study '{study.plan.name}', key 'show': no test chain '{name}'{did_you_mean(name, known)}"
            )
    chosen = [chains.names.index(name) for name in wanted if name in chains.names]
    if not chosen:
        order = np.argsort(chains.known, kind="stable")
        ranks = np.linspace(0, len(order) - 1, CHOSEN + 2)[1:-1]
        chosen = list(dict.fromkeys(int(order[int(rank)]) for rank in ranks))
    return chosen


def _drawn(study: StudyResults, recipe: str) -> list[Variant]:
    """Return the variants whose maps are drawn: the table, some of report C's networks, and the best of the others."""
    tested = {label(study, variant): variant for variant in evaluated_variants(study, recipe)}
    others = [v for v in tested.values() if v.kind != "baseline" and not is_report_network(v)]
    # Only what is selected by one score can be ranked.
    best = best_on_validation(
        study, [v for v in others if selected_score(study, v) == selected_score(study, others[0])]
    )
    return [*(tested[name] for name in (TABLE, *MAPPED) if name in tested), *([best] if best else [])]
