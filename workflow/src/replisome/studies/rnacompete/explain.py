"""Why a model gives a probe its affinity: in-silico mutagenesis, k-mers set into random probes, attention weights.

For each protein, the strongest measured probes of a split are mutated base by base, and all k-mers are set into the
middle of random probes: what a k-mer adds on average is what the model looks for, free of the probes' own make-up.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import torch
from torch import Tensor, nn

from replisome.data.encode.bases import ALPHABET, PADDING, decode_bases
from replisome.data.encode.kmers import all_kmers
from replisome.data.parquet import array_column
from replisome.studies.rnacompete.data import encode, sequence_codes
from replisome.studies.rnacompete.motifs import K, explained_proteins
from replisome.studies.rnacompete.probes import WIDTH
from replisome.studies.rnacompete.task import Binding, ProbeSplit

STRONGEST = 100  # probes a protein
SEEN = 0.01  # share of probes that must have a base at a position for the model to be asked about it there
BACKGROUNDS = 16  # random probes that each k-mer is set into
BATCH = 2048


def explain(model: nn.Module, task: Binding, split: ProbeSplit) -> tuple[pa.Table, dict[str, object]]:
    """Ask a finished model about the strongest measured probes, and about every k-mer.

    Of many proteins, only those whose motif is known are explained.

    Args:
        model: the run's model with the weights that are tested, in evaluation mode, on the device.
        task: what ``open_task`` gave.
        split: the validation split, as ``task.load`` gave it.

    Returns:
        A row a protein and strong probe, and the metadata: ``k``, the effect of each k-mer by protein, the shapes of an
        effect and of attention. Columns: protein (its position), item (the probe's position in the split), sequence,
        measured and predicted (z-scores), effect (41, 4): the change of the prediction when the base at a position is
        replaced, 0 for the base that is there, NaN beyond the end and for a base that probes do not have there (all
        begin with AG: what a model says of others, it has not learnt); attention (heads, positions) where the model has
        it.
    """
    ask = _Asker(model, task, split)
    codes = sequence_codes(split.inputs.cpu().numpy(), task.tokens)
    measured = split.targets.cpu().numpy()
    seen = np.stack([(codes == base).mean(axis=0) >= SEEN for base in range(len(ALPHABET))], axis=1)
    wanted = explained_proteins(task.experiments) or [0]
    parts = [_strongest(ask, codes, measured[:, k], k, seen) for k in wanted]
    columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    table = {name: array_column(values) for name, values in columns.items() if name != "sequence"}
    table["sequence"] = pa.array(columns["sequence"].tolist())
    effects = _kmer_effects(ask)
    metadata = {
        "k": K,
        "kmer_effects": {task.experiments[k]: effects[:, k].round(5).tolist() for k in wanted},
        "positions": list(columns["effect"].shape[1:]),
        "attention": list(columns["attention"].shape[1:]) if "attention" in columns else None,
    }
    return pa.table(table), metadata


class _Asker:
    """Predictions for base codes, whatever the model's encoding."""

    def __init__(self, model: nn.Module, task: Binding, split: ProbeSplit) -> None:
        self.model, self.task, self.split = model, task, split

    def inputs(self, codes: np.ndarray) -> Tensor:
        stored, _ = encode(codes, self.task.encoding)
        return self.split.read(torch.from_numpy(stored).to(self.split.inputs.device))

    @torch.inference_mode()
    def predict(self, codes: np.ndarray) -> np.ndarray:
        """Return affinities (n, proteins) for codes (n, 41)."""
        pieces = [codes[start : start + BATCH] for start in range(0, len(codes), BATCH)]
        return np.concatenate([self.model(self.inputs(piece)).float().cpu().numpy() for piece in pieces])

    @torch.inference_mode()
    def attend(self, codes: np.ndarray) -> np.ndarray | None:
        """Return attention weights (n, heads, positions) of a model that has them."""
        attend = getattr(self.model, "attend", None)
        return None if attend is None else attend(self.inputs(codes))[1].float().cpu().numpy()


def _strongest(
    ask: _Asker, codes: np.ndarray, measured: np.ndarray, protein: int, seen: np.ndarray
) -> dict[str, np.ndarray]:
    items = np.argsort(-np.nan_to_num(measured, nan=-np.inf), kind="stable")
    items = items[: min(STRONGEST, int((~np.isnan(measured)).sum()))]
    chosen = codes[items]
    predicted = ask.predict(chosen)[:, protein]
    found: dict[str, np.ndarray] = {
        "protein": np.full(len(items), protein, np.int16),
        "item": items.astype(np.int64),
        "sequence": np.array(decode_bases(chosen), dtype=object),
        "measured": measured[items].astype(np.float32),
        "predicted": predicted.astype(np.float32),
        "effect": mutagenesis(ask, chosen, predicted, protein, seen).astype(np.float32),
    }
    attention = ask.attend(chosen)
    return found if attention is None else {**found, "attention": attention.astype(np.float32)}


def mutagenesis(ask: _Asker, codes: np.ndarray, predicted: np.ndarray, protein: int, seen: np.ndarray) -> np.ndarray:
    """Return how the prediction of one protein changes when one base is replaced.

    Args:
        ask: the model.
        codes: bases of the probes (n, 41), uint8.
        predicted: affinities of the probes as they are (n,), z-scores.
        protein: the protein's position in the recipe.
        seen: which bases probes have at a position (41, 4), bool; others are not tried.

    Returns:
        The change (n, 41, 4): 0 for the base that is there, NaN for what was not tried and beyond the end.
    """
    effect = np.where(codes[:, :, None] == np.arange(len(ALPHABET)), 0.0, np.nan)
    for base in range(len(ALPHABET)):
        at = np.argwhere((codes != base) & (codes != PADDING) & seen[:, base])
        changed = codes[at[:, 0]].copy()
        changed[np.arange(len(at)), at[:, 1]] = base
        effect[at[:, 0], at[:, 1], base] = ask.predict(changed)[:, protein] - predicted[at[:, 0]]
    return effect


def _kmer_effects(ask: _Asker) -> np.ndarray:
    """Return (4**K, proteins): what setting each k-mer into the middle of random probes adds to the prediction."""
    backgrounds = np.random.default_rng(0).integers(0, len(ALPHABET), size=(BACKGROUNDS, WIDTH)).astype(np.uint8)
    kmers = all_kmers(K)
    start = (WIDTH - K) // 2
    total = np.zeros((4**K, ask.task.data.outputs))
    for background in backgrounds:
        probes = np.tile(background, (len(kmers), 1))
        probes[:, start : start + K] = kmers
        total += ask.predict(probes) - ask.predict(background[None])
    return total / len(backgrounds)
