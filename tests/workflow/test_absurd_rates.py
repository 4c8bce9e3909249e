"""A sweep over learning rates of which some are absurd: every run leaves its files, and the page says what happened."""

import copy
import json

import pandas as pd
from tiny_workflow import TINY

DEMO = "results/demo/bloodmnist"


def test_a_sweep_with_an_absurd_rate_ends_with_a_page_that_says_what_diverged(fresh):
    overrides = copy.deepcopy(TINY)
    experiments = overrides["bloodmnist"]["experiments"]
    block = {
        "description": "nothing but absurd rates", "recipes": ["control"], "training": {}, "budget": {"epochs": 2},
        "seeds": 1, "select": {"metric": "accuracy"}, "test": "selected",
    }  # fmt: skip
    experiments["variants"]["models"]["cnn"]["grid"] |= {"lr": [0.003, 1e30], "head": ["logits"]}
    experiments["variants"]["seeds"] = 2
    experiments["absurd"] = {**block, "models": {"cnn": {"fixed": {"hidden": 8}, "grid": {"lr": [1e31, 1e32]}}}}
    done = fresh.run(overrides=overrides)
    assert done.returncode == 0, done.stdout

    results = fresh.root / DEMO
    run = next(results.glob("control/runs/cnn/*lr=1e30*/seed=0"))
    found = json.loads((run / "validation.json").read_text())
    assert (found["stopped"], found["best_epoch"]) == ("diverged in epoch 1", None)
    assert {*found["best"].values(), *found["last"].values()} == {None}
    tested = json.loads((run / "test" / "metrics.json").read_text())
    assert set(tested["scores"].values()) == {None}
    assert tested["diverged"] == {"best": "diverged in epoch 1", "last": "diverged in epoch 1"}

    good, bad = json.loads((results / "selection/variants/selection.json").read_text())["recipes"]["control"]
    assert good["mean"] > 0
    assert good["diverged"] == 0
    assert (bad["mean"], bad["diverged"]) == (None, 2)

    table = pd.read_csv(results / "tables" / "variants.csv").set_index("lr", drop=False)
    assert (table.loc[0.003, ["test accuracy (%), best epoch", "test accuracy (%), last epoch"]] > 0).all()
    lost = table[table["remarks"] == "diverged in epoch 1"]
    assert len(lost) == 3
    assert lost.filter(like="accuracy").isna().all(axis=None)

    page = (fresh.root / "results/demo/report.html").read_text()
    assert "Diverged: training of 3 of 4 models" in page
    assert "No choice: no candidate of experiment absurd on recipe control has a score; 2 of 2 diverged" in page
