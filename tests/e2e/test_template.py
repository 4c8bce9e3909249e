"""A study of one's own from the template: begun by a command, with a model of its own, and run to the page."""

import json
import subprocess
import sys

import forking
import pandas as pd
import pytest
from conftest import shown_on

from replisome.api.new import study as new_study
from replisome.config.declared import figures, tables

STUDY = "leaves"


def test_a_study_begun_from_the_template_runs_on_its_control_to_the_page_and_comes_near_the_ceiling(fresh):
    new_study.propose(STUDY, None, {}, fresh.root, title="Leaves by their shape").edits.apply()
    environment = forking.environment(fresh.root / "workflow/src")
    command = [sys.executable, "-m", "replisome", "new", "model", STUDY, "wee"]
    done = subprocess.run(command, env=environment, cwd=fresh.root, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "selection/wee/selection.json" in done.stdout
    fresh.study = STUDY
    done = fresh.run(overrides={})
    assert done.returncode == 0, done.stdout
    results = fresh.root / "results" / "demo"
    page = (results / "report.html").read_text()
    assert "Leaves by their shape" in page
    shown = shown_on(page, STUDY, tables("_template"), figures("_template"))
    assert {*tables("_template"), *figures("_template")} - set(shown) == {"searches"}
    scores = pd.read_csv(results / STUDY / "tables" / "scores.csv")
    assert sorted(scores["model"]) == ["mlp: hidden 32", "mlp: hidden 8", "wee: width 16"]
    assert scores["report A, test (%)"].isna().all()  # of a control no report speaks
    best = scores.loc[scores["test accuracy (%)"].notna() & scores["model"].str.startswith("mlp")].iloc[-1]
    ceiling = json.loads((results / STUDY / "control" / "card.json").read_text())["ceiling"]
    assert best["ceiling (%)"] == pytest.approx(100 * ceiling["expected"], rel=1e-4)
    assert best["test accuracy (%)"] == pytest.approx(100 * ceiling["oracle_on_this_draw"]["test"], abs=2)
    assert best["validation accuracy (%)"] == pytest.approx(100 * ceiling["expected"], abs=3)
    claims = {claim["id"]: claim["verdicts"] for claim in json.loads((results / "claims.json").read_text())["claims"]}
    assert claims[f"{STUDY}-control-ceiling"]["sound"]["verdict"] == "replicated"
    assert claims[f"{STUDY}-control-ceiling"]["sound"]["n"] == [2]
