"""Train one run from its config.json, and write weights, history, validation scores and provenance."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
from safetensors.torch import save
from torch import Tensor

from replisome.data.parquet import write_parquet
from replisome.errors import ReplisomeError
from replisome.io import atomic, read_json, write_json
from replisome.tracking.record import Record
from replisome.training.checkpoint import Checkpoint
from replisome.training.energy import Meter
from replisome.training.restore import DIVERGED
from replisome.training.rounds import validation_scores
from replisome.training.session import open_session


def run(
    settings: Path,
    data: Path,
    out: Path,
    threads: int,
    checkpoint_minutes: float,
    start: Path | None = None,
    precision: Path | None = None,
) -> None:
    """Train the run that ``settings`` (a config.json) describes on the prepared recipe in ``data``.

    A run that diverges leaves all its files too, its last weights marked; so are the best where no round was finite.

    Args:
        settings: the run's config.json.
        data: folder of the prepared recipe.
        out: the run's folder.
        threads: of torch.
        checkpoint_minutes: within a round, save this often.
        start: the state in which a search left the run after its first rounds; None: it has not begun.
        precision: the answer of the probe, for a run whose precision is ``auto``; None: such a run is in fp32.

    Raises:
        ReplisomeError: bad settings or data, settings that are others by the end, or a full disk.
    """
    config: dict[str, Any] = read_json(settings)
    record = Record("train", config)
    session = open_session(config, settings, data, record, threads, precision)
    checkpoint = Checkpoint(out / "checkpoint.pt", session.identity, checkpoint_minutes, start)
    meter = Meter(session.arithmetic.device)
    progress = session.train(checkpoint)
    # Of a run that was interrupted, nothing kept what came before.
    card_joules = None if checkpoint.resumed else meter.joules()
    model = session.model
    lost = progress.stopped if progress.diverged else None
    write_weights(
        out / "best.safetensors", progress.best_weights or model.state_dict(), None if progress.best_epoch else lost
    )
    write_weights(out / "last.safetensors", model.state_dict(), lost)
    history = pd.DataFrame(progress.history).astype({"epoch": "int64", "step": "int64"})
    write_parquet(out / "history.parquet", pa.Table.from_pandas(history, preserve_index=False))
    write_json(out / "validation.json", validation_scores(config["select"], progress))
    if read_json(settings) != config:
        raise ReplisomeError(
            f"{settings}: another call wrote other settings there while this run trained, so that it goes unrecorded. "
            "The same command trains it with what is configured now."
        )
    record.write(out / "provenance.json", **session.about, card_joules=card_joules)
    checkpoint.remove()


def write_weights(path: Path, weights: dict[str, Tensor], diverged: str | None = None) -> None:
    """Write a state dict as safetensors, atomically; ``diverged`` says why nothing may be read from it."""
    kept = {name: tensor.detach().cpu().contiguous() for name, tensor in weights.items()}
    with atomic(path) as handle:
        handle.write(save(kept, {DIVERGED: diverged} if diverged else None))
