"""Names and values as YAML reads them, and names in the ledger: what is misread or is no name is said, not run."""

import pytest
from planning import edit, load, refused

STUDY = "config/studies/bloodmnist"


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("experiments.yaml", "variants:\n", "5E10:\n", "experiments.yaml, line 1: key '5E10' is not read as text"),
        (
            "recipes.yaml",
            "reported:\n",
            "1_0:\n",
            "recipes.yaml, line 2: key '1_0' is not read as text (but as 10); put",
        ),
        (
            "experiments.yaml",
            "[reported, sound]",
            "[reported, 5E10]",
            "experiments.yaml: key 'variants.recipes.1': 50000000000.0",
        ),
        (
            "experiments.yaml",
            "[reported, sound]",
            "[reported, 5E10]",
            "reads what stands there as a number: put quotes",
        ),
        ("experiments.yaml", "[reported, sound]", "[reported, no]", "as true or false: put quotes around it"),
        (
            "experiments.yaml",
            "lr: [0.001]",
            "lr: ['1e-3']",
            "key 'lr': '1e-3' is of type string, expected number; YAML",
        ),
        ("experiments.yaml", "epochs: 200", "epochs: '200'", "as text: write it without quotes"),
        (
            "experiments.yaml",
            "pool: [none, max]",
            "hidden: ['64']",
            "'64' is not of type int; YAML reads what stands there",
        ),
        ("study.yaml", "title: Blood", "title: 2026-01-01 #", "as a date: put quotes around it"),
    ],
)
def test_what_yaml_misreads_is_said_with_file_and_key(root, file, old, new, message):
    edit(root / STUDY / file, old, new)
    refused(message, root, preset="full")


def test_text_in_quotes_that_looks_like_a_number_stays_text(root):
    edit(root / STUDY / "study.yaml", "title: Blood-cell classification with small CNNs", "title: '5E10'")
    assert load(root).studies["bloodmnist"].settings["title"] == "5E10"


# ---- the ledger


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "bloodmnist:\n",
            "'blood; rm -rf x':\n",
            "datasets.yaml: 'blood; rm -rf x' cannot be a name here: only letters",
        ),
        ("bloodmnist:\n", "../blood:\n", "'../blood' cannot be a name here"),
        ("bloodmnist:\n", '"blood\\n":\n', "cannot be a name here"),
        ("version: zenodo-10519652", "version: ..", "key 'bloodmnist.version': '..' cannot be a name here"),
        ("version: zenodo-10519652", "version: stand-in", "key 'bloodmnist.version': 'stand-in' is taken"),
        (
            "version: zenodo-10519652",
            "version: 1.10",
            "key 'bloodmnist.version': 1.1 is of type number, expected string; YA",
        ),
        (
            "file: bloodmnist.npz",
            "file: blood mnist.npz",
            "key 'bloodmnist.file': 'blood mnist.npz' cannot be a name here",
        ),
        ("file: bloodmnist.npz", "file: $(id).npz", "'$(id).npz' cannot be a name here"),
        ("file: bloodmnist.npz", "file: -rf", "'-rf' cannot be a name here"),
        ("study: bloodmnist", "study: ../..", "key 'bloodmnist.study': '../..' cannot be a name here"),
        ("file: pbc_blood28.npz", "file: a/b.npz", "key 'bloodmnist.stand_in.file': 'a/b.npz' cannot be a name here"),
    ],
)
def test_names_in_the_ledger_are_names_and_nothing_else(root, old, new, message):
    edit(root / "config/datasets.yaml", old, new)
    refused(message, root)
