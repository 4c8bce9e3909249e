"""Changes to several files that are shown first and made all or none."""

from __future__ import annotations

import difflib
import hashlib
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from replisome.errors import ReplisomeError
from replisome.io import atomic, disk_error, file_hash, write_text


@dataclass(frozen=True)
class Text:
    """A text file that is new (``before`` is None) or changed; ``brief`` where a diff shows its name alone."""

    path: Path
    before: str | None
    after: str
    brief: bool = False


@dataclass(frozen=True)
class Copy:
    """A file of the user's that is copied, or linked to, as it is.

    Attributes:
        source: the file.
        target: where it goes.
        sha256: of the file that was examined.
        link: whether a symbolic link is made in place of a copy.
    """

    source: Path
    target: Path
    sha256: str
    link: bool = False


@dataclass
class Edits:
    """Changes below one folder, in the order in which they are made.

    Attributes:
        root: the folder.
        copies: files that are copied; they come first, since they may fail for want of space.
        texts: text files; what makes use of the others comes last.
    """

    root: Path
    copies: list[Copy] = field(default_factory=list)
    texts: list[Text] = field(default_factory=list)

    def write(self, path: str, content: str, brief: bool = False) -> None:
        """Add a new text file.

        Args:
            path: from the root.
            content: what stands in it.
            brief: whether a diff shows its name and length alone.

        Raises:
            ReplisomeError: there is something of that name; nothing is ever overwritten.
        """
        target = self.root / path
        self._refuse_if_there(target)
        self.texts.append(Text(target, None, content, brief))

    def change(self, path: str, before: str, after: str) -> None:
        """Add a change of a text file that is there."""
        self.texts.append(Text(self.root / path, before, after))

    def copy(self, source: Path, path: str, sha256: str, link: bool) -> None:
        """Add a copy of a file, or a link to it.

        Raises:
            ReplisomeError: there is something of that name.
        """
        target = self.root / path
        self._refuse_if_there(target)
        self.copies.append(Copy(source, target, sha256, link))

    def diff(self) -> Iterator[str]:
        """Yield the lines of a unified diff, and a line for each file that is copied."""
        for text in self.texts:
            name = self._shown(text.path)
            old, new = (text.before or "").splitlines(), text.after.splitlines()
            if text.brief:
                yield f"new file {name} ({len(new)} lines)"
                continue
            first = "/dev/null" if text.before is None else name
            yield from difflib.unified_diff(old, new, first, name, n=2, lineterm="")
        for copy in self.copies:
            yield f"{'link' if copy.link else 'copy'} {copy.source} -> {self._shown(copy.target)}"

    def apply(self) -> None:
        """Make all changes, or none.

        Raises:
            ReplisomeError: a file changed meanwhile or cannot be written; what was done is undone.
        """
        done: list[Text | Copy] = []
        try:
            for copy in self.copies:
                self._refuse_if_there(copy.target)
                done.append(copy)
                _bring(copy)
            for text in self.texts:
                if text.before is None:
                    self._refuse_if_there(text.path)
                elif text.path.read_text(encoding="utf-8") != text.before:
                    raise ReplisomeError(f"{self._shown(text.path)}: changed meanwhile; run the same command again.")
                done.append(text)
                write_text(text.path, text.after)
        except BaseException:  # an interrupt must not leave half of it either
            for one in reversed(done):
                _undo(one)
            raise

    def _refuse_if_there(self, path: Path) -> None:
        if path.exists() or path.is_symlink():
            raise ReplisomeError(
                f"{self._shown(path)}: is there already, and is not overwritten; choose another name or remove it."
            )

    def _shown(self, path: Path) -> str:
        return str(path.relative_to(self.root)) if path.is_relative_to(self.root) else str(path)


def _bring(copy: Copy) -> None:
    """Copy or link one file.

    Raises:
        ReplisomeError: it is not the file any more that was examined.
    """
    if copy.link:
        if file_hash(copy.source) != copy.sha256:
            raise ReplisomeError(f"{copy.source}: changed meanwhile; run the same command again.")
        try:
            copy.target.parent.mkdir(parents=True, exist_ok=True)
            copy.target.symlink_to(copy.source.resolve())
        except OSError as error:
            raise disk_error(copy.target, error) from error
        return
    with copy.source.open("rb") as given, atomic(copy.target) as kept:
        digest = hashlib.sha256()
        while block := given.read(1 << 20):
            digest.update(block)
            kept.write(block)
        if digest.hexdigest() != copy.sha256:
            raise ReplisomeError(f"{copy.source}: changed meanwhile; run the same command again.")


def _undo(one: Text | Copy) -> None:
    if isinstance(one, Text) and one.before is not None:
        write_text(one.path, one.before)
        return
    path = one.path if isinstance(one, Text) else one.target
    path.unlink(missing_ok=True)
    with suppress(OSError):  # a folder that was made for it; others are not empty
        path.parent.rmdir()


def copied_tree(source: Path, target: Path) -> None:
    """Copy a folder without what Python and version control keep in it."""
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", ".git"), symlinks=True)
