"""Train a run for its first rounds, with which a search compares it, and keep the state from which it can go on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from replisome.io import read_json, rename, write_json
from replisome.tracking.record import Record
from replisome.training.checkpoint import Checkpoint
from replisome.training.rounds import validation_scores
from replisome.training.session import open_session


def run(
    settings: Path, data: Path, out: Path, threads: int, checkpoint_minutes: float, precision: Path | None = None
) -> None:
    """Write state.pt, validation.json (as of a run that ends here) and provenance.json to ``out``.

    Training that goes on from state.pt gives what it gives without this stop, bit by bit.

    Args:
        settings: the run's config.json with one key more, ``until``: after how many rounds to stop.
        data: folder of the prepared recipe.
        out: the folder ``pilot`` of the run.
        threads: of torch.
        checkpoint_minutes: within a round, save this often.
        precision: as for the stage ``train``.

    Raises:
        ReplisomeError: bad settings or data, or a full disk.
    """
    identity: dict[str, Any] = read_json(settings)
    record = Record("pilot", identity)
    config = {key: value for key, value in identity.items() if key != "until"}
    session = open_session(config, settings, data, record, threads, precision)
    checkpoint = Checkpoint(out / "checkpoint.pt", session.identity, checkpoint_minutes)
    progress = session.train(checkpoint, identity["until"])
    rename(checkpoint.path, out / "state.pt")
    write_json(out / "validation.json", validation_scores(config["select"], progress))
    record.write(out / "provenance.json", **session.about)
