"""`replisome predict` and `load_model`: what a finished run says of a user's own images, and what it refuses."""

import json
import os
import shutil

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import torch
from conftest import flip_bit, recorded_as_written
from PIL import Image
from safetensors.torch import load_file, save_file
from small_results import finished

import replisome
from replisome.__main__ import main
from replisome.api import prediction
from replisome.api.ensemble import load_ensemble
from replisome.config import catalogue
from replisome.data.parquet import column_array, read_parquet
from replisome.errors import ReplisomeError
from replisome.studies.bloodmnist import new_data as bloodmnist_new_data
from replisome.studies.bloodmnist import task as bloodmnist_task
from replisome.training.new_data import Beside
from replisome.training.restore import DIVERGED

SIDE = 12


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Two seeds of a tiny network on the control of images, evaluated."""
    root = tmp_path_factory.mktemp("trained")
    finished("bloodmnist", root)
    return root


@pytest.fixture(scope="module")
def run(trained):
    return next(trained.glob("bloodmnist/control/runs/*/*/seed=0"))


@pytest.fixture(scope="module")
def images(run):
    table, metadata = read_parquet(run.parents[3] / "test.parquet")
    return column_array(table, "image", tuple(metadata["shape"]))


@pytest.fixture
def npz(images, tmp_path):
    np.savez(tmp_path / "cells.npz", test_images=images)
    return tmp_path / "cells.npz"


@pytest.fixture
def own(trained, tmp_path):
    """A copy of the results to break; its run of seed 0."""
    shutil.copytree(trained, tmp_path / "own")
    return next(tmp_path.glob("own/bloodmnist/control/runs/*/*/seed=0"))


def evaluated(run, column, weights="best"):
    """The predictions of the test split as the evaluation wrote them."""
    table = read_parquet(run / "test" / "predictions.parquet")[0]
    about = table.select(["split", "weights"]).to_pandas()
    rows = table.filter(pa.array((about["split"] == "test") & (about["weights"] == weights)))
    values = rows.column(column)
    return column_array(rows, column, (values.type.list_size,)) if hasattr(values.type, "list_size") else values


# ---- the numbers


@pytest.mark.parametrize("weights", ["best", "last"])
def test_the_answers_to_the_test_images_are_those_of_the_evaluation_bit_for_bit(run, npz, weights):
    network = replisome.load_model(run, weights)
    assert np.array_equal(network.answers(npz)["probability"], evaluated(run, "probabilities", weights))


def test_png_files_in_a_folder_give_the_same_as_an_array(run, npz, images, tmp_path):
    folder = tmp_path / "cells"
    for number, pixels in enumerate(images):
        path = folder / str(number // 20) / f"{number:03}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path)
    network = replisome.load_model(str(run))
    assert np.array_equal(network.answers(folder)["probability"], network.answers(npz)["probability"])
    assert network.predict([folder / "0", folder / "1"])["file"].is_monotonic_increasing


def test_other_batches_move_the_last_digits_only(run, npz):
    network = replisome.load_model(run)
    one, two = (network.answers(npz, batch_size=size)["probability"] for size in (None, 7))
    assert np.allclose(one, two, rtol=0, atol=1e-6)


def test_an_opaque_rgba_picture_reads_as_rgb(run, images, tmp_path):
    for mode in ("RGB", "RGBA"):
        Image.fromarray(images[0]).convert(mode).save(tmp_path / f"{mode}.png")
    network = replisome.load_model(run)
    assert np.ptp(network.answers([tmp_path / "RGB.png", tmp_path / "RGBA.png"])["probability"], axis=0).max() == 0


def test_a_network_says_what_it_is_and_computes_in_fp32(run):
    network = replisome.load_model(run, device="cpu")
    assert (network.weights, network.config["seed"], network.gives) == ("best", 0, "logits")
    assert network.task.data.shape == (3, SIDE, SIDE)
    assert not network.module.training
    assert {weight.dtype for weight in network.module.parameters()} == {torch.float32}
    with torch.inference_mode():
        assert network.module(torch.zeros(2, 3, SIDE, SIDE)).shape == (2, network.task.data.outputs)


# ---- the command


def test_the_table_is_printed_as_csv_with_names_of_classes(run, npz, capsys):
    assert main(["predict", str(run), str(npz)]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert len(printed) == 49
    assert printed[0].startswith("file,image,predicted,class,probability,")
    assert f"{npz}:test_images,0," in printed[1]


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_file_has_the_same_numbers_and_its_origin_beside_it(run, npz, tmp_path, capsys, ending):
    out = tmp_path / f"x.{ending}"
    assert main(["predict", str(run), str(npz), "-o", str(out)]) == 0
    assert capsys.readouterr().out == f"{out}: 48 rows; x.json beside it says what made them.\n"
    table = pd.read_csv(out) if ending == "csv" else pd.read_parquet(out)
    shares = evaluated(run, "probabilities")
    assert np.array_equal(table.filter(like="p_").to_numpy(np.float32), shares)
    assert (table["predicted"] == shares.argmax(axis=1)).all()
    assert np.array_equal(table["probability"].to_numpy(np.float32), shares.max(axis=1))
    names = json.loads((run.parents[3] / "card.json").read_text())["class_names"]
    assert table["class"].tolist() == [names[number] for number in table["predicted"]]
    about = json.loads((tmp_path / "x.json").read_text())
    recorded = json.loads((run / "provenance.json").read_text())["outputs"]["best.safetensors"]
    assert about["networks"] == [{"run": str(run), "seed": 0, "sha256": recorded.removeprefix("sha256:")}]
    assert (about["rows"], about["batch"], about["weights"]) == (48, 128, "best")
    if ending == "parquet":
        assert read_parquet(out)[1]["networks"] == about["networks"]


def test_an_ensemble_gives_the_mean_and_spread_of_its_seeds(run, npz, tmp_path):
    assert main(["predict", str(run), str(npz), "--ensemble", "-o", str(tmp_path / "x.parquet")]) == 0
    each = np.stack([evaluated(run.with_name(f"seed={seed}"), "probabilities") for seed in (0, 1)]).astype(float)
    table = pd.read_parquet(tmp_path / "x.parquet")
    spread = [name for name in table if name.startswith("p_") and name.endswith("_sd")]
    mean = [name for name in table if name.startswith("p_") and name not in spread]
    assert np.allclose(table[mean], each.mean(axis=0), rtol=0, atol=1e-12)
    assert np.allclose(table[spread], each.std(axis=0, ddof=1), rtol=0, atol=1e-12)
    assert (table["predicted"] == each.mean(axis=0).argmax(axis=1)).all()
    assert len(json.loads((tmp_path / "x.json").read_text())["networks"]) == 2


def test_a_sibling_that_diverged_or_is_not_finished_is_left_out_and_named(own, npz, tmp_path, capsys):
    for seed in (2, 3):
        shutil.copytree(own, own.with_name(f"seed={seed}"))
    mark_as_diverged(own.with_name("seed=2"))
    (own.with_name("seed=3") / "provenance.json").unlink()
    assert main(["predict", str(own.parent), str(npz), "--ensemble", "-o", str(tmp_path / "x.csv")]) == 0
    assert "left out: seed=2 diverged in epoch 1" in capsys.readouterr().err
    about = json.loads((tmp_path / "x.json").read_text())
    assert about["left_out"] == {"seed=2": "diverged in epoch 1", "seed=3": "has not finished"}
    assert [one["seed"] for one in about["networks"]] == [0, 1]


def test_the_run_and_its_statistics_are_all_that_is_needed(own, npz):
    recipe = own.parents[3]
    for path in [*recipe.glob("*.parquet"), recipe / "card.json", recipe / "provenance.json", recipe / "recipe.json"]:
        path.unlink(missing_ok=True)
    table = replisome.load_model(own / "best.safetensors").predict(npz)
    assert {"p_0", "p_7"} <= {*table}
    assert (table["class"] == table["predicted"].astype(str)).all()


def test_help_says_what_each_study_takes(capsys):
    assert main(["predict", "--help"]) == 0
    said = capsys.readouterr().out
    for study in catalogue.study_names():
        if (catalogue.STUDIES / study / "new_data.py").is_file():
            assert study in said


def test_where_stderr_is_a_terminal_it_shows_how_far_the_input_is(run, npz, capsys, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    assert main(["predict", str(run), str(npz), "--batch-size", "8"]) == 0
    assert "items" in capsys.readouterr().err


# ---- refusals: the run


def mark_as_diverged(run):
    for kind in ("best", "last"):
        path = run / f"{kind}.safetensors"
        save_file(load_file(path), path, {DIVERGED: "diverged in epoch 1"})
        recorded_as_written(path)


def refusal(capsys, *arguments):
    """Call `predict`, which must refuse, and return its message."""
    assert main(["predict", *map(str, arguments)]) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("replisome predict: error: ")
    return told.err


def test_what_is_no_folder_or_no_run_is_refused(own, npz, capsys):
    assert "no such folder; a run is results/" in refusal(capsys, own / "nowhere", npz)
    assert "is not a run's folder" in refusal(capsys, own.parents[3], npz)
    assert f"it holds 2 runs: choose one, such as {own}" in refusal(capsys, own.parent, npz)


def test_a_run_that_has_not_finished_is_refused(own, npz, capsys):
    (own / "provenance.json").unlink()
    assert "the run has not finished" in refusal(capsys, own, npz)


@pytest.mark.parametrize("file", ["best.safetensors", "config.json", "provenance.json"])
def test_a_run_whose_files_were_edited_is_refused(own, npz, capsys, file):
    flip_bit(own / file, 800)
    assert f"{file}: is not what was written" in refusal(capsys, own, npz)


def test_weights_of_a_run_that_diverged_are_refused_and_earlier_ones_offered(own, npz, capsys):
    best = own / "best.safetensors"
    before = best.read_bytes()
    mark_as_diverged(own)
    said = refusal(capsys, own, npz)
    assert "the run diverged in epoch 1; nothing can be predicted" in said
    assert "--weights best" not in said
    best.write_bytes(before)
    recorded_as_written(best)
    assert "--weights best" in refusal(capsys, own, npz, "--weights", "last")


def test_a_run_that_other_code_trained_is_refused_until_it_is_accepted(own, npz, capsys):
    record = json.loads((own / "provenance.json").read_text())
    (own / "provenance.json").write_text(json.dumps({**record, "key": "0" * 16}))
    recorded_as_written(own / "config.json")
    assert "was trained by other code" in refusal(capsys, own, npz)
    assert main(["accept", str(own), "--note", "the same but for a name"]) == 0
    capsys.readouterr()
    assert main(["predict", str(own), str(npz)]) == 0


def test_a_recipe_that_is_missing_edited_or_another_is_refused(own, npz, capsys):
    recipe = own.parents[3]
    (recipe / "recipe.json").write_text(json.dumps({"recipe": {"name": "another"}}))
    recorded_as_written(recipe / "recipe.json")
    assert "was prepared by another recipe" in refusal(capsys, own, npz)
    (recipe / "recipe.json").unlink()
    flip_bit(recipe / "stats.json", 80)
    assert "stats.json: is not what was written" in refusal(capsys, own, npz)
    (recipe / "stats.json").unlink()
    assert "has no stats.json" in refusal(capsys, own, npz)


def test_weights_of_another_name_are_refused(run, npz, capsys):
    assert "there are no weights 'bset'; did you mean 'best'?" in refusal(capsys, run, npz, "--weights", "bset")


def test_an_ensemble_of_one_or_of_different_runs_is_refused(own, npz, capsys):
    config = own.with_name("seed=1") / "config.json"
    changed = json.loads(config.read_text())
    changed["training"]["lr"] = 1.0
    config.write_text(json.dumps(changed))
    recorded_as_written(config)
    main(["accept", str(config.parent), "--note", "a test"])
    capsys.readouterr()
    assert "in more than its seed (training.lr)" in refusal(capsys, own, npz, "--ensemble")
    assert "is not a run's folder" in refusal(capsys, own.parents[3], npz, "--ensemble")
    shutil.rmtree(config.parent)
    assert "there is 1. Train more seeds" in refusal(capsys, own, npz, "--ensemble")
    with pytest.raises(ReplisomeError, match="an ensemble needs two runs"):
        load_ensemble(own)


def test_a_study_that_takes_no_other_data_says_so(run, npz, capsys, monkeypatch, tmp_path):
    monkeypatch.setattr("replisome.api.network.STUDIES", tmp_path)
    assert "study 'bloodmnist' takes no other data than its recipes" in refusal(capsys, run, npz)


def test_a_network_that_gives_no_finite_number_names_the_item(run, npz):
    network = replisome.load_model(run)
    with torch.no_grad():
        next(network.module.parameters()).fill_(torch.inf)
    with pytest.raises(ReplisomeError, match=r"cells\.npz:test_images, image 0: the network gives no finite number"):
        network.predict(npz)


# ---- refusals: the images


def write_picture(path, mode="RGB", size=(SIDE, SIDE), **how):
    Image.new(mode, size).save(path, **how)


PICTURES = {
    "wide.png": (lambda path: write_picture(path, size=(14, SIDE)), "is 12 x 14 pixels; this run takes RGB images"),
    "grey.png": (lambda path: write_picture(path, "L"), "is grey; this run takes RGB images"),
    "clear.png": (lambda path: write_picture(path, "RGBA"), "is in colour with transparency; this run takes RGB"),
    "palette.png": (lambda path: write_picture(path, "P"), "is in colours of a palette; this run takes RGB"),
    "deep.png": (lambda path: write_picture(path, "I;16"), "is of 16 bits a pixel; this run takes RGB"),
    "print.jpg": (lambda path: write_picture(path, "CMYK"), "is in colours of print; this run takes RGB"),
    "empty.png": (lambda path: path.touch(), "empty.png: is empty; replace it"),
    "text.jpg": (lambda path: path.write_text("no picture"), "is not a png or jpg file, whatever its ending says"),
    "folder": (lambda path: path.mkdir(), "no .png or .jpg in this folder"),
    "image.tiff": (lambda path: path.touch(), "its ending, '.tiff', is of none of these: images (.png, .jpg), folders"),
}  # fmt: skip


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_that_does_not_fit_is_refused_with_what_would(run, capsys, tmp_path, name):
    write, message = PICTURES[name]
    write(tmp_path / name)
    assert message in refusal(capsys, run, tmp_path / name)


def test_a_picture_that_is_cut_off_is_refused(run, images, capsys, tmp_path):
    path = tmp_path / "cut.png"
    Image.fromarray(images[0]).save(path)
    path.write_bytes(path.read_bytes()[:150])
    assert "cut.png: is cut off or damaged" in refusal(capsys, run, path)


ARRAYS = {
    "other": ({"pictures": np.zeros((2, SIDE, SIDE, 3), np.uint8)}, "holds no array 'images', nor 'train_images'"),
    "floats": ({"images": np.zeros((2, SIDE, SIDE, 3))}, "array 'images' has type float64; intensities are uint8"),
    "grey": ({"images": np.zeros((2, SIDE, SIDE), np.uint8)}, "'images' has shape (2, 12, 12); this run takes RGB"),
    "none": ({"images": np.zeros((0, SIDE, SIDE, 3), np.uint8)}, "array 'images' is empty"),
    "objects": ({"images": np.array([None, 1])}, "holds Python objects"),
}  # fmt: skip


@pytest.mark.parametrize("name", ARRAYS)
def test_an_array_that_does_not_fit_is_refused_with_what_would(run, capsys, tmp_path, name):
    arrays, message = ARRAYS[name]
    np.savez(tmp_path / "x.npz", **arrays)
    assert message in refusal(capsys, run, tmp_path / "x.npz")


def test_a_broken_npz_or_an_input_that_is_not_there_is_refused(run, capsys, tmp_path):
    (tmp_path / "x.npz").write_text("<html>")
    assert "is not an npz file but a web page" in refusal(capsys, run, tmp_path / "x.npz")
    assert "no such file or folder" in refusal(capsys, run, tmp_path / "y.png")


def test_files_in_a_folder_that_are_no_pictures_are_passed_over_and_counted(run, images, capsys, tmp_path):
    Image.fromarray(images[0]).save(tmp_path / "a.png")
    (tmp_path / "notes.txt").touch()
    assert main(["predict", str(run), str(tmp_path)]) == 0
    assert "1 files are neither .png nor .jpg and were passed over" in capsys.readouterr().err


def test_a_run_on_grey_images_takes_grey_ones_and_says_so(tmp_path):
    statistics = {"shape": [4, 5, 1], "channel_mean": [0.5], "channel_std": [0.5], "classes": 2}
    (tmp_path / "stats.json").write_text(json.dumps(statistics))
    task, size = bloodmnist_task.open_task(tmp_path), (5, 4)
    pixels = np.arange(40, dtype=np.uint8).reshape(2, 4, 5)
    np.savez(tmp_path / "x.npz", images=pixels)
    Image.fromarray(pixels[1]).save(tmp_path / "x.png")
    write_picture(tmp_path / "colour.png", size=size)

    def inputs(*names):
        files = [tmp_path / name for name in names]
        return list(bloodmnist_new_data.read(task, files, 8, torch.device("cpu"), Beside()))

    (batch,) = inputs("x.npz", "x.png")
    assert batch.inputs.shape == (3, 1, 4, 5)
    assert torch.allclose(batch.inputs[0, 0] * 0.5 + 0.5, torch.from_numpy(pixels[0]) / 255)
    assert torch.equal(batch.inputs[1], batch.inputs[2])
    with pytest.raises(ReplisomeError, match="is in colour; this run takes grey images of 4 x 5 pixels"):
        inputs("colour.png")


def test_where_memory_runs_out_smaller_batches_are_advised(run, npz, capsys, monkeypatch):
    def out_of_memory(*_):
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory")

    monkeypatch.setattr("replisome.api.network.ask", out_of_memory)
    assert "memory ran out with 48 items at a time; give fewer: --batch-size" in refusal(capsys, run, npz)


# ---- refusals: the output


@pytest.mark.parametrize(
    ("out", "message"),
    [
        ("x.xlsx", "give an ending that says the form: .csv or .parquet"),
        ("nowhere/x.csv", "nowhere: no such folder; make it first"),
        ("x.csv", None),
    ],
)
def test_an_output_that_cannot_be_is_refused_before_anything_is_computed(run, npz, capsys, tmp_path, out, message):
    if message is None:
        (tmp_path / out).mkdir()
        message = "is a folder; give a file in it"
    assert message in refusal(capsys, run, npz, "-o", tmp_path / out)


def test_an_input_is_not_overwritten(run, capsys, tmp_path):
    (tmp_path / "x.json").touch()
    assert "is an input, and would be overwritten" in refusal(
        capsys, run, tmp_path / "x.json", "-o", tmp_path / "x.csv"
    )


def test_a_json_file_of_the_users_own_is_not_overwritten_and_one_of_an_earlier_table_is(run, npz, capsys, tmp_path):
    mine, out = tmp_path / "mine.json", str(tmp_path / "mine.csv")
    mine.write_text('{"mine": 1}')
    assert main(["predict", str(run), str(npz), "-o", out]) == 1
    assert "mine.json: is none that tells what a table was made from" in capsys.readouterr().err
    assert mine.read_text() == '{"mine": 1}'
    assert not (tmp_path / "mine.csv").exists()
    mine.unlink()
    assert main(["predict", str(run), str(npz), "-o", out]) == 0
    assert main(["predict", str(run), str(npz), "-o", out]) == 0


def test_a_pipe_is_refused_for_its_beginning_would_be_lost(run, capsys, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    assert main(["predict", str(run), str(tmp_path / "pipe")]) == 1
    assert "pipe: is a pipe or a device, no file; save" in capsys.readouterr().err


def test_an_ensemble_with_damaged_weights_is_refused(own, npz, capsys):
    weights = own / "best.safetensors"
    weights.write_bytes(weights.read_bytes()[:100])
    assert main(["predict", str(own), str(npz), "--ensemble"]) == 1
    assert "best.safetensors: is not what was written" in capsys.readouterr().err


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_to_is_refused(run, npz, capsys, tmp_path):
    (tmp_path / "locked").mkdir(mode=0o500)
    assert "locked: cannot be written to" in refusal(capsys, run, npz, "-o", tmp_path / "locked" / "x.csv")


def test_an_input_that_is_refused_on_the_way_leaves_no_file(run, images, npz, capsys, tmp_path):
    (tmp_path / "broken.png").touch()
    for ending in prediction.ENDINGS:
        out = tmp_path / "out" / f"x{ending}"
        out.parent.mkdir(exist_ok=True)
        refusal(capsys, run, npz, tmp_path / "broken.png", "--batch-size", "10", "-o", out)
        assert list(out.parent.iterdir()) == []
