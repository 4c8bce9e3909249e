"""The tidy table, put together run by run, and the rows of a variant in it."""

from types import SimpleNamespace

import numpy as np
import pandas as pd

from replisome.analysis.results import StudyResults
from replisome.analysis.tidy import Tidy

COLUMNS = ["model", "stopped", "reduced", "seed", "split", "metric", "role", "epoch", "step", "value"]


def rows(*values, **more):
    return [{"split": "validation", "metric": "loss", "role": "curve", "value": v, **more} for v in values]


def test_the_table_is_what_its_rows_say_one_by_one():
    runs = [
        ({"model": "a", "stopped": None, "reduced": True, "seed": 0}, rows(1.0, None, epoch=1, step=10)),
        ({"model": "b", "stopped": "diverged", "reduced": False, "seed": 1}, rows(3)),
    ]
    tidy = Tidy()
    for about, of in runs:
        tidy.add(about, iter(of))
    expected = pd.DataFrame([{**about, **row} for about, of in runs for row in of], columns=COLUMNS)
    expected = expected.astype({"epoch": "Int64", "step": "Int64", "value": "float64"})
    pd.testing.assert_frame_equal(tidy.table(COLUMNS), expected)


def test_a_table_of_no_runs_has_all_columns():
    assert list(Tidy().table(COLUMNS)) == COLUMNS


def study_with(rows):
    columns = ["recipe", "model", "hyperparameters", "seed", "split", "metric", "role", "epoch", "value"]
    return StudyResults(SimpleNamespace(), None, pd.DataFrame(rows, columns=columns))


def test_rows_of_a_variant_are_its_own_and_each_stands_once():
    one = ("r", "m", "lr=1", 0, "test", "loss", "final", 1, 0.5)
    other = ("r", "m", "lr=2", 0, "test", "loss", "final", 1, 0.7)
    study = study_with([one, other, one])
    assert study.rows_of(("r", "m", "lr=1"))["value"].tolist() == [0.5]
    assert len(study.rows_of(("r", "m", "lr=3"))) == 0


def test_places_that_match_are_those_that_filtering_finds():
    made = np.random.default_rng(0)
    study = study_with(
        [
            ("r", "m", "s", seed, split, metric, "curve", epoch, made.normal())
            for seed in (2, 0, 1)
            for split in ("train", "validation")
            for metric in ("loss", "mse")
            for epoch in (1, 2)
        ]
    )
    own, where = study.rows_of(("r", "m", "s")), {"split": "train", "metric": "mse"}
    found = own[(own["split"] == "train") & (own["metric"] == "mse")]
    pd.testing.assert_frame_equal(own.take(study.matching(("r", "m", "s"), where)), found)
