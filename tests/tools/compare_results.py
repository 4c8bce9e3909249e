"""Compare two results folders: weights bit by bit, histories and tables number by number.

    python -m tests.tools.compare_results OLD NEW [--renames tests/tools/renames_0_2.json]

For a refactoring, which may change no number: run the same configuration before and after, then compare. ``--renames``
maps what has another name now: ``{"study/table.column": "table.column"}`` for a column that moved or was renamed,
``{"study/table": "table"}`` for a whole table, ``{"study/table.column": null}`` for a column that is gone on purpose,
``{"metric old": "new"}`` for a score. Columns of time
and memory differ from run to run and are passed over. Exit code 1 where anything else differs.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
from safetensors.numpy import load_file

MEASURED = re.compile(r"\(s\)|/s$|/s (low|high)$|memory|seconds|scoring \(s\)")
DIGITS = 2e-5  # relative: tables are written with six digits


def weights(old: Path, new: Path, found: Counter[str], wrong: list[str]) -> None:
    """Compare every file of weights, tensor by tensor and bit by bit."""
    for path in sorted(old.rglob("*.safetensors")):
        other = new / path.relative_to(old)
        if not other.is_file():
            wrong.append(f"{path.relative_to(old)}: is missing")
            continue
        one, two = load_file(path), load_file(other)
        same = one.keys() == two.keys() and all(one[name].tobytes() == two[name].tobytes() for name in one)
        found["files of weights, bitwise equal" if same else "files of weights that differ"] += 1
        if not same:
            wrong.append(f"{path.relative_to(old)}: weights differ")


def histories(old: Path, new: Path, renames: dict[str, str | None], found: Counter[str], wrong: list[str]) -> None:
    """Compare what was scored after each round."""
    scores = {key.removeprefix("metric "): str(value) for key, value in renames.items() if key.startswith("metric ")}
    for path in sorted(old.rglob("history.parquet")):
        if not (new / path.relative_to(old)).is_file():
            wrong.append(f"{path.relative_to(old)}: is missing")
            continue
        one, two = pd.read_parquet(path), pd.read_parquet(new / path.relative_to(old))
        for before, after in scores.items():
            one.columns = one.columns.str.replace(f"_{before}", f"_{after}", regex=False)
        columns = [name for name in one.columns if not name.startswith("seconds_")]
        same = set(columns) <= set(two.columns) and one[columns].equals(two[columns])
        found["histories, equal" if same else "histories that differ"] += 1
        if not same:
            wrong.append(f"{path.relative_to(old)}: histories differ")


def tables(old: Path, new: Path, renames: dict[str, str | None], found: Counter[str], wrong: list[str]) -> None:
    """Compare every column of every table of every study with the one of its name, or of its new name."""
    for path in sorted(old.glob("*/tables/*.csv")):
        before = read(path)
        study = path.parts[-3]
        for column in before.columns[~before.isna().all()]:
            key = f"{path.stem}.{column}"
            moved = renames.get(f"{study}/{path.stem}", path.stem)
            target = renames.get(f"{study}/{key}", f"{moved}.{column}")
            if target is None or MEASURED.search(column):
                found["columns passed over"] += 1
                continue
            name, _, heading = target.partition(".")
            after = read(new / study / "tables" / f"{name}.csv")
            if heading not in after or not equal(before[column], after[heading]):
                found["columns that differ or are missing"] += 1
                wrong.append(f"{study}/{key}: differs from, or has no, {target}")
            else:
                found["columns of tables, equal"] += 1


def read(path: Path) -> pd.DataFrame:
    """Read a table; one without rows, or that is not there, is empty."""
    if not path.is_file() or not path.read_text(encoding="utf-8").strip():
        return pd.DataFrame()
    return pd.read_csv(path, keep_default_na=False, na_values=[""])


def equal(one: pd.Series, two: pd.Series) -> bool:
    """Say whether two columns agree, row by row: text exactly, numbers to the digits that tables have."""
    if len(one) != len(two):
        return False
    if pd.api.types.is_numeric_dtype(one) and pd.api.types.is_numeric_dtype(two):
        return np.allclose(one.astype(float), two.astype(float), rtol=DIGITS, atol=0, equal_nan=True)
    return bool((one.fillna("").astype(str) == two.fillna("").astype(str)).all())


def main() -> int:
    """Compare, print what was found, and say by the exit code whether all is equal."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    parser.add_argument("--renames", type=Path)
    options = parser.parse_args()
    renames = json.loads(options.renames.read_text(encoding="utf-8")) if options.renames else {}
    found: Counter[str] = Counter()
    wrong: list[str] = []
    weights(options.old, options.new, found, wrong)
    histories(options.old, options.new, renames, found, wrong)
    tables(options.old, options.new, renames, found, wrong)
    print("\n".join(wrong))
    print("; ".join(f"{count:,} {what}" for what, count in found.items()))
    return 1 if wrong or not found else 0


if __name__ == "__main__":
    sys.exit(main())
