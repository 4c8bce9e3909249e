"""A study of one's own from the template: copy two folders, replace the name, run."""

import json
import shutil

import pandas as pd
import pytest
from conftest import shown_on

from replisome.config.declared import figures, tables

STUDY = "leaves"
PACKAGES = "workflow/src/replisome/studies"


def copy_template(root, name: str = STUDY) -> None:
    """Do in a copy of the repository what the template's docstring says."""
    package, configuration = root / PACKAGES / name, root / "config" / "studies" / name
    shutil.copytree(root / PACKAGES / "_template", package)
    (package / "config").rename(configuration)
    for path in [*package.rglob("*"), *configuration.rglob("*")]:
        if path.is_file():
            path.write_text(path.read_text().replace("_template", name))


def test_a_copy_of_the_template_runs_on_its_control_to_the_page_and_comes_near_the_ceiling(fresh):
    copy_template(fresh.root)
    fresh.study = STUDY
    done = fresh.run(overrides={})
    assert done.returncode == 0, done.stdout
    results = fresh.root / "results" / "demo"
    page = (results / "report.html").read_text()
    assert "Rows of numbers" in page
    shown = shown_on(page, STUDY, tables("_template"), figures("_template"))
    assert {*tables("_template"), *figures("_template")} - set(shown) == {"searches"}
    scores = pd.read_csv(results / STUDY / "tables" / "scores.csv")
    assert scores["model"].tolist() == ["mlp: hidden 8", "mlp: hidden 32"]
    assert scores["report A, test (%)"].isna().all()  # of a control no report speaks
    best = scores.loc[scores["test accuracy (%)"].notna()].iloc[-1]
    ceiling = json.loads((results / STUDY / "control" / "card.json").read_text())["ceiling"]
    assert best["ceiling (%)"] == pytest.approx(100 * ceiling["expected"], rel=1e-4)
    assert best["test accuracy (%)"] == pytest.approx(100 * ceiling["oracle_on_this_draw"]["test"], abs=2)
    assert best["validation accuracy (%)"] == pytest.approx(100 * ceiling["expected"], abs=3)
    claims = {claim["id"]: claim["verdicts"] for claim in json.loads((results / "claims.json").read_text())["claims"]}
    assert claims["control-ceiling"]["sound"]["verdict"] == "replicated"
    assert claims["control-ceiling"]["sound"]["n"] == [2]
    assert claims["wide-accuracy"]["sound"]["verdict"] == "not run"
    assert "preset full has it" in claims["wide-accuracy"]["sound"]["reason"]
