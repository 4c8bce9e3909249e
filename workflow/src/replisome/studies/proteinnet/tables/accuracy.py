"""How far off the tested models are: all pairs, pairs near and far along the chain, contacts, single proteins."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from replisome.analysis.cost import cost_of
from replisome.analysis.declare import table
from replisome.analysis.intervals import interval
from replisome.analysis.results import StudyResults
from replisome.analysis.scores import columns_on_test, difference_on_test
from replisome.analysis.variants import (
    Variant,
    about,
    estimate,
    evaluated_variants,
    frame,
    label,
    tabulate,
    validation_columns,
)
from replisome.studies.proteinnet import predictions
from replisome.studies.proteinnet.metrics import ANY, LISTS, RANGES, between
from replisome.studies.proteinnet.paper import IMPROVED, LENGTH_TABLE, NOTHING, SIMPLE, TABLE
from replisome.studies.proteinnet.tables.training import batch

# Of separations along the chain; the second is not included.
CLASSES = ((1, 6), (6, 12), (12, 24), (24, 48), (48, 96), (96, ANY))
FAR_CONTACTS = "contacts, long range, L/5 (%)"


@table("Every tested model")
def scores(study: StudyResults) -> pd.DataFrame:
    """Every tested model by the measures of the field, and its validation scores.

    RMSE pools the errors of all pairs; dRMSD is the error of each chain's pairs, averaged over chains. lDDT is the
    local distance difference test on alpha carbons. Contacts are the share of true contacts (alpha carbons less than 8
    angstrom apart) among the L/5 pairs, at least 24 residues apart along the chain, that are predicted nearest. None of
    them sees rotation or reflection. The oracle knows how a control was folded, except for the errors of the turns,
    which nothing shows. Test intervals are 95 %, over seeds and test chains; validation intervals are 95 %, over seeds.
    """

    def columns(variant: Variant) -> dict[str, Any]:
        ceiling = study.cards[variant.recipe].get("ceiling", {}).get("oracle_on_this_draw", {})
        return {
            **batch(variant),
            "parameters": cost_of(study, variant).parameters,
            **columns_on_test(study, variant, ["rmse"]),
            "oracle's RMSE (A)": ceiling.get("test", np.nan),
            **columns_on_test(study, variant, ["drmsd", "lddt"]),
            **estimate(FAR_CONTACTS, predictions.contacts(study, variant, "long", "L/5"), 100),
            **validation_columns(study, variant, "rmse", "paper_loss"),
            "test pairs": int(predictions.scores(study, variant).pairs.sum()),
            "test chains": len(predictions.chains(study, variant.recipe).names),
        }

    return tabulate(study, evaluated_variants(study, diverged=True), columns)


@table("Model against model, protein by protein")
def differences(study: StudyResults) -> pd.DataFrame:
    """Two models on the same test chains: the score of the first minus that of the second.

    A negative difference in loss or dRMSD, or a positive one in lDDT, says that the first is better. Test intervals are
    95 %, over seeds and test chains.
    """
    rows = []
    for recipe in study.plan.recipes:
        found = {label(study, variant): variant for variant in evaluated_variants(study, recipe)}
        compared = [(IMPROVED, other) for other in ("no attention", "no dropout", "ReLU", SIMPLE)]
        compared += [(name, TABLE) for name, variant in found.items() if variant.kind != "baseline"]
        compared += [(LENGTH_TABLE, TABLE), (TABLE, NOTHING)]
        pairs = [(found[one], found[two]) for one, two in compared if one in found and two in found]
        rows += [{**about(study, one), **batch(one), **_difference(study, one, two)} for one, two in pairs]
    return frame(rows)


def _difference(study: StudyResults, one: Variant, two: Variant) -> dict[str, Any]:
    row: dict[str, Any] = {"compared with": label(study, two)}
    for score in map(study.plan.implementation.score, ("paper_loss", "drmsd", "lddt")):
        found = difference_on_test(study, one, two, score)
        row |= estimate(f"{score.title} ({score.difference_unit})", found, score.scale)
        chains = found.items
    left, right = (predictions.scores(study, variant).drmsd.mean(axis=0) for variant in (one, two))
    return {**row, "chains on which it is nearer (%)": 100 * float(np.mean(left < right)), "test chains": chains}


@table("Contacts")
def contacts(study: StudyResults) -> pd.DataFrame:
    """Of the pairs predicted nearest, the percentage that is less than 8 angstrom apart, by range along the chain.

    L is the number of residues with known coordinates. Ties count as if they were drawn by chance: the table predicts
    one distance for all pairs of one separation. Chains without pairs in a range do not count there. Test intervals are
    95 %, over seeds and test chains.
    """
    rows = []
    for variant in evaluated_variants(study):
        for reach, bounds in RANGES.items():
            found = {f"top {size} (%)": predictions.contacts(study, variant, reach, size) for size in LISTS}
            row = {**about(study, variant), **batch(variant), "range": f"{reach}: {between(*bounds)}"}
            for heading, share in found.items():
                row |= estimate(heading, share, 100)
            rows.append({**row, "test chains": max(share.items for share in found.values())})
    return frame(rows)


@table("Error along the chain")
def separations(study: StudyResults) -> pd.DataFrame:
    """The error of pairs by their separation along the chain, pooled over test chains.

    What is near along the chain is near in space, so the error of any model grows with the separation. Test
    intervals are 95 %, over seeds and test chains.
    """

    def columns(variant: Variant) -> dict[str, float]:
        row = batch(variant)
        for bounds in CLASSES:
            row |= estimate(f"{between(*bounds)} apart (A)", interval(predictions.pooled(study, variant, *bounds)))
        return row

    return tabulate(study, evaluated_variants(study, diverged=True), columns)


@table("Protein by protein")
def proteins(study: StudyResults) -> pd.DataFrame:
    """A row for each test chain and model; scores are means over seeds."""
    score = study.plan.implementation.score
    parts = []
    for variant in evaluated_variants(study):
        chains, found = predictions.chains(study, variant.recipe), predictions.scores(study, variant)
        values = {
            score("drmsd").heading: found.drmsd.mean(axis=0),
            score("lddt").heading: score("lddt").scale * found.lddt.mean(axis=0),
            FAR_CONTACTS: 100 * found.contacts["long", "L/5"].mean(axis=0),
            score("paper_loss").heading: found.paper_loss.mean(axis=0) * score("paper_loss").scale,
        }
        about_chains = {
            "protein": chains.names,
            "residues": chains.lengths,
            "known residues within the crop": chains.known,
        }
        parts.append(pd.DataFrame({**about_chains, **about(study, variant), **batch(variant), **values}))
    return pd.concat(parts, ignore_index=True) if parts else frame([])
