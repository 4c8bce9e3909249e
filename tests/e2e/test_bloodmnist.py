"""What a finished workflow leaves: tables, figures, report, and records that say what they were made from."""

import html
import json
import re
import struct
from urllib.parse import unquote

import numpy as np
import pandas as pd
import pytest
from conftest import shown_on
from medmnist.evaluator import getAUC
from safetensors.numpy import load_file
from sklearn.metrics import accuracy_score
from tiny_workflow import Workflow

from replisome.config.declared import figures, tables

RUN = "bloodmnist/control/runs/cnn/head=logits+lr=0.003+pool=max/seed=0"


@pytest.fixture
def results(finished):
    return finished / "results" / "demo"


def test_a_run_leaves_what_the_readme_says_and_no_checkpoint(results):
    found = {str(path.relative_to(results / RUN)) for path in (results / RUN).rglob("*") if path.is_file()}
    assert found == {
        *("config.json", "best.safetensors", "last.safetensors", "history.parquet", "validation.json"),
        *("provenance.json", "test/metrics.json", "test/predictions.parquet", "test/provenance.json"),
    }


def test_the_history_has_a_row_an_epoch_and_the_curves_that_were_asked_for(results):
    history = pd.read_parquet(results / RUN / "history.parquet")
    assert history["epoch"].tolist() == [1, 2]
    assert {"train_loss", "validation_accuracy", "test_accuracy", "seconds_training", "seconds_evaluation"} <= {
        *history
    }


def test_validation_scores_are_those_of_the_best_epoch(results):
    history = pd.read_parquet(results / RUN / "history.parquet").set_index("epoch")
    found = json.loads((results / RUN / "validation.json").read_text())
    assert found["best"]["accuracy"] == history["validation_accuracy"].max()
    assert found["best"]["accuracy"] == history.loc[found["best_epoch"], "validation_accuracy"]


def test_the_final_test_score_is_that_of_the_predictions(results):
    both = pd.read_parquet(results / RUN / "test" / "predictions.parquet").query("split == 'test'")
    metrics = json.loads((results / RUN / "test" / "metrics.json").read_text())
    for weights, scores in (("best", metrics["scores"]), ("last", metrics["also"]["last"])):
        predictions = both[both["weights"] == weights]
        assert metrics["n"] == len(predictions) == 48
        assert scores["accuracy"] == accuracy_score(predictions["label"], predictions["predicted"])
        assert all(abs(sum(p) - 1) < 1e-5 for p in predictions["probabilities"])
        auc = getAUC(predictions["label"].to_numpy(), np.stack(predictions["probabilities"]), "multi-class")
        assert scores["auc"] == pytest.approx(auc, abs=1e-9)
    curve = pd.read_parquet(results / RUN / "history.parquet")["test_accuracy"]
    assert metrics["also"]["last"]["accuracy"] == curve.iloc[-1]


def test_auc_stands_beside_accuracy(results):
    table = pd.read_csv(results / "bloodmnist/tables/variants.csv")
    columns = [
        name for name in table if name.startswith(("validation AUC", "test AUC")) and not name.endswith(("low", "high"))
    ]
    assert len(columns) == 3
    assert table[columns].notna().all(axis=None)
    assert table["no AUC, because"].isna().all()


def test_provenance_says_with_what_and_on_what(results):
    record = json.loads((results / RUN / "provenance.json").read_text())
    assert record["device"]
    assert record["threads"] == 1
    assert record["packages"]["torch"]
    assert record["inputs"]["../../../../train.parquet"].startswith("sha256:")
    assert record["started"] <= record["ended"]
    assert record["peak_memory_bytes"] > 1e6
    assert record["parameters"]["total"] == sum(v.size for v in load_file(results / RUN / "best.safetensors").values())


def test_the_tidy_table_has_a_row_for_every_value(results):
    table = pd.read_parquet(results / "bloodmnist" / "tables" / "metrics.parquet")
    keys = ["study", "recipe", "model", "settings", "budget", "seed", "split", "metric", "role", "epoch", "step"]
    assert not table.duplicated([*keys, "experiment"]).any()
    assert table["value"].notna().all()
    assert set(table["role"]) == {"curve", "best", "last", "final", "final_last", "cost"}
    assert table["reduced"].all()
    assert (table["budget"] == "2 epochs").all()
    assert all(json.loads(settings)["hidden"] == 8 for settings in table["settings"])
    assert table.query("role in ['curve', 'best', 'last', 'final']")["step"].notna().all()
    curve = table.query("role == 'curve' and split == 'validation' and metric == 'accuracy'")
    assert len(curve) == 2 * 2  # runs x epochs


def test_every_table_and_figure_is_there_and_figures_are_pictures(results):
    for name in tables("bloodmnist").keys() - {"searches"}:  # no grid here is searched
        assert len(pd.read_csv(results / "bloodmnist" / "tables" / f"{name}.csv")) > 0, name
    left_out = json.loads((results / "bloodmnist" / "figures" / "left_out.json").read_text())
    assert set(left_out) <= {"mistakes-2"}  # its second page, for which so few mistakes leave nothing
    for name in figures("bloodmnist").keys() - left_out:
        data = (results / "bloodmnist" / "figures" / f"{name}.png").read_bytes()
        width, height = struct.unpack(">II", data[16:24])
        assert width > 900, name
        assert height > 300, name
        assert "<svg" in (results / "bloodmnist" / "figures" / f"{name}.svg").read_text()


def test_the_report_holds_everything_it_shows(results):
    page = (results / "report.html").read_text()
    shown = shown_on(page, "bloodmnist", tables("bloodmnist"), figures("bloodmnist"))
    assert set(tables("bloodmnist")) - set(shown) == {"searches"}  # no grid here is searched
    embedded = re.findall(r'src="data:image/(?:png;base64|svg\+xml),', page)
    assert len(embedded) == len(set(figures("bloodmnist")) & set(shown)) == len(re.findall(r"\bsrc=", page))
    assert "Reduced budget" in page
    assert "Simulated data" in page
    assert "best possible accuracy" in page


def test_every_link_of_every_page_leads_to_a_file_or_an_anchor(results):
    pages = {path.name: path.read_text() for path in results.glob("*.html")}
    assert set(pages) == {"report.html", "claims.html", "tables.html", "runs.html"}
    links = [(page, link) for page, text in pages.items() for link in re.findall(r'href="(?!data:)([^"]+)"', text)]
    for page, link in links:
        file, _, anchor = html.unescape(link).partition("#")
        assert not file or (results / unquote(file)).exists(), (page, link)
        assert not anchor or f'id="{anchor}"' in pages[file or page], (page, link)
    assert any(link.endswith("seed=0/") or "/runs/cnn/" in unquote(link) for _, link in links)


def test_a_claim_is_two_clicks_from_its_runs_its_rule_and_its_tables(results):
    page = (results / "claims.html").read_text()
    card = page.partition('id="control-ceiling"')[2].partition("</article>")[0]
    assert 'href="report.html#bloodmnist-variants"' in card
    assert re.search(r"rule in config/studies/bloodmnist/claims.yaml, line \d+, judged by claims/single.py", card)
    assert "verdict " in card.partition("<dt>Cite</dt>")[2]
    assert 'href="claims.html#control-ceiling"' in (results / "report.html").read_text()


def test_every_run_stands_in_the_table_of_runs_with_its_scores(results):
    page = (results / "runs.html").read_text()
    runs = list(results.glob("bloodmnist/*/runs/*/*/seed=*"))
    assert page.count("<tr>") == len(runs) + 1
    metrics = json.loads((results / RUN / "test" / "metrics.json").read_text())["scores"]
    assert f'data-sort="{100 * metrics["accuracy"]!r}"' in page


def test_snakemakes_own_report_works_from_the_same_captions(workflow):
    done = workflow.run("report", "--report", "own.html")
    assert done.returncode == 0, done.stdout
    assert "the first eight of each class" in (workflow.root / "own.html").read_text()


def test_one_target_a_study(workflow):
    (workflow.root / "results" / "demo" / "report.html").unlink()
    assert workflow.pending("bloodmnist") == {}
    assert workflow.pending("report") == {"report": 1}


def test_results_move_as_a_whole(finished, tmp_path):
    assert Workflow(finished).pending(results_dir=str(tmp_path / "new"))["train"] == 2


def test_the_demos_best_model_comes_within_three_points_of_the_ceiling(demo):
    """The demo's own settings, pooled variant: a pipeline that does not get there is broken."""
    recipe = demo / "bloodmnist/control"
    ceiling = json.loads((recipe / "card.json").read_text())["ceiling"]
    best = json.loads((recipe / "runs/cnn/head=logits+lr=0.002+pool=max/seed=0/validation.json").read_text())["best"]
    best = best["accuracy"]
    assert ceiling["expected"] - 0.03 <= best <= ceiling["expected"] + 0.02
