"""Hiding labels of a protein, as if few had been measured, or all of them, as if nobody had measured it yet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from replisome.data.splits import SPLITS
from replisome.errors import ReplisomeError
from replisome.studies.rnacompete.probes import Probes

SEED = 42  # of the order in which labels are kept


def keep_labels(part: Probes, position: int, most: int) -> int:
    """Hide a protein's labels beyond the first ``most`` in a fixed random order, and return how many were hidden.

    The order is of sequences, so that neither the order of rows nor other proteins' labels have a say.

    Args:
        part: the probes of a split; its intensities are changed in place.
        position: of the protein among those of the probes.
        most: how many labels stay.
    """
    column = part.intensities[:, position]
    labelled = np.array(sorted(np.flatnonzero(~np.isnan(column)), key=lambda row: part.sequences[row]), dtype=int)
    lost = labelled[np.random.RandomState(SEED).permutation(len(labelled))[most:]]
    part.intensities[lost, position] = np.nan
    return len(lost)


def draw_unseen(proteins: int, share: float) -> list[int]:
    """Return the positions of the proteins that training and validation never see, drawn once for all.

    Args:
        proteins: how many there are.
        share: of them; rounded to whole proteins.

    Raises:
        ReplisomeError: none would be unseen, or fewer than two seen.
    """
    number = round(share * proteins)
    if number < 1 or proteins - number < 2:
        raise ReplisomeError(
            f"recipe: unseen: {share} of {proteins} proteins leaves none unseen, or fewer than two seen."
        )
    return sorted(int(k) for k in np.random.RandomState(SEED).permutation(proteins)[:number])


def unseen_hidden(values: np.ndarray, unseen: Sequence[int], split: str) -> np.ndarray:
    """Return values (n, proteins) with those of unseen proteins hidden, but for the test split."""
    if not unseen or split == SPLITS[-1]:
        return values
    hidden = values.copy()
    hidden[:, unseen] = np.nan
    return hidden


def hide_beyond_training(parts: Mapping[str, Probes], proteins: Iterable[str]) -> dict[str, int]:
    """Hide validation labels of some proteins, down to as many as training has, and return how many by protein.

    Early stopping and selection would otherwise see more labels of a protein than the few that it is said to have.

    Args:
        parts: the probes of each split; the intensities of ``validation`` are changed in place.
        proteins: names or experiments of the proteins of which training labels were hidden.
    """
    names = list(proteins)
    labels = (~np.isnan(parts["train"].intensities)).sum(axis=0)
    positions = parts["train"].all_named(names, "label_fraction")
    return {
        name: keep_labels(parts["validation"], position, int(labels[position]))
        for name, position in zip(names, positions, strict=True)
    }
