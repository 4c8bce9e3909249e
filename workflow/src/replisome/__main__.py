"""``replisome`` and ``python -m replisome``: a stage for the workflow's rules, or a command for people."""

from __future__ import annotations

import atexit
import contextlib
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from replisome.commands import bundle, stage

INTERRUPTED = 130  # as shells have it


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the arguments say and return the exit code.

    Returns:
        0: done. 1: something is wrong that the user can put right, and a message says what. 2: the command line cannot
        be read. 130: interrupted from the keyboard.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words[:1] and words[0] in stage.STAGES and not stage.is_for_people(words):
        return stage.main(words)
    if words[:1] == ["bundle"]:
        return bundle.main(words[1:])
    from replisome.commands import door  # noqa: PLC0415 -- jobs need no click

    return door.main(words)


def leave() -> NoReturn:
    """Run the command line and end the process without taking its modules apart, half a second where torch is loaded.

    What libraries leave for the end, such as temporary folders of Matplotlib, is done.
    """
    try:
        code = main()
    except KeyboardInterrupt:  # while modules are imported
        code = INTERRUPTED
    atexit._run_exitfuncs()
    for stream in filter(None, (sys.stdout, sys.stderr)):  # a closed one is None
        with contextlib.suppress(BrokenPipeError):
            stream.flush()
    os._exit(code)


if __name__ == "__main__":
    leave()
