"""A user's own protein chains: sequence and profile as the recipe's chains have them, and the distances predicted."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pyarrow as pa
import torch

from replisome.config.catalogue import Output
from replisome.errors import ReplisomeError
from replisome.io import read_json
from replisome.studies.proteinnet.chain_files import read_chains
from replisome.studies.proteinnet.profiles import ProfiledChain
from replisome.studies.proteinnet.task import ChainSplit, ResidueDistances
from replisome.training.new_data import Answer, Batch, Beside, groups

INPUT = (
    "protein chains with profiles: ProteinNet's records, PSI-BLAST's matrices (-out_ascii_pssm), tables of profiles, "
    "or FASTA with an .npz of profiles"
)
MAPS = (".npz", ".sd.npz")  # beside the table: of maps, and of their standard deviations
DRAWN = 20  # chains whose maps are drawn; the .npz has all
NAME = 60  # letters of a chain's name in that of a file


def read(
    task: ResidueDistances, inputs: Sequence[Path], size: int, device: torch.device, beside: Beside
) -> Iterator[Batch]:
    """Read chains in batches, padded or cut to the recipe's crop as the study's own are.

    Args:
        task: the run's task.
        inputs: files of chains; see :func:`replisome.studies.proteinnet.chain_files.read_chains`.
        size: chains of a batch.
        device: where tensors go.
        beside: is told which chains are longer than the crop, and what a stand-in that the run was trained on is.

    Yields:
        Chains in the order of the input, with the columns ``name``, ``length`` and ``residues``, how many of these the
        network sees: the first ones, up to the crop.

    Raises:
        ReplisomeError: a file is none of these, a chain or its profile is not as it should be, or maps would be written
            over an input.
    """
    _spare_inputs(inputs, beside)
    _say_stand_in(task, beside)
    cut: dict[str, int] = {}
    beside.said |= {"crop": task.crop, "units": {"distance": "angstrom"}, "cut_to_the_crop": cut}
    for chains in groups(read_chains(inputs), size):
        given, targets = _split(task, chains, device).batch(torch.arange(len(chains), device=device))
        lengths = np.array([len(chain.letters) for chain in chains])
        cut |= {chain.name: len(chain.letters) for chain in chains if len(chain.letters) > task.crop}
        names = np.array([chain.name for chain in chains], object)
        yield Batch({"name": names, "length": lengths, "residues": lengths.clip(max=task.crop)}, given, targets)
    if cut:
        beside.note(
            f"Chains longer than the {task.crop} residues that the run sees: {len(cut)}. Their first ones count."
        )


def _spare_inputs(inputs: Sequence[Path], beside: Beside) -> None:
    """Refuse to write maps over profiles."""
    written = [beside.path(end).resolve() for end in MAPS] if beside.table is not None else []
    for path in inputs:
        if path.resolve() in written:
            raise ReplisomeError(f"{path}: is an input, and the maps would be written over it; give -o another name.")


def _say_stand_in(task: ResidueDistances, beside: Beside) -> None:
    """Say what the run was trained on where that was no official data, whose profiles may be scaled otherwise."""
    card = task.recipe / "card.json"
    origin = read_json(card)["origin"] if card.is_file() else None
    if origin and origin["stand_in"]:
        beside.note(f"The run was trained on a stand-in ({origin['stand_in']}): give it profiles made as those are.")


def _split(task: ResidueDistances, chains: Sequence[ProfiledChain], device: torch.device) -> ChainSplit:
    """Return chains as the study has a split on the device, with no coordinates known."""
    letters = torch.from_numpy(np.concatenate([chain.letters for chain in chains]))
    profile = torch.from_numpy(np.concatenate([chain.profile for chain in chains]))
    lengths = torch.tensor([len(chain.letters) for chain in chains])
    ca, known = torch.zeros(len(letters), 3), torch.zeros(len(letters), dtype=torch.bool)
    letters, profile, ca, known, lengths = (one.to(device) for one in (letters, profile, ca, known, lengths))
    return ChainSplit(letters, profile, ca, known, lengths, task.crop, task.unit)


def answers(task: ResidueDistances, outputs: np.ndarray, gives: Output) -> dict[str, np.ndarray]:
    """Return the distances between residues.

    Args:
        task: the run's task.
        outputs: (n, pairs) of i < j within the crop, in angstrom, float32.
        gives: what the model gives; coordinates and distances are treated alike.

    Returns:
        ``distance`` (n, pairs), the same. A network of report C's protocol gives in place of the distances of its
        coordinates their squares, as it was trained to.
    """
    return {"distance": outputs}


def tabulate(task: ResidueDistances, answers: Iterator[Answer], beside: Beside) -> Iterator[pa.Table]:
    """Yield a row a chain, and write its map of distances beside the table.

    Maps (residues, residues), float32, in angstrom, 0 on the diagonal, stand in ``<stem>.npz`` under the chain's name;
    where several networks were asked, their standard deviations stand in ``<stem>.sd.npz``. The first 20 are drawn.

    Args:
        task: the run's task.
        answers: to the batches of :func:`read`.
        beside: takes the files, if any; is told how many maps are drawn.

    Yields:
        Rows with the columns name, length, residues (of these, how many the network sees) and ``distance``, the mean
        over their pairs in angstrom, with ``distance_sd`` where several networks were asked. With files there is a
        column ``map``, the name of the picture, null where none was drawn.
    """
    number = 0
    with ExitStack() as files:
        stores: list[zipfile.ZipFile] = []
        for answer in answers:
            if beside.table is not None and not stores:
                stores = [_store(files, beside, end) for end in MAPS[: 1 + (answer.spread is not None)]]
            pictures: list[str | None] = []
            for row, (name, residues) in enumerate(zip(answer.names["name"], answer.names["residues"], strict=True)):
                number += 1
                pictures.append(None)
                for kind, store in zip((answer.values, answer.spread), stores, strict=False):
                    assert kind is not None  # there is a second store only where there is a spread
                    found = _as_map(task, kind["distance"][row], int(residues))
                    with store.open(f"{name}.npy", "w", force_zip64=True) as handle:
                        np.lib.format.write_array(handle, found, allow_pickle=False)
                    if kind is answer.values and number <= DRAWN:
                        pictures[-1] = _drawn(beside, name, found, number)
            columns = {name: pa.array(values.tolist()) for name, values in answer.names.items()}
            columns |= _means(task, answer) | ({"map": pa.array(pictures, pa.string())} if stores else {})
            yield pa.table(columns)
    if beside.table is not None and number > DRAWN:
        beside.note(f"The maps of the first {DRAWN} of {number} chains are drawn; the .npz has all.")


def _means(task: ResidueDistances, answer: Answer) -> dict[str, pa.Array]:
    """Return by column the mean distance of each chain, and its standard deviation over networks if there are some."""
    inside = task.pairs.second < answer.names["residues"][:, None]
    each = np.stack([np.where(inside, one["distance"], 0).sum(axis=1, dtype=np.float64) for one in answer.each])
    means = each / inside.sum(axis=1)
    spread = {} if answer.spread is None else {"distance_sd": pa.array(means.std(axis=0, ddof=1))}
    return {"distance": pa.array(means.mean(axis=0)), **spread}


def _store(stack: ExitStack, beside: Beside, ending: str) -> zipfile.ZipFile:
    """Open an .npz beside the table, to which maps are added one at a time."""
    handle = stack.enter_context(beside.file(ending))
    return stack.enter_context(zipfile.ZipFile(handle, "w", zipfile.ZIP_DEFLATED))


def _as_map(task: ResidueDistances, pairs: np.ndarray, residues: int) -> np.ndarray:
    """Return the symmetric map (residues, residues), float32, of the distances (pairs,) within the crop."""
    first, second = task.pairs[:2]
    inside = second < residues
    found = np.zeros((residues, residues), np.float32)
    found[first[inside], second[inside]] = found[second[inside], first[inside]] = pairs[inside]
    return found


def _drawn(beside: Beside, name: str, distances: np.ndarray, number: int) -> str:
    """Draw a map beside the table and return the name of the file."""
    from replisome.studies.proteinnet.map_picture import picture  # noqa: PLC0415 -- Matplotlib takes a second

    ending = f"-{number}-{re.sub(r'[^A-Za-z0-9._-]+', '_', name)[:NAME]}.png"
    with beside.file(ending) as handle:
        picture(name, distances).savefig(handle, format="png", metadata={"Software": None})
    return beside.path(ending).name
