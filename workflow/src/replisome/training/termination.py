"""Being told to stop: a preempted job, or one at its time limit, saves its state before it goes."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any

from replisome.errors import ReplisomeError


class TerminatedError(ReplisomeError):
    """The process was told to stop (SIGTERM), and its state is saved."""

    exit_code = 128 + signal.SIGTERM  # as shells count a death by a signal


class _StopError(Exception):
    """Raised by the signal handler where work may be cut short."""


class Termination:
    """Notices SIGTERM within a ``with`` block, in place of dying of it.

    Training looks at ``requested`` after each step, when its state is whole. Scoring, which changes no state, is cut
    short: :meth:`cut_short` ends at once.
    """

    def __init__(self) -> None:
        self.requested = False
        self._cut_short = False
        self._before: Any = None

    def __enter__(self) -> Termination:
        if threading.current_thread() is threading.main_thread():  # Python allows handlers there alone
            self._before = signal.signal(signal.SIGTERM, self._notice)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._before is not None:
            signal.signal(signal.SIGTERM, self._before)

    def _notice(self, number: int, frame: FrameType | None) -> None:
        self.requested = True
        if self._cut_short:
            raise _StopError

    @contextmanager
    def cut_short(self) -> Iterator[None]:
        """Run a block that may end anywhere: it does as soon as SIGTERM arrives, and ``requested`` says so."""
        try:
            self._cut_short = True
            yield
        except _StopError:
            pass
        finally:
            self._cut_short = False
