"""Draw docs/architecture.svg and the table in docs/architecture.md from the package's own imports.

``make picture`` runs it; ``tests/contract/test_docs.py`` holds that both are current. The layers are those of the
import contract in pyproject.toml. Nothing here knows what a package imports: that is read from the code.
"""

from __future__ import annotations

import ast
import json
import re
import tomllib
from pathlib import Path
from typing import Any, NamedTuple

import grimp
import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

ROOT = Path(__file__).resolve().parents[1]
LIBRARY = ROOT / "workflow" / "src" / "replisome"
PICTURE, PAGE = ROOT / "docs" / "architecture.svg", ROOT / "docs" / "architecture.md"
START, END = "<!-- imports, written by docs/draw_architecture.py -->", "<!-- end of imports -->"

HOLDS = {
    "__main__": "the door: a stage, or a command",
    "commands": "what is typed, one module a command",
    "api": "results and networks, for Python",
    "stages": "one module a stage of the workflow",
    "report": "what stands on the pages",
    "claims": "readings, rules, verdicts",
    "studies": "the contract, and one package a study",
    "analysis": "what was found: results, tables, figures",
    "training": "the loop, checkpoints, predictions",
    "models": "one file a model",
    "data": "what models read: raw files, Parquet, k-mers",
    "config": "what is to be done: checks, plan, runs",
    "tracking": "what a result was made from: keys, records",
    "io": "files that appear whole or not at all",
    "errors": "messages for people",
    "processes": "which process runs, on which machine",
}

WIDTH, STEP, HEIGHT = 3.0, 1.2, 0.62  # of a box, from one box to the next along x, and of a row; in inches
ENTER, LEAVE = 0.88, 0.10  # where in a box, as a share of its width, lines come in from above and from below
INK, SOFT, LINE, TINT, NEIGHBOUR = "#1d2329", "#5b6670", "#0072b2", "#eef4f8", "#fff6e0"


class Facts(NamedTuple):
    """What the picture shows.

    Attributes:
        layers: the packages from top to bottom; neighbours share a layer.
        imports: by package, the packages that it imports from, in the order of the layers.
        by_name: by package, the packages in which it looks modules up by name when it needs them.
    """

    layers: list[list[str]]
    imports: dict[str, list[str]]
    by_name: dict[str, list[str]]

    @property
    def packages(self) -> list[str]:
        """Return all packages from top to bottom."""
        return [package for layer in self.layers for package in layer]


def read_facts() -> Facts:
    """Read the layers from pyproject.toml and the imports from the code."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    listed = next(contract["layers"] for contract in contracts["contracts"] if contract["type"] == "layers")
    layers = [re.split(r"\s*[:|]\s*", layer) for layer in listed]
    order = [package for layer in layers for package in layer]
    graph = grimp.build_graph("replisome", exclude_type_checking_imports=True, cache_dir=None)
    imports: dict[str, set[str]] = {package: set() for package in order}
    by_name: dict[str, set[str]] = {package: set() for package in order}
    for module in graph.modules - {"replisome"}:
        package = module.split(".")[1]
        others = graph.find_modules_directly_imported_by(module)
        imports[package] |= {other.split(".")[1] for other in others if "." in other}
        by_name[package] |= _looked_up(module)
    return Facts(
        layers,
        {package: [other for other in order if other in found - {package}] for package, found in imports.items()},
        {package: [other for other in order if other in found - {package}] for package, found in by_name.items()},
    )


def _looked_up(module: str) -> set[str]:
    """Return the packages of which a module imports something by a name that is put together: f"replisome.x.{name}"."""
    path = LIBRARY.joinpath(*module.split(".")[1:])
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    if not path.is_file():
        return set()
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Call(
                func=ast.Attribute(attr="import_module"),
                args=[ast.JoinedStr(values=[ast.Constant(value=str(start)), *_])],
            ):
                found.add(start.split(".")[1])
    return found


def table(facts: Facts) -> str:
    """Return the facts as a Markdown table."""

    def code(names: list[str]) -> str:
        return ", ".join(f"`{name}`" for name in names) or "nothing"

    lines = ["| package | holds | imports from | looks up by name in |", "|---|---|---|---|"]
    for package in facts.packages:
        lines.append(
            f"| `{package}` | {HOLDS[package]} | {code(facts.imports[package])} | {code(facts.by_name[package])} |"
        )
    return "\n".join(lines)


def with_table(page: str, facts: Facts) -> str:
    """Return the page with the table of these facts between its marks."""
    before, _, rest = page.partition(START)
    _, _, after = rest.partition(END)
    return f"{before}{START}\n{table(facts)}\n{END}{after}"


def as_json(facts: Facts) -> str:
    """Return the facts as they stand in the picture's own description."""
    return json.dumps(facts._asdict())


def draw(facts: Facts, path: Path) -> None:
    """Draw the packages as stairs, top layer first, with a dot where one imports from another."""
    order = facts.packages
    size = (STEP * (len(order) - 1) + WIDTH, HEIGHT * len(order))
    figure = Figure(figsize=(size[0] + 0.3, size[1] + 0.3))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(-0.15, size[0] + 0.15), ylim=(-size[1] - 0.1, 0.2))
    axes.set_axis_off()
    middle = {package: -(row + 0.5) * HEIGHT for row, package in enumerate(order)}
    left = {package: row * STEP for row, package in enumerate(order)}
    _lines(axes, middle, left, facts.imports, by_name=False)
    _lines(axes, middle, left, facts.by_name, by_name=True)
    shared = {package for layer in facts.layers if len(layer) > 1 for package in layer}
    for package in order:
        _box(axes, left[package], middle[package], package, NEIGHBOUR if package in shared else TINT)
    _legend(axes, size)
    metadata = {"Date": None, "Creator": None, "Title": "The packages of replisome", "Description": as_json(facts)}
    with mpl.rc_context({"svg.hashsalt": "replisome", "svg.fonttype": "none"}):
        figure.savefig(path, metadata=metadata if path.suffix == ".svg" else None)


def _box(axes: Axes, x: float, y: float, package: str, colour: str) -> None:
    shape = FancyBboxPatch(
        (x, y - 0.24), WIDTH, 0.48, boxstyle="round,pad=0,rounding_size=0.08", fc=colour, ec=INK, lw=1, zorder=3
    )
    axes.add_patch(shape)
    axes.text(x + 0.1, y + 0.09, package, fontsize=11, weight="bold", color=INK, va="center", zorder=4)
    axes.text(x + 0.1, y - 0.11, HOLDS[package], fontsize=8.5, color=SOFT, va="center", zorder=4)


def _lines(
    axes: Axes, middle: dict[str, float], left: dict[str, float], leads: dict[str, list[str]], by_name: bool
) -> None:
    """Draw a line out of each box to the columns of others, and down or up each column into its box.

    Args:
        axes: where to draw.
        middle: by package, the height of its box's middle.
        left: by package, the left edge of its box.
        leads: by package, the packages that its line leads to.
        by_name: broken lines and open dots, beside those of imports.
    """
    style: dict[str, Any] = {"color": LINE, "lw": 1.2, "zorder": 1, "ls": (0, (4, 2)) if by_name else "-"}
    shift = -0.18 if by_name else 0.0
    columns: dict[tuple[str, bool], list[float]] = {}
    for package, others in leads.items():
        ends: dict[bool, list[float]] = {}
        for other in others:
            down = middle[other] < middle[package]
            x = left[other] + WIDTH * (ENTER if down else LEAVE) + shift
            axes.plot([x], [middle[package]], "o", ms=7, mfc="white" if by_name else LINE, mec=LINE, mew=1.3, zorder=2)
            ends.setdefault(down, []).append(x)
            columns.setdefault((other, down), []).append(middle[package])
        for down, found in ends.items():
            reach = (left[package] + WIDTH, max(found)) if down else (min(found), left[package])
            axes.plot(reach, [middle[package]] * 2, **style)
    for (other, down), starts in columns.items():
        x = left[other] + WIDTH * (ENTER if down else LEAVE) + shift
        edge = middle[other] + (0.24 if down else -0.24)
        axes.plot([x, x], [max(starts) if down else min(starts), edge], **style)
        axes.plot([x], [edge + (0.03 if down else -0.03)], "v" if down else "^", color=LINE, ms=5, zorder=2)


def _legend(axes: Axes, size: tuple[float, float]) -> None:
    x, y = 0.0, -size[1] + 1.75
    lines = (
        (LINE, "the package of this row imports from the package of this column"),
        ("white", "it looks modules up there by name, when it needs them"),
    )
    for number, (fill, text) in enumerate(lines):
        at = y - 0.3 * number
        axes.plot([x + 0.1], [at], "o", ms=7, mfc=fill, mec=LINE, mew=1.3)
        axes.text(x + 0.3, at, text, fontsize=9, color=INK, va="center")
    notes = (
        "Full dots lie to the right of the stairs only: no package imports from one above it.\n"
        "The two in yellow stand beside each other."
    )
    axes.text(x, y - 0.62, notes, fontsize=9, color=SOFT, va="top", linespacing=1.5)


def main() -> None:
    """Write the picture and the table."""
    facts = read_facts()
    draw(facts, PICTURE)
    PAGE.write_text(with_table(PAGE.read_text(encoding="utf-8"), facts), encoding="utf-8")


if __name__ == "__main__":
    main()
