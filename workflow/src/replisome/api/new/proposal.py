"""What ``replisome new`` is about to do: what it found, the changes, and the commands that come after them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from replisome.api.new.edits import Edits
from replisome.config.study_files import known_names
from replisome.errors import ReplisomeError

NAME = re.compile(r"[a-z][a-z0-9_-]*")
MODULE = re.compile(r"[a-z][a-z0-9_]*")


@dataclass
class Proposal:
    """Changes that are checked and not made yet.

    Attributes:
        title: what is proposed, in a line.
        edits: the changes.
        found: what is in the user's file, as pairs of a label and a text.
        notes: what the user should know.
        then: commands to run next, each with what it does.
    """

    title: str
    edits: Edits
    found: list[tuple[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    then: list[tuple[str, str]] = field(default_factory=list)


def check_file(file: Path) -> None:
    """Refuse a path that is of no file.

    Raises:
        ReplisomeError: says what it is.
    """
    if not file.is_file():
        raise ReplisomeError(f"{file}: {'is a folder' if file.is_dir() else 'no such file'}; give the path of a file.")


def check_name(name: str, what: str, as_module: bool = False) -> None:
    """Refuse a name that cannot be a folder, a target and, where it must be, a Python module.

    Raises:
        ReplisomeError: says which letters a name may have.
    """
    if not (MODULE if as_module else NAME).fullmatch(name):
        more = "digits and _" if as_module else "digits, _ and -"
        raise ReplisomeError(f"{what} name {name!r}: use small letters, {more}, a letter first.")


def check_study_name(name: str, root: Path) -> None:
    """Refuse the name of a study that is there.

    Raises:
        ReplisomeError: says where it is.
    """
    if name in known_names(root):
        raise ReplisomeError(f"there is a study '{name}' in config/studies already; choose another name.")


def read(path: Path) -> str:
    """Return the text of a file of the repository.

    Raises:
        ReplisomeError: it is not there or cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ReplisomeError(f"{path}: cannot be read ({error}).") from None
