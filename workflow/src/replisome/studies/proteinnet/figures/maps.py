"""Maps of distances, true and predicted."""

from __future__ import annotations

import textwrap

import numpy as np
from matplotlib.figure import Figure

from replisome.analysis import plots
from replisome.analysis.declare import figure
from replisome.analysis.panels import heading
from replisome.analysis.plots import Drawn, LeftOut
from replisome.analysis.results import StudyResults
from replisome.analysis.variants import Variant, best_on_validation, evaluated_variants, label, selected_score
from replisome.errors import ReplisomeError, did_you_mean
from replisome.studies.proteinnet import predictions
from replisome.studies.proteinnet.paper import MAPPED, TABLE, is_report_network

CHOSEN = 3  # chains whose maps are drawn where none are named
LONGEST = 24  # letters of a chain's name
ACROSS = 6  # maps in a row; more stand in two
TITLES = 0.25  # inches above a row
MARGIN = 0.25  # inches of a map's share of the row that the scale takes


@figure("True and predicted distances", pages=8, image=True)
def maps(study: StudyResults) -> Drawn:
    """True distances of some test chains and those that models predict, in angstrom; a page a chain.

    Colours are cut at the largest true distance; what is grey is not known. Above each map stands its error over all
    known pairs. Of several seeds the first is drawn. Of the networks that are not report C's, the best on validation is
    drawn.
    """
    recipes = [recipe for recipe in study.plan.recipes if evaluated_variants(study, recipe)]
    pages = [_page(study, recipe, number) for recipe in recipes for number in chosen_chains(study, recipe)]
    return pages or LeftOut("Nothing was tested.")


def _page(study: StudyResults, recipe: str, number: int) -> Figure:
    """Return the maps of one test chain, the true one first."""
    chains, true = predictions.chains(study, recipe), predictions.true_map(study, recipe, number)
    length = min(int(chains.lengths[number]), len(true))
    unknown, farthest = np.isnan(true[:length, :length]), float(np.nanmax(true))
    drawn = _drawn(study, recipe)[: plots.PANELS - 1]
    found = {"true": true, **{label(study, v): predictions.predicted_map(study, v, number) for v in drawn}}
    across = len(found) if len(found) <= ACROSS else -(-len(found) // 2)
    wide = plots.WIDE / across
    figure, axes = plots.grid(len(found), wide + TITLES, columns=across, sharex=True, sharey=True)
    for place, (panel, (name, whole)) in enumerate(zip(axes, found.items(), strict=True)):
        values = np.ma.masked_array(whole[:length, :length], mask=unknown)
        image = plots.heat_map(panel, values, cmap=f"{plots.HEAT}_r", vmin=0, vmax=farthest)
        panel.set_facecolor(plots.FAINT)
        off = np.sqrt(np.nanmean((whole - true)[np.triu_indices(len(true), 1)] ** 2))
        title = name if name == "true" else f"{name}: {off:.1f} Å"
        panel.set_title(plots.fitted(title, wide - MARGIN, plots.SMALL), fontsize=plots.SMALL)
        if place % across == 0:
            panel.set_ylabel("residue")
    figure.colorbar(image, ax=axes, aspect=30, pad=0.01).set_label("distance (Å)")
    name = textwrap.shorten(chains.names[number], LONGEST)
    figure.suptitle(plots.fitted(f"{name}, {chains.lengths[number]} residues; {heading(study, recipe)}", plots.WIDE))
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
