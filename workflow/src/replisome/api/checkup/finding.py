"""One thing that was looked at, and what came of it."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

State = Literal["ok", "warning", "wrong"]


class Finding(NamedTuple):
    """A line of the doctor's.

    Attributes:
        about: what was looked at, in a word or two.
        state: ``ok``; ``warning``, with which the workflow may run; or ``wrong``, with which it does not.
        found: what was found, in a sentence.
        remedy: what to do; empty where nothing is to be done.
    """

    about: str
    state: State
    found: str
    remedy: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return it as it is written."""
        return self._asdict()


def size(number: float) -> str:
    """Return a number of bytes for people: ``3.2 GB``."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if number < 1000:
            return f"{number:.0f} {unit}" if unit == "bytes" or number >= 100 else f"{number:.1f} {unit}"
        number /= 1000
    return f"{number:.1f} TB"
