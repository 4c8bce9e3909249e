"""Figures can be read at the size shown: sizes, panels and pages, colours, and what is left out and why."""

import json
import re

import matplotlib.pyplot as plt
import pytest
from figure_faults import faults
from small_results import CASES, finished

from replisome.analysis import plots
from replisome.analysis.panels import Heading, by_panel, level
from replisome.analysis.plots import LeftOut, as_pages
from replisome.analysis.results import StudyResults
from replisome.config.declared import figures
from replisome.data.study_inputs import LEFT_OUT
from replisome.stages import figures as stage
from replisome.stages import summarise

LONG = "a network with a name that says embedding 64, hidden 128, dropout 0.5, lr 0.003, 4-mers end to end"


@pytest.fixture(scope="module", params=CASES)
def study(request, tmp_path_factory):
    """Small stored results of each study, with its tables."""
    root = tmp_path_factory.mktemp(request.param)
    finished(request.param, root)
    summarise.run(root / "study.json", root, root / request.param / "tables")
    return StudyResults.open(root / "study.json", root)


def test_every_figure_can_be_read_at_the_size_shown(study):
    drawn = 0
    for name, figure in figures(study.plan.name).items():
        if figure.page == 1:
            pages = as_pages(figure.function()(study), 1)
            for page in pages:
                if isinstance(page, LeftOut):
                    assert page.why.endswith("."), name
                else:
                    assert faults(page) == [], name
                    drawn += 1
                    plt.close(page)
    assert drawn


def panels_of(count, **options):
    """Return pages of so many panels with long names, each with two lines and a level."""

    def draw(panel, number):
        for style in (number, number + 1):
            panel.plot([1, 2, 3], [number, style, 3], label=f"{LONG} {style}", **plots.look(style))
        level(panel, 1.0, "a level")

    headings = {number: Heading(f"recipe_{number}", ("sound protocol", f"data {number}")) for number in range(count)}
    return by_panel(headings, draw, "epoch", "loss (10^9 pm^2 a protein)", **options)


@pytest.mark.parametrize("count", [1, 2, 4, 7, 8, 11])
def test_any_number_of_panels_fills_pages_of_at_most_eight(count):
    pages = panels_of(count)
    assert [len(page.axes) for page in pages] == [8] * (count // 8) + [count % 8] * (count % 8 > 0)
    assert faults(pages[-1]) == []
    for page in pages:
        assert page.get_figwidth() <= plots.WIDE
        assert page.get_figheight() <= plots.TALL


def test_panels_that_compare_share_their_axes_and_one_legend():
    (page,) = panels_of(3)
    (first, *rest) = page.axes
    assert all(panel.get_ylim() == first.get_ylim() and panel.get_xlim() == first.get_xlim() for panel in rest)
    assert [panel.get_ylabel() for panel in rest] == ["", ""]
    assert "10⁹ pm²" in first.get_ylabel()
    assert not [panel for panel in page.axes if panel.get_legend()]
    texts = [text.get_text() for text in page.legends[0].get_texts()]
    assert texts == [f"{LONG} {style}" for style in range(4)]


def test_what_holds_for_all_panels_of_a_page_is_said_once():
    (page,) = panels_of(2)
    assert page.get_suptitle() == "All panels: sound protocol"
    assert [panel.get_title(loc="left") for panel in page.axes] == ["recipe_0\ndata 0", "recipe_1\ndata 1"]
    (alone,) = panels_of(1)
    assert "sound protocol" in alone.axes[0].get_title(loc="left")


def test_rows_of_panels_stay_together_on_a_page():
    pages = panels_of(9, columns=3, rows_alike=True)
    assert [len(page.axes) for page in pages] == [6, 3]


def test_forty_nine_names_look_different():
    looks = [plots.look(number) for number in range(49)]
    assert len({(look["color"], look["marker"]) for look in looks}) == 49


def test_a_figure_without_panels_is_left_out_and_says_why():
    assert by_panel({}, print, "x", "y", nothing="Nothing was run.") == LeftOut("Nothing was run.")
    assert faults(LeftOut("Nothing was run.").drawn()) == ["no panel has data"]


def test_pages_that_are_not_needed_are_left_out_and_those_too_many_are_named():
    pages = panels_of(18)
    assert as_pages(pages, 5)[3:] == [LeftOut(""), LeftOut("")]
    assert as_pages(LeftOut("No."), 2) == [LeftOut("No."), LeftOut("")]
    *_, last = as_pages(pages, 2)
    assert last.get_supxlabel() == "2 more panels of this configuration are not drawn."


def test_pages_are_declared_figures_of_their_own():
    declared = figures("proteinnet")
    assert {name for name in declared if name.startswith("maps")} == {"maps", *(f"maps-{n}" for n in range(2, 9))}
    assert declared["maps-2"].title == "True and predicted distances (page 2)"
    assert declared["maps-2"].function() is declared["maps"].function()
    assert declared["maps"].image
    assert not declared["baselines"].image


@pytest.mark.parametrize("study", ["genome"], indirect=True)
def test_the_stage_writes_every_declared_file_and_why_some_are_left_out(study, tmp_path, monkeypatch):
    monkeypatch.setattr(stage, "require_planned", lambda study: None)
    monkeypatch.setattr(stage, "require_tables", lambda study: None)
    monkeypatch.setattr(stage, "for_figures", lambda *paths: [])
    stage.run(study.root / "study.json", study.root, tmp_path)
    declared = figures(study.plan.name)
    for kind in ("png", "svg"):
        assert {path.stem for path in tmp_path.glob(f"*.{kind}")} == {*declared}
    left_out = json.loads((tmp_path / LEFT_OUT).read_text())
    assert left_out.keys() < declared.keys()
    for name, why in left_out.items():
        assert re.fullmatch(r"[A-Z].*\.", why) or (why == "" and declared[name].page > 1), name
