"""The tables and figures of a study, read from where they are made, without running it.

A table is a function with ``@table("its title")`` above it, in ``studies/<study>/tables/<topic>.py``; its docstring is
its caption on the page. A figure likewise, with ``@figure``, in ``figures/<topic>.py``; one with ``pages=3`` may have
two further pages, which are declared figures of their own. ``TOPICS`` in the package's ``__init__.py`` gives the order,
and ``MAIN`` beside the figures' which of them shows what the study found. Tables that every study has are in
``analysis/common_tables.py``.
"""

from __future__ import annotations

import ast
import importlib
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from replisome.config.catalogue import STUDIES
from replisome.errors import ReplisomeError, did_you_mean
from replisome.tracking.introspect import ROOT, parse, plain_value

Kind = Literal["table", "figure"]
Measure = Literal["quantity", "fact"]
MEASURES = "quantities"  # the module of a study that declares what claims may ask beside scores and costs
FOLDERS: dict[Kind, str] = {"table": "tables", "figure": "figures"}
PAGE_MARK = "-"  # between a figure's name and the number of a further page; no function's name has one
COMMON: dict[Kind, tuple[Path, ...]] = {"table": (ROOT / "analysis" / "common_tables.py",), "figure": ()}
COMMON_TOPIC = "cost"  # what the tables of all studies are about


@dataclass(frozen=True)
class Declared:
    """A table or figure, or a further page of one.

    Attributes:
        name: its file's stem: the function's name, and of a further page its number, ``maps-2``.
        title: on the page.
        caption: on the page, in reStructuredText.
        module: of the function.
        page: its number among the pages of its figure, from 1.
        image: whether what it shows are pixels, for which PNG is the better file; the other figures are drawings.
    """

    name: str
    title: str
    caption: str
    module: str
    page: int = 1
    image: bool = False

    @property
    def made_by(self) -> str:
        """Return the function's name, which is the name of the first page."""
        return self.name.partition(PAGE_MARK)[0]

    @property
    def where(self) -> str:
        """Return the function and its file for people: ``leakage() in studies/genome/tables/leakage.py``."""
        return f"{self.made_by}() in {self.module.removeprefix('replisome.').replace('.', '/')}.py"

    @property
    def topic(self) -> str:
        """Return what it is about: the name of its file."""
        common = {_dotted(path) for paths in COMMON.values() for path in paths}
        return COMMON_TOPIC if self.module in common else self.module.rpartition(".")[2]

    def function(self) -> Callable[..., Any]:
        """Import the function."""
        found: Callable[..., Any] = getattr(importlib.import_module(self.module), self.made_by)
        return found


def tables(study: str) -> dict[str, Declared]:
    """Return a study's tables by name, in the order of the page."""
    return _declared(study, "table")


def figures(study: str) -> dict[str, Declared]:
    """Return a study's figures by name, in the order of the page."""
    return _declared(study, "figure")


def main_figures(study: str) -> tuple[str, ...]:
    """Return the figures that may stand for a study: the page shows the first that its configuration has.

    They are ``MAIN`` in ``figures/__init__.py``; a study without it has none.

    Raises:
        ReplisomeError: one of them is no figure of the study.
    """
    place = STUDIES / study / FOLDERS["figure"] / "__init__.py"
    names = plain_value(place, "MAIN") or ()
    known = figures(study)
    for name in names if isinstance(names, tuple) else (names,):
        if name not in known:
            raise ReplisomeError(f"{place}: MAIN names the figure '{name}'{did_you_mean(name, known)}")
    return tuple(names)


def modules(study: str, kind: Kind) -> list[str]:
    """Return the modules that make a study's tables or figures, for the fingerprint of the stage that calls them."""
    return [_dotted(path) for path in _files(study, kind)]


def measures(study: str, kind: Measure) -> dict[str, dict[str, bool]]:
    """Return what a study declares of a kind, by name: what a claim may say under ``with``, and whether it must."""
    path = STUDIES / study / f"{MEASURES}.py"
    found: dict[str, dict[str, bool]] = {}
    for node in parse(path).body if path.is_file() else []:
        if isinstance(node, ast.FunctionDef) and any(_is_name(decorator, kind) for decorator in node.decorator_list):
            places, named = node.args.args[2:], node.args.kwonlyargs
            optional = len(node.args.defaults)
            found[node.name] = {
                **{arg.arg: number < len(places) - optional for number, arg in enumerate(places)},
                **{arg.arg: default is None for arg, default in zip(named, node.args.kw_defaults, strict=True)},
            }
    return found


def _is_name(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _declared(study: str, kind: Kind) -> dict[str, Declared]:
    found: dict[str, Declared] = {}
    for path in _files(study, kind):
        for node in parse(path).body:
            said = _said(node, kind)
            if said is None:
                continue
            assert isinstance(node, ast.FunctionDef)
            if node.name in found:
                raise ReplisomeError(f"{path}:{node.lineno}: study '{study}' has a {kind} '{node.name}' already.")
            caption = inspect.cleandoc(ast.get_docstring(node) or "")
            if not caption:
                raise ReplisomeError(
                    f"{path}:{node.lineno}: {kind} '{node.name}' has no caption; say in its docstring what it shows."
                )
            title, pages, image = said["title"], said.get("pages", 1), said.get("image", False)
            found[node.name] = Declared(node.name, title, caption, _dotted(path), image=image)
            for page in range(2, pages + 1):
                name, more = f"{node.name}{PAGE_MARK}{page}", f"{title} (page {page})"
                found[name] = Declared(name, more, "More panels of the figure before.", _dotted(path), page, image)
    return found


def _files(study: str, kind: Kind) -> list[Path]:
    package = STUDIES / study / FOLDERS[kind]
    topics = plain_value(package / "__init__.py", "TOPICS")
    if not isinstance(topics, tuple) or not all(isinstance(topic, str) for topic in topics):
        raise ReplisomeError(
            f'study \'{study}\': {package / "__init__.py"} needs a line such as TOPICS = ("scores", "training"), the '
            f"files of its {FOLDERS[kind]} in the order of the page."
        )
    files = [package / f"{topic}.py" for topic in topics]
    missing = [path for path in files if not path.is_file()]
    if missing:
        raise ReplisomeError(f"study '{study}': TOPICS names {missing[0].stem}, but there is no {missing[0]}.")
    return [*files, *COMMON[kind]]


def _said(node: ast.stmt, kind: Kind) -> dict[str, Any] | None:
    """Return what ``@table("title")`` or ``@figure("title", pages=2)`` above a function says, or None."""
    if isinstance(node, ast.FunctionDef):
        for decorator in node.decorator_list:
            match decorator:
                case ast.Call(func=ast.Name(id=name), args=[ast.Constant(value=str(title))]) if name == kind:
                    return {"title": title, **{str(k.arg): ast.literal_eval(k.value) for k in decorator.keywords}}
    return None


def _dotted(path: Path) -> str:
    return ".".join(["replisome", *path.relative_to(ROOT).with_suffix("").parts])
