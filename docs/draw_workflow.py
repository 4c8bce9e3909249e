"""Draw docs/workflow.svg from the graphs of rules that Snakemake itself makes: ``make picture``.

Two configurations are asked, since neither uses every rule: the full one searches grids and explains, the demo shows
what its page waits for. Rules that are the same for each study are one box. The graph stands in the picture's own
description, where ``tests/e2e/test_workflow_picture.py`` compares it with Snakemake's.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from replisome.config.catalogue import study_names

ROOT = Path(__file__).resolve().parents[1]
PICTURE = ROOT / "docs" / "workflow.svg"
CONFIGURATIONS = (("all", "crate"), ("all", "--configfile", "config/demo.yaml"))
# Where each rule's box stands, as column and row, and what its jobs do; colours are those of the floors below.
PLACES: dict[str, tuple[float, float, str]] = {
    "download": (0, 1, "raw files,\nchecked"),
    "prepare": (1, 1, "one way to\nprepare data"),
    "probe": (2, 2, "is bf16\nfaster here?"),
    "pilot": (2, 0, "first rounds\nof a search"),
    "search": (3, 0, "which candi-\ndates go on"),
    "train": (3, 1, "one run:\none seed"),
    "select": (4, 0, "the best, on\nvalidation"),
    "evaluate": (4, 1, "test scores,\nread once"),
    "explain": (4, 2, "why it pre-\ndicts so"),
    "summarise": (5, 1, "tables"),
    "figures": (6, 2, "figures"),
    "judge": (6, 0, "a verdict\na claim"),
    "claims": (7, 0, "verdicts of\nall studies"),
    "report": (7, 1, "the pages"),
    "crate": (7, 2, "an archive\nto deposit"),
}
FLOORS = {
    "data": ("download", "prepare"),
    "networks": ("probe", "pilot", "search", "train", "select", "evaluate", "explain"),
}
FLOORS["findings"] = ("summarise", "figures", "judge", "claims", "report", "crate")
COLOURS = {"data": "#e6f2ea", "networks": "#eef4f8", "findings": "#fff6e0"}
TARGET = "all"  # asks for everything, and makes nothing
WIDTH, HEIGHT, COLUMN, ROW = 1.25, 0.78, 1.62, 1.2  # of a box, and from one to the next; in inches
INK, SOFT, LINE = "#1d2329", "#5b6670", "#0072b2"
Edge = tuple[str, str]


class Graph(NamedTuple):
    """Which rules there are, and which uses what another makes."""

    rules: list[str]
    edges: list[Edge]


def asked(arguments: Iterable[str]) -> Graph:
    """Return Snakemake's graph of the rules of one call, on results that are not there yet.

    Args:
        arguments: targets and options of the call.
    """
    with tempfile.TemporaryDirectory() as empty:
        command = [sys.executable, "-m", "snakemake", *arguments, "--rulegraph", "--cores", "1"]
        command += ["--config", f"results_dir={empty}", "bundle=0"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr)
    return read(done.stdout)


def read(dot: str) -> Graph:
    """Return the graph that stands in Graphviz's language, with the rules of each study taken together."""
    of_studies = "|".join(study_names())
    names = {
        number: re.sub(rf"_({of_studies})$|_with_\w+$", "", name)
        for number, name in re.findall(r'^\s*(\d+)\[label = "(\w+)"', dot, re.MULTILINE)
    }
    pairs = {(names[one], names[other]) for one, other in re.findall(r"^\s*(\d+) -> (\d+)", dot, re.MULTILINE)}
    edges = {(one, other) for one, other in pairs if one != other and TARGET not in (one, other)}
    return Graph(sorted({*names.values()} - {TARGET}), sorted(edges))


def joined(graphs: Iterable[Graph]) -> Graph:
    """Return all rules and edges of several graphs."""
    found = list(graphs)
    rules = {rule for graph in found for rule in graph.rules}
    return Graph(sorted(rules), sorted({edge for graph in found for edge in graph.edges}))


def shown(graph: Graph) -> tuple[list[Edge], list[Edge]]:
    """Return the edges to draw: forward ones that do not follow from others, and those that lead back."""
    order = list(PLACES)
    back = [edge for edge in graph.edges if order.index(edge[0]) > order.index(edge[1])]
    forward = {edge for edge in graph.edges if edge not in back}

    def around(edge: Edge) -> bool:
        seen, todo = {edge[0]}, [edge[0]]
        while todo:
            here = todo.pop()
            for one, other in forward:
                if one == here and (one, other) != edge and other not in seen:
                    seen.add(other)
                    todo.append(other)
        return edge[1] in seen

    return sorted(edge for edge in forward if not around(edge)), back


def draw(graph: Graph, path: Path) -> None:
    """Draw the boxes where ``PLACES`` has them, with an arrow where one uses what another makes."""
    columns, rows = max(x for x, _, _ in PLACES.values()), max(y for _, y, _ in PLACES.values())
    size = (columns * COLUMN + WIDTH, rows * ROW + HEIGHT)
    figure = Figure(figsize=(size[0] + 0.3, size[1] + 0.75))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(-0.15, size[0] + 0.15), ylim=(-size[1] - 0.6, 0.15))
    axes.set_axis_off()
    forward, back = shown(graph)
    for edges, style in ((forward, {}), (back, {"ls": (0, (4, 2)), "connectionstyle": "arc3,rad=0.35"})):
        for one, other in edges:
            _arrow(axes, one, other, style)
    for rule in graph.rules:
        _box(axes, rule)
    _legend(axes, size)
    described = {"Title": "The rules of the workflow", "Description": as_json(graph), "Date": None, "Creator": None}
    with mpl.rc_context({"svg.hashsalt": "replisome", "svg.fonttype": "none"}):
        figure.savefig(path, metadata=described if path.suffix == ".svg" else None)


def as_json(graph: Graph) -> str:
    """Return the graph as it stands in the picture's own description."""
    return json.dumps(graph._asdict())


def described(path: Path) -> Graph:
    """Return the graph that a picture was drawn from."""
    found = re.search(r"<dc:description>(.*?)</dc:description>", path.read_text(encoding="utf-8"), re.DOTALL)
    if found is None:
        sys.exit(f"{path}: holds no graph; run: make picture")
    content = json.loads(found[1].replace("&quot;", '"'))
    return Graph(content["rules"], [(one, other) for one, other in content["edges"]])


def _corner(rule: str) -> tuple[float, float]:
    column, row, _ = PLACES[rule]
    return column * COLUMN, -row * ROW - HEIGHT


def _box(axes: Axes, rule: str) -> None:
    x, y = _corner(rule)
    floor = next(name for name, rules in FLOORS.items() if rule in rules)
    shape = FancyBboxPatch(
        (x, y), WIDTH, HEIGHT, boxstyle="round,pad=0,rounding_size=0.08", fc=COLOURS[floor], ec=INK, lw=1, zorder=3
    )
    axes.add_patch(shape)
    middle: dict[str, Any] = {"ha": "center", "va": "center", "zorder": 4}
    axes.text(x + WIDTH / 2, y + HEIGHT - 0.18, rule, fontsize=12, weight="bold", color=INK, **middle)
    axes.text(x + WIDTH / 2, y + 0.26, PLACES[rule][2], fontsize=9, color=SOFT, **middle)


def _arrow(axes: Axes, one: str, other: str, style: dict[str, Any]) -> None:
    (x, y), (u, v) = _corner(one), _corner(other)
    if x == u:
        down = y > v
        start = (x + WIDTH / 2, y if down else y + HEIGHT)
        end = (u + WIDTH / 2, v + HEIGHT if down else v)
    elif x > u:
        start, end = (x + 0.2, y), (u + WIDTH - 0.2, v + HEIGHT)
    else:
        start, end = (x + WIDTH, y + HEIGHT / 2), (u, v + HEIGHT / 2)
    arrow = FancyArrowPatch(start, end, arrowstyle="-|>", mutation_scale=13, color=LINE, lw=1.3, zorder=2, **style)
    arrow.shrinkA = arrow.shrinkB = 0
    axes.add_patch(arrow)


def _legend(axes: Axes, size: tuple[float, float]) -> None:
    text = (
        "An arrow leads to the rule that uses what a rule makes; those that follow from others are left out. Broken: a "
        "run takes settings of another experiment's winner.\nEach study has its own tables, figures and verdicts. "
        "Results keep what they were made from: only what has changed is made again."
    )
    axes.text(0, -size[1] - 0.12, text, fontsize=9, color=SOFT, va="top", linespacing=1.4)


def main() -> None:
    """Write the picture."""
    draw(joined(map(asked, CONFIGURATIONS)), PICTURE)


if __name__ == "__main__":
    main()
