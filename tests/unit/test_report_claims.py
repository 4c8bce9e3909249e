"""The first screen and the sections of claims: counts, drawings, what would decide what is open."""

import copy
import math

import pytest

from replisome.report.cards import Places, card, groups_not_run, what_changes
from replisome.report.claim_rows import in_order, is_judged, row
from replisome.report.deciding import command, for_missing, for_open, missing_of
from replisome.report.drawing import MARGIN, TIMES, WIDTH, band_of, draw, line_of, printed_of
from replisome.report.first_screen import scorecard

VERDICT = {
    "id": "7f3a91",
    "verdict": "not replicated",
    "reason": "smaller than matters",
    "estimate": 0.6,
    "low": -0.1,
    "high": 1.3,
    "halves": {"seeds": 0.6, "items": 0.3},
    "items": 3421,
    "n": [5, 5],
    "about": "general",
    "p": 0.09,
    "bh": True,
    "holm": False,
    "size": None,
    "decides": None,
    "parts": [],
    "caps": [],
    "flags": [],
    "look": None,
    "runs": ["cells/reported/runs/cnn/pool=max/seed=0", "cells/reported/runs/cnn/pool=max/seed=1"],
}
NOTHING = {"estimate": None, "low": None, "high": None, "halves": {"seeds": None, "items": None}, "n": [], "runs": []}
NOT_RUN = {**VERDICT, **NOTHING, "verdict": "not run", "about": None}


def claim(name="softmax-hurts", **changes):
    made = {
        "id": name,
        "study": "cells",
        "owner": "paper",
        "role": "headline",
        "kind": "difference",
        "plain": "A softmax before the loss costs 8.49 points.",
        "paper": {"report": "report B", "where": "section 1.2", "says": "8.49 points"},
        "reported": {"value": 8.49, "unit": "points"},
        "unit": "points",
        "agreed": "2026-11-26",
        "rule": {"expect": "first_higher", "negligible": {"value": 1.14, "from": "paper", "why": "its smallest gap"}},
        "leak": None,
        "verdicts": {"reported": copy.deepcopy(VERDICT)},
    }
    return {**made, **changes}


def with_verdict(**changes):
    return claim(verdicts={"reported": {**copy.deepcopy(VERDICT), **changes}})


class Study:
    def __init__(self, preset="quick"):
        self.name, self.settings = "cells", {"preset": preset}


def test_a_drawing_holds_the_reports_value_ours_the_line_and_what_counts_as_none_on_one_axis():
    drawing = draw(claim())
    (found,) = drawing.rows
    assert found.low < found.x < found.high < drawing.printed.x
    assert found.low < drawing.line.x < found.x
    assert drawing.band[0] < drawing.line.x < drawing.band[1]
    places = [found.low, found.high, drawing.printed.x, *drawing.band]
    assert min(places) == MARGIN
    assert max(places) == WIDTH - MARGIN
    said = "the report: 8.49 points; ours, as reported: 0.60 ± 0.70 points; compared with: 0 points"
    assert drawing.text.replace("\N{NO-BREAK SPACE}", " ") == said


def test_a_difference_of_logarithms_is_shown_as_the_factor_that_it_is():
    made = claim(unit="log", reported=None, rule={"expect": "first_higher"})
    made["verdicts"]["reported"] |= {"estimate": math.log(5), "low": math.log(3), "high": math.log(8)}
    (shown,) = row(made)["verdicts"]
    assert (shown["number"], shown["interval"]) == (f"{TIMES}5.0", "[3.0, 8.0]")
    assert draw(made).line.text == f"{TIMES}1"
    assert draw(made).text == f"ours, as reported: {TIMES}5.0 [3.0, 8.0]; compared with: {TIMES}1"


def test_what_was_measured_but_not_judged_is_not_called_not_run():
    (shown,) = row(with_verdict(verdict="not run"))["verdicts"]
    assert (shown["word"], shown["css"], shown["quiet"]) == ("not judged", "not-run", False)
    (shown,) = row(claim(verdicts={"reported": NOT_RUN}))["verdicts"]
    assert (shown["word"], shown["quiet"]) == ("not run", True)


def test_a_claim_that_measured_nothing_has_no_drawing():
    assert draw(claim(verdicts={"reported": NOT_RUN})) is None


def test_an_estimate_without_an_interval_is_a_point():
    drawing = draw(with_verdict(low=None, high=None))
    assert drawing.rows[0].low is None


@pytest.mark.parametrize(
    ("changes", "printed", "line", "band"),
    [
        ({"reported": {"value": -8.49}}, 8.49, 0.0, (-1.14, 1.14)),  # a size, in the claimed direction
        ({"kind": "ratio", "reported": {"value": 2}, "rule": {}}, 2.0, 1.0, None),
        ({"kind": "sign", "reported": None, "rule": {"than": -2, "expect": "above"}}, None, -2.0, None),
        ({"kind": "sign", "reported": None, "rule": {"than": 0, "margin": {"value": 0.02}}}, None, 0.0, (-0.02, 0.02)),
        ({"kind": "value", "rule": {"resolution": {"value": 1}}}, 8.49, None, (7.49, 9.49)),
    ],
)
def test_the_axis_has_what_the_rule_is_about(changes, printed, line, band):
    made = claim(**changes)
    assert printed_of(made) == printed
    assert line_of(made) == line
    assert band_of(made) == (pytest.approx(band) if band else None)


def test_the_scorecard_counts_each_protocol_and_no_conflict():
    claims = [
        claim("a"),
        claim("b", verdicts={"reported": {**VERDICT, "verdict": "replicated"}, "sound": NOT_RUN}),
        claim("c", kind="conflict"),
        claim("d", study="other"),
    ]
    (own,) = scorecard({"cells": "Cells"}, claims)
    assert own["claims"] == 2
    reported, sound = own["protocols"]
    assert reported["counts"] == {
        "replicated": 1,
        "direction only": 0,
        "not replicated": 1,
        "inconclusive": 0,
        "not run": 0,
    }
    assert sum(sound["counts"].values()) == sound["counts"]["not run"] == 1


def test_claims_stand_headline_first_then_as_the_paper_has_them_and_not_by_verdict():
    claims = [claim("a", role="detail"), with_verdict(verdict="not run"), claim("c"), claim("d", role="background")]
    assert [one["id"] for one in in_order(claims)] == ["softmax-hurts", "c", "a", "d"]


def test_a_word_stands_beside_each_sign():
    (verdict,) = row(claim())["verdicts"]
    assert (verdict["sign"], verdict["word"]) == ("○", "not replicated")


def test_what_more_seeds_decide_names_the_claims_and_the_command():
    decides = {"seeds": 8, "fewest": 6, "most": 12, "items_factor": None, "words": "about 8 seeds (6 to 12)"}
    open_one = with_verdict(verdict="inconclusive", decides=decides)
    (remedy,) = for_open([Study()], [open_one])
    assert remedy.command == "snakemake decide --cores 8 --configfile config/quick.yaml"
    assert remedy.claims == {"softmax-hurts": "about 8 seeds (6 to 12)"}


def test_a_study_with_rounds_asks_for_one_more():
    look = {"decided": None, "now": 1, "of": 5, "later": None}
    (remedy,) = for_open([Study("full")], [with_verdict(verdict="inconclusive", look=look)])
    assert remedy.command == "snakemake decide --cores 8"


def test_where_only_items_help_no_command_is_offered():
    decides = {"seeds": None, "fewest": None, "most": None, "items_factor": 4.0, "words": "about 4 times as many items"}
    (remedy,) = for_open([Study()], [with_verdict(verdict="inconclusive", decides=decides)])
    assert remedy.command == ""
    assert "test items" in remedy.what


def test_what_a_cap_holds_back_wants_the_full_settings():
    (remedy,) = for_open([Study()], [with_verdict(verdict="direction only", caps=["epochs 3, not 200"])])
    assert remedy.command == "snakemake --cores 8"


def test_claims_that_were_not_run_say_what_they_need():
    has = {**NOT_RUN, "reason": "experiment x has no model cnn; preset full or quick has it"}
    needs = {**NOT_RUN, "reason": "needs a run: nobody trains it; it would take a day"}
    assert missing_of(claim(verdicts={"sound": has})).needs == "Preset full or quick has the runs"
    assert missing_of(claim(verdicts={"sound": has})).why == "experiment x has no model cnn"
    assert "run is missing" in missing_of(claim(verdicts={"sound": needs})).needs
    groups = groups_not_run([claim("a", verdicts={"sound": needs}), claim("b", verdicts={"sound": has}), claim("c")])
    assert [[one["id"] for one in members] for _, members in groups] == [["b"], ["a"]]
    remedies = for_missing([claim("b", verdicts={"sound": has})])
    assert remedies[0].command == command("quick")


def test_a_card_has_rule_uncertainty_what_would_change_it_and_where_it_is_written():
    other = claim("comparable", plain="It costs nothing.")
    conflict = claim(
        "contradiction", kind="conflict", plain="Both cannot hold.", rule={"claims": ["softmax-hurts", "comparable"]}
    )
    run = VERDICT["runs"][0]
    places = Places(
        "config/studies/cells/claims.yaml", {"softmax-hurts": 87}, {run: [("cells-scores", "Scores")]}, "cells"
    )
    by_id = {one["id"]: one for one in (claim(), other, conflict)}
    made = card(claim(), by_id, places, "quick")
    (verdict,) = made["verdicts"]
    assert verdict["uncertainty"].startswith("5 and 5 seeds leave ± 0.6")
    assert "3,421 items leave ± 0.3" in verdict["uncertainty"]
    assert "other items of the kind" in verdict["uncertainty"]
    assert verdict["cite"].endswith("claim softmax-hurts, as reported, preset quick, verdict 7f3a91")
    assert made["limits"] == ["negligible 1.14\N{NO-BREAK SPACE}points (the report's: its smallest gap)"]
    assert made["conflicts"][0]["against"][0]["id"] == "comparable"
    assert made["evidence"]["items"] == [("cells-scores", "Scores")]
    assert made["evidence"]["line"] == "config/studies/cells/claims.yaml, line 87"
    assert made["evidence"]["runs"] == [
        {"folder": "cells/reported/runs/cnn/pool=max", "link": "cells/reported/runs/cnn/pool%3Dmax/"}
    ]


def test_what_would_change_a_verdict_is_the_price_the_cap_or_nothing_likely():
    assert "full settings" in what_changes({**VERDICT, "caps": ["epochs 3, not 200"]})
    assert "nothing likely" in what_changes(VERDICT)
    assert what_changes({**VERDICT, "decides": {"words": "about 8 seeds"}}) == "about 8 seeds"


def test_a_conflict_is_shown_with_its_claims_and_not_judged():
    assert not is_judged(claim(kind="conflict"))
    assert is_judged(claim())
