"""The notebook as a page: its words and its code; a test of its own runs it."""

from __future__ import annotations

from pathlib import Path

from replisome.io import read_json

NOTEBOOK = Path(__file__).resolve().parents[1] / "notebooks" / "results.ipynb"


def notebook_page() -> str:
    """Return the page."""
    texts = []
    for cell in read_json(NOTEBOOK)["cells"]:
        text = "".join(cell["source"])
        texts.append(_block(text) if cell["cell_type"] == "code" else text)
    return "\n\n".join(texts) + "\n"


def _block(code: str) -> str:
    return f"```python\n{code.rstrip()}\n```"
