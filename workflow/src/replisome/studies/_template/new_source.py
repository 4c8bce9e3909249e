"""A table of one's own: what is in a CSV file of numbers with a column of class names."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from replisome.data.new_source import Examined, NewSource, counted, listed


def examine(name: str, file: Path | None, options: Mapping[str, str]) -> Examined:
    """Read the table as ``prepare`` does, and say what is in it.

    Args:
        name: of the new data set.
        file: a CSV file with a header.
        options: ``label``, the column of class names.

    Returns:
        Rows, columns, classes and rows that repeat.

    Raises:
        ReplisomeError: no such table; the message says where and what to do.
    """
    from replisome.studies._template.data import read  # noqa: PLC0415 -- pandas, which help needs not

    assert file is not None
    label = options.get("label", "label")
    source = read(file, {}, label=label)
    rows = [row.tobytes() for features, _ in source.splits.values() for row in features]
    counts = [
        sum(int((labels == number).sum()) for _, labels in source.splits.values())
        for number in range(len(source.class_names))
    ]
    repeats = len(rows) - len(set(rows))
    found = [
        ("rows", f"{len(rows):,}: " + ", ".join(f"{split} {len(y):,}" for split, (_, y) in source.splits.items())),
        ("columns of numbers", f"{source.splits['train'][0].shape[1]:,}"),
        ("classes", listed([f"{one} ({n:,})" for one, n in zip(source.class_names, counts, strict=True)], 10)),
        ("rows that repeat", f"{repeats:,}"),
    ]
    notes = ["A row of training that stands in a later split too is dropped from training."] if repeats else []
    if len(source.class_names) < 2:
        notes.append(f"There is {counted(len(source.class_names), 'class')} only: every model will be right.")
    recipes = {"random": {"source": {"options": {"label": label}}}} if label != "label" else {}
    return Examined(found, {"replace": {"_template": name}, **({"recipes": recipes} if recipes else {})}, notes=notes)


SOURCE = NewSource(
    kind="_template",
    takes="a CSV file with a header: a column of class names, and columns of numbers",
    suffixes=(".csv.gz", ".csv"),
    options={"label": "the column of class names; default is 'label'"},
    examine=examine,
    dataset="_template",
)
