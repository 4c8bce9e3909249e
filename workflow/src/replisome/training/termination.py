"""Being told to stop: a preempted job, or one at its time limit, saves its state before it goes."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any, TypeVar

from replisome.errors import ReplisomeError

Done = TypeVar("Done")


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
            self._cut_short = False
            raise _StopError

    def cut_short(self, work: Callable[[], Done]) -> Done | None:
        """Return what ``work`` gives, or None as soon as SIGTERM arrives; ``requested`` then says so."""
        try:
            self._cut_short = True
            done = work()
            self._cut_short = False
        except _StopError:
            return None
        finally:
            self._cut_short = False
        return done
