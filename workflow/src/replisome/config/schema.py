"""Reading configuration: strict YAML, closed schemas, presets laid over the full settings."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from replisome.config.renamed import renamed_key
from replisome.errors import ReplisomeError, did_you_mean, misread

# By the keys under which it stands (none: everything else), the file that a part of some settings was read from.
Origins = Mapping[tuple[str, ...], str]
SCHEMAS = Path(__file__).resolve().parents[3] / "schemas"


# A whole number is an integer, not a float without a fraction: 2.0 seeds would fail later and elsewhere.
STRICT = jsonschema.validators.extend(  # type: ignore[no-untyped-call]
    jsonschema.Draft202012Validator,
    type_checker=jsonschema.Draft202012Validator.TYPE_CHECKER.redefine(
        "integer", lambda _, value: isinstance(value, int) and not isinstance(value, bool)
    ),
    # A pattern is about the whole text: Python's $ would let a line break pass at its end.
    validators={"pattern": lambda _, pattern, value, __: _match_whole(pattern, value)},
)
KINDS = {"string": "str", "integer": "int", "number": "float"}  # what a schema calls a type, and what Python does
EXPONENT = re.compile(r"^[-+]?(\d+\.\d*|\.\d+|\d+)([eE][-+]?\d+)$")


def _match_whole(pattern: str, value: Any) -> Iterator[jsonschema.ValidationError]:
    if isinstance(value, str) and ("\n" in value or not re.search(pattern, value)):
        yield jsonschema.ValidationError(f"{value!r} does not match {pattern!r}")


class _StrictLoader(yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader):  # type: ignore[misc]
    """SafeLoader (in C it is six times as fast) that refuses keys given twice or not text, and reads 1e-4 as a number.

    The latter is as in YAML 1.2.
    """

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        mapping: dict[Any, Any] = {}
        merges = False
        for key_node, value_node in node.value:
            if key_node.tag == "tag:yaml.org,2002:merge":
                merges = True
                continue
            key = self.construct_object(key_node, deep=True)
            problem = f"key '{key}' is given twice" if key in mapping else None
            if not isinstance(key, str):
                written = key_node.value if isinstance(key_node, yaml.ScalarNode) else key
                problem = f"key '{written}' is not read as text (but as {key!r}); put quotes around it"
            if problem:
                raise yaml.constructor.ConstructorError(None, None, problem, key_node.start_mark)
            mapping[key] = self.construct_object(value_node, deep=deep)
        if merges:
            mapping = super().construct_mapping(node, deep=deep)
        return mapping


_StrictLoader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    EXPONENT,
    list("-+.0123456789"),
)


def read_yaml(path: Path) -> Any:
    """Read a YAML file.

    Raises:
        ReplisomeError: the file is missing, is not YAML or gives a key twice; the message has the line.
    """
    try:
        loaded = yaml.load(Path(path).read_text(encoding="utf-8"), Loader=_StrictLoader)  # noqa: S506 (a SafeLoader)
        return _unshared(loaded)
    except FileNotFoundError:
        raise ReplisomeError(f"{path}: no such file.") from None
    except (UnicodeDecodeError, yaml.reader.ReaderError, TypeError, IsADirectoryError) as error:
        raise ReplisomeError(f"{path}: not a YAML file in UTF-8 ({error}).") from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else "?"
        raise ReplisomeError(f"{path}, line {line}: {error.problem or 'not valid YAML'}.") from None


def _unshared(value: Any) -> Any:
    """Return a copy in which no two aliases are the same object. What has quotes stays text: "5E10" is a name."""
    if isinstance(value, dict):
        return {key: _unshared(item) for key, item in value.items()}
    return [_unshared(item) for item in value] if isinstance(value, list) else value


@cache
def schema(name: str | Path) -> dict[str, Any]:
    """Return a schema: ``workflow/schemas/<name>.schema.yaml``, or the file at a path."""
    path = name if isinstance(name, Path) else SCHEMAS / f"{name}.schema.yaml"
    loaded: dict[str, Any] = read_yaml(path)
    return loaded


@cache
def _validator(name: str | Path, part: str | None) -> Any:
    whole = schema(name)
    return STRICT(whole if part is None else {"$ref": f"#/$defs/{part}", "$defs": whole["$defs"]})


def check_schema(path: Path) -> None:
    """Check that a file holds a JSON schema.

    Raises:
        ReplisomeError: it does not; the message names the key.
    """
    try:
        STRICT.check_schema(schema(path))
    except jsonschema.SchemaError as error:
        where = ".".join(map(str, error.absolute_path))
        raise ReplisomeError(f"{path}: key '{where}': {error.message}; it must be a JSON schema.") from None


def validate(
    value: Any, schema_name: str | Path, origin: str | Origins, at: tuple[str, ...] = (), part: str | None = None
) -> None:
    """Check ``value`` against a schema of the workflow, or the one in a file.

    Args:
        value: what was read.
        schema_name: as in :func:`schema`.
        origin: the file it was read from; or, where several files make it, the file by the keys it stands under.
        at: the keys in that file under which the value stands; none where it is the whole.
        part: one of the schema's definitions, instead of the whole.

    Raises:
        ReplisomeError: names the file, the key, what is wrong and what would be right.
    """
    origins: Origins = {(): origin} if isinstance(origin, str) else origin
    _check_plain(value, origins, ())
    error = jsonschema.exceptions.best_match(_validator(schema_name, part).iter_errors(value))
    if error is not None:
        file, keys = _file_of(tuple(map(str, error.absolute_path)), origins)
        explained = _explain(error, (*at, *keys), str(schema_name))
        raise ReplisomeError(f"{file}: {explained} Every key is explained in docs/reference/configuration.md.")


def _file_of(keys: tuple[str, ...], origins: Origins) -> tuple[str, tuple[str, ...]]:
    """Return the file that a value stands in, and its keys within that file."""
    depth = max(n for n in range(len(keys) + 1) if keys[:n] in origins)
    return origins[keys[:depth]], keys[depth:]


def _check_plain(value: Any, origins: Origins, keys: tuple[str, ...]) -> None:
    """Refuse what JSON has no word for: keys that are not text, NaN and infinity."""
    if isinstance(value, Mapping):
        for name, item in value.items():
            if not isinstance(name, str):
                file, inner = _file_of((*keys, str(name)), origins)
                raise ReplisomeError(f"{file}: key '{'.'.join(inner)}': keys must be text; put quotes around it.")
            _check_plain(item, origins, (*keys, name))
    elif isinstance(value, list):
        for item in value:
            _check_plain(item, origins, keys)
    elif isinstance(value, float) and not math.isfinite(value):
        file, inner = _file_of(keys, origins)
        raise ReplisomeError(f"{file}: key '{'.'.join(inner)}': {value} is not a finite number.")


def _explain(error: jsonschema.ValidationError, keys: Sequence[str], schema_name: str) -> str:
    if error.validator == "additionalProperties" and isinstance(error.schema, Mapping):
        known = set(error.schema.get("properties", {}))
        given: Any = error.instance
        unknown = next(str(key) for key in given if key not in known)
        now = renamed_key(schema_name, unknown)
        return f"unknown key '{'.'.join([*keys, unknown])}'{f', which {now}' if now else did_you_mean(unknown, known)}."
    return f"key '{'.'.join(keys)}': {_fault(error)}." if keys else f"{_fault(error)}."


def _fault(error: jsonschema.ValidationError) -> str:
    """Return what is wrong with a value, and where it can be said what to do."""
    value: Any = error.instance
    expected: Any = error.validator_value
    fault = str(error.message)
    match error.validator:
        case "required":
            fault = f"{error.message}; add it"
        case "type":
            kinds = [expected] if isinstance(expected, str) else expected
            hint = next(filter(None, (misread(value, KINDS.get(kind, "")) for kind in kinds)), "")
            fault = f"{value!r} is of type {_type_name(value)}, expected {_one_of(expected)}{hint}"
        case "not":
            fault = f"{value!r} is taken; choose another"
        case "pattern" if isinstance(error.schema, Mapping) and "$comment" in error.schema:
            fault = f"{value!r} cannot be a name here: {error.schema['$comment']}"
        case "enum":
            fault = f"{value!r} is not one of: {', '.join(map(str, expected))}"
        case "minItems" | "minProperties" | "minLength":
            fault = f"is empty; give at least {expected} value"
    return fault


def _one_of(types: str | Sequence[str]) -> str:
    return types if isinstance(types, str) else " or ".join(types)


def _type_name(value: Any) -> str:
    names = {
        "str": "string",
        "int": "integer",
        "float": "number",
        "bool": "boolean",
        "NoneType": "null",
        "date": "date",
    }
    return names.get(type(value).__name__, {"dict": "object", "list": "array"}.get(type(value).__name__, "unknown"))


def as_numbers(value: Any) -> Any:
    """Turn text such as "1e-3" into numbers, all the way down: Snakemake's own YAML loader leaves it as text."""
    if isinstance(value, Mapping):
        return {key: as_numbers(item) for key, item in value.items()}
    if isinstance(value, list):
        return [as_numbers(item) for item in value]
    return float(value) if isinstance(value, str) and EXPONENT.fullmatch(value) else value


def overlay(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Lay ``changes`` over ``base``: mappings merge, anything else replaces, and null removes the key."""
    merged = deepcopy(dict(base))
    for key, value in changes.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, Mapping) and isinstance(merged.get(key), Mapping):
            merged[key] = overlay(merged[key], value)
        else:
            merged[key] = deepcopy(value)
    return merged
