"""A stage that works in a run's folder: alone there, on a GPU that no other job needs, and gone in order when told."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from replisome.config.tested_weights import evaluation_settings
from replisome.tracking.run_folder import writing
from replisome.training.gpu_share import own_gpu

CALLED = "REPLISOME_CALLED"  # the file that the present call of the workflow wrote when it began


@contextmanager
def run_job(stage: str, options: Mapping[str, Any], settings: dict[str, Any], gpu: int) -> Iterator[bool]:
    """Hold the run's folder and a GPU while a stage works.

    Args:
        stage: one of :data:`replisome.tracking.run_folder.STAGES`.
        options: it is called with.
        settings: the run's config.json.
        gpu: how many GPUs the job asked for; one that asked for none waits for none.

    Yields:
        Whether there is anything to do: not where another process has finished this very result.
    """
    identity = settings
    if stage == "evaluate":
        identity = evaluation_settings(settings, [weights.stem for weights in options["weights"]])
    called = os.environ.get(CALLED)
    with _ending_in_order(), writing(stage, options["out"], identity, Path(called) if called else None) as anew:
        if not anew:
            yield False
            return
        with own_gpu(waits=gpu > 0):
            yield True


@contextmanager
def _ending_in_order() -> Iterator[None]:
    """Have SIGTERM end this process by an exception, so that it lets go of what it holds."""
    if threading.current_thread() is not threading.main_thread():  # Python allows handlers there alone
        yield
        return
    before = signal.signal(signal.SIGTERM, _exit)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _exit(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)  # as shells count a death by a signal
