"""What code a result depends on, hashed.

Snakemake sees the shell command of a rule, not the library behind it. A fingerprint covers a stage's module and every
module of the package that it imports, directly or through others, as parsed source: comments, docstrings, layout and
what is said to people (:mod:`replisome.tracking.wording`) do not count, anything that can change a number does.
Registries look modules up by name, so those are given as further roots: a run of ``cnn`` depends on ``models/cnn.py``
and on no other model.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from replisome.tracking.introspect import PACKAGE, ROOT, module_file
from replisome.tracking.wording import WithoutWording

TITLES = ("table", "figure")  # the decorators of replisome.analysis.declare
UNCOUNTED = frozenset({"replisome.tracking.versions"})  # says what stands in records alone


@cache
def fingerprint(*modules: str, root: Path = ROOT) -> str:
    """Return 16 hexadecimal digits over the code reachable from ``modules`` (dotted names inside the package).

    Raises:
        LookupError: a name is not a module of the package.
    """
    digest = hashlib.sha256()
    for name in sorted(closure(modules, root) - UNCOUNTED):
        digest.update(f"{name}\0{_module_hash(module_file(name, root) or root)}\0".encode())
    return digest.hexdigest()[:16]


def closure(modules: Iterable[str], root: Path = ROOT) -> set[str]:
    """Return ``modules`` and all modules of the package that they import, whether at the top or inside a function.

    A package's ``__init__`` counts only where something is imported from it by name.
    """
    seen: set[str] = set()
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        path = module_file(name, root)
        if path is None:
            raise LookupError(f"no module '{name}' under {root}")
        seen.add(name)
        waiting.extend(imports(path, root) - seen)
    return seen


@cache
def imports(path: Path, root: Path = ROOT) -> frozenset[str]:
    """Return the package's modules that one file imports, imports for type checkers left out."""
    found: set[str] = set()
    # Its tree is not kept: those of the whole library are 20 MB.
    for node in _statements(ast.parse(path.read_text(encoding="utf-8"), filename=str(path))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names if alias.name.split(".")[0] == PACKAGE)
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                raise LookupError(f"{path}:{node.lineno}: relative import; this package imports by full name")
            if node.module and node.module.split(".")[0] == PACKAGE:
                for alias in node.names:
                    inner = f"{node.module}.{alias.name}"
                    found.add(inner if module_file(inner, root) else node.module)
    return frozenset(found - {PACKAGE})


def _statements(within: ast.AST) -> Iterable[ast.stmt]:
    """Go through all statements but those for type checkers; expressions, which hold no import, are passed over."""
    for node in ast.iter_child_nodes(within):
        if isinstance(node, ast.expr) or (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)):
            continue
        if isinstance(node, ast.stmt):
            yield node
        yield from _statements(node)


@cache
def _module_hash(path: Path) -> str:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            continue
        if ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:] or [ast.Pass()]
        if isinstance(node, ast.FunctionDef):
            node.decorator_list = [one for one in node.decorator_list if not _says_a_title(one)]
    return hashlib.sha256(_dump(WithoutWording().visit(tree)).encode()).hexdigest()


def _says_a_title(decorator: ast.expr) -> bool:
    """Say whether a decorator only gives a table or figure its title, which is shown on the page and nowhere else."""
    return isinstance(decorator, ast.Call) and isinstance(decorator.func, ast.Name) and decorator.func.id in TITLES


def _dump(node: object) -> str:
    """Write a syntax tree the same way under every Python: unlike ast.dump, without the fields that newer ones add.

    Statements that do nothing are left out: they stand where a message was.
    """
    if isinstance(node, ast.AST):
        fields = [f"{name}={_dump(value)}" for name, value in ast.iter_fields(node) if _counts(value)]
        return f"{type(node).__name__}({','.join(fields)})"
    if isinstance(node, list):
        return f"[{','.join(_dump(item) for item in node if not isinstance(item, ast.Pass))}]"
    return repr(node)


def _counts(value: object) -> bool:
    return value is not None and not (isinstance(value, list) and all(isinstance(item, ast.Pass) for item in value))
