"""The notebook as a page: its words and its code; a test of its own runs it."""

from __future__ import annotations

from pathlib import Path

import nbformat

NOTEBOOK = Path(__file__).resolve().parents[1] / "notebooks" / "results.ipynb"


def notebook_page() -> str:
    """Return the page."""
    cells = nbformat.read(NOTEBOOK, as_version=4).cells
    return "\n\n".join(_block(cell.source) if cell.cell_type == "code" else cell.source for cell in cells) + "\n"


def _block(code: str) -> str:
    return f"```python\n{code.rstrip()}\n```"
