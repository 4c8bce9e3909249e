"""The reference of all keys is made from what checks them, and is current."""

import pytest
from conftest import ROOT

from replisome.config.catalogue import study_names
from replisome.config.checks import recipe_schema
from replisome.config.reference import FILE, reference
from replisome.config.schema import SCHEMAS, read_yaml


def test_the_reference_is_current():
    assert (ROOT / FILE).read_text() == reference(), "run: make reference"


def schemas():
    return [*SCHEMAS.glob("*.yaml"), *(recipe_schema(name) for name in study_names())]


@pytest.mark.parametrize("path", schemas(), ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_every_key_of_every_schema_has_a_description(path):
    def check(node, where):
        if isinstance(node, dict):
            assert None not in node.values(), f"{where}: a key without a value; is a comma not in quotes?"
            for key, about in node.get("properties", {}).items():
                assert "else" in where or about.get("description"), f"{where}.{key}"
            for key, value in node.items():
                check(value, f"{where}.{key}")

    check(read_yaml(path), path.stem)
