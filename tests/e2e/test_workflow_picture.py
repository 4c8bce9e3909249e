"""The picture of the workflow on the README is Snakemake's own graph of today's rules."""

import re

import pytest
from conftest import ROOT
from docs.draw_workflow import CONFIGURATIONS, PICTURE, PLACES, TARGET, asked, described, shown

pytestmark = pytest.mark.slow
# Rules that no results need: a target that begins a round of seeds, what such rounds came to, and jobs packed into one.
NOT_DRAWN = {"decide", "rounds", "bundle", TARGET}


def test_the_picture_has_every_edge_that_snakemake_plans():
    planned = asked(CONFIGURATIONS[-1])
    drawn = described(PICTURE)
    assert set(planned.rules) <= set(drawn.rules), "run: make picture"
    assert set(planned.edges) <= set(drawn.edges), "run: make picture"


def test_every_rule_has_a_box():
    text = "\n".join(path.read_text() for path in (ROOT / "workflow" / "rules").glob("*.smk"))
    named = set(re.findall(r"^ *(?:rule|checkpoint) (\w+):", text, re.MULTILINE))
    of_studies = set(re.findall(r'^\s+f?"(\w+)_\{study\}"$', text, re.MULTILINE))
    assert named | of_studies | {"prepare"} == set(described(PICTURE).rules) | NOT_DRAWN - {TARGET}
    assert set(described(PICTURE).rules) == set(PLACES)


def test_an_arrow_that_follows_from_others_is_not_drawn():
    forward, back = shown(described(PICTURE))
    assert ("prepare", "train") in forward
    assert ("prepare", "report") not in forward
    assert back == [("select", "train")]
