"""Numbers that claims ask for and no score or cost has: of a run's predictions and explanation, and of the data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, TypeVar

import numpy as np
from scipy.stats import spearmanr

from replisome.analysis.declare import fact, quantity
from replisome.analysis.intervals import ItemScores
from replisome.analysis.results import StudyResults
from replisome.analysis.scores import final_values, is_predicted, unscored
from replisome.analysis.variants import Variant, curves_of, values_of
from replisome.config.catalogue import model_defaults
from replisome.data.encode.bases import ALPHABET, encode_bases
from replisome.data.encode.kmers import kmer_tokens
from replisome.data.parquet import column_array
from replisome.errors import ReplisomeError
from replisome.studies.rnacompete.data import sequence_codes
from replisome.studies.rnacompete.logo import mean_by_kmer
from replisome.studies.rnacompete.motifs import FEW, K, known_motif
from replisome.studies.rnacompete.paper import CHOSEN, SCORE, grid_variants
from replisome.studies.rnacompete.predictions import (
    mean_over_proteins,
    protein_predictions,
    protein_scores,
    proteins_of,
)
from replisome.tracking.verify import read_verified

Answer = TypeVar("Answer")

ENTRIES = 10**6  # intensities whose ranks are compared at once; of more, every n-th of a protein's stands for all
FEWEST = 20  # strong probes with the motif, below which nothing is said of attention


# ---- of runs


def of_tested(function: Callable[..., Answer]) -> Callable[..., Answer | np.ndarray]:
    """Let a quantity of test predictions be not a number, for each seed, where they are not there: a run diverged."""

    @wraps(function)
    def asked(study: StudyResults, variant: Variant, **options: Any) -> Answer | np.ndarray:
        if not is_predicted(study, variant):
            return unscored(variant)
        return function(study, variant, **options)

    return asked


@quantity
def below_ceiling(study: StudyResults, variant: Variant) -> np.ndarray:
    """Return by how much each seed's test Spearman is below what an oracle of the control reaches on the same probes.

    Of several proteins both are means over them.
    """
    several = len(proteins_of(study, variant.recipe)) > 1
    reached = study.cards[variant.recipe]["ceiling"]["oracle_on_this_draw"]["test"]
    below: np.ndarray = reached - final_values(study, variant, f"{SCORE}_mean" if several else SCORE)
    return below


@quantity
@of_tested
def spearman_of_protein(study: StudyResults, variant: Variant, *, protein: str) -> ItemScores:
    """Return the test Spearman of one protein (its experiment), where a model may know several."""
    experiments = [member["experiment"] for member in proteins_of(study, variant.recipe)]
    if protein not in experiments:
        raise ReplisomeError(f"claims: recipe '{variant.recipe}' has no '{protein}'; its are {', '.join(experiments)}.")
    return protein_scores(study, variant, SCORE, experiments.index(protein))


@quantity
@of_tested
def spearman_with_few_labels(study: StudyResults, variant: Variant) -> ItemScores:
    """Return the test Spearman of the protein of which the recipe hides labels."""
    (few,) = study.cards[variant.recipe]["labels_hidden"]
    names = [{member["experiment"], member["name"]} for member in proteins_of(study, variant.recipe)]
    return protein_scores(study, variant, SCORE, next(k for k, name in enumerate(names) if few in name))


@quantity
@of_tested
def spearman_unseen(study: StudyResults, variant: Variant) -> ItemScores:
    """Return the mean test Spearman over the proteins of which training and validation saw no label."""
    unseen = study.cards[variant.recipe].get("unseen", [])
    if not unseen:
        raise ReplisomeError(f"claims: recipe '{variant.recipe}' has no unseen proteins (key 'unseen' of a recipe).")
    members = enumerate(proteins_of(study, variant.recipe))
    return mean_over_proteins(study, variant, SCORE, [k for k, member in members if member["experiment"] in unseen])


@quantity
@of_tested
def motif_rank(study: StudyResults, variant: Variant) -> np.ndarray:
    """Return at which place each seed's predictions put the known motif among all k-mers, 1 being the first.

    k-mers are ordered by the mean prediction over the test probes that hold them. Of several proteins it is the worst
    place.
    """
    tokens, valid = _test_probes(study, variant.recipe)
    places = [
        [_place(tokens[valid[:, k]], one, motif) for one in protein_predictions(study, variant, k).predicted]
        for k, motif in enumerate(_motifs(study, variant.recipe))
        if motif
    ]
    return np.asarray(np.array(places, dtype=float).max(axis=0))


@quantity
def attention_on_motif(study: StudyResults, variant: Variant) -> np.ndarray:
    """Return how much attention lies on the known motif, by that of weights that are equal everywhere.

    It is the mean over heads and over those of the strongest validation probes that hold the motif. Only runs that were
    explained count.
    """
    motif, found = _one_motif(study, variant.recipe), []
    for run in variant.runs:
        explanation = study.explanation(run)
        if explanation is None:
            continue
        rows, metadata = explanation
        if metadata["attention"] is None:
            raise ReplisomeError(f"claims: attention_on_motif is asked of {variant.model}, which has no attention.")
        weights = np.stack(rows["attention"].tolist()).reshape(len(rows), *metadata["attention"]).mean(axis=1)
        on = np.stack([_on_motif(sequence, motif, weights.shape[1]) for sequence in rows["sequence"]])
        lengths, holds = rows["sequence"].str.len().to_numpy(), on.any(axis=1)
        share = (weights * on).sum(axis=1)[holds] / (on.sum(axis=1) / lengths)[holds]
        found.append(float(share.mean()) if holds.sum() >= FEWEST else np.nan)
    return np.array(found or [np.nan])


@quantity
def gradient_peak(study: StudyResults, variant: Variant) -> np.ndarray:
    """Return by seed the largest norm of a step's gradient over the median of the rounds' means, before clipping."""
    largest, usual = (curves_of(study, variant, "train", name) for name in ("gradient_norm_max", "gradient_norm"))
    return np.array([one.max() / np.median(other) for one, other in zip(largest, usual, strict=True)])


@quantity
@of_tested
def position_left_over(study: StudyResults, variant: Variant) -> np.ndarray:
    """Return which share of what a model leaves unexplained the position of the motif explains, by seed.

    Over the test probes of the one protein that hold the known motif once: one less the ratio of the variances of the
    residual within positions and in all, each by its degrees of freedom (epsilon squared: Kelley 1935, PNAS 21:554).
    0 where the model knows all that the position says.
    """
    tokens, valid = _test_probes(study, variant.recipe)
    at = _single_places(tokens[valid[:, 0]], _one_motif(study, variant.recipe))
    kept, (measured, predicted) = at >= 0, protein_predictions(study, variant, 0)
    _, place, counts = np.unique(at[kept], return_inverse=True, return_counts=True)
    if len(counts) < 2 or len(place) <= len(counts):
        raise ReplisomeError(f"claims: too few test probes of recipe '{variant.recipe}' hold the known motif once.")
    shares = []
    for one in predicted:
        left = (measured[kept] - one[kept]).astype(float)
        within = left - (np.bincount(place, weights=left) / counts)[place]
        shares.append(1 - (within @ within / (len(left) - len(counts))) / left.var(ddof=1))
    return np.array(shares)


@quantity
def grid_contrast(study: StudyResults, variant: Variant, *, setting: str, value: float, than: float) -> np.ndarray:
    """Return what one value of a setting adds to the validation Spearman over another, by seed.

    It is the mean over all pairs of points of the grid that differ in this setting only.
    """
    members = [v for v in grid_variants(study) if (v.recipe, v.model) == (variant.recipe, variant.model)]

    def others(member: Variant) -> tuple[tuple[str, str], ...]:
        return tuple(sorted((key, repr(found)) for key, found in member.values.items() if key != setting))

    base = {others(member): member for member in members if member.values[setting] == than}
    pairs = [(m, base[others(m)]) for m in members if m.values[setting] == value and others(m) in base]
    if not pairs:
        raise ReplisomeError(f"claims: the grid of {variant.model} does not have {setting} {value} and {than}.")
    gains = [_on_validation(study, one) - _on_validation(study, two) for one, two in pairs]
    return np.asarray(np.mean(gains, axis=0))


@quantity
@of_tested
def pooled_away_from_mean(study: StudyResults, variant: Variant, *, restored: bool) -> np.ndarray:
    """Return how far the Spearman over all test intensities at once is from the mean over proteins, by seed.

    Args:
        study: the study's results.
        variant: a model of several proteins.
        restored: whether intensities are pooled as the proteins' own scales have them (their logarithms), and not as
            z-scores of each protein. Of many, every n-th of a protein's counts.
    """
    mean = final_values(study, variant, f"{SCORE}_mean")
    if not restored:
        return np.asarray(np.abs(final_values(study, variant, SCORE) - mean))
    scaling = _statistics(study, variant.recipe)["test"]
    labels = sum(protein["test"] for protein in proteins_of(study, variant.recipe))
    every = max(1, round(labels / ENTRIES))
    each = [protein_predictions(study, variant, number) for number in range(len(scaling))]
    truth = np.concatenate([_restored(one.measured[::every], own) for one, own in zip(each, scaling, strict=True)])
    guess = [_restored(one.predicted[:, ::every], own) for one, own in zip(each, scaling, strict=True)]
    pooled = [spearmanr(one, truth)[0] for one in np.concatenate(guess, axis=1)]
    return np.asarray(np.abs(np.array(pooled) - mean))


# ---- of data, and of arithmetic


@fact
def design(study: StudyResults, recipe: str, *, number: str) -> float:
    """Return what the whole probe table holds: see :func:`replisome.studies.rnacompete.design.design_of`."""
    found = study.cards[recipe].get("design", {})
    if number not in found:
        known = ", ".join(found) or "nothing: it is simulated"
        raise ReplisomeError(f"claims: the table of recipe '{recipe}' has no '{number}'; known is {known}.")
    return float(found[number])


@fact
def scale_ratio(study: StudyResults, recipe: str) -> float:
    """Return how many times larger one protein's intensities spread than another's, of the two that differ most.

    From the smallest to the 99.95th percentile of the training probes. Few proteins cannot speak for all.
    """
    if len(proteins_of(study, recipe)) <= FEW:
        raise ReplisomeError(f"claims: recipe '{recipe}' has too few proteins to say how much their scales differ.")
    spread = [own["clip"] - own["floor"] for own in _statistics(study, recipe)["train"]]
    return float(max(spread) / min(spread))


@fact
def lstm_parameters(study: StudyResults, recipe: str, *, width: int, depth: int, bidirectional: bool) -> float:
    """Return the number of parameters of the LSTM on a recipe's input, whether or not it is among the runs."""
    from replisome.models import DataSpec, build  # noqa: PLC0415 (seconds of import, for this fact alone)

    stats = _stats(study, recipe)
    data = DataSpec(tuple(stats["shape"]), len(stats["outputs"]), stats["tokens"])
    model = build(CHOSEN, data, {"width": width, "depth": depth, "bidirectional": bidirectional})
    return float(sum(weights.numel() for weights in model.parameters()))


@fact
def values_a_position(study: StudyResults, recipe: str) -> float:
    """Return how many values the LSTM reads at a position of the probe: of one-hot bases 4, of tokens their vector."""
    shape, tokens = _stats(study, recipe)["shape"], _stats(study, recipe)["tokens"]
    return float(model_defaults(CHOSEN)["embedding"] if tokens else shape[-1])


# ---- what they share


def _stats(study: StudyResults, recipe: str) -> dict[str, Any]:
    return study.once(("stats", recipe), lambda: read_verified(study.root / study.plan.name / recipe / "stats.json"))


def _statistics(study: StudyResults, recipe: str) -> dict[str, Any]:
    """Return by split the statistics of each protein's targets."""
    return dict(_stats(study, recipe)["targets"])


def _motifs(study: StudyResults, recipe: str) -> list[str]:
    return [known_motif(member) for member in proteins_of(study, recipe)]


def _one_motif(study: StudyResults, recipe: str) -> str:
    motif, *others = _motifs(study, recipe)
    if others or not motif:
        raise ReplisomeError(
            f"claims: recipe '{recipe}' is asked about its motif; it is no one protein with a known one."
        )
    return motif


def _restored(scores: np.ndarray, own: Mapping[str, float]) -> np.ndarray:
    """Return logarithms of intensities from a protein's z-scores."""
    return np.asarray(scores.astype(float) * own["std"] + own["mean"])


def _test_probes(study: StudyResults, recipe: str) -> tuple[np.ndarray, np.ndarray]:
    """Return of a recipe's test probes the k-mers (n, positions) and which proteins they were measured for."""

    def read() -> tuple[np.ndarray, np.ndarray]:
        rows, metadata = study.prepared(recipe, "test")
        codes = sequence_codes(column_array(rows, "input", tuple(metadata["shape"])), metadata["tokens"])
        return kmer_tokens(codes, K), ~np.isnan(column_array(rows, "target", (len(proteins_of(study, recipe)),)))

    return study.once(("test probes", recipe), read)


def _token(motif: str) -> int:
    return int(kmer_tokens(encode_bases([motif], K).codes, K)[0, 0])


def _place(tokens: np.ndarray, values: np.ndarray, motif: str) -> int:
    """Return the place of a motif among k-mers by the mean value of the probes that hold them; ties count for it."""
    means = mean_by_kmer(tokens, values, len(ALPHABET) ** K)
    return 1 + int((means > means[_token(motif)]).sum())


def _single_places(tokens: np.ndarray, motif: str) -> np.ndarray:
    """Return where each probe (n,) holds the motif, -1 where it holds none or several."""
    holds = tokens == _token(motif)
    return np.where(holds.sum(axis=1) == 1, holds.argmax(axis=1), -1)


def _on_motif(sequence: str, motif: str, width: int) -> np.ndarray:
    """Return which positions (width,) of a probe belong to a copy of the motif."""
    on = np.zeros(width, bool)
    for start in range(len(sequence) - len(motif) + 1):
        if sequence.startswith(motif, start):
            on[start : start + len(motif)] = True
    return on


def _on_validation(study: StudyResults, variant: Variant) -> np.ndarray:
    return values_of(study, variant, split="validation", metric=SCORE, role=variant.weights)
