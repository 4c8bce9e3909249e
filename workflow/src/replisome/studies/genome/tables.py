"""The tables of the study: numbers with their intervals, ours beside the source's.

A column ``x`` with neighbours ``x low`` and ``x high`` is an estimate with its 95 % interval.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from replisome.results import StudyResults
from replisome.splits import SPLITS
from replisome.statistics import mean_over_seeds
from replisome.studies.genome.tested import (
    CODONS,
    COUNTS,
    SOURCE,
    SWEEP,
    Tested,
    budget,
    encoding_of,
    families,
    genome_of,
    items_seen,
    label,
    passes,
    size,
    successors,
    tested_step,
    tested_variants,
    training_bits,
    weights_role,
)
from replisome.variants import Variant, about, data_kind, estimate, rows_of, values_of, variants

SETTLED = 32  # tokens after which a model has some context
BASES = 5_900_000  # of report D's genome, the only thing that it says of it


def _who(study: StudyResults, variant: Variant) -> dict[str, Any]:
    """Return the columns that say what a row is about."""
    return {"genome": genome_of(study, variant.recipe), "model": label(variant), **about(study, variant)}


def _ceiling(study: StudyResults, recipe: str) -> float:
    """Return what the oracle of a control pays on the test windows, in bits a base."""
    found: float = study.cards[recipe].get("ceiling", {}).get("oracle_on_this_draw", {}).get("test", np.nan)
    return found


def claimed(study: StudyResults, variant: Variant, quantity: str, **where: Any) -> float | None:
    """Return what the source says of a model; nothing of a control, another genome's size or another choice."""
    card = study.cards[variant.recipe]
    alike = 0.5 < card["genome"]["bases"] / BASES < 2 and encoding_of(study, variant.recipe)[1] == 1
    if card["control"] or not alike:
        return None
    return study.claimed(SOURCE, quantity, model=variant.model, **where)


def _scores(study: StudyResults, variant: Variant) -> dict[str, Any]:
    tested = Tested.of(study)
    return {
        **estimate("test accuracy (%)", tested.score(variant, "right"), 100),
        **estimate("test bits/base", tested.score(variant, "bits")),
        "test windows": len(tested.windows(variant.recipe).table),
        "oracle without memory, bits/base": _ceiling(study, variant.recipe),
    }


def leakage(study: StudyResults) -> pd.DataFrame:
    """Return each model under the splits of one genome: what training saw of the test, and what the test then says."""
    rows = []
    for members in families(study):
        for variant in members:
            seen = study.cards[variant.recipe]["overlap"]["test"]
            rows.append(
                {
                    **_who(study, variant),
                    "split": study.plan.recipes[variant.recipe]["split"],
                    "tested at step": tested_step(study, variant),
                    "passes over the training sequence by then": passes(study, variant),
                    "test bases seen in training (%)": 100 * seen["covered"],
                    "test 24-mers seen in training (%)": 100 * (np.nan if seen["shared"] is None else seen["shared"]),
                    **_scores(study, variant),
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
                **_who(study, variant),
                "size": size(variant),
                "parameters": int(values_of(study, variant, split="run", metric="parameters", role="cost")[0]),
                "window": len(found.bits_at),
                "tokens that can follow": 4 ** encoding_of(study, variant.recipe)[1],
                "tested at step": tested_step(study, variant),
                "passes over the training sequence by then": passes(study, variant),
                **estimate("validation bits/base", mean_over_seeds(best)),
                **_scores(study, variant),
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
            **_scores(study, variant),
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
        start = rows_of(study, variant, split="train", metric="loss_at_start", role="curve")
        bases = base_model(study, variant)
        rows.append(
            {
                **_who(study, variant),
                "tokens": 4**k,
                "bases a token adds": stride,
                "tokens that can follow": 4**stride,
                "probability on those (%)": 100 * float(successors(study, variant).mean()),
                "nats a token at the first step": float(start[start["epoch"] == start["epoch"].min()]["value"].mean()),
                "ln tokens": float(np.log(4**k)),
                "ln of those that can follow": float(np.log(4) * stride),
                "first scored step below that": float(below.min()) if len(below) else np.nan,
                **_scores(study, variant),
                "model of bases, same split": "" if bases is None else label(bases),
                "its accuracy (%)": np.nan if bases is None else 100 * Tested.of(study).score(bases, "right").value,
                "its bits/base": np.nan if bases is None else Tested.of(study).score(bases, "bits").value,
            }
        )
    return pd.DataFrame(rows, columns=None if rows else ["genome", "model"])


def base_model(study: StudyResults, variant: Variant) -> Variant | None:
    """Return the tested char_lstm of the same genome, split and number of bases with the longest budget."""
    own, stride = study.plan.recipes[variant.recipe], encoding_of(study, variant.recipe)[1]
    bases = study.cards[variant.recipe]["cut"]["length"] * stride

    def alike(recipe: str) -> bool:
        other = study.plan.recipes[recipe]
        same = all(other[key] == own[key] for key in ("source", "split"))
        steps = [study.cards[name]["cut"]["step"] for name in (recipe, variant.recipe)]
        return same and steps[0] == steps[1] and study.cards[recipe]["cut"]["length"] == bases

    found = [v for v in tested_variants(study, False) if v.model == "char_lstm" and alike(v.recipe)]
    return max(found, key=lambda v: budget(v).get("steps", 0), default=None)


def sweeps(study: StudyResults) -> pd.DataFrame:
    """Return the short runs that vary one thing, and how they did on validation."""
    rows = []
    for name in study.plan.experiments:
        if not name.startswith(SWEEP):
            continue
        for variant in variants(study, name):
            best = {
                metric: values_of(study, variant, split="validation", metric=metric, role=weights_role(variant))
                for metric in ("accuracy", "bits_per_base")
            }
            rows.append(
                {
                    "varies": name.removeprefix(SWEEP),
                    "genome": genome_of(study, variant.recipe),
                    **about(study, variant),
                    "model": variant.model,
                    "window": study.cards[variant.recipe]["cut"]["length"],
                    "size": size(variant),
                    "lr": variant.values.get("lr"),
                    **estimate("validation accuracy (%)", mean_over_seeds(best["accuracy"]), 100),
                    **estimate("validation bits/base", mean_over_seeds(best["bits_per_base"])),
                    "validation windows": study.cards[variant.recipe]["counts"]["validation"],
                }
            )
    return pd.DataFrame(rows, columns=None if rows else ["varies", "genome"])


def training(study: StudyResults) -> pd.DataFrame:
    """Return how training went: losses at the steps that the source names, where they were reached, and the cost."""
    rows = []
    for variant in variants(study):
        if variant.model in COUNTS:
            continue
        starts = rows_of(study, variant, split="train", metric="loss_at_start", role="curve")
        ends = rows_of(study, variant, split="train", metric="loss", role="curve")
        first = starts.sort_values("epoch").groupby("seed")["value"].first()
        last = ends.sort_values("epoch").groupby("seed")["value"].last()
        steps, seconds = (
            float(ends["step"].max()),
            values_of(study, variant, split="run", metric="seconds_training", role="cost"),
        )
        tokens = items_seen(study, variant, steps) * study.cards[variant.recipe]["cut"]["length"]
        rows.append(
            {
                **_who(study, variant),
                "size": size(variant),
                "batch": variant.values.get("batch_size", 64),
                "steps": steps,
                "tokens trained on": tokens,
                **estimate("loss at step 0 (nats)", mean_over_seeds(first.to_numpy())),
                "report D, step 0": claimed(study, variant, "loss@train", step=0),
                **estimate("training loss, last (nats)", mean_over_seeds(last.to_numpy())),
                **estimate("training (s)", mean_over_seeds(seconds)),
                **estimate("tokens/s", mean_over_seeds(tokens / np.maximum(seconds, 1e-9))),
            }
        )
    return pd.DataFrame(rows)


def losses(study: StudyResults) -> pd.DataFrame:
    """Return the loss of single training batches at the steps at which the source gives its own."""
    rows = []
    for variant in variants(study):
        claims = [
            claim
            for claim in study.plan.settings["claims"]
            if claim["quantity"] == "loss@train" and claim["where"]["model"] == variant.model
        ]
        if study.cards[variant.recipe]["control"] or not claims:
            continue
        curve = rows_of(study, variant, split="train", metric="loss_at_start", role="curve").sort_values("step")
        before = curve.groupby("seed")["step"].shift(1, fill_value=0)  # the steps made when the batch was taken
        for claim in claims:
            step = claim["where"]["step"]
            ours = curve[before == step]["value"]
            rows.append(
                {
                    **_who(study, variant),
                    "step": step,
                    "training loss (nats)": float(ours.mean()) if len(ours) else np.nan,
                    "report D (nats)": claim["value"],
                    "reached": "yes" if len(ours) else "no: fewer steps, or no round began at this one",
                }
            )
    return pd.DataFrame(rows, columns=None if rows else ["genome", "model"])


def codons(study: StudyResults) -> pd.DataFrame:
    """Return accuracy and bits a base by the position in the codon, of long open reading frames on either strand."""
    rows = []
    for variant in [*tested_variants(study, False), *tested_variants(study, True)]:
        found, codon = Tested.of(study).reduced(variant), Tested.of(study).windows(variant.recipe).codon
        if found is None or codon is None or study.cards[variant.recipe]["control"] == "markov":  # which has no genes
            continue
        for place in CODONS:
            if place in found.codon_right:
                strand = "no frame" if place == 0 else "this strand" if place > 0 else "other strand"
                rows.append(
                    {
                        **_who(study, variant),
                        "strand": strand,
                        "codon position": abs(place) or None,
                        "share of bases (%)": 100 * float((codon == place).mean()),
                        "test accuracy (%)": 100 * found.codon_right[place],
                        "test bits/base": found.codon_bits[place],
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
