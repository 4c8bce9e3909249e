"""Figures inside the page: drawings as light as they can be, pixels where a drawing would be heavier."""

from __future__ import annotations

import base64
import re
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

MOST_DRAWING = 150_000  # characters of a drawing that is taken whatever its image weighs
POINTS = 72  # of an inch
WIDTH = re.compile(r'<svg[^>]* width="(?P<points>[\d.]+)pt"')
UNSEEN = re.compile(r"<\?xml.*?\?>|<!DOCTYPE.*?>|<metadata>.*?</metadata>|<!--.*?-->", re.DOTALL)
PATH = re.compile(r'(?<= d=")[^"]*')
LONG = re.compile(r"(\d\.\d\d)\d+")  # a hundredth of a point is less than a printer's dot
SAFE = " <>=/:;,.-+*()[]{}!?@$~'\"&\n"  # in an address within an attribute, which the template escapes


class Picture(NamedTuple):
    """A figure as the page holds it: its address, with all of its data, and how wide it was drawn in inches."""

    source: str
    inches: float


def picture(image: Path, drawing: Path, pixels: bool) -> Picture:
    """Return a figure for the page.

    Args:
        image: the figure as PNG.
        drawing: the figure as SVG.
        pixels: whether what it shows are pixels.

    Returns:
        The drawing, unless it shows pixels, or is heavy and heavier than the image. Text has the size in print that its
        style gave it where the page shows it as wide as it was drawn.
    """
    text = drawing.read_text(encoding="utf-8")
    found = WIDTH.search(text)
    inches = round(float(found["points"]) / POINTS, 2) if found else 6.0
    drawn = f"data:image/svg+xml,{quote(without_unseen(text), safe=SAFE)}"
    encoded = f"data:image/png;base64,{base64.b64encode(image.read_bytes()).decode()}"
    takes_drawing = not pixels and len(drawn) <= max(MOST_DRAWING, len(encoded))
    return Picture(drawn if takes_drawing else encoded, inches)


def without_unseen(text: str) -> str:
    """Return an SVG without what is not seen: metadata, and digits of its paths below a hundredth of a point."""
    return PATH.sub(lambda path: LONG.sub(r"\1", path[0]), UNSEEN.sub("", text)).strip()
