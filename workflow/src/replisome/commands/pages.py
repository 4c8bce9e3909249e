"""How commands show things: tables and colours on a terminal, plain lines where a program or a file reads."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Collection, Iterable, Sequence
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

Fact = tuple[str, str]


class Page:
    """What is printed, top to bottom; on a terminal with colours and frames, elsewhere as text without either.

    Numbers and brackets in what is shown stand for themselves: nothing is read as markup.
    """

    def __init__(self, stream: IO[str] | None = None) -> None:
        self.stream = stream or sys.stdout or io.StringIO()  # a closed one is None
        reconfigure = getattr(self.stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")  # a terminal that has no ● still shows the rest
        self.console: Console | None = None  # None: plain text, which needs no library
        if self.stream.isatty() or os.environ.get("FORCE_COLOR"):
            from rich.console import Console  # noqa: PLC0415 -- help, completion and pipes need none

            self.console = Console(file=self.stream, markup=False, highlight=False, emoji=False)

    def title(self, text: str, below: str = "") -> None:
        """Print what the page is about, and a line of words below it."""
        self.line(text, "bold")
        if below:
            self.line(below)

    def line(self, text: str, style: str | None = None) -> None:
        """Print a line; ``style`` counts on a terminal only."""
        if self.console is None:
            self.stream.write(f"{text}\n")
        else:
            self.console.print(text, style=style)

    def facts(self, title: str, facts: Iterable[Fact]) -> None:
        """Print names and what they are under a title; nothing where there are none, and no name without a value."""
        rows = [[f"  {name}", value] for name, value in facts if value]
        if not rows:
            return
        self._heading(title)
        if self.console is None:
            self._plain(rows)
            return
        from rich.table import Table  # noqa: PLC0415

        grid = Table.grid(padding=(0, 2))
        grid.add_column(style="dim", no_wrap=True)
        grid.add_column(overflow="fold")
        for row in rows:
            grid.add_row(*row)
        self.console.print(grid)

    def table(self, title: str, columns: Sequence[str], rows: Iterable[Sequence[str]], right: Collection[str]) -> None:
        """Print a table under a title; nothing where it has no rows.

        Args:
            title: above it.
            columns: their headings.
            rows: a text a column.
            right: headings of the columns that are set to the right, as numbers are.
        """
        found = [list(row) for row in rows]
        if not found:
            return
        self._heading(title)
        if self.console is None:
            numbers = {index for index, name in enumerate(columns) if name in right}
            self._plain([[f"  {first}", *others] for first, *others in [list(columns), *found]], numbers)
            return
        from rich import box  # noqa: PLC0415
        from rich.table import Table  # noqa: PLC0415

        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
        for name in columns:
            table.add_column(name, justify="right" if name in right else "left", overflow="fold")
        for row in found:
            table.add_row(*row)
        self.console.print(table)

    def commands(self, title: str, commands: Iterable[Fact]) -> None:
        """Print commands to copy, each on a line of its own, unbroken, with what it does above it."""
        found = [(what, command) for what, command in commands if command]
        if not found:
            return
        self._heading(title)
        for what, command in found:
            self.line(f"  {what}:", "dim")
            if self.console is None:
                self.line(f"    {command}")
            else:
                self.console.print(f"    {command}", soft_wrap=True)

    def _heading(self, title: str) -> None:
        self.line("")
        self.line(title, "bold")

    def _plain(self, rows: Sequence[Sequence[str]], right: Collection[int] = ()) -> None:
        """Print rows in columns, two spaces apart; those of numbers to the right."""
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        for row in rows:
            cells = (
                cell.rjust(width) if number in right else cell.ljust(width)
                for number, (cell, width) in enumerate(zip(row, widths, strict=True))
            )
            self.line("  ".join(cells).rstrip())


def print_json(value: Any) -> None:
    """Print what a command found as JSON, keys in order, for programs."""
    print(json.dumps(value, indent=2, sort_keys=True, allow_nan=False))
