"""What tables and figures read of the runs: test scores by window, position and codon, and which variants they show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd

from replisome.analysis import scores
from replisome.analysis.cost import batch_size, items_seen
from replisome.analysis.intervals import ItemScores, interval
from replisome.analysis.results import StudyResults
from replisome.analysis.statistics import Estimate
from replisome.analysis.variants import (
    Variant,
    best_on_validation,
    evaluated_variants,
    plain_name,
    rows_of,
    selected_score,
    values_of,
    variants,
)
from replisome.config.study import Score
from replisome.data.parquet import column_array
from replisome.io import canonical_json
from replisome.studies.genome.paper import BASES, is_model_of_bases
from replisome.studies.genome.windows import encoding

STRETCHES = 100  # of the genome, each one group of windows: neighbouring windows are not independent
CODONS = {1: "1", 2: "2", 3: "3", -1: "1'", -2: "2'", -3: "3'", 0: "none"}  # ' on the other strand
SIZES = ("embedding", "hidden", "layers", "width", "depth", "k", "orders", "both_strands", "augment")
SWEEP = "sweep_"  # how the names of the experiments begin that vary one thing in short runs

Column = Literal["bits", "right"]
COLUMNS: dict[str, Column] = {"accuracy": "right", "bits_per_base": "bits"}  # the column of predictions behind a score


# ---- names


def variant_name(study: StudyResults, variant: Variant) -> str:
    """Return the model and what the variant's path shows.

    Args:
        study: the study's results.
        variant: runs that differ in their seed only.

    Returns:
        A name such as ``char_lstm: embedding 64, hidden 128, lr 0.003``.
    """
    return plain_name(variant)


def data_name(study: StudyResults, recipe: str) -> str:
    """Return the name of a recipe's genome, and its size.

    Args:
        study: the study's results.
        recipe: the name of one of its recipes.

    Returns:
        A name such as ``k12, 4,641,652 bases``.
    """
    source = study.plan.recipes[recipe]["source"]
    name = source["control"] if "control" in source else source["dataset"].removeprefix("genome-")
    return f"{name}, {study.cards[recipe]['genome']['bases']:,} bases"


def paper_speaks_of(study: StudyResults, recipe: str) -> bool:
    """Say whether a genome has about the size of report D's, and its tokens overlap by all but one base.

    Args:
        study: the study's results.
        recipe: the name of one of its recipes.

    Returns:
        Whether the report's accuracies and losses may stand beside those of the recipe.
    """
    return 0.5 < study.cards[recipe]["genome"]["bases"] / BASES < 2 and encoding_of(study, recipe)[1] == 1


def size(variant: Variant) -> str:
    """Return what a model's size is, as far as the configuration gives it."""
    return ", ".join(f"{key} {variant.values[key]}" for key in SIZES if key in variant.values)


def training_window(study: StudyResults, recipe: str) -> int:
    """Return how many tokens training reads in a row: a window, or a piece of one."""
    return int(study.cards[recipe]["cut"]["piece"])


def encoding_of(study: StudyResults, recipe: str) -> tuple[int, int]:
    """Return k and the stride of a recipe's tokens."""
    return encoding(study.plan.recipes[recipe]["encoding"])


def genes_expected(study: StudyResults, recipe: str) -> bool:
    """Say whether a recipe's genome can have genes, and each of its tokens one position in a codon."""
    return study.cards[recipe]["control"] != "markov" and encoding_of(study, recipe)[1] == 1


# ---- predictions, of the test split where no other is named


class Windows(NamedTuple):
    """A recipe's windows of one split.

    Attributes:
        table: a row a window: where it lies, and what training has seen of it.
        stretch: the number of the stretch of the genome that it lies in (windows,) int64.
        codon: the codon position of each predicted base (windows, length) int8, or None where a token adds several.
    """

    table: pd.DataFrame
    stretch: np.ndarray
    codon: np.ndarray | None


class Averages(NamedTuple):
    """Averages of a variant's predictions of a split; by column, ``bits`` a base and the share that is ``right``.

    Attributes:
        by_window: by seed and window (seeds, windows).
        by_position: by seed and position in the window (seeds, length).
        by_codon: by position in the codon, each seed's (seeds,).
    """

    by_window: Mapping[Column, np.ndarray]
    by_position: Mapping[Column, np.ndarray]
    by_codon: Mapping[Column, Mapping[int, np.ndarray]]


def windows(study: StudyResults, recipe: str, split: str = "test") -> Windows:
    """Return a recipe's test windows, or those of validation."""
    return study.once(("windows", recipe, split), lambda: _read_windows(study, recipe, split))


def averages(study: StudyResults, variant: Variant, split: str = "test") -> Averages:
    """Return the averages of a variant that was tested; each of its predictions is read once."""
    return study.once(("averages", variant.key, variant.read_with, split), lambda: _average(study, variant, split))


def item_scores(study: StudyResults, variant: Variant, score: Score, split: str = "test") -> ItemScores | None:
    """Return what each seed scored on each window of a split; windows of one stretch of the genome are one group.

    Args:
        study: the study's results.
        variant: runs that differ in their seed only, and that were tested.
        score: one of the study's scores.
        split: "test" or "validation".

    Returns:
        Of bits a base, the loss and accuracy; the predictions do not tell the probability of what can follow.
    """
    if score.name == "loss":
        return _by_window(study, variant, "bits", split, scale=np.log(2) * encoding_of(study, variant.recipe)[1])
    return _by_window(study, variant, COLUMNS[score.name], split) if score.name in COLUMNS else None


def score(study: StudyResults, variant: Variant, column: Column, among: np.ndarray | None = None) -> Estimate:
    """Return a mean over test windows and seeds, with its interval over seeds and stretches of the genome.

    Args:
        study: the study's results.
        variant: one whose test split was read.
        column: ``bits`` a base, or the share of tokens that is ``right``.
        among: which windows count (windows,) bool; all, where it is None.
    """
    return interval(_by_window(study, variant, column, among=among))


def test_columns(study: StudyResults, variant: Variant) -> dict[str, Any]:
    """Return the columns of a row that give test scores: those of the windows, and the one that is selected by."""
    return {
        **scores.columns_on_test(study, variant, [*COLUMNS, selected_score(study, variant).name]),
        "test windows": len(windows(study, variant.recipe).table),
        "oracle without memory, bits/base": study.cards[variant.recipe].get("oracle", {}).get("test", np.nan),
    }


def _by_window(
    study: StudyResults,
    variant: Variant,
    column: Column,
    split: str = "test",
    *,
    among: np.ndarray | None = None,
    scale: float = 1.0,
) -> ItemScores:
    chosen = slice(None) if among is None else among
    values = averages(study, variant, split).by_window[column]
    stretch = windows(study, variant.recipe, split).stretch
    return ItemScores.of_items(scale * values[:, chosen], stretch[chosen], trained=variant.trained)


def _read_windows(study: StudyResults, recipe: str, split: str) -> Windows:
    table, metadata = study.prepared(recipe, split)
    codon = column_array(table, "codon", (metadata["length"],)) if "codon" in table.column_names else None
    frame = table.select([name for name in table.column_names if name != "codon"]).to_pandas()
    width = max(2 * metadata["length"] * metadata["stride"], study.cards[recipe]["genome"]["bases"] // STRETCHES)
    stretch = (frame["contig"].to_numpy().astype(np.int64) << 32) + frame["position"].to_numpy() // width
    return Windows(frame, stretch, codon)


def _average(study: StudyResults, variant: Variant, split: str) -> Averages:
    stride, codon = encoding_of(study, variant.recipe)[1], windows(study, variant.recipe, split).codon
    masks = {} if codon is None else {at: codon == at for at in CODONS if (codon == at).any()}
    by_window: dict[Column, np.ndarray] = {}
    by_position: dict[Column, np.ndarray] = {}
    by_codon: dict[Column, dict[int, np.ndarray]] = {}
    tables = study.predictions_of(variant.runs, variant.read_with, split)
    columns: tuple[tuple[Column, int], ...] = (("bits", stride), ("right", 1))
    for column, bases in columns:
        seeds = [np.stack(table[column].tolist()).astype(np.float64) / bases for table in tables]
        by_window[column] = np.stack([values.mean(axis=1) for values in seeds])
        by_position[column] = np.stack([values.mean(axis=0) for values in seeds])
        by_codon[column] = {at: np.array([values[mask].mean() for values in seeds]) for at, mask in masks.items()}
    return Averages(by_window, by_position, by_codon)


# ---- which variants tables and figures show


def networks(study: StudyResults, *, diverged: bool = False) -> list[Variant]:
    """Return the networks whose test split was read, or also those that ``diverged``, which have no scores."""
    return evaluated_variants(study, kinds=["network"], diverged=diverged)


def experiments(study: StudyResults, *, sweeps: bool) -> list[str]:
    """Return the names of the experiments that vary one thing in short runs (``sweeps``), or of the others."""
    return [name for name in study.plan.experiments if name.startswith(SWEEP) == sweeps]


def main_variants(study: StudyResults, recipe: str) -> list[Variant]:
    """Return a recipe's variants whose test split was read, those of sweeps alone left out."""
    main = {variant.key for name in experiments(study, sweeps=False) for variant in variants(study, name)}
    return [variant for variant in evaluated_variants(study, recipe) if variant.key in main]


def leading(study: StudyResults) -> dict[str, list[Variant]]:
    """Return by recipe its networks, its first mix of counts, and its best order of counts; only recipes with any."""
    found: dict[str, list[Variant]] = {}
    for recipe in study.plan.recipes:
        own = main_variants(study, recipe)
        trained, mixes, counts = ([v for v in own if v.kind == kind] for kind in ("network", "mixture", "counts"))
        best = best_on_validation(study, counts)
        found[recipe] = [*trained, *mixes[:1], *([best] if best else [])]
    return {recipe: members for recipe, members in found.items() if members}


def families(study: StudyResults, *, diverged: bool = False) -> list[list[Variant]]:
    """Return networks and mixes that differ in nothing but the split of one genome, at least two of them together.

    Args:
        study: the study's results.
        diverged: whether networks that diverged are among them; they have no scores.
    """
    found: dict[str, list[Variant]] = {}
    for variant in [*networks(study, diverged=diverged), *evaluated_variants(study, kinds=["mixture"])]:
        recipe, cut = study.plan.recipes[variant.recipe], study.cards[variant.recipe]["cut"]
        key = canonical_json(
            {
                "model": variant.model,
                "slug": variant.slug,
                "data": [recipe["source"], recipe["encoding"], cut["length"], cut["piece"]],
                "settings": {key: value for key, value in variant.values.items() if key != "precision"},
                "budget": variant.budget,
            }
        )
        found.setdefault(key, []).append(variant)
    return [members for members in found.values() if len({variant.recipe for variant in members}) > 1]


def model_of_bases(study: StudyResults, variant: Variant) -> Variant | None:
    """Return report D's model of bases under the same split of the same genome, with as many bases a window.

    Of several, the one with the longest budget; None where there is none, or where its test split was not read.
    """

    def conditions(recipe: str, stride: int) -> list[Any]:
        block, cut = study.plan.recipes[recipe], study.cards[recipe]["cut"]
        return [block["source"], block["split"], cut["step"], cut["length"] * stride, cut["piece"] * stride]

    wanted = conditions(variant.recipe, encoding_of(study, variant.recipe)[1])
    found = [v for v in networks(study) if is_model_of_bases(v) and conditions(v.recipe, 1) == wanted]
    return max(found, key=lambda v: v.budget.get("steps", 0), default=None)


# ---- how far training had gone


def progress_columns(study: StudyResults, variant: Variant) -> dict[str, float]:
    """Return the columns that say how far training had gone at the weights that are tested, mean over seeds.

    Models that are not trained in steps make no passes over their data: they have NaN there.
    """
    card = study.cards[variant.recipe]
    step = float(rows_of(study, variant, split="validation", metric="loss", role=variant.weights)["step"].mean())
    passes = float("nan")
    if variant.kind == "network":
        seen = items_seen(card["counts"]["train"], batch_size(variant), step) * card["cut"]["length"]
        passes = float(seen / card["tokens"]["train"])
    return {"tested at step": step, "passes over the training sequence by then": passes}


def first_losses(study: StudyResults, variant: Variant) -> np.ndarray:
    """Return each seed's loss on its first training batch, before any step, in nats a token (seeds,)."""
    rows = rows_of(study, variant, split="train", metric="loss_at_start", role="curve")
    return rows.sort_values(["seed", "epoch"]).drop_duplicates("seed")["value"].to_numpy()


def successors(study: StudyResults, variant: Variant) -> float:
    """Return the probability on the tokens that can come next, in percent: mean over the test split and seeds."""
    return 100 * float(values_of(study, variant, split="test", metric="successors", role="final").mean())
