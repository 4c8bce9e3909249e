"""Raw files of one's own, without a checksum: what lies in the mirror or by hand is compared at each call."""

import random

import numpy as np
import yaml


def of_ones_own(fresh, study, dataset, file):
    """Add a data set without a checksum to the ledger, and a study on it."""
    about = {"study": "mine", "version": "v1", "file": file, "addresses": [], "checksum": None, "bytes": None,
             "licence": "own", "citation": "own"}  # fmt: skip
    ledger = fresh.root / "config/datasets.yaml"
    ledger.write_text(ledger.read_text() + yaml.safe_dump({"mine": about}))
    (fresh.root / "config/studies/mine.yaml").write_text(
        f"extends: {study}\nreplace: {{{dataset}: mine}}\ntitle: Mine\n"
    )
    (fresh.root / "mirror/mine").mkdir(parents=True)

    def call(function, *arguments, **more):
        settings = {"studies": "[mine]", "preset": "full", "mirror": str(fresh.root / "mirror"), **more}
        return function(*arguments, overrides={}, **settings)

    return call


def images(path, shift):
    rng, arrays = np.random.default_rng(0), {}
    for name, size in (("train", 40), ("val", 10), ("test", 10)):
        arrays[f"{name}_images"] = rng.integers(0, 256, (size, 28, 28), dtype=np.uint8)
        arrays[f"{name}_labels"] = ((np.arange(size) + shift) % 2).astype(np.uint8)[:, None]
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, **arrays)


def test_a_corrected_file_is_taken_anew_and_what_follows_runs_again(fresh):
    call = of_ones_own(fresh, "bloodmnist", "bloodmnist", "mine.npz")
    card = "results/demo/mine/reported/card.json"
    images(fresh.root / "mirror/mine/mine.npz", 0)
    done = call(fresh.run, card)
    assert done.returncode == 0, done.stdout
    assert call(fresh.pending, card) == {}
    images(fresh.root / "mirror/mine/mine.npz", 1)
    assert call(fresh.pending, card) == {"download": 1, "prepare": 1}
    shown = call(fresh.run, card, "--dry-run").stdout
    assert "data set 'mine': " in shown
    assert "mirror/mine/mine.npz is not the file that" in shown
    assert "it is taken anew" in shown
    # Another results folder with the same downloads: there is no result yet, and the copy is as old.
    other = call(fresh.pending, "results/other/mine/reported/card.json", results_dir="results/other")
    assert other == {"download": 1, "prepare": 1}
    assert call(fresh.run, card).returncode == 0
    assert call(fresh.pending, card) == {}
    images(fresh.root / "resources/by-hand/mine.npz", 0)
    assert call(fresh.pending, card) == {"download": 1, "prepare": 1}


def test_a_bad_copy_is_not_in_the_way_of_the_corrected_file(fresh):
    call = of_ones_own(fresh, "genome", "genome-sakai", "mine.fa")
    card = "results/demo/mine/prefix80/card.json"
    own = fresh.root / "mirror/mine/mine.fa"
    letters = "".join(random.Random(1).choices("ACGT", k=60000))
    own.write_text(f">c\n{letters}*\n")
    done = call(fresh.run, card)
    assert done.returncode == 1
    assert f"is a copy of {own}: correct that file" in " ".join(done.stdout.split())
    own.write_text(f">c\n{letters}\n")
    done = call(fresh.run, card)
    assert done.returncode == 0, done.stdout
