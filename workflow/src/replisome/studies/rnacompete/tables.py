"""The tables of the study: scores with their intervals, ours beside the sources'.

A column ``x`` with neighbours ``x low`` and ``x high`` is an estimate with its 95 % interval.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from replisome.results import StudyResults
from replisome.statistics import mean_over_seeds
from replisome.studies.rnacompete.data_tables import motifs, probes
from replisome.studies.rnacompete.motifs import FEW
from replisome.studies.rnacompete.tested import (
    SOURCE,
    Tested,
    chosen,
    label,
    protein_names,
    proteins_of,
    reference,
    tested_variants,
    validation,
    varying,
)
from replisome.variants import Variant, about, best_epochs, curves_of, estimate, values_of, variants

__all__ = ["differences", "grid", "heads", "motifs", "probes", "proteins", "scores", "training"]


def scores(study: StudyResults) -> pd.DataFrame:
    """Return what every tested model reaches, beside the control's ceiling or report A's value."""
    tested = Tested.of(study)
    rows = []
    for variant in tested_variants(study):
        card = study.cards[variant.recipe]
        several = len(proteins_of(study, variant.recipe)) > 1
        metric = "spearman_mean" if several else "spearman"
        ceiling = card.get("ceiling", {})
        rows.append(
            {
                **about(study, variant),
                "protein": protein_names(study, variant.recipe),
                "model": label(variant),
                "training probes": card["counts"]["train"],
                **estimate("validation Spearman", validation(study, variant, metric)),
                "report A, validation": _claimed(study, variant, "spearman@validation"),
                **estimate("test Spearman", tested.score(variant, "spearman")),
                "report A, test": _claimed(study, variant, "spearman@test"),
                **estimate("test Pearson", tested.score(variant, "pearson")),
                **estimate("test MSE", tested.score(variant, "mse")),
                "sd over seeds": _spread(tested, variant),
                "test probes": card["counts"]["test"],
                "ceiling": ceiling.get("expected", np.nan),
            }
        )
    return pd.DataFrame(rows)


def _spread(tested: Tested, variant: Variant) -> float:
    """Return the standard deviation over seeds of test Spearman (the mean over proteins); NaN for one seed."""
    values = tested.values(variant, "spearman")
    return float(values.mean(axis=0).std(ddof=1)) if values is not None and values.shape[1] > 1 else np.nan


def _claimed(study: StudyResults, variant: Variant, quantity: str) -> float | None:
    """Return report A's value for a chosen model; it speaks of RBFOX1 on one-hot input only."""
    if not _speaks_of(study, variant.recipe):
        return None
    if variant.model == "bilstm_attention":
        return study.claimed("report A", quantity, model=variant.model, heads=variant.values["heads"])
    if (variant.recipe, variant.model, variant.slug) not in chosen(study):
        return None
    return study.claimed("report A", quantity, model=variant.model)


def _speaks_of(study: StudyResults, recipe: str) -> bool:
    card = study.cards[recipe]
    ours = [protein["experiment"] for protein in card["proteins"]]
    return not card["control"] and ours == ["RNCMPT00168"] and card["encoding"] == "onehot"


def grid(study: StudyResults) -> pd.DataFrame:
    """Return every point of the grid with its validation scores, the chosen one of each model marked."""
    if SOURCE not in study.plan.experiments:
        return pd.DataFrame()
    best = chosen(study)
    shown = ("width", "depth", "dropout", "lr")
    columns = [*shown, *(key for key in varying(variants(study, SOURCE)) if key not in shown)]
    rows = []
    for variant in variants(study, SOURCE):
        epochs = values_of(study, variant, split="validation", metric="spearman", role="best")
        rows.append(
            {
                **about(study, variant),
                "model": variant.model,
                **{key: variant.values.get(key) for key in columns},
                "chosen": "yes" if (variant.recipe, variant.model, variant.slug) in best else "",
                **estimate("validation Spearman", mean_over_seeds(epochs)),
                "report A, Spearman": _claimed(study, variant, "spearman@validation"),
                **estimate("validation loss", validation(study, variant, "loss")),
                "report A, loss": _claimed(study, variant, "loss@validation"),
                **estimate("best epoch", mean_over_seeds(best_epochs(study, variant))),
                "parameters": int(values_of(study, variant, split="run", metric="parameters", role="cost")[0]),
            }
        )
    return pd.DataFrame(rows)


def differences(study: StudyResults) -> pd.DataFrame:
    """Return test Spearman less that of the plain BiLSTM on the same probes, with a paired bootstrap interval."""
    tested = Tested.of(study)
    rows = []
    for variant in tested_variants(study):
        if len(proteins_of(study, variant.recipe)) > 1:
            continue
        inherits = study.resolved(variant.runs[0]).settings.get("inherits", {})
        base = reference(study, variant.recipe)
        if base is None or study.cards[variant.recipe]["encoding"] != "onehot":
            base = reference(study, inherits.get("recipe", variant.recipe))
        if base is None or base == variant or base.runs[0].key not in study.tested:
            continue
        found = tested.difference(variant, base, "spearman")
        if found is None:
            continue
        ours, theirs = (validation(study, v, "spearman").value for v in (variant, base))
        rows.append(
            {
                **about(study, variant),
                "protein": protein_names(study, variant.recipe),
                "model": label(variant),
                "less": f"{label(base)} ({base.recipe})" if base.recipe != variant.recipe else label(base),
                "validation Spearman, difference": ours - theirs,
                **estimate("test Spearman, difference", found),
                "report A": _claimed_gain(study, variant),
                "test probes": found.n,
            }
        )
    return pd.DataFrame(rows)


def _claimed_gain(study: StudyResults, variant: Variant) -> float | None:
    if variant.model != "bilstm_attention" or not _speaks_of(study, variant.recipe):
        return None
    return study.claimed("report A", "attention_gain@test", heads=variant.values["heads"])


def heads(study: StudyResults) -> pd.DataFrame:
    """Return attention by number of heads, none first."""
    tested = Tested.of(study)
    attentive = [v for v in variants(study) if v.model == "bilstm_attention"]
    rows = []
    for recipe in dict.fromkeys(v.recipe for v in attentive):
        plain = reference(study, recipe)
        members = [*([plain] if plain else []), *(v for v in attentive if v.recipe == recipe)]
        for variant in sorted(members, key=lambda v: v.values.get("heads", 0)):
            lowest = [float(np.nanmin(curve)) for curve in curves_of(study, variant, "validation", "loss")]
            rows.append(
                {
                    **about(study, variant),
                    "heads": variant.values.get("heads", 0),
                    **estimate("lowest validation loss", mean_over_seeds(lowest)),
                    **estimate("validation Spearman", validation(study, variant, "spearman")),
                    **estimate("test Spearman", tested.score(variant, "spearman")),
                    "report A, test": _claimed(study, variant, "spearman@test"),
                    "parameters": int(values_of(study, variant, split="run", metric="parameters", role="cost")[0]),
                }
            )
    return pd.DataFrame(rows)


def _alone(study: StudyResults, variant: Variant, protein: Mapping[str, Any]) -> Variant | None:
    """Return the tested model of this protein alone, on the same split and with the same number of labels."""
    for other in tested_variants(study):
        only = proteins_of(study, other.recipe)
        alike = study.cards[other.recipe]["split"] == study.cards[variant.recipe]["split"]
        same = len(only) == 1 and all(only[0][key] == protein[key] for key in ("experiment", "train", "validation"))
        if alike and same and reference(study, other.recipe) == other:
            return other
    return None


def proteins(study: StudyResults) -> pd.DataFrame:
    """Return models of several proteins beside models of one, protein by protein, with the labels each had.

    Proteins that no recipe has for itself are shown as part of the mean only.
    """
    tested = Tested.of(study)
    alone = {p[0]["experiment"] for p in (proteins_of(study, r) for r in study.plan.recipes) if len(p) == 1}
    rows = []
    for variant in tested_variants(study):
        members = proteins_of(study, variant.recipe)
        if len(members) == 1 and reference(study, variant.recipe) != variant:
            continue
        base = {**about(study, variant), "model": label(variant), "proteins in it": len(members)}
        for number, protein in enumerate(members):
            if protein["experiment"] in alone or len(members) <= FEW:
                several = f".{protein['experiment']}" if len(members) > 1 else ""
                own = _alone(study, variant, protein) if several else None
                gain = tested.difference(variant, own, "spearman", number, 0) if own else None
                rows.append(
                    {
                        **base,
                        "protein": f"{protein['name']} ({protein['experiment']})",
                        "training labels": protein["train"],
                        **estimate("validation Spearman", validation(study, variant, f"spearman{several}")),
                        **estimate("test Spearman", tested.score(variant, "spearman", number)),
                        **estimate("less one of its own", gain or mean_over_seeds([])),
                        **estimate("test Pearson", tested.score(variant, "pearson", number)),
                        **estimate("test MSE", tested.score(variant, "mse", number)),
                        "test probes": protein["test"],
                    }
                )
        if len(members) > 1:
            rows.append(
                {
                    **base,
                    "protein": f"mean of {len(members)}",
                    "training labels": sum(protein["train"] for protein in members),
                    **estimate("validation Spearman", validation(study, variant, "spearman_mean")),
                    **estimate("test Spearman", tested.score(variant, "spearman")),
                    **estimate("test Pearson", tested.score(variant, "pearson")),
                    **estimate("test MSE", tested.score(variant, "mse")),
                }
            )
    return pd.DataFrame(rows)


def training(study: StudyResults) -> pd.DataFrame:
    """Return where the losses went, when validation was lowest, whether it rose again, and what it cost."""
    rows = []
    for variant in variants(study):
        train, held = (curves_of(study, variant, split, "loss") for split in ("train", "validation"))
        seconds = values_of(study, variant, split="run", metric="seconds_training", role="cost")
        items = values_of(study, variant, split="run", metric="items", role="cost")
        memory = values_of(study, variant, split="run", metric="peak_memory_bytes", role="cost")
        epochs = np.array([len(curve) for curve in train])
        rows.append(
            {
                **about(study, variant),
                "model": label(variant),
                **estimate("training loss, last", mean_over_seeds([curve[-1] for curve in train])),
                **estimate("validation loss, last", mean_over_seeds([curve[-1] for curve in held])),
                **estimate("validation loss, lowest", mean_over_seeds([np.nanmin(curve) for curve in held])),
                **estimate("at epoch", mean_over_seeds([float(np.nanargmin(curve) + 1) for curve in held])),
                "report A, epoch": _claimed(study, variant, "lowest_loss_epoch@validation"),
                **estimate("rise since", mean_over_seeds([curve[-1] - np.nanmin(curve) for curve in held])),
                **estimate("training (s)", mean_over_seeds(seconds)),
                **estimate("probes/s", mean_over_seeds(items * epochs / np.maximum(seconds, 1e-9))),
                **estimate("peak memory (MB)", mean_over_seeds(memory / 1e6)),
            }
        )
    return pd.DataFrame(rows)
