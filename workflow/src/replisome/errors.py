"""The one exception a user is meant to read."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class ReplisomeError(Exception):
    """Something the user can put right.

    The message names what is wrong, where (file, line or key) and what to do; the command line prints it without a
    traceback and leaves with ``exit_code``.
    """

    exit_code = 1


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ``"; did you mean 'x'?"`` where a near name exists, else a list of the known names."""
    known = sorted(known)
    near = difflib.get_close_matches(word, known, n=1)
    if near:
        return f"; did you mean '{near[0]}'?"
    return f"; known: {', '.join(known)}" if known else ""
