"""Comparisons that report D's own settings do not allow: one thing differs, and nothing else."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pandas as pd

from replisome.analysis.cost import batch_size
from replisome.analysis.declare import table
from replisome.analysis.results import StudyResults, VariantKey
from replisome.analysis.scores import difference_on_test
from replisome.analysis.statistics import NOTHING
from replisome.analysis.variants import Variant, estimate, rows_of, tabulate, validation_columns, variants
from replisome.io import canonical_json
from replisome.studies.genome import predictions
from replisome.studies.genome.paper import depth_of
from replisome.studies.genome.tables.leakage import training_bits


@table("Training windows of another length, all else equal")
def windows(study: StudyResults) -> pd.DataFrame:
    """What training on windows of 10, 50, 100 and 200 tokens teaches, on the same test windows of 200.

    Report D tried these lengths and does not say how: in batches of as many windows, a step on windows of 200 sees
    twenty times the tokens of a step on windows of 10, and a base is predicted from twenty times the context. Here all
    runs see the same tokens in the same order; only, training goes on from an empty state after each window. All read
    the test windows whole. Columns by place in the window compare models on bases before which they have read equally
    much: the first of them is what windows of the shortest length ask for.
    """
    rows: dict[VariantKey, tuple[Variant, list[int]]] = {}
    for name in predictions.experiments(study, sweeps=True):
        members = variants(study, name)
        lengths = sorted({predictions.training_window(study, variant.recipe) for variant in members})
        if len(lengths) > 1:
            rows |= {v.key: (v, lengths) for v in members if v.runs[0].key in study.asked}

    def columns(variant: Variant) -> dict[str, Any]:
        found, (_, lengths) = predictions.averages(study, variant).by_position, rows[variant.key]
        shown: dict[str, Any] = {
            "training window": predictions.training_window(study, variant.recipe),
            "tokens a step": batch_size(variant) * study.cards[variant.recipe]["cut"]["length"],
            **validation_columns(study, variant, "accuracy", "bits_per_base"),
            **predictions.test_columns(study, variant),
        }
        for low, high in pairwise([0, *lengths]):
            place = f"tokens {low + 1} to {high}"
            shown[f"test accuracy at {place} (%)"] = 100 * float(found["right"][:, low:high].mean())
            shown[f"test bits/base at {place}"] = float(found["bits"][:, low:high].mean())
        return shown

    return tabulate(study, (variant for variant, _ in rows.values()), columns)


@table("One layer or three, all else equal")
def depth(study: StudyResults) -> pd.DataFrame:
    """Report D's second and third model where steps, learning rate, batch and widths are the same.

    The report's own two runs differ in the first three (15,000 steps at 0.001 in batches of 512; 1,000 at 0.01 in
    batches of 256), so that its accuracies do not say whether depth and dropout generalise better. Depth is the
    difference between one layer and three without dropout, dropout that between the two of three. The gap is validation
    minus training at the tested weights, both scored without dropout. The best round is the one that did best on
    validation. What three layers need beyond one is compared on the same windows. Test intervals are 95 %, over seeds
    and stretches of the genome.
    """
    shallow = _one_layer(study)

    def columns(variant: Variant) -> dict[str, Any]:
        base = shallow[variant.key]
        bits = study.plan.implementation.score("bits_per_base")
        beyond = NOTHING if variant.key == base.key else difference_on_test(study, variant, base, bits)
        training, validated = training_bits(study, variant), _validation_bits(study, variant, variant.weights)
        return {
            **depth_of(variant),
            "batch": batch_size(variant),
            "lr": variant.values.get("lr"),
            "training bits/base": training,
            "validation bits/base": validated,
            "gap (bits/base)": validated - training,
            "validation bits/base, best round": _validation_bits(study, variant, "best"),
            **predictions.test_columns(study, variant),
            **estimate("test bits/base beyond one layer's", beyond),
        }

    return tabulate(study, (v for v in predictions.networks(study, diverged=True) if v.key in shallow), columns)


def _one_layer(study: StudyResults) -> dict[VariantKey, Variant]:
    """Return for each of report D's models of k-mers the shallowest that is equal otherwise, if depths differ."""
    groups: dict[str, list[Variant]] = {}
    for variant in predictions.networks(study, diverged=True):
        if own := depth_of(variant):
            settings = {key: value for key, value in variant.values.items() if key not in own}
            like = canonical_json({"recipe": variant.recipe, "settings": settings, "budget": variant.budget})
            groups.setdefault(like, []).append(variant)
    found: dict[VariantKey, Variant] = {}
    for members in groups.values():
        layers = [depth_of(variant)["layers"] for variant in members]
        if len(set(layers)) > 1:
            shallowest = members[layers.index(min(layers))]
            found |= {variant.key: shallowest for variant in members}
    return found


def _validation_bits(study: StudyResults, variant: Variant, role: str) -> float:
    rows = rows_of(study, variant, split="validation", metric="bits_per_base", role=role)
    return float(rows["value"].mean())
