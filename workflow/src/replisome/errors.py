"""The one exception a user is meant to read."""

from __future__ import annotations

import datetime
import difflib
import errno
import re
from collections.abc import Iterable

NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")


# How messages of torch begin, end or are called where memory ran out; those of cuBLAS say no more than that it failed.
NO_MEMORY = (
    "can't allocate memory",
    "out of memory",
    "alloc_failed",
    "cublas_status_not_initialized",
    "std::bad_alloc",
)


class ReplisomeError(Exception):
    """Something the user can put right.

    The message names what is wrong, where (file, line or key) and what to do; the command line prints it without a
    traceback and leaves with ``exit_code``.
    """

    exit_code = 1


def misread(value: object, wanted: str) -> str:
    """Return what to do where YAML read a value as another type than was meant, or nothing.

    Args:
        value: what YAML made of it.
        wanted: what is expected: "str", or the name of a type of numbers.

    Returns:
        ``"; it was read as ..."``, with the remedy.
    """
    if wanted == "str" and isinstance(value, bool | int | float | datetime.date):
        kind = (
            "true or false" if isinstance(value, bool) else "a date" if isinstance(value, datetime.date) else "a number"
        )
        return f"; YAML reads what stands there as {kind}: put quotes around it"
    if wanted in ("int", "float") and isinstance(value, str) and NUMBER.fullmatch(value):
        return "; YAML reads what stands there as text: write it without quotes and, with an exponent, as in 1.0e-3"
    return ""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ``"; did you mean 'x'?"`` where a near name exists, else a list of the known names."""
    known = sorted(known)
    near = difflib.get_close_matches(word, known, n=1)
    if near:
        return f"; did you mean '{near[0]}'?"
    return f"; known: {', '.join(known)}" if known else ""


def out_of_memory(error: BaseException) -> bool:
    """Say whether an error says that memory ran out, on the CPU or a GPU, whichever library raised it.

    PyTorch raises a plain RuntimeError on a CPU; its text is then all there is to tell by.
    """
    names = {kind.__name__ for kind in type(error).__mro__}
    text = str(error).lower()
    told = getattr(error, "errno", None) == errno.ENOMEM or names & {"MemoryError", "OutOfMemoryError"}
    return bool(told) or (isinstance(error, RuntimeError) and any(sign in text for sign in NO_MEMORY))
