"""The pages as they are rendered: anchors resolve, nothing is folded away, names are escaped, no address is called."""

import re

import pandas as pd
import pytest
from test_report_claims import NOT_RUN, claim

from replisome.config.declared import main_figures
from replisome.errors import ReplisomeError
from replisome.report.cards import Places, card, contradictions, groups_not_run
from replisome.report.deciding import for_missing, for_open
from replisome.report.first_screen import scorecard
from replisome.report.pages import TEMPLATES, _render
from replisome.report.pictures import picture, without_unseen
from replisome.report.runs import POINTS, spark, thinned
from replisome.report.tables import as_rows, show

NAMES = {"cells": "Cells: a study"}


class Quick:
    name, settings = "cells", {"preset": "quick"}


def screen(claims, **changes):
    protocols = ["as reported", "leak-free"]
    facts = {
        "studies": 1,
        "runs": 2,
        "data": {"official": ["cells"]},
        "experiments": 2,
        "reduced": 1,
        "preset": "quick",
    }
    words = ("replicated", "direction only", "not replicated", "inconclusive", "not run")
    made = {
        "facts": {**facts, "dates": "2026-11-26", "levels": [0.95]},
        "only_checks": False,
        "words": [{"word": word, "sign": "?"} for word in words],
        "protocols": protocols,
        "scores": scorecard(NAMES, claims),
        "checks": [],
        "checks_elsewhere": 0,
        "claims": len(claims),
        "rows": [card(claims[0], {one["id"]: one for one in claims}, Places(), "quick")],
        "heading": "The claims that matter",
        "waiting": [],
        "conflicts": [{"id": "both", "plain": "Both cannot hold.", "found": "neither side is decided"}],
        "open": for_open([Quick()], claims),
        "missing": for_missing(claims),
    }
    return {**made, **changes}


def story(**changes):
    frame = pd.DataFrame({"model": ["<b>"], "x": [33.27], "x low": [28.4], "x high": [38.14]})
    about = {
        "title": "Scores",
        "caption": "All.",
        "file": "cells/tables/scores.csv",
        "made_by": "scores() in scores.py",
    }
    table = {**about, "name": "scores", "shown": show(frame), "long": False}
    long = {**about, "name": "long", "shown": show(pd.concat([frame] * 40)), "long": True}
    figure = {**about, "name": "curve", "source": "data:,", "inches": 7.0, "narrow": False, "alt": "a curve"}
    made = {
        "name": "cells",
        "title": NAMES["cells"],
        "summary": "Somebody claimed something.",
        "notes": [],
        "level": "95 %",
        "claims": 2,
        "checks": 1,
        "judged": [],
        "found": [],
        "main": figure,
        "to_beat": None,
        "experiments": as_rows([{"experiment": "variants", "runs": 2}]),
        "recipes": as_rows([{"recipe": "sound", "images": 7}]),
        "classes": None,
        "sources": [],
        "topics": [{"title": "Scores", "tables": [table, long], "figures": []}],
        "choices": None,
        "left_out": {"no run of this configuration belongs in it": ["table “Searches”"]},
    }
    return {**made, **changes}


@pytest.fixture
def rendered():
    needs = {**NOT_RUN, "reason": "experiment x has no model cnn; preset full has it"}
    both = claim("both", kind="conflict", plain="Both cannot hold.", rule={"claims": ["softmax-hurts", "other"]})
    claims = [claim(plain="A <b> costs 8.49 points."), claim("other", verdicts={"sound": needs}), both]
    by_id = {one["id"]: one for one in claims}
    shared = {"version": "0", "titles": NAMES, "screen": screen(claims), "structured_data": {}}
    cards = {
        "name": "cells",
        "title": NAMES["cells"],
        "cards": [card(claims[0], by_id, Places(items={}), "quick")],
        "contradictions": contradictions(claims),
        "not_run": groups_not_run(claims),
    }
    return {
        "report.html": _render("report.html", **shared, studies=[story()], provenance=as_rows([{"study": "cells"}])),
        "tables.html": _render("tables.html", **shared, studies=[story()]),
        "claims.html": _render("claims.html", **shared, studies=[cards]),
        "runs.html": _render("runs.html", **shared, rows=[], curves=[]),
    }


def broken_links(pages):
    """Return the links whose page or anchor is not there; links to other files of the results are not looked at."""
    anchors = {name: set(re.findall(r'\bid="([^"]+)"', text)) for name, text in pages.items()}
    broken = []
    for name, text in pages.items():
        for link in re.findall(r'href="([^"]+)"', text):
            page, _, anchor = link.partition("#")
            if (page or name) in pages and anchor and anchor not in anchors[page or name]:
                broken.append((name, link))
    return broken


def test_every_anchor_on_every_page_resolves(rendered):
    assert broken_links(rendered) == []
    assert broken_links({"a.html": '<a href="#nowhere">'}) == [("a.html", "#nowhere")]


def test_a_contradiction_is_on_the_first_screen_and_has_an_anchor(rendered):
    assert 'href="claims.html#both"' in rendered["report.html"]
    assert '<li id="both">' in rendered["claims.html"]


def test_no_anchor_stands_twice_on_a_page(rendered):
    for name, text in rendered.items():
        found = re.findall(r'\bid="([^"]+)"', text)
        assert len(found) == len(set(found)), name


def test_nothing_is_folded_away_and_no_address_is_called(rendered):
    for name, text in rendered.items():
        assert "<details" not in text, name
        assert not re.findall(r'(?:href|src)="(?:https?:)?//', text), name
        assert "@import" not in text, name


def test_names_are_escaped(rendered):
    assert "A &lt;b&gt; costs 8.49 points." in rendered["claims.html"]
    assert "&lt;b&gt;" in rendered["report.html"]


def test_one_line_says_what_is_left_out_and_why(rendered):
    line = "Left out: table “Searches” (no run of this configuration belongs in it)."
    assert line in rendered["report.html"]


def test_a_long_table_stands_on_a_page_of_its_own_and_the_story_leads_to_it(rendered):
    assert 'href="tables.html#cells-long"' in rendered["report.html"]
    assert rendered["tables.html"].count("<tr>") == 41
    assert 'id="cells-scores"' not in rendered["tables.html"]


def test_each_table_has_its_file_beside_it(rendered):
    assert rendered["report.html"].count('href="cells/tables/scores.csv"') >= 2


def test_a_page_of_controls_says_so_before_anything_else():
    claims = [claim(verdicts={"sound": NOT_RUN})]
    shared = {"version": "0", "titles": NAMES, "screen": screen(claims, only_checks=True), "structured_data": {}}
    page = _render("report.html", **shared, studies=[story()], provenance=as_rows([{"study": "cells"}]))
    assert page.index("Nothing here speaks for or against the reports.") < page.index('class="score"')


def test_never_a_single_percentage_of_replicated_claims(rendered):
    assert not re.search(r"\d\s*%\s*(?:of the claims |were )?replicated", rendered["report.html"])


def test_what_is_drawn_loses_only_what_nobody_sees():
    drawing = '<?xml version="1.0"?><!DOCTYPE svg><svg width="72pt"><metadata>x</metadata><path d="M 1.23456 7"/></svg>'
    assert without_unseen(drawing) == '<svg width="72pt"><path d="M 1.23 7"/></svg>'


@pytest.mark.parametrize(("pixels", "begins"), [(False, "data:image/svg+xml,"), (True, "data:image/png;base64,")])
def test_a_figure_is_a_drawing_unless_it_shows_pixels(tmp_path, pixels, begins):
    (tmp_path / "a.png").write_bytes(b"png")
    (tmp_path / "a.svg").write_text('<svg width="360pt"></svg>')
    found = picture(tmp_path / "a.png", tmp_path / "a.svg", pixels)
    assert found.source.startswith(begins)
    assert found.inches == 5


def test_a_curve_keeps_its_last_point_and_stays_small():
    xs, ys = thinned([(float(x), float(x * x)) for x in range(1000)])
    assert len(xs) == len(ys) <= POINTS + 1
    assert xs[-1] == 999
    assert spark([(0.0, 1.0)]) == ""
    assert spark([(0.0, 1.0), (1.0, 2.0)]) == "1,18.0 89,2.0"


def test_the_library_for_curves_is_in_the_repository_with_its_licence():
    assert (TEMPLATES / "vendor" / "uplot-LICENSE.txt").read_text().startswith("The MIT License")


def test_the_figure_that_stands_for_a_study_is_one_of_its_figures(monkeypatch):
    assert main_figures("bloodmnist")[0] == "test_accuracy"
    monkeypatch.setattr(
        "replisome.config.declared.plain_value", lambda path, name: ("nonsense",) if name == "MAIN" else ()
    )
    with pytest.raises(ReplisomeError, match="MAIN names the figure 'nonsense'"):
        main_figures("bloodmnist")
