"""Draw what stood on a terminal: `tmux capture-pane -e -p -t PANE | python docs/draw_terminal.py OUT.svg TITLE`."""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text

WIDTH = 80  # columns at least


def main() -> None:
    """Draw the text with its colours, without empty lines at its end."""
    out, title = Path(sys.argv[1]), sys.argv[2]
    text = Text.from_ansi(sys.stdin.read().rstrip())
    width = max(WIDTH, *(line.cell_len for line in text.split("\n")))
    console = Console(record=True, width=width, file=io.StringIO(), highlight=False)
    console.print(text, no_wrap=True)
    svg = console.export_svg(title=title, unique_id=out.stem)
    # The font is whatever the reader has: a page that works without a network asks nobody for one.
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
    out.write_text("\n".join(line.rstrip() for line in svg.splitlines()) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
