"""The template reads a user's rows as it reads its own test split, for whoever copies it."""

import json

import numpy as np
import pandas as pd
import pytest
import torch

from replisome.data.parquet import column_array, write_parquet
from replisome.errors import ReplisomeError
from replisome.studies._template.data import prepare
from replisome.studies._template.new_data import answers, read, tabulate
from replisome.studies._template.task import open_task
from replisome.training.new_data import Beside, joined

CPU = torch.device("cpu")
RECIPE = {"source": {"control": "blobs", "options": {"rows": 40}}, "normalisation": "zscore"}


@pytest.fixture
def task(tmp_path):
    prepared = prepare(RECIPE, {})
    (tmp_path / "stats.json").write_text(json.dumps(prepared.statistics))
    write_parquet(tmp_path / "test.parquet", *prepared.tables["test"])
    features = column_array(prepared.tables["test"][0], "features", (5,))
    pd.DataFrame(features, columns=list("abcde")).to_csv(tmp_path / "rows.csv", index=False)
    return open_task(tmp_path)


def test_rows_of_a_csv_file_are_the_inputs_of_the_test_split(task):
    split = task.load("test", CPU)
    batches = list(read(task, [task.recipe / "rows.csv"], 8, CPU, Beside()))
    assert [len(batch.inputs) for batch in batches] == [8, 8, 4]
    assert torch.equal(torch.cat([batch.inputs for batch in batches]), split.batch(torch.arange(20))[0])
    assert np.concatenate([batch.names["row"] for batch in batches]).tolist() == list(range(20))


def test_the_table_has_a_row_a_row_with_its_class_and_probabilities(task):
    logits = [np.eye(4, dtype=np.float32)[:2], np.eye(4, dtype=np.float32)[[0, 2]]]
    names = {"file": np.array(["x", "x"], object), "row": np.arange(2)}
    each = [answers(task, one, "logits") for one in logits]
    (alone,), (both,) = (list(tabulate(task, iter([joined(some, names)]), Beside())) for some in (each[:1], each))
    assert alone.column_names == ["file", "row", "predicted", "p_0", "p_1", "p_2", "p_3"]
    assert alone.column("predicted").to_pylist() == [0, 1]
    assert both.column("p_0_sd").to_pylist()[0] == 0
    assert both.column("p_1_sd").to_pylist()[1] > 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n1,2\n", r"has 2 columns \(a, b\); this run takes the 5 columns of numbers"),
        ("a,b,c,d,e\n", "has no rows"),
        ("a,b,c,d,e\n1,2,3,4,oak\n", "column 'e' holds something else than numbers"),
        ("a,b,c,d,e\n1,2,,4,5\n", "column 'c' holds something else than numbers"),
        ("", "is no CSV file with a header"),
    ],
)
def test_a_file_of_other_rows_is_refused(task, text, message):
    path = task.recipe / "own.csv"
    path.write_text(text)
    with pytest.raises(ReplisomeError, match=message):
        list(read(task, [path], 8, CPU, Beside()))
