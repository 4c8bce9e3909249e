"""Write the reference of all keys from what checks them: ``python -m replisome.config.reference`` (``make reference``).

Keys, types and meanings come from the schemas; hyperparameters and options from the functions that take them and the
``Args`` of their docstrings; scores from what studies declare. So the reference cannot say what is not so.
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from replisome.config.catalogue import MODELS, STUDIES, model_names, model_options, model_traits, study, study_names
from replisome.config.checks import recipe_schema
from replisome.config.schema import schema
from replisome.config.study import Study
from replisome.io import write_text
from replisome.tracking.introspect import ROOT, Option, keyword_options, module_file, parse, plain_value

FILE = Path("docs", "reference", "configuration.md")
OPENING = """\
# Every key of the configuration

This page is made by `make reference` from the schemas, the models and the studies: do not edit it. How the files belong
together is told in [config/README.md](../../config/README.md).

All files are checked against closed schemas before anything runs: an unknown key, a wrong type or an empty grid is an
error that names the file, the key and the remedy. Numbers may be written as `0.001` or `1e-3`.
"""
TYPES = {
    "object": "mapping",
    "array": "list",
    "string": "text",
    "integer": "whole number",
    "boolean": "true or false",
}
LIMITS = {"minimum": "from", "exclusiveMinimum": "above", "maximum": "to", "exclusiveMaximum": "below"}
ARGUMENT = re.compile(r"^ {4}(\w+): (.*(?:\n {8,}.*)*)", re.MULTILINE)


def reference() -> str:
    """Return the page."""
    parts = [OPENING]
    parts += _section("config/config.yaml", schema("config"))
    about = schema("study")
    parts += _section("A study", about)
    for title, definition in (
        ("presets/&lt;preset&gt;.yaml", about["$defs"]["preset"]),
        ("recipes.yaml, by the name of a recipe", about["$defs"]["recipe"]),
    ):
        parts += _section(title, definition, "###")
    for name in study_names():
        parts += _study(study(name))
    parts += _section("experiments.yaml, by the name of an experiment", about["$defs"]["experiment"], "###")
    parts += _section("training, of an experiment", schema("training"), "###")
    parts += ["### models, of an experiment", "Hyperparameters of each model; those without a default must be given."]
    for name in model_names():
        parts += _model(name)
    parts += _claims()
    ledger = schema("datasets")
    parts += _section("config/datasets.yaml, the ledger", {**ledger["additionalProperties"], **_described(ledger)})
    parts += _verdicts()
    parts += _index()
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


def _claims() -> list[str]:
    """Return the sections about claims: what one is, where its number comes from, and each kind of question."""
    about = schema("claims")
    kinds = about["$defs"]["kind"]["enum"]
    read_word = about["$defs"]["read_word"]["description"]
    parts = ["### claims.yaml, a list", _sentence(about["description"])]
    parts += _part(about, "A claim", "claim", "what it says, by whom, and the question that judges it")
    parts += _part(about, "recipes, of a claim or an arm", "recipes")
    parts += _part(about, "An arm", "arm")
    parts += _part(about, "A number that is scored", "number_score", "a score of the study, read from its curve")
    parts.append(_sentence(f"read, in one word: {read_word}"))
    parts += _part(about, "read, with an argument", "read_with", "one of these, as in {at_epoch: 25}")
    parts += _part(about, "A number that is a cost", "number_cost", "what a run took")
    parts += _part(about, "A number that the study works out", "number_quantity", "a quantity of the study's own")
    parts += _part(about, "reported", "reported")
    parts += _part(about, "A limit", "limit")
    for kind in kinds:
        parts += _part(about, f"ask, kind {kind}", kind)
    return parts


def _verdicts() -> list[str]:
    """Return the sections about what comes of claims."""
    about = schema("verdicts")
    parts = _section("claims.json, in the results", {**about, "properties": _all_resolved(about, about["$defs"])})
    parts += _part(about, "A claim that was judged", "claim", "the claim, and its verdict under each protocol")
    parts += _part(about, "A verdict", "verdict", "what the rule came to, and what it rests on")
    parts += _part(
        about, "A part of an order or a conjunction, or the size of a difference", "part", "a finding in itself"
    )
    parts += _part(about, "halves", "halves")
    return parts


def _index() -> list[str]:
    """Return the sections about the list of all files of results."""
    about = schema("results")
    parts = _section("results.json, in the results", about)
    parts += _part(about, "How runs were made", "made_with")
    parts += _part(about, "A file", "file")
    return parts


def _part(about: Mapping[str, Any], title: str, name: str, says: str | None = None) -> list[str]:
    """Return the section about one of a schema's definitions."""
    definitions = about["$defs"]
    found = definitions[name]
    described = {**found, "description": says or found["description"]}
    return _section(title, {**described, "properties": _all_resolved(found, definitions)}, "####")


def _all_resolved(of: Mapping[str, Any], definitions: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _resolved(value, definitions) for key, value in of["properties"].items()}


def _resolved(of: Mapping[str, Any], definitions: Mapping[str, Any]) -> dict[str, Any]:
    """Return a key's schema with its definition in the place of a reference; what it says of itself stays."""
    found = definitions[of["$ref"].rpartition("/")[2]] if "$ref" in of else {}
    shown = {key: found[key] for key in ("type", "enum") if key in found}
    resolved: dict[str, Any] = {**shown, **of}
    if "properties" in of:
        resolved["properties"] = _all_resolved(of, definitions)
    return resolved


def _described(of: Mapping[str, Any]) -> dict[str, Any]:
    return {"description": of["description"]}


def _section(title: str, of: Mapping[str, Any], level: str = "##") -> list[str]:
    """Return a heading, the description and a table of the keys of a schema's object."""
    rows = [[f"`{key}`", kind, _text(meaning)] for key, kind, meaning in _rows(of)]
    return [f"{level} {title}", _sentence(of["description"]), _table(["key", "value", "meaning"], rows)]


def _rows(of: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str, str]]:
    """Yield each key of an object with its values and meaning, keys of inner objects after their own."""
    needed = {*of.get("required", []), *of.get("else", {}).get("required", [])}
    for key, about in of["properties"].items():
        yield f"{prefix}{key}", _values(about) + (" (required)" if key in needed else ""), about["description"]
        inner = about
        if "properties" not in about and isinstance(about.get("additionalProperties"), dict):
            inner = about["additionalProperties"]
        if "properties" in inner:
            middle = "" if inner is about else "<name>."
            yield from _rows(inner, f"{prefix}{key}.{middle}")


def _values(about: Mapping[str, Any]) -> str:
    """Return in a few words what a value may be."""
    if "enum" in about:
        return ", ".join("null" if value is None else f"`{value}`" for value in about["enum"])
    if "oneOf" in about:
        return " or ".join(_values(choice) for choice in about["oneOf"])
    types = about.get("type", "any")
    kinds = [types] if isinstance(types, str) else types
    text = " or ".join(TYPES.get(kind, kind) for kind in kinds if kind != "null")
    items = about.get("items", {})
    if "enum" in items:
        text += f" of {_values(items)}"
    for limit, word in LIMITS.items():
        if limit in about:
            text += f" {word} {about[limit]}"
    return f"{text} or null" if "null" in kinds else text


def _study(of: Study) -> list[str]:
    """Return what recipes, sources and experiments of one study may say."""
    keys = schema(recipe_schema(of.name))
    rows = [[f"`{key}`", values, _text(meaning)] for key, values, meaning in _rows(keys)]
    parts = [f"#### {of.name}", _sentence(keys["description"]), _table(["key of a recipe", "value", "meaning"], rows)]
    sources = [
        ("data set", "data", "read"),
        *((f"control `{name}`", "control", f"draw_{name}") for name in of.controls),
    ]
    for title, module, function in sources:
        path = STUDIES / of.name / f"{module}.py"
        options = keyword_options(path, function)
        if options:
            parts += [_options(f"option of the {title}", options, path, function)]
    scores = [[f"`{score.name}`", score.heading, "higher" if score.better == "max" else "lower"] for score in of.scores]
    parts.append(_table(["score to select by", "what it is", "better"], scores))
    if of.augmentations:
        parts.append(f"Training may vary items (`augment`) by: {', '.join(f'`{name}`' for name in of.augmentations)}.")
    return parts


def _model(name: str) -> list[str]:
    path, traits = MODELS / f"{name}.py", model_traits(name)
    summary = _sentence((ast.get_docstring(parse(path)) or name).split("\n\n")[0])
    parts = [f"#### {name}", f"{summary} Kind: {traits.kind}; gives {traits.gives}."]
    options = model_options(name)
    return [*parts, _options("hyperparameter", options, path, "build") if options else "It has no hyperparameters."]


def _options(title: str, options: Mapping[str, Option], path: Path, function: str) -> str:
    """Return a table of a function's keyword-only arguments."""
    node = next(n for n in parse(path).body if isinstance(n, ast.FunctionDef) and n.name == function)
    defaults = dict(zip((a.arg for a in node.args.kwonlyargs), node.args.kw_defaults, strict=True))
    meanings = {
        found[1]: found[2].rstrip(".") for found in ARGUMENT.finditer(inspect.cleandoc(ast.get_docstring(node) or ""))
    }
    rows = []
    for name, option in options.items():
        rows.append(
            [f"`{name}`", _option_values(option), _default(defaults[name], path), _text(meanings.get(name, ""))]
        )
    return _table([title, "value", "default", "meaning"], rows)


def _option_values(option: Option) -> str:
    if option.choices is not None:
        return ", ".join(f"`{choice}`" for choice in option.choices)
    names = {"int": "whole number", "float": "number", "bool": "true or false", "str": "text", "list": "list"}
    return names.get(option.kind or "", "any") + (" or null" if option.optional else "")


def _default(value: ast.expr | None, path: Path) -> str:
    """Return a default as YAML writes it; one that has a name in the same file is looked up."""
    if value is None:
        return "required"
    plain = _constant(path, value.id) if isinstance(value, ast.Name) else ast.literal_eval(value)
    return {"True": "true", "False": "false", "None": "null"}.get(str(plain), str(plain))


def _constant(path: Path, name: str) -> Any:
    """Return a plain value that a file gives a name to, or imports."""
    for node in parse(path).body:
        if isinstance(node, ast.ImportFrom) and node.module and any(alias.name == name for alias in node.names):
            origin = module_file(node.module)
            return plain_value(origin, name) if origin else None
    return plain_value(path, name)


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '&#124;') for cell in line)} |" for line in lines)


def _text(text: str) -> str:
    """Return prose on one line, with angle brackets that a page shows."""
    return " ".join(text.split()).replace("``", "`").replace("<", "&lt;").replace(">", "&gt;")


def _sentence(text: str) -> str:
    """Return a description as a sentence."""
    text = _text(text)
    return text[0].upper() + text[1:] + ("" if text.endswith(".") else ".")


if __name__ == "__main__":
    write_text(ROOT.parents[2] / FILE, reference())
    print(f"{FILE}: written.", file=sys.stderr)
