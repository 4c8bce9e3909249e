"""Finished runs of the demo, asked about their own test split as a user would, answer as their evaluation did."""

import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import torch
from PIL import Image

import replisome
from replisome.__main__ import main
from replisome.data.parquet import column_array, read_parquet

torch.set_num_threads(1)  # as many as evaluations of the demo have: sums of more may differ in the last digit


def evaluated_runs(demo, study):
    """A run of each model and recipe that was tested with its best weights; seeds and settings do not matter."""
    found = {}
    for metrics in sorted(demo.glob(f"{study}/*/runs/*/*/seed=*/test/metrics.json")):
        run = metrics.parents[1]
        told = json.loads(metrics.read_text())
        if "best" in (told["weights"], *told["also"]) and told["diverged"].get("best") is None:
            found.setdefault((run.parents[3].name, run.parents[1].name), run)
    assert found
    return found.values()


def evaluated(run, name, shape):
    """A column (n, *shape) of the predictions of the test split with the best weights."""
    table = read_parquet(run / "test" / "predictions.parquet")[0]
    about = table.select(["split", "weights"]).to_pandas()
    rows = table.filter(pa.array((about["split"] == "test") & (about["weights"] == "best")))
    return column_array(rows, name, shape)


def write_images(recipe, folder):
    """Save the first test images as png, all of them as npz; return both."""
    table, metadata = read_parquet(recipe / "test.parquet")
    images = column_array(table, "image", tuple(metadata["shape"]))
    np.savez(folder / "cells.npz", images=images)
    (folder / "cells").mkdir(exist_ok=True)
    for number, pixels in enumerate(images[:128]):
        Image.fromarray(pixels).save(folder / "cells" / f"{number:03}.png")
    return folder / "cells", folder / "cells.npz"


def write_windows(recipe, path):
    """Write each test window as a contig: the bases that it reads and predicts."""
    tokens = read_parquet(recipe / "tokens.parquet")[0].column("token").to_numpy().astype(np.int64)
    table, about = read_parquet(recipe / "test.parquet")
    digits = 4 ** np.arange(about["k"] - 1, -1, -1)
    with path.open("w") as handle:
        for number, start in enumerate(table.column("start").to_numpy()):
            kmers = tokens[start : start + about["length"] + 1, None] // digits % 4
            bases = np.concatenate([kmers[0], kmers[1:, -about["stride"] :].ravel()])
            handle.write(f">window-{number}\n{''.join(np.array(list('ACGT'))[bases])}\n")
    return path


def test_images_get_the_probabilities_of_the_evaluation_bit_for_bit(demo, tmp_path):
    for run in evaluated_runs(demo, "bloodmnist"):
        pictures, arrays = write_images(run.parents[3], tmp_path)
        network = replisome.load_model(run)
        wanted = evaluated(run, "probabilities", (network.task.data.outputs,))
        assert np.array_equal(network.answers(arrays)["probability"], wanted), run
        other = network.answers(arrays, batch_size=50)["probability"]
        assert np.allclose(other, wanted, rtol=0, atol=1e-6), run
    assert np.array_equal(network.answers(pictures)["probability"], wanted[:128])


def test_windows_of_a_genome_cost_the_bits_of_the_evaluation_bit_for_bit(demo, tmp_path):
    for run in evaluated_runs(demo, "genome"):
        network = replisome.load_model(run)
        found = network.answers(write_windows(run.parents[3], tmp_path / "windows.fa"))
        for name in ("bits", "right"):
            assert np.array_equal(found[name], evaluated(run, name, (network.task.length,))), (run, name)
        other = network.answers(tmp_path / "windows.fa", batch_size=50)["bits"]
        assert np.allclose(other, found["bits"], rtol=0, atol=1e-6), run


def test_the_mean_over_a_bed_graph_is_the_score_of_the_evaluation(demo, tmp_path):
    for run in {run.parents[1].name: run for run in evaluated_runs(demo, "genome")}.values():  # one of each model
        windows = write_windows(run.parents[3], tmp_path / "windows.fa")
        out = tmp_path / "x.parquet"
        assert main(["predict", str(run), str(windows), "-o", str(out)]) == 0
        metrics = json.loads((run / "test" / "metrics.json").read_text())
        scores = metrics["scores"] if metrics["weights"] == "best" else metrics["also"]["best"]
        bits = pd.read_csv(tmp_path / "x.bedgraph", sep="\t", header=None, names=["contig", "start", "end", "bits"])
        assert bits["bits"].mean() == pytest.approx(scores["bits_per_base"], abs=1e-6), run
        table = pd.read_parquet(out)
        assert table["accuracy"].mean() == pytest.approx(scores["accuracy"], abs=1e-6), run
        assert (table["bases_scored"] == bits.groupby("contig", sort=False).size().to_numpy()).all()
