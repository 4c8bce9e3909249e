"""What the tables and figures know of a tested model: its name, its size, its scores by window, position and codon."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from replisome.grid import canonical_json
from replisome.io import column_array, read_parquet
from replisome.results import StudyResults
from replisome.statistics import Estimate, bootstrap_groups
from replisome.studies.genome.windows import encoding
from replisome.variants import Variant, rows_of, values_of, variants

STRETCHES = 100  # of the genome, resampled whole for intervals: neighbouring windows are not independent
CODON_NAMES = {1: "1", 2: "2", 3: "3", -1: "1'", -2: "2'", -3: "3'", 0: "none"}  # ' on the other strand
CODONS = tuple(CODON_NAMES)
SIZES = ("embedding", "hidden", "layers", "width", "depth", "k", "orders", "both_strands", "augment")
SOURCE = "report D"
SWEEP = "sweep_"  # how the names of the experiments begin that vary one thing in short runs
COUNTS = ("context_counts", "context_mix")


class Windows(NamedTuple):
    """A recipe's test windows: where they lie, what training saw of them, and the codon position of each target."""

    table: pd.DataFrame
    stretch: np.ndarray
    codon: np.ndarray | None


class Reduced(NamedTuple):
    """A model's test predictions, averaged over seeds: by window (n,), by position (length,) and by codon position."""

    bits: np.ndarray
    right: np.ndarray
    bits_at: np.ndarray
    right_at: np.ndarray
    codon_bits: Mapping[int, float]
    codon_right: Mapping[int, float]


class Tested:
    """Test predictions, each file read once and kept as averages only."""

    def __init__(self, study: StudyResults) -> None:
        self.study = study
        self._windows: dict[str, Windows] = {}
        self._reduced: dict[tuple[str, str, str], Reduced | None] = {}

    @classmethod
    def of(cls, study: StudyResults) -> Tested:
        """Return the one that all tables and figures of a call share."""
        shared: Tested = study.shared.setdefault("tested", cls(study))
        return shared

    def windows(self, recipe: str) -> Windows:
        """Return a recipe's test windows."""
        if recipe not in self._windows:
            table, metadata = read_parquet(self.study.root / self.study.plan.name / recipe / "test.parquet")
            codon = column_array(table, "codon", (metadata["length"],)) if "codon" in table.column_names else None
            frame = table.select([name for name in table.column_names if name != "codon"]).to_pandas()
            card = self.study.cards[recipe]
            bases = metadata["length"] * metadata["stride"]
            width = max(2 * bases, card["genome"]["bases"] // STRETCHES)
            stretch = (frame["contig"].to_numpy().astype(np.int64) << 32) + frame["position"].to_numpy() // width
            self._windows[recipe] = Windows(frame, stretch, codon)
        return self._windows[recipe]

    def reduced(self, variant: Variant) -> Reduced | None:
        """Return a variant's averages, or None where it was not tested."""
        key = (variant.recipe, variant.model, variant.slug)
        if key not in self._reduced:
            frames = [frame for frame in map(self.study.predictions, variant.runs) if frame is not None]
            self._reduced[key] = self._reduce(variant.recipe, frames) if frames else None
        return self._reduced[key]

    def _reduce(self, recipe: str, frames: Sequence[pd.DataFrame]) -> Reduced:
        stride = encoding_of(self.study, recipe)[1]
        bits: np.ndarray = np.mean([np.stack(frame["bits"].tolist()) for frame in frames], axis=0) / stride
        right = np.asarray(np.mean([np.stack(frame["right"].tolist()) for frame in frames], axis=0, dtype=float))
        codon = self.windows(recipe).codon
        places = {} if codon is None else {place: codon == place for place in CODONS if (codon == place).any()}
        return Reduced(
            bits.mean(axis=1),
            right.mean(axis=1),
            bits.mean(axis=0),
            right.mean(axis=0),
            {place: float(bits[mask].mean()) for place, mask in places.items()},
            {place: float(right[mask].mean()) for place, mask in places.items()},
        )

    def score(self, variant: Variant, what: str, among: np.ndarray | None = None) -> Estimate:
        """Return ``bits`` a base or the share that is ``right``, with a 95 % interval over stretches of the genome.

        ``among`` (n,) picks windows. The interval says nothing of seeds.
        """
        found = self.reduced(variant)
        if found is None:
            return Estimate(np.nan, np.nan, np.nan, 0)
        chosen = slice(None) if among is None else among
        return bootstrap_groups(getattr(found, what)[chosen], self.windows(variant.recipe).stretch[chosen])


def label(variant: Variant) -> str:
    """Return the variant's name for people: its model and what its path shows."""
    own = ", ".join(part.replace("=", " ") for part in variant.shown)
    return f"{variant.model}{': ' if own else ''}{own}"


def size(variant: Variant) -> str:
    """Return what a model's size is, as far as the configuration gives it."""
    return ", ".join(f"{key} {variant.values[key]}" for key in SIZES if key in variant.values)


def budget(variant: Variant) -> Mapping[str, Any]:
    """Return the budget of a variant's runs."""
    found: Mapping[str, Any] = variant.runs[0].settings["budget"]
    return found


def encoding_of(study: StudyResults, recipe: str) -> tuple[int, int]:
    """Return k and the stride of a recipe's tokens."""
    return encoding(study.plan.recipes[recipe]["encoding"])


def genome_of(study: StudyResults, recipe: str) -> str:
    """Return the name of a recipe's genome."""
    source, card = study.plan.recipes[recipe]["source"], study.cards[recipe]["genome"]
    if "control" in source:
        return f"{source['control']}, {card['bases']:,} bases"
    return f"{source['dataset'].removeprefix('genome-')}, {card['bases']:,} bases"


def weights_role(variant: Variant) -> str:
    """Return the role of the validation scores of the weights that are tested: best, or last."""
    return variant.runs[0].weights


def tested_step(study: StudyResults, variant: Variant) -> float:
    """Return the mean step of the weights that are tested, or would be."""
    rows = rows_of(study, variant, split="validation", metric="loss", role=weights_role(variant))
    return float(rows["step"].mean())


def items_seen(study: StudyResults, variant: Variant, steps: float) -> float:
    """Return how many windows that many steps trained on; the last batch of a pass over them may be small."""
    windows, batch = study.cards[variant.recipe]["counts"]["train"], variant.values.get("batch_size", 64)
    whole, rest = divmod(steps, -(-windows // batch))
    return float(whole * windows + min(rest * batch, windows))


def passes(study: StudyResults, variant: Variant) -> float:
    """Return how often training had gone over its sequence when the tested weights were reached; NaN for counts."""
    if variant.model in COUNTS:
        return float("nan")
    card = study.cards[variant.recipe]
    seen = items_seen(study, variant, tested_step(study, variant)) * card["cut"]["length"]
    return float(seen / card["tokens"]["train"])


def tested_variants(study: StudyResults, counts: bool) -> list[Variant]:
    """Return the tested variants: the networks or, with ``counts``, the models that count."""
    return [v for v in variants(study) if (v.model in COUNTS) == counts and Tested.of(study).reduced(v) is not None]


def families(study: StudyResults) -> list[list[Variant]]:
    """Return tested variants that differ in nothing but the split of one genome, at least two of them together.

    Of the models that count the mix is among them, with and without inverted repeats.
    """
    found: dict[str, list[Variant]] = {}
    for variant in [
        *tested_variants(study, False),
        *(v for v in tested_variants(study, True) if v.model == "context_mix"),
    ]:
        recipe = study.plan.recipes[variant.recipe]
        key = canonical_json(
            {
                "model": variant.model,
                "slug": variant.slug,
                "data": [recipe["source"], recipe["encoding"], study.cards[variant.recipe]["cut"]["length"]],
                "settings": {key: value for key, value in variant.values.items() if key != "precision"},
                "budget": budget(variant),
            }
        )
        found.setdefault(key, []).append(variant)
    return [members for members in found.values() if len({v.recipe for v in members}) > 1]


def first_losses(study: StudyResults, variant: Variant) -> np.ndarray:
    """Return each seed's loss on its first training batch, before any step, in nats a token."""
    rows = rows_of(study, variant, split="train", metric="loss_at_start", role="curve")
    return rows.sort_values(["seed", "epoch"]).drop_duplicates("seed")["value"].to_numpy()


def training_bits(study: StudyResults, variant: Variant) -> float:
    """Return the training loss of the round that ended with the tested weights, in bits a base; NaN for counts.

    What counts cost on the very bases that were counted says nothing of them.
    """
    if variant.model in COUNTS:
        return float("nan")
    stride = encoding_of(study, variant.recipe)[1]
    rows = rows_of(study, variant, split="train", metric="loss", role="curve")
    tested = rows_of(study, variant, split="validation", metric="loss", role=weights_role(variant))
    met = rows.merge(tested[["seed", "epoch"]], on=["seed", "epoch"])
    return float(met["value"].mean() / np.log(2) / stride)


def successors(study: StudyResults, variant: Variant) -> np.ndarray:
    """Return each seed's probability on the tokens that can come next, mean over the test."""
    return values_of(study, variant, split="test", metric="successors", role="final")


def main_variants(study: StudyResults, recipe: str, counts: bool = False) -> list[Variant]:
    """Return a recipe's tested models of those experiments that are no sweeps."""
    own = {
        (v.recipe, v.model, v.slug)
        for name in study.plan.experiments
        if not name.startswith(SWEEP)
        for v in variants(study, name)
    }
    return [v for v in tested_variants(study, counts) if v.recipe == recipe and (v.recipe, v.model, v.slug) in own]


def best_counts(study: StudyResults, candidates: Sequence[Variant]) -> Variant | None:
    """Return the variant that pays least on validation."""

    def paid(variant: Variant) -> float:
        found = values_of(study, variant, split="validation", metric="bits_per_base", role="best")
        return float(found.mean())

    return min(candidates, key=paid, default=None)


def leading(study: StudyResults, recipe: str) -> list[tuple[Variant, Reduced]]:
    """Return a recipe's networks, its mix, and its best order of counts on validation, with their test averages."""
    counted = main_variants(study, recipe, counts=True)
    mixes = [v for v in counted if v.model == "context_mix"]
    best = best_counts(study, [v for v in counted if v.model == "context_counts"])
    members = [*main_variants(study, recipe), *mixes[:1], *([best] if best else [])]
    found = [(variant, Tested.of(study).reduced(variant)) for variant in members]
    return [(variant, reduced) for variant, reduced in found if reduced is not None]
