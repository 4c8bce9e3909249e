"""Lines are added to YAML files as text: comments stay, and what is added is read back as it was meant."""

import pytest
import yaml

from replisome.api.new.yaml_text import block, with_entry, with_item, written
from replisome.config.schema import read_yaml
from replisome.errors import ReplisomeError

TEXT = """# first
only: [a, b] # kept
experiments:
  a: {x: 1} # of a
  b:
    y: 2

# about what follows
recipes: {r: 1}
"""


@pytest.mark.parametrize(
    "value",
    [
        "plain",
        "5E10",
        "null",
        "a: b",
        "it's",
        "2026-01-01",
        "",
        {"a": ["x, y", None, 1e-4, True]},
        ["a]", {"k": "c,d"}],
    ],
)
def test_what_is_written_is_read_back(value, tmp_path):
    assert yaml.safe_load(written(value)) == value
    (tmp_path / "f.yaml").write_text(block({"key": value}))
    assert read_yaml(tmp_path / "f.yaml") == {"key": value}  # to which 5E10 is a number, unlike to YAML 1.1


def test_long_values_are_broken_into_lines_and_read_back():
    value = {"summary": "word " * 60 + "end", "deep": {"one": {f"key{n}": "some value" for n in range(9)}}}
    text = block(value)
    assert max(map(len, text.splitlines())) <= 150
    assert yaml.safe_load(text) == value


def test_an_entry_comes_last_in_its_mapping_and_nothing_else_changes():
    after = with_entry(TEXT, ["experiments"], {"c": {"z": [1]}}, "f.yaml")
    assert after == TEXT.replace("    y: 2\n", "    y: 2\n  c: {z: [1]}\n")
    assert with_entry(TEXT, [], {"new": 1}, "f.yaml") == TEXT + "new: 1\n"


def test_keys_that_are_missing_are_made():
    after = with_entry(TEXT, ["presets", "quick", "experiments"], {"c": {"z": 1}}, "f.yaml")
    assert yaml.safe_load(after) == {**yaml.safe_load(TEXT), "presets": {"quick": {"experiments": {"c": {"z": 1}}}}}
    assert (
        with_entry("# comments only", ["experiments"], {"c": 1}, "f.yaml") == "# comments only\nexperiments: {c: 1}\n"
    )


def test_an_item_is_added_to_a_list_however_it_is_written():
    assert "only: [a, b, c] # kept" in with_item(TEXT, ["only"], "c", "f.yaml")
    lines = "- id: a\n  x: 1\n\n# end\n"
    assert with_item(lines, [], {"id": "b"}, "f.yaml") == "- id: a\n  x: 1\n\n- id: b\n\n# end\n"
    assert yaml.safe_load(with_item(TEXT, ["claims"], {"id": "b"}, "f.yaml"))["claims"] == [{"id": "b"}]
    assert with_item("", [], {"id": "b"}, "f.yaml") == "- id: b\n"


def test_a_mapping_in_one_line_is_refused_with_the_lines_to_add():
    with pytest.raises(ReplisomeError, match=r"f.yaml: recipes is not written line by line; add by hand:\ns: 2"):
        with_entry(TEXT, ["recipes"], {"s": 2}, "f.yaml")
