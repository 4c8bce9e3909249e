"""What is wrong with a figure for somebody who reads it on the page, found by walking what Matplotlib drew."""

from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.text import Text

from replisome.analysis import plots

SHOWN = 180 / 25.4  # inches: how wide the page shows a figure at most where it is narrowest, on A4 paper
LEAST = 7.0  # points
MOST = 8  # panels
ALLOWED = {to_hex(c) for c in (*plots.COLOURS, *plots.BASE_COLOURS.values(), plots.INK, plots.GREY, plots.FAINT)}


def faults(figure: Figure) -> list[str]:
    """Return what is wrong, a line each: text too small, or cut off; too many panels; colours of no palette."""
    figure.draw_without_rendering()
    figure.draw_without_rendering()  # panels of a fixed shape settle the second time
    width, height = figure.get_size_inches()
    scale = min(1.0, SHOWN / width)
    found = []
    inside = figure.get_tightbbox()
    if min(inside.x0, inside.y0, width - inside.x1, height - inside.y1) < -0.02:
        found.append(f"something is cut off: {inside} of {width:.2f} x {height:.2f} inches")
    for text in figure.findobj(Text):
        size = text.get_fontsize() * scale
        if text.get_text().strip() and text.get_visible() and size < LEAST:
            found.append(f"text of {size:.1f} points: {text.get_text()!r}")
    panels = [panel for panel in figure.axes if panel.has_data() and panel.get_label() != "<colorbar>"]
    if not panels:
        found.append("no panel has data")
    if len(panels) > MOST:
        found.append(f"{len(panels)} panels")
    for panel in panels:
        colours = {to_hex(line.get_color()) for line in panel.lines}
        colours |= {
            to_hex(colour)
            for shape in panel.collections
            if shape.get_array() is None
            for colour in [*shape.get_facecolor(), *shape.get_edgecolor()]
        }
        found += [f"colour {colour} is not of the palette" for colour in sorted(colours - ALLOWED)]
    return found
