"""A user's own RNAs: read from FASTA or text, encoded as the recipe's probes are, and what networks say of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import torch

from replisome.config.catalogue import Output
from replisome.data.encode.bases import encode_bases
from replisome.io import read_json
from replisome.studies.rnacompete.data import encode
from replisome.studies.rnacompete.probes import WIDTH
from replisome.studies.rnacompete.rna_files import RNA, read_rnas
from replisome.studies.rnacompete.targets import TINY, Scaling
from replisome.studies.rnacompete.task import Binding, ProbeSplit
from replisome.training.new_data import Answer, Batch, Beside, groups

INPUT = "RNAs of 10 to 41 bases, as FASTA or as text with a sequence, or a name, a tab and a sequence, a line"
AFFINITY = "z-score of the logarithm of the intensity, by mean and standard deviation of the training probes"
INTENSITY = "in the units of the probe table, cut where the recipe cuts it"


def read(task: Binding, inputs: Sequence[Path], size: int, device: torch.device, beside: Beside) -> Iterator[Batch]:
    """Read RNAs in batches, encoded as the recipe encodes probes: T as U, other letters as unknown, padded to 41.

    Args:
        task: the run's task.
        inputs: files of RNAs; see :func:`replisome.studies.rnacompete.rna_files.read_rnas`.
        size: RNAs of a batch.
        device: where tensors go.
        beside: is told the proteins and units of the columns, and how many RNAs have unknown bases.

    Yields:
        RNAs in the order of the input, with the columns ``name`` and ``sequence``, as it was read.

    Raises:
        ReplisomeError: a file is no text, or holds a sequence that is no RNA or does not fit the probes.
    """
    proteins = task.statistics["outputs"]
    beside.said["proteins"] = [{"experiment": one["experiment"], "name": one["name"]} for one in proteins]
    beside.said["units"] = {"affinity": AFFINITY, "intensity": INTENSITY}
    unknown = 0
    for rnas in groups((rna for path in inputs for rna in read_rnas(path)), size):
        unknown += sum("N" in rna.letters for rna in rnas)
        given, targets = _split(task, rnas, device).batch(torch.arange(len(rnas), device=device))
        names = {"name": [rna.name for rna in rnas], "sequence": [rna.letters for rna in rnas]}
        yield Batch({key: np.array(texts, object) for key, texts in names.items()}, given, targets)
    beside.said["rnas_with_unknown_bases"] = unknown
    if unknown:
        beside.note(f"RNAs with letters other than A, C, G, U and T: {unknown}. They are read as unknown bases (N).")


def _split(task: Binding, rnas: Sequence[RNA], device: torch.device) -> ProbeSplit:
    """Return RNAs as the study has a split on the device, with no target known."""
    stored, _ = encode(encode_bases([rna.letters for rna in rnas], WIDTH).codes, task.encoding)
    targets = torch.full((len(rnas), task.data.outputs), torch.nan)
    return ProbeSplit(torch.from_numpy(stored).to(device), targets.to(device), None if task.tokens else task.scale)


def answers(task: Binding, outputs: np.ndarray, gives: Output) -> dict[str, np.ndarray]:
    """Return how strongly proteins bind RNAs.

    Args:
        task: the run's task.
        outputs: (n, proteins), float32.
        gives: what the model gives; always affinities.

    Returns:
        ``affinity`` (n, proteins), the z-scores that networks are trained to give, untouched; and ``intensity``
        (n, proteins), float32, the same with the recipe's scaling undone. Since that scales logarithms, it is the
        geometric mean of what is expected, not the arithmetic one. It is between the lowest and the highest intensity
        that the scaling knows.
    """
    by = [Scaling(**protein) for protein in task.statistics["targets"]["train"]]
    mean, std, shift = (np.array([getattr(one, name) for one in by]) for name in ("mean", "std", "shift"))
    with np.errstate(over="ignore"):  # infinity is cut like all that is too large
        intensity = np.exp(outputs.astype(np.float64) * std + mean) - shift - TINY
    cut = intensity.clip([one.floor for one in by], [one.clip for one in by])
    return {"affinity": outputs, "intensity": cut.astype(np.float32)}


def tabulate(task: Binding, answers: Iterator[Answer], beside: Beside) -> Iterator[pa.Table]:
    """Yield a row an RNA: name, sequence, and by experiment ``affinity.<experiment>`` and ``intensity.<experiment>``.

    Of proteins that training never saw there is no intensity: nothing of the run says how theirs are scaled. Nor is
    there one where the recipe's data card, which says which those are, does not lie beside its statistics.

    Args:
        task: the run's task.
        answers: to the batches of :func:`read`.
        beside: is told where there are no intensities.

    Yields:
        Rows; where several networks were asked, a column ``..._sd`` beside each of numbers.
    """
    card = task.recipe / "card.json"
    unseen = set(read_json(card).get("unseen", [])) if card.is_file() else set(task.experiments)
    if not card.is_file():
        beside.note(f"There is no {card}, so nothing says which proteins training saw: no intensities are given.")
    elif unseen:
        beside.note(f"Training never saw {len(unseen)} of the proteins: of these there are affinities alone.")
    for answer in answers:
        columns = {name: pa.array(texts, pa.string()) for name, texts in answer.names.items()}
        for number, experiment in enumerate(task.experiments):
            for name in ("affinity", "intensity"):
                if name == "intensity" and experiment in unseen:
                    continue
                columns[f"{name}.{experiment}"] = pa.array(answer.values[name][:, number])
                if answer.spread is not None:
                    columns[f"{name}.{experiment}_sd"] = pa.array(answer.spread[name][:, number])
        yield pa.table(columns)
