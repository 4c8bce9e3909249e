"""Numbers on the page are rounded by their uncertainty and stand on one point; tables are never wider than the page."""

import pandas as pd
import pytest

from replisome.report.numbers import column_decimals, in_unit, on_one_point, short, with_interval
from replisome.report.tables import WIDTH, columns_of, fitted, read_table, show

NAMES = ["5E10", "1e5", "007", "1E10", "NA", "nan", "True", "inf", "1_000", "<b>", "a$b$"]


@pytest.mark.parametrize(
    ("value", "low", "high", "shown"),
    [
        (33.27075, 28.397, 38.144, ("33.3", "± 4.9")),
        (0.0134731, 0.0087, 0.0182462, ("0.0135", "± 0.0048")),
        (-0.5, -2.5, 1.5, ("\N{MINUS SIGN}0.5", "± 2.0")),
        (1234.6, 1100.0, 1369.2, ("1,235", "± 135")),
        (0.6, -0.1, 1.8, ("0.60", "[\N{MINUS SIGN}0.10, 1.80]")),
        (12054947887.0, -1292836003.0, 25402731777.0, ("1.2e10", "± 1.3e10")),
        (2.5e11, 2.4e11, 3.1e11, ("2.50e11", "[2.40e11, 3.10e11]")),
        (5.0, None, None, ("5", "")),
        (0.123456, float("nan"), float("nan"), ("0.1235", "")),
        (1.0, 1.0, 1.0, ("1", "")),
        (None, None, None, ("\N{EN DASH}", "")),
    ],
)
def test_two_figures_of_the_half_width_decide_how_a_number_is_rounded(value, low, high, shown):
    assert with_interval(value, low, high) == shown


def test_a_number_that_rounds_to_nothing_has_no_sign():
    assert with_interval(-0.004, -1.2, 1.192)[0] == "0.0"


def test_numbers_without_an_interval_have_four_figures_at_most_and_whole_ones_all_of_theirs():
    numbers = (25_700_000, 0.91234, 12.3456, 0.5, 1e-7, None)
    assert [short(value) for value in numbers] == [
        "25,700,000",
        "0.9123",
        "12.35",
        "0.5",
        "1e\N{MINUS SIGN}07",
        "\N{EN DASH}",
    ]


def test_a_column_has_one_number_of_decimals_and_no_more_than_it_needs_unless_its_sizes_are_unlike():
    assert column_decimals([1.5, 2.25, 10.0]) == 2
    assert column_decimals([0.01, 0.005]) == 3
    assert column_decimals([3, 4, float("nan")]) == 0
    assert column_decimals([1e-5, 2.5e3]) is None


def test_numbers_of_a_column_stand_on_one_point():
    texts = on_one_point(["1.25", "10", "3.5", "\N{EN DASH}"])
    assert [len(text) - len(text.rstrip("\N{FIGURE SPACE}\N{PUNCTUATION SPACE}")) for text in texts] == [0, 3, 1, 0]


def test_a_number_and_its_unit_stay_on_one_line():
    assert in_unit("8.49", "points") == "8.49\N{NO-BREAK SPACE}points"
    assert in_unit("8.49", "") == "8.49"


def wide(rows: int, columns: int = 24) -> pd.DataFrame:
    numbers = {f"score of kind {n} (%)": [n + row / 7 for row in range(rows)] for n in range(columns)}
    return pd.DataFrame({"model": [f"model {row}" for row in range(rows)], **numbers})


@pytest.mark.parametrize("rows", [2, 12])
def test_a_wide_table_is_turned_or_split_and_loses_no_value(rows):
    frame = wide(rows)
    grids = fitted("", columns_of(frame))
    assert all(sum(column.width for column in grid.columns) <= WIDTH for grid in grids)
    assert [grid.turned for grid in grids] == ([True] if rows == 2 else [False] * len(grids))
    shown = sum(len(grid.columns[0].cells) * (len(grid.columns) - 1) for grid in grids)
    assert shown == frame.shape[0] * (frame.shape[1] - 1)


def test_every_part_of_a_split_table_names_its_rows():
    grids = fitted("", columns_of(wide(12)))
    assert len(grids) > 1
    assert {grid.columns[0].head for grid in grids} == {"model"}


def test_protocols_never_share_a_column_and_what_all_rows_share_stands_above():
    frame = pd.DataFrame(
        {
            "recipe": ["reported", "reported", "sound", "sound"],
            "protocol": ["reported", "reported", "sound", "sound"],
            "seeds": [3, 3, 3, 1],
            "model": ["a", "b", "a", "b"],
            "accuracy (%)": [90.0, 91.0, 80.0, 81.0],
        }
    )
    grids = show(frame).grids
    assert [grid.about for grid in grids] == [
        "recipe reported; protocol reported; seeds 3",
        "recipe sound; protocol sound",
    ]
    assert [grid.heads for grid in grids] == [["model", "accuracy (%)"], ["model", "seeds", "accuracy (%)"]]


def test_a_long_table_says_how_many_rows_are_in_its_file_alone():
    shown = show(wide(30, 2), most_rows=20)
    assert (shown.rows, shown.left) == (30, 10)
    assert shown.lines == 22


def test_bounds_join_their_number_and_empty_columns_go():
    frame = pd.DataFrame({"model": ["a"], "x": [33.27], "x low": [28.4], "x high": [38.14], "none": [None]})
    (grid,) = show(frame).grids
    assert grid.rows == [[("a", "", False, "model"), ("33.3", "± 4.9", True, "x")]]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_in_a_table_is_shown_as_it_is(tmp_path, name):
    values = pd.DataFrame({"chain": [name], "residues": [1234], "rmse": [1.5e-7], "empty": [None]})
    path = tmp_path / "table.csv"
    path.write_text(values.to_csv(index=False, float_format="%.6g"))
    table = read_table(path)
    assert table["chain"].tolist() == [name]
    assert table["residues"].tolist() == [1234]
    assert table["rmse"].tolist() == [1.5e-7]
    (grid,) = show(table).grids
    assert [cell[:3] for cell in grid.rows[0][:2]] == [(name, "", False), ("1,234", "", True)]


def test_a_table_of_no_rows_keeps_its_columns(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("recipe,model\n")
    assert list(read_table(path)) == ["recipe", "model"]
