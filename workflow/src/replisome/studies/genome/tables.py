"""The tables of the study: numbers with their intervals, ours beside the source's.

A column ``x`` with neighbours ``x low`` and ``x high`` is an estimate with its 95 % interval.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from replisome.results import StudyResults
from replisome.splits import SPLITS
from replisome.statistics import mean_over_seeds
from replisome.studies.genome.columns import base_model, claimed, final_scores, who
from replisome.studies.genome.tested import (
    CODON_NAMES,
    COUNTS,
    Tested,
    encoding_of,
    families,
    first_losses,
    genome_of,
    label,
    leading,
    passes,
    size,
    successors,
    tested_step,
    tested_variants,
    training_bits,
    weights_role,
)
from replisome.studies.genome.training_tables import losses, sweeps, training
from replisome.variants import about, data_kind, estimate, rows_of, values_of

__all__ = [
    "baselines",
    "codons",
    "genomes",
    "leakage",
    "losses",
    "same_choice",
    "scores",
    "sweeps",
    "training",
]

SETTLED = 32  # tokens after which a model has some context


def leakage(study: StudyResults) -> pd.DataFrame:
    """Return each model under the splits of one genome: what training saw of the test, and what the test then says."""
    rows = []
    for members in families(study):
        for variant in members:
            seen = study.cards[variant.recipe]["overlap"]["test"]
            rows.append(
                {
                    **who(study, variant),
                    "split": study.plan.recipes[variant.recipe]["split"],
                    "tested at step": tested_step(study, variant),
                    "passes over the training sequence by then": passes(study, variant),
                    "test bases seen in training (%)": 100 * seen["covered"],
                    "test 24-mers seen in training (%)": 100 * (np.nan if seen["shared"] is None else seen["shared"]),
                    **final_scores(study, variant),
                    "training bits/base by then": training_bits(study, variant),
                    "report D, accuracy (%)": claimed(study, variant, "accuracy@test"),
                }
            )
    return pd.DataFrame(rows, columns=None if rows else ["genome", "model"])


def scores(study: StudyResults) -> pd.DataFrame:
    """Return every tested network: size, how far it was trained, and how it did."""
    rows = []
    for variant in tested_variants(study, False):
        found = Tested.of(study).reduced(variant)
        assert found is not None
        best = values_of(study, variant, split="validation", metric="bits_per_base", role=weights_role(variant))
        settled = found.bits_at[SETTLED:].mean() if len(found.bits_at) > SETTLED else np.nan
        rows.append(
            {
                **who(study, variant),
                "size": size(variant),
                "parameters": int(values_of(study, variant, split="run", metric="parameters", role="cost")[0]),
                "window": len(found.bits_at),
                "tokens that can follow": 4 ** encoding_of(study, variant.recipe)[1],
                "tested at step": tested_step(study, variant),
                "passes over the training sequence by then": passes(study, variant),
                **estimate("validation bits/base", mean_over_seeds(best)),
                **final_scores(study, variant),
                f"test bits/base after {SETTLED} tokens": float(settled),
                "report D, accuracy (%)": claimed(study, variant, "accuracy@test"),
            }
        )
    return pd.DataFrame(rows)


def baselines(study: StudyResults) -> pd.DataFrame:
    """Return what counting reaches, order by order, and mixed."""
    rows = [
        {
            "genome": genome_of(study, variant.recipe),
            "model": variant.model,
            "order": variant.values.get("k", variant.values.get("orders", 12)),
            "counts": "both strands"
            if variant.values.get("both_strands", variant.model == COUNTS[1])
            else "one strand",
            **about(study, variant),
            **final_scores(study, variant),
        }
        for variant in tested_variants(study, True)
    ]
    return pd.DataFrame(rows, columns=None if rows else ["genome", "model"])


def same_choice(study: StudyResults) -> pd.DataFrame:
    """Return for k-mer models how much they give the tokens that can come next, beside a model of bases.

    Where k-mers overlap by k - 1 bases, four can follow: the task is that of a model of single bases.
    """
    rows = []
    for variant in tested_variants(study, False):
        k, stride = encoding_of(study, variant.recipe)
        if k == 1:
            continue
        curve = rows_of(study, variant, split="validation", metric="loss", role="curve").sort_values("step")
        below = curve[curve["value"] < np.log(4) * stride]["step"]
        bases = base_model(study, variant)
        rows.append(
            {
                **who(study, variant),
                "tokens": 4**k,
                "bases a token adds": stride,
                "tokens that can follow": 4**stride,
                "probability on those (%)": 100 * float(successors(study, variant).mean()),
                "nats a token at the first step": float(first_losses(study, variant).mean()),
                "ln tokens": float(np.log(4**k)),
                "ln of those that can follow": float(np.log(4) * stride),
                "first scored step below that": float(below.min()) if len(below) else np.nan,
                **final_scores(study, variant),
                "model of bases, same split": "" if bases is None else label(bases),
                "its accuracy (%)": np.nan if bases is None else 100 * Tested.of(study).score(bases, "right").value,
                "its bits/base": np.nan if bases is None else Tested.of(study).score(bases, "bits").value,
            }
        )
    return pd.DataFrame(rows, columns=None if rows else ["genome", "model"])


def codons(study: StudyResults) -> pd.DataFrame:
    """Return accuracy and bits a base by the position in the codon, of long open reading frames on either strand."""
    rows = []
    for recipe, card in study.cards.items():
        if card["control"] == "markov" or encoding_of(study, recipe)[1] > 1:  # no genes, or several bases a token
            continue
        for variant, found in leading(study, recipe):
            codon = np.asarray(Tested.of(study).windows(recipe).codon)
            shares = {place: 100 * float(np.mean(codon == place)) for place in found.codon_right}
            rows.append(
                {
                    **who(study, variant),
                    **{f"share at {CODON_NAMES[place]} (%)": share for place, share in shares.items()},
                    **{f"accuracy at {CODON_NAMES[place]} (%)": 100 * v for place, v in found.codon_right.items()},
                    **{f"bits/base at {CODON_NAMES[place]}": value for place, value in found.codon_bits.items()},
                }
            )
    return pd.DataFrame(rows, columns=None if rows else ["genome", "model"])


def genomes(study: StudyResults) -> pd.DataFrame:
    """Return what each recipe's data are, and what training has seen of its validation and test windows."""
    rows = []
    for recipe, card in study.cards.items():
        genome = card["genome"]
        rows.append(
            {
                "recipe": recipe,
                "genome": genome_of(study, recipe),
                "protocol": "control" if card["control"] else card["protocol"],
                "data": data_kind(card),
                "split": card["split"],
                "encoding": card["encoding"],
                "window": card["cut"]["length"],
                "window step": card["cut"]["step"],
                "contigs": genome["contigs"],
                "ambiguous bases": genome["ambiguous"],
                "GC (%)": 100 * genome["gc"],
                "segments too short": card["segments_too_short"],
                **{f"{split} windows": card["counts"][split] for split in SPLITS},
                "training tokens": card["tokens"]["train"],
                "dropped as homologous": sum(card["dropped"].values()),
                **{
                    f"{split}: {what} seen in training (%)": 100 * (np.nan if value is None else value)
                    for split, seen in card["overlap"].items()
                    for what, value in (("bases", seen["covered"]), ("24-mers", seen["shared"]))
                },
            }
        )
    return pd.DataFrame(rows)
