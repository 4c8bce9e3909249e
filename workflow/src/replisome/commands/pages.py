"""How commands show things: tables and panels on a terminal, plain lines where a program or a file reads."""

from __future__ import annotations

import json
import sys
from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

WIDE = 4000  # columns where nobody looks at a terminal: no line is broken
Fact = tuple[str, str]


class Page:
    """What is printed, top to bottom; on a terminal with colours and frames, elsewhere as text without either.

    Numbers and brackets in what is shown stand for themselves: nothing is read as markup.
    """

    def __init__(self, console: Console | None = None) -> None:
        from rich.console import Console  # noqa: PLC0415 -- help and completion need none

        reconfigure = getattr(sys.stdout, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")  # a terminal that has no ● still shows the rest
        self.console = console or Console(markup=False, highlight=False, emoji=False)
        if not self.console.is_terminal:
            self.console.width = WIDE

    @property
    def plain(self) -> bool:
        """Whether this goes to a file or a program."""
        return not self.console.is_terminal

    def title(self, text: str, below: str = "") -> None:
        """Print what the page is about, and a line of words below it."""
        self.console.print(text, style="bold")
        if below:
            self.console.print(below)

    def line(self, text: str, style: str | None = None) -> None:
        """Print a line."""
        self.console.print(text, style=style)

    def facts(self, title: str, facts: Iterable[Fact]) -> None:
        """Print names and what they are under a title; nothing where there are none, and no name without a value."""
        from rich.table import Table  # noqa: PLC0415

        rows = [(name, value) for name, value in facts if value]
        if not rows:
            return
        grid = Table.grid(padding=(0, 2))
        grid.add_column(style=None if self.plain else "dim", no_wrap=True)
        grid.add_column(overflow="fold")
        for name, value in rows:
            grid.add_row(f"  {name}", value)
        self._under(title, grid)

    def table(self, title: str, columns: Sequence[str], rows: Iterable[Sequence[str]], right: Collection[str]) -> None:
        """Print a table under a title; nothing where it has no rows.

        Args:
            title: above it.
            columns: their headings.
            rows: a text a column.
            right: headings of the columns that are set to the right, as numbers are.
        """
        from rich import box  # noqa: PLC0415
        from rich.table import Table  # noqa: PLC0415

        found = [list(row) for row in rows]
        if not found:
            return
        table = Table(box=None if self.plain else box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
        for number, name in enumerate(columns):
            first = number == 0 and self.plain
            table.add_column(
                f"  {name}" if first else name, justify="right" if name in right else "left", overflow="fold"
            )
        for row in found:
            table.add_row(*([f"  {row[0]}", *row[1:]] if self.plain else row))
        self._under(title, table)

    def commands(self, title: str, commands: Iterable[Fact]) -> None:
        """Print commands to copy, each on a line of its own, unbroken, with what it does above it."""
        found = [(what, command) for what, command in commands if command]
        if not found:
            return
        self._under(title)
        for what, command in found:
            self.console.print(f"  {what}:", style=None if self.plain else "dim")
            self.console.print(f"    {command}", soft_wrap=True)

    def _under(self, title: str, shown: Any = None) -> None:
        self.console.print()
        self.console.print(title, style="bold")
        if shown is None:
            return
        if not self.plain:
            self.console.print(shown)
            return
        with self.console.capture() as printed:
            self.console.print(shown)
        for row in printed.get().splitlines():
            self.console.print(row.rstrip(), soft_wrap=True)


def print_json(value: Any) -> None:
    """Print what a command found as JSON, keys in order, for programs."""
    print(json.dumps(value, indent=2, sort_keys=True, allow_nan=False))
