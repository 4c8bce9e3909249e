"""A chain, a contig or a class may be called 5E10, 007, NA or True: it is a name wherever it goes."""

import pytest

from replisome.config.schema import read_yaml
from replisome.errors import ReplisomeError
from replisome.studies._template.data import read as read_template

NAMES = ["5E10", "1e5", "007", "1E10", "NA", "nan", "True", "inf", "1_000", "<b>", "a$b$"]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_in_quotes_in_a_configuration_file_stays_text(tmp_path, name):
    path = tmp_path / "study.yaml"
    path.write_text(f"contigs: ['{name}']\nrate: 1e-3\nmore: [5e1, 0.5]\n")
    assert read_yaml(path) == {"contigs": [name], "rate": 0.001, "more": [50.0, 0.5]}


def test_aliases_in_a_configuration_file_are_no_longer_the_same_object(tmp_path):
    path = tmp_path / "study.yaml"
    path.write_text("a: &x {b: [1]}\nc: *x\n")
    found = read_yaml(path)
    found["a"]["b"].append(2)
    assert found["c"] == {"b": [1]}


def test_classes_of_the_template_keep_their_names(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("label,x\n" + "".join(f"{name},{n}\n" for n in range(60) for name in ("5E10", "007")))
    assert read_template(path, {}).class_names == ("007", "5E10")


def test_the_templates_reader_counts_blank_lines(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("label,x\n\na,1\n\nb,\n")
    with pytest.raises(ReplisomeError, match=r"table\.csv: line 5: no value in column 'x'"):
        read_template(path, {})
    path.write_text("label,x\na,1,2\n,,,\n")
    with pytest.raises(ReplisomeError, match=r"table\.csv: a row has more cells than the header"):
        read_template(path, {})
