"""The networks of runs that differ in their seed only, asked together."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

import torch

from replisome.api.network import Network, load_model
from replisome.api.run_folders import finished_run, read_weights
from replisome.api.run_paths import CONFIG, siblings
from replisome.errors import ReplisomeError
from replisome.tracking.expected import differences
from replisome.tracking.stage_key import RECORD
from replisome.tracking.verify import verified
from replisome.training.restore import divergence


class Ensemble(NamedTuple):
    """Networks of one variant, and the runs that are no part of it.

    Attributes:
        networks: at least two, in the order of their seeds.
        left_out: by folder's name, why a run is left out: it has not finished, or it diverged.
    """

    networks: list[Network]
    left_out: dict[str, str]


def load_ensemble(
    run: str | os.PathLike[str], weights: str = "best", device: str | torch.device | None = None
) -> Ensemble:
    """Load the networks of a run and of its siblings, the folders ``seed=<n>`` beside it.

    Args:
        run: the folder of one of them, finished and sound; or the folder that holds them all.
        weights: "best" or "last", of each.
        device: as for :func:`replisome.api.network.load_model`.

    Returns:
        The networks; runs that have not finished or that diverged are left out.

    Raises:
        ReplisomeError: fewer than two are left, they differ in more than their seed, or one was edited.
    """
    path = Path(run)
    inside = siblings(path / "seed")
    if not inside and not (path / CONFIG).is_file():
        path, _ = finished_run(path)  # says what is wrong, or which run a file is of
    folders = inside or siblings(path.resolve())
    left_out = {one.name: why for one in folders if (why := _unfit(one, weights)) is not None}
    fit = [one for one in folders if one.name not in left_out]
    if len(fit) < 2:
        missing = "".join(f"; {name} {why}" for name, why in left_out.items())
        raise ReplisomeError(
            f"{path}: an ensemble needs two runs that differ in their seed; there {'is' if len(fit) == 1 else 'are'} "
            f"{len(fit) or 'none'}{missing}. Train more seeds, or leave --ensemble out."
        )
    first = load_model(fit[0], weights, device)
    networks = [first]
    for folder in fit[1:]:
        _, config = finished_run(folder)
        apart = [key for key in differences(first.config, config) if key != "seed"]
        if apart:
            raise ReplisomeError(
                f"{folder}: differs from {fit[0].name} in more than its seed ({', '.join(apart)}): that is no ensemble."
            )
        module, sha256 = read_weights(folder, config, first.task, weights, first.device)
        networks.append(Network(folder, weights, sha256, config, first.task, module, first.device))
    return Ensemble(networks, left_out)


def _unfit(folder: Path, weights: str) -> str | None:
    """Return why a run takes no part, or None.

    Raises:
        ReplisomeError: its weights are not what training wrote.
    """
    if not (folder / RECORD).is_file():
        return "has not finished"
    path = folder / f"{weights}.safetensors"
    return divergence(verified(path)) if path.is_file() else None
