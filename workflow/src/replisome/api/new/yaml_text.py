"""Additions to YAML files as text, so that comments and layout stay as they are."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Sequence
from typing import Any

import yaml

from replisome.config.schema import EXPONENT
from replisome.errors import ReplisomeError

WIDTH = 120
FLOWS_WITHIN = 90  # characters: what is shorter stands in one line


def written(value: Any) -> str:
    """Return a value as one line of YAML, in quotes where it would be read as something else."""
    if isinstance(value, str):
        plain = yaml.safe_dump(value, width=10**6, allow_unicode=True).removesuffix("\n").removesuffix("\n...")
        read_otherwise = EXPONENT.match(plain)  # 5E10 is a number to our reader, and text in YAML 1.1
        as_it_is = "\n" not in plain and not plain.startswith(("'", '"')) and not read_otherwise
        return plain if as_it_is else json.dumps(value, ensure_ascii=False)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_inside(key)}: {_inside(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_inside(item) for item in value) + "]"
    return json.dumps(value)  # numbers, true, false, null


def _inside(value: Any) -> str:
    """Return a value as it may stand between braces, where a comma would end it."""
    text = written(value)
    if isinstance(value, str) and not text.startswith('"') and set(text) & set(",[]{}"):
        return json.dumps(value, ensure_ascii=False)
    return text


def block(value: dict[str, Any]) -> str:
    """Return a mapping as lines of YAML: what is short in one line, the rest key by key."""
    lines = []
    for key, item in value.items():
        line = f"{written(key)}: {written(item)}"
        if isinstance(item, dict) and item and len(line) > FLOWS_WITHIN:
            lines += [f"{written(key)}:", textwrap.indent(block(item), "  ").rstrip("\n")]
        elif isinstance(item, str) and len(line) > WIDTH:
            wrapped = textwrap.fill(item, WIDTH - 4, break_long_words=False, break_on_hyphens=False)
            lines += [f"{written(key)}: >-", textwrap.indent(wrapped, "  ")]
        else:
            lines.append(line)
    return "\n".join(lines) + "\n"


def with_entry(text: str, keys: Sequence[str], value: dict[str, Any], file: str) -> str:
    """Return a YAML text with the entries of ``value`` added at the end of a mapping in it.

    Args:
        text: the file as it is.
        keys: where the mapping stands; those that are not there yet are made.
        value: what is added, by key.
        file: its name, for messages.

    Returns:
        The text with new lines and, of what was there, not a character changed.

    Raises:
        ReplisomeError: the mapping is written in a way to which no line can be added.
    """
    node, missing = _deepest(text, keys)
    for key in reversed(missing):
        value = {key: value}
    if node is None:  # a file of comments, or none at all
        return _ended(text) + block(value)
    if not isinstance(node, yaml.MappingNode) or node.flow_style or not node.value:
        raise ReplisomeError(
            f"{file}: {'.'.join(keys) or 'its content'} is not written line by line; add by hand:\n{block(value)}"
        )
    return _inserted(text, node, textwrap.indent(block(value), " " * node.start_mark.column))


def with_item(text: str, keys: Sequence[str], item: dict[str, Any] | str, file: str) -> str:
    """Return a YAML text with one more item at the end of a list in it.

    Args:
        text: the file as it is.
        keys: where the list stands; empty where it is the whole file. It is made if it is not there.
        item: what is added.
        file: its name, for messages.

    Returns:
        The text with the item, and of what was there not a character changed.

    Raises:
        ReplisomeError: the list is written in a way to which nothing can be added.
    """
    lines = block(item) if isinstance(item, dict) else written(item) + "\n"
    entry = "- " + textwrap.indent(lines, "  ")[2:]
    node, missing = _deepest(text, keys)
    if node is None and not missing:
        return _ended(text) + entry
    if missing:
        above = "".join(f"{'  ' * depth}{key}:\n" for depth, key in enumerate(missing))
        entry = above + textwrap.indent(entry, "  " * len(missing))
        if node is None:
            return _ended(text) + entry
        return _inserted(text, node, textwrap.indent(entry, " " * node.start_mark.column))
    assert node is not None
    if isinstance(node, yaml.SequenceNode) and node.flow_style and isinstance(item, str) and node.value:
        end = node.value[-1].end_mark.index
        return f"{text[:end]}, {_inside(item)}{text[end:]}"
    if not isinstance(node, yaml.SequenceNode) or node.flow_style:
        raise ReplisomeError(f"{file}: {'.'.join(keys) or 'its content'} is no list of lines; add by hand:\n{entry}")
    gap = "\n" if not keys else ""  # items of a whole file stand apart
    return _inserted(text, node, gap + textwrap.indent(entry, " " * node.start_mark.column))


def _deepest(text: str, keys: Sequence[str]) -> tuple[yaml.Node | None, list[str]]:
    """Return the node at ``keys``, or the last on the way to it that is there, and the keys that are missing."""
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    for depth, key in enumerate(keys):
        inside = {name.value: value for name, value in node.value} if isinstance(node, yaml.MappingNode) else {}
        if key not in inside:
            return node, list(keys[depth:])
        node = inside[key]
    return node, []


def _inserted(text: str, node: yaml.Node, lines: str) -> str:
    """Return a text with lines after a block; blank lines and comments that follow it stay with what comes next."""
    rows = _ended(text).splitlines(keepends=True)
    last = node.end_mark.line if node.end_mark.column == 0 else node.end_mark.line + 1
    while last > node.start_mark.line + 1 and (not rows[last - 1].strip() or rows[last - 1].lstrip().startswith("#")):
        last -= 1
    return "".join([*rows[:last], lines, *rows[last:]])


def _ended(text: str) -> str:
    return text if not text or text.endswith("\n") else text + "\n"
