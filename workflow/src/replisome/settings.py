"""Reading configuration: strict YAML, closed schemas, presets laid over the full settings."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from replisome.errors import ReplisomeError, did_you_mean

SCHEMAS = Path(__file__).resolve().parents[2] / "schemas"


# A whole number is an integer, not a float without a fraction: 2.0 seeds would fail later and elsewhere.
STRICT = jsonschema.validators.extend(  # type: ignore[no-untyped-call]
    jsonschema.Draft202012Validator,
    type_checker=jsonschema.Draft202012Validator.TYPE_CHECKER.redefine(
        "integer", lambda _, value: isinstance(value, int) and not isinstance(value, bool)
    ),
)
EXPONENT = re.compile(r"^[-+]?(\d+\.\d*|\.\d+|\d+)([eE][-+]?\d+)$")


class _StrictLoader(yaml.SafeLoader):
    """SafeLoader that refuses a key given twice and reads 1e-4 as a number, as YAML 1.2 does."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key_node, _ in node.value:
            if key_node.tag == "tag:yaml.org,2002:merge":
                continue
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise yaml.constructor.ConstructorError(None, None, f"key '{key}' is given twice", key_node.start_mark)
            seen.add(key)
        return super().construct_mapping(node, deep=deep)


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
        return as_numbers(loaded)  # a copy in which no two aliases are the same object
    except FileNotFoundError:
        raise ReplisomeError(f"{path}: no such file.") from None
    except (UnicodeDecodeError, yaml.reader.ReaderError, TypeError, IsADirectoryError) as error:
        raise ReplisomeError(f"{path}: not a YAML file in UTF-8 ({error}).") from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else "?"
        raise ReplisomeError(f"{path}, line {line}: {error.problem or 'not valid YAML'}.") from None


@cache
def schema(name: str) -> dict[str, Any]:
    """Return one of ``workflow/schemas/<name>.schema.yaml``."""
    loaded: dict[str, Any] = read_yaml(SCHEMAS / f"{name}.schema.yaml")
    return loaded


def validate(value: Any, schema_name: str, origin: str) -> None:
    """Check ``value`` against a schema.

    Raises:
        ReplisomeError: names ``origin``, the key, what is wrong and what would be right.
    """
    _check_plain(value, origin, "")
    validator = STRICT(schema(schema_name))
    error = jsonschema.exceptions.best_match(validator.iter_errors(value))
    if error is not None:
        raise ReplisomeError(f"{origin}: {_explain(error)} Every key is explained in config/README.md.")


def _check_plain(value: Any, origin: str, key: str) -> None:
    """Refuse what JSON has no word for: keys that are not text, NaN and infinity."""
    if isinstance(value, Mapping):
        for name, item in value.items():
            if not isinstance(name, str):
                raise ReplisomeError(f"{origin}: key '{key}{name}': keys must be text; put quotes around it.")
            _check_plain(item, origin, f"{key}{name}.")
    elif isinstance(value, list):
        for item in value:
            _check_plain(item, origin, key)
    elif isinstance(value, float) and not math.isfinite(value):
        raise ReplisomeError(f"{origin}: key '{key.rstrip('.')}': {value} is not a finite number.")


def _explain(error: jsonschema.ValidationError) -> str:
    instance: Any = error.instance
    expected: Any = error.validator_value
    where = ".".join(str(part) for part in error.absolute_path)
    at = f"key '{where}': " if where else ""
    if error.validator == "additionalProperties" and isinstance(error.schema, Mapping):
        known = set(error.schema.get("properties", {}))
        unknown = [key for key in instance if key not in known]
        key = ".".join([*map(str, error.absolute_path), str(unknown[0])])
        return f"unknown key '{key}'{did_you_mean(str(unknown[0]), known)}."
    if error.validator == "required":
        return f"{at}{error.message}; add it."
    if error.validator == "type":
        return f"{at}{error.instance!r} is of type {_type_name(error.instance)}, expected {error.validator_value}."
    if error.validator == "enum":
        allowed = ", ".join(str(value) for value in list(expected))
        return f"{at}{error.instance!r} is not one of: {allowed}."
    if error.validator in ("minItems", "minProperties"):
        return f"{at}is empty; give at least {error.validator_value} value."
    return f"{at}{error.message}."


def _type_name(value: Any) -> str:
    names = {"str": "string", "int": "integer", "float": "number", "bool": "boolean", "NoneType": "null"}
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
