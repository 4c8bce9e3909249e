"""Reading the library's own source without importing it.

The workflow asks for names, options and fingerprints each time it starts; parsing is a hundred times faster than
importing torch, and it has no side effects.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from replisome.errors import ReplisomeError, misread

PACKAGE = "replisome"
KINDS: dict[str, tuple[type, ...]] = {
    "int": (int,),
    "float": (int, float),
    "bool": (bool,),
    "str": (str,),
    "list": (list,),
}
ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Option:
    """One keyword of a function: must it be given, of which plain type, which values of a Literal, may it be None."""

    name: str
    required: bool
    kind: str | None
    choices: tuple[Any, ...] | None
    optional: bool = False
    items: str | None = None

    def check(self, value: Any, where: str) -> None:
        """Check a value.

        Raises:
            ReplisomeError: outside the choices, or of another type; ``where`` opens the message.
        """
        if value is None and self.optional:
            return
        if self.choices is not None and value not in self.choices:
            raise ReplisomeError(f"{where}: {value!r} is not one of: {', '.join(map(str, self.choices))}")
        wanted = KINDS.get(self.kind or "")
        if wanted and (not isinstance(value, wanted) or (isinstance(value, bool) and self.kind != "bool")):
            raise ReplisomeError(f"{where}: {value!r} is not of type {self.kind}{misread(value, self.kind or '')}")
        if self.items:
            for item in value:
                Option(self.name, True, self.items, None).check(item, where)


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
    """Return the keyword-only arguments of a top-level function.

    Raises:
        LookupError: the file defines no such function.
    """
    for node in parse(path).body:
        if isinstance(node, ast.FunctionDef) and node.name == function:
            arguments = node.args
            return {
                argument.arg: _option(argument, default)
                for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
            }
    raise LookupError(f"{path}: no function '{function}'")


def keyword_defaults(path: Path, function: str) -> dict[str, Any]:
    """Return the plain default values of the keyword-only arguments of a top-level function.

    A default that has a name at the file's top level is looked up; one that is not a plain value is left out.
    """
    found: dict[str, ast.expr] = {}
    for node in parse(path).body:
        if isinstance(node, ast.FunctionDef) and node.name == function:
            pairs = zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
            found = {argument.arg: default for argument, default in pairs if default is not None}
    return _plain(found, path)


def attribute_defaults(path: Path, name: str) -> dict[str, Any]:
    """Return the plain values that the body of a top-level class gives to its attributes, as a dataclass does."""
    found: dict[str, ast.expr] = {}
    for node in parse(path).body:
        if isinstance(node, ast.ClassDef) and node.name == name:
            for inside in node.body:
                match inside:
                    case ast.AnnAssign(target=ast.Name(id=attribute), value=ast.expr() as value):
                        found[attribute] = value
    return _plain(found, path)


def _plain(values: Mapping[str, ast.expr], path: Path) -> dict[str, Any]:
    found = {}
    for name, value in values.items():
        wanted = _assigned(path, value.id) if isinstance(value, ast.Name) else value
        if wanted is not None:
            try:
                found[name] = ast.literal_eval(wanted)
            except ValueError:
                continue
    return found


def plain_value(path: Path, name: str) -> Any:
    """Return the plain value that a module assigns to a name at its top level, or None where it assigns none."""
    value = _assigned(path, name)
    try:
        return None if value is None else ast.literal_eval(value)
    except ValueError:
        return None


def call_arguments(path: Path, name: str, function: str) -> dict[str, Any] | None:
    """Return the keyword arguments of ``name = function(...)`` at a module's top level, or None where it has none.

    They must be plain values, which can be read without running anything.
    """
    match _assigned(path, name):
        case ast.Call(func=ast.Name(id=called), args=[], keywords=keywords) if called == function:
            try:
                return {str(keyword.arg): ast.literal_eval(keyword.value) for keyword in keywords}
            except ValueError:
                return None
    return None


def _assigned(path: Path, name: str) -> ast.expr | None:
    if not path.is_file():
        return None
    for node in parse(path).body:
        match node:
            case ast.Assign(targets=[ast.Name(id=found)], value=value) if found == name:
                return value
            case ast.AnnAssign(target=ast.Name(id=found), value=value) if found == name:
                return value
    return None


def _option(argument: ast.arg, default: ast.expr | None) -> Option:
    annotation, optional = argument.annotation, False
    match annotation:
        case ast.BinOp(left=inner, op=ast.BitOr(), right=ast.Constant(value=None)):
            annotation, optional = inner, True
    items = (
        annotation.slice.id
        if _kind(annotation) == "list"
        and isinstance(annotation, ast.Subscript)
        and isinstance(annotation.slice, ast.Name)
        else None
    )
    return Option(argument.arg, default is None, _kind(annotation), _choices(annotation), optional, items)


def _kind(annotation: ast.expr | None) -> str | None:
    match annotation:
        case ast.Name(id=name) | ast.Subscript(value=ast.Name(id=name)):
            return name
    return None


def _choices(annotation: ast.expr | None) -> tuple[Any, ...] | None:
    match annotation:
        case ast.Subscript(value=ast.Name(id="Literal"), slice=inside):
            return tuple(ast.literal_eval(n) for n in (inside.elts if isinstance(inside, ast.Tuple) else [inside]))
    return None
