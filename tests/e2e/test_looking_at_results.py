"""What finished workflows left is shown and opened, of every study; the numbers are those of the study's own tables."""

import io
import json

import pandas as pd
import pytest

import replisome
from replisome.api.about.many import about
from replisome.api.about.places import Place, find
from replisome.commands.pages import Page
from replisome.commands.show import WAYS

STUDIES = ("bloodmnist", "genome", "proteinnet", "rnacompete")


@pytest.fixture(params=STUDIES)
def study(request) -> str:
    return request.param


@pytest.fixture
def root(study, finished_study):
    return finished_study(study) / "results" / "demo"


def shown(place) -> str:
    """Return what is printed of a place, once it has been JSON."""
    found = json.loads(json.dumps(about(place), allow_nan=False))
    text = io.StringIO()
    WAYS[found["kind"]](Page(text), found)
    return text.getvalue()


def test_metrics_are_those_of_the_tidy_table(root, study):
    """Each number of the table that the study's own tables are made from, once, with the same value."""
    tidy = pd.read_parquet(root / study / "tables" / "metrics.parquet")
    tidy = tidy[~tidy["role"].isin(["curve", "cost"])].drop(columns="experiment")
    tidy = tidy.drop_duplicates(["recipe", "model", "hyperparameters", "seed", "split", "metric", "role"])
    results = replisome.open_results(root)
    assert results.notes == ()
    own = results.metrics()
    assert len(own) == len(tidy)
    keys = ["recipe", "model", "hyperparameters", "seed", "split", "score", "value", "epoch"]
    one, two = (
        table.rename(columns={"metric": "score"})[keys].sort_values(keys).reset_index(drop=True)
        for table in (tidy, own)
    )
    pd.testing.assert_frame_equal(one, two, check_dtype=False)
    assert own["reduced"].notna().all()
    assert own["experiments"].ne("").all()


def test_every_claim_is_shown_with_its_words(root, study):
    results = replisome.open_results(root)
    claims = results.verdicts()
    assert len(results.claims()) == sum(len(claim["verdicts"]) for claim in claims)
    for claim in claims:
        text = shown(Place("claim", results, study, claim["id"]))
        assert claim["plain"] in text, claim["id"]
        assert all(verdict["reason"] in text for verdict in claim["verdicts"].values()), claim["id"]
    assert find(root, f"{study}/claims/{claims[0]['id']}").kind == "claim"
    assert f"{study}: {len(claims)} claims" in shown(find(root, "claims"))


def test_every_experiment_recipe_and_run_is_shown(root, study):
    results = replisome.open_results(root)
    for experiment in results.experiments.values():
        text = shown(Place("experiment", results, study, experiment.name))
        assert f"{experiment.expected} of {experiment.expected} finished" in text
        assert all(run.slug in text for run in experiment.runs)
    for card in sorted((root / study).glob("*/card.json")):
        assert "What it is" in shown(find(card.parent))
    for run in results.runs:
        text = shown(Place("run", results, study, runs=[run]))
        assert "How it ended" in text
        assert "snakemake" in text
    assert "Scorecard" in shown(find(root))
    assert "Scorecard" in shown(find(root / study))
