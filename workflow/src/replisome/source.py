"""Reading the library's own source without importing it.

The workflow asks for names, options and fingerprints each time it starts; parsing is a hundred times faster than
importing torch, and it has no side effects.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

PACKAGE = "replisome"
ROOT = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Option:
    """One keyword of a function: its default (None where it has none) and, if it is a Literal, what it may be."""

    name: str
    required: bool
    default: Any
    choices: tuple[Any, ...] | None


def module_file(module: str, root: Path = ROOT) -> Path | None:
    """Return the file of ``replisome.x.y``, or None where there is no such module."""
    parts = module.split(".")[1:]
    for candidate in (root.joinpath(*parts).with_suffix(".py"), root.joinpath(*parts, "__init__.py")):
        if candidate.is_file() and (parts or candidate.name == "__init__.py"):
            return candidate
    return None


@cache
def parse(path: Path) -> ast.Module:
    """Parse a source file (once a process)."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def keyword_options(path: Path, function: str) -> dict[str, Option]:
    """Return the keyword-only arguments of a top-level function or of a class's ``__init__``.

    Raises:
        LookupError: the file defines no such function.
    """
    for node in parse(path).body:
        if isinstance(node, ast.FunctionDef) and node.name == function:
            arguments = node.args
            return {
                argument.arg: Option(argument.arg, default is None, _literal(default), _choices(argument.annotation))
                for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
            }
    raise LookupError(f"{path}: no function '{function}'")


def _literal(node: ast.expr | None) -> Any:
    try:
        return None if node is None else ast.literal_eval(node)
    except ValueError:
        return None


def _choices(annotation: ast.expr | None) -> tuple[Any, ...] | None:
    match annotation:
        case ast.Subscript(value=ast.Name(id="Literal"), slice=inside):
            return tuple(ast.literal_eval(n) for n in (inside.elts if isinstance(inside, ast.Tuple) else [inside]))
    return None
