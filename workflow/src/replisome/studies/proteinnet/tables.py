"""The tables of the study: numbers with their intervals, ours beside the source's.

A column ``x`` with neighbours ``x low`` and ``x high`` is an estimate with its 95 % interval, which resamples proteins
unless the table says otherwise. Losses of the source's kind are in 10^9 square picometres.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from replisome.results import StudyResults
from replisome.splits import SPLITS
from replisome.studies.proteinnet.columns import claimed_loss, who
from replisome.studies.proteinnet.metrics import ANY, LISTS, RANGES, between
from replisome.studies.proteinnet.tested import (
    BASELINES,
    BILLION,
    IMPROVED,
    SIMPLE,
    TABLE,
    Tested,
    find,
    name_of,
    scored,
)
from replisome.studies.proteinnet.training_tables import EPOCHS, epochs, source, spread, training
from replisome.variants import data_kind, estimate, values_of

__all__ = [
    "chains",
    "contacts",
    "differences",
    "epochs",
    "measures",
    "proteins",
    "scores",
    "separations",
    "source",
    "spread",
    "training",
]

# Of separations along the chain; the second is not included.
CLASSES = ((1, 6), (6, 12), (12, 24), (24, 48), (48, 96), (96, ANY))


def measures(study: StudyResults) -> pd.DataFrame:
    """Return every tested model under both measures, and how it compares with no distance at all and with the table."""
    tested, rows = Tested.of(study), []
    for variant in scored(study):
        loss = tested.source_loss(variant)
        others = {name: find(study, variant.recipe, name) for name in ("zeros", TABLE, SIMPLE)}
        own = {name: tested.source_loss(other).value if other else np.nan for name, other in others.items()}
        alike = variant.runs[0].settings["budget"] == {"epochs": EPOCHS[-1]}
        theirs = claimed_loss(study, variant.recipe, "test", name_of(study, variant)) if alike else None
        simple, improved = (claimed_loss(study, variant.recipe, "test", name) for name in (SIMPLE, IMPROVED))
        places, squares = tested.coordinates(variant), tested.squares(variant)
        rows.append(
            {
                **who(study, variant),
                **estimate("source's loss (10^9 pm^2)", loss),
                "report C, this model": theirs,
                "report C, simple": simple,
                "report C, improved": improved,
                **estimate("RMSE (A)", tested.rmse(variant)),
                "RMSE of its places' distances (A)": places.rmse if places else np.nan,
                "loss of their squares (10^9 pm^2)": squares.source_loss.mean() * BILLION if squares else np.nan,
                "loss over zeros'": loss.value / own["zeros"],
                "loss over the table's": loss.value / own[TABLE],
                "loss over simple's": loss.value / own[SIMPLE],
                "report C, over simple's": theirs / simple if theirs and simple else np.nan,
                "test chains": loss.n,
            }
        )
    return pd.DataFrame(rows)


def scores(study: StudyResults) -> pd.DataFrame:
    """Return every tested model by the measures of the field."""
    tested, rows = Tested.of(study), []
    for variant in scored(study):
        ceiling = study.cards[variant.recipe].get("ceiling", {}).get("oracle_on_this_draw", {})
        validation = values_of(study, variant, split="validation", metric="rmse", role=variant.runs[0].weights)
        rmse = tested.rmse(variant)
        rows.append(
            {
                **who(study, variant),
                "parameters": values_of(study, variant, role="cost", metric="parameters")[0],
                **estimate("RMSE (A)", rmse),
                "oracle's RMSE (A)": ceiling.get("test", np.nan),
                **estimate("dRMSD (A)", tested.mean(variant, "drmsd")),
                **estimate("lDDT (%)", tested.mean(variant, "lddt"), 100),
                **estimate("contacts, long range, L/5 (%)", tested.contacts(variant, "long", "L/5"), 100),
                "validation RMSE (A)": validation.mean(),
                "test pairs": rmse.n,
                "test chains": len(tested.chains(variant.recipe).names),
            }
        )
    return pd.DataFrame(rows)


def differences(study: StudyResults) -> pd.DataFrame:
    """Return models of one recipe against one another, protein by protein."""
    tested, rows = Tested.of(study), []
    for recipe in study.plan.recipes:
        found = {name_of(study, variant): variant for variant in scored(study, recipe)}
        compared = [(IMPROVED, other) for other in ("no attention", "no dropout", "ReLU", SIMPLE)]
        compared += [(name, TABLE) for name, variant in found.items() if variant.model not in BASELINES]
        compared += [(TABLE + " and length", TABLE), (TABLE, "zeros")]
        for one, two in compared:
            if one in found and two in found:
                drmsd = tested.difference(found[one], found[two], "drmsd")
                rows.append(
                    {
                        **who(study, found[one]),
                        "less": two,
                        **estimate("source's loss (10^9 pm^2)", tested.difference(found[one], found[two], "losses")),
                        **estimate("dRMSD (A)", drmsd),
                        **estimate("lDDT (points)", tested.difference(found[one], found[two], "lddt"), 100),
                        "chains on which it is nearer (%)": 100 * tested.share_better(found[one], found[two]),
                        "test chains": drmsd.n,
                    }
                )
    return pd.DataFrame(rows, columns=None if rows else ["recipe", "model"])


def contacts(study: StudyResults) -> pd.DataFrame:
    """Return the precision of the pairs predicted nearest, by range along the chain and length of the list."""
    tested, rows = Tested.of(study), []
    for variant in scored(study):
        for name, bounds in RANGES.items():
            found = {shown: tested.contacts(variant, name, shown) for shown in LISTS}
            rows.append(
                {
                    **who(study, variant),
                    "range": f"{name}: {between(*bounds)}",
                    **{k: v for shown, e in found.items() for k, v in estimate(f"top {shown} (%)", e, 100).items()},
                    "test chains": max(e.n for e in found.values()),
                }
            )
    return pd.DataFrame(rows)


def separations(study: StudyResults) -> pd.DataFrame:
    """Return the pooled error by separation along the chain."""
    tested, rows = Tested.of(study), []
    for variant in scored(study):
        row = who(study, variant)
        for bounds in CLASSES:
            row |= estimate(f"{between(*bounds)} apart (A)", tested.rmse(variant, *bounds))
        rows.append(row)
    return pd.DataFrame(rows)


def proteins(study: StudyResults) -> pd.DataFrame:
    """Return how every tested model did on every test chain, seeds averaged."""
    tested, parts = Tested.of(study), []
    for recipe in study.plan.recipes:
        chain = tested.chains(recipe)
        for variant in scored(study, recipe):
            found = tested.scores(variant)
            assert found is not None
            parts.append(
                pd.DataFrame(
                    {
                        "protein": chain.names,
                        "residues": chain.lengths,
                        "known residues within the crop": chain.known,
                        **who(study, variant),
                        "dRMSD (A)": found.drmsd,
                        "lDDT (%)": 100 * found.lddt,
                        "contacts, long range, L/5 (%)": 100 * found.contacts["long", "L/5"],
                        "source's loss (10^9 pm^2)": tested.losses(variant) * BILLION,
                    }
                )
            )
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["protein", "recipe"])


def chains(study: StudyResults) -> pd.DataFrame:
    """Return what each recipe holds, and what was left out and why."""
    rows = []
    for recipe, card in study.cards.items():
        for split in SPLITS:
            about = card["chains"][split]
            rows.append(
                {
                    "recipe": recipe,
                    "protocol": "control" if card["control"] else card["protocol"],
                    "data": data_kind(card),
                    "split": split,
                    "chains": card["counts"][split],
                    "residues, mean": about["residues"] / card["counts"][split],
                    "residues, most": about["longest"],
                    f"longer than {card['crop']} (%)": 100 * about["longer than the crop"] / card["counts"][split],
                    "unknown residues (%)": 100 * about["unknown residues"] / about["residues"],
                    "records": about["records"],
                    "left out: no structure": about["without structure"],
                    "left out: no two known residues": about["no two known residues"],
                    "also in a later split": about["also in a later split"],
                    "repeated names": about["repeated names"],
                }
            )
    return pd.DataFrame(rows)
