"""The table of faults: each says what happens, what is lost and what to do, and names a test that exists."""

import ast
import re

import pytest
from conftest import ROOT

PAGE = ROOT / "docs" / "reference" / "faults.md"
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in PAGE.read_text().splitlines()
    if line.startswith("| ") and not line.startswith("| fault")
]


def test_there_are_many_faults_and_each_is_told_whole():
    assert len(ROWS) >= 15
    assert {len(row) for row in ROWS} == {5}
    assert all(cell for row in ROWS for cell in row)
    assert len({row[0] for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_the_test_of_a_fault_exists(row):
    named = re.fullmatch(r"`(tests/[\w/]+\.py)::(test_\w+)`", row[-1])
    assert named, row[-1]
    functions = [
        node.name for node in ast.parse((ROOT / named[1]).read_text()).body if isinstance(node, ast.FunctionDef)
    ]
    assert named[2] in functions
