"""``replisome new genome|protein|dataset``: a user's file is examined first, and a few lines are written, or none."""

import random
import re

import numpy as np
import pytest
from planning import load

from replisome.api.new import edits as edits_module
from replisome.api.new import own_data as new_own_data
from replisome.config.schema import read_yaml
from replisome.errors import ReplisomeError
from replisome.studies.genome import windows


def bases(n, seed=0):
    return "".join(random.Random(seed).choices("ACGT", k=n))


@pytest.fixture
def fasta(tmp_path):
    def write(*sequences):
        path = tmp_path / "own.fasta"
        path.write_text("".join(f">c{number}\n{text}\n" for number, text in enumerate(sequences, start=1)))
        return path

    return write


@pytest.fixture
def npz(tmp_path, mnist_arrays):
    def write(**changes):
        path = tmp_path / "own.npz"
        np.savez(path, **{**mnist_arrays, **changes})
        return path

    return write


def refused(message, kind, name, file, root, **options):
    with pytest.raises(ReplisomeError) as caught:
        new_own_data.propose(kind, name, file, options, root)
    assert message in " ".join(str(caught.value).split())


def files_of(root):
    return {path.relative_to(root): path.read_bytes() for path in (root / "config").rglob("*") if path.is_file()}


def test_a_genome_is_examined_and_its_study_plans_under_every_preset(root, fasta):
    file = fasta(bases(30000), bases(9000, 1) + "NNR", bases(30000).lower())
    before = files_of(root)
    proposal = new_own_data.propose("genome", "mine", file, {}, root)
    found = dict(proposal.found)
    assert found["contigs"] == "3: c1 (30,000), c3 (30,000), c2 (9,003)"
    assert found["other letters"] == "N 2, R 1"
    assert found["contigs that are copies"] == "c1 = c3"
    assert found["lower case"].startswith("30,000 bases")
    assert files_of(root) == before
    assert "+extends: genome" in "\n".join(proposal.edits.diff())
    proposal.edits.apply()
    assert (root / "resources/by-hand/mine.fasta").read_bytes() == file.read_bytes()
    entry = read_yaml(root / "config/datasets.yaml")["mine"]
    assert entry["checksum"].startswith("sha256:")
    assert (
        (root / "config/datasets.yaml")
        .read_bytes()
        .startswith(before[(root / "config/datasets.yaml").relative_to(root)])
    )
    for preset in ("full", "quick", "demo", "control"):
        study = load(root, studies=["mine"], preset=preset).studies["mine"]
        assert set(study.experiments) == {"protocols", "baselines"}
        datasets = {recipe["source"].get("dataset") for recipe in study.recipes.values()}
        assert datasets <= {"mine", None}
    command = proposal.then[0][0]
    assert command.startswith("snakemake report --cores 2 --config 'studies=[mine]' preset=quick max_epochs=1")


def test_a_short_genome_gets_fewer_blocks(root, fasta):
    proposal = new_own_data.propose("genome", "short", fasta(bases(12000)), {}, root)
    proposal.edits.apply()
    recipes = read_yaml(root / "config/studies/short.yaml")["recipes"]
    assert recipes["sound"] == {"windows": {"blocks": 3}}
    assert "prefix80" not in recipes
    assert any("Recipes were set to fit the file" in note for note in proposal.notes)


def test_in_a_long_genome_windows_are_further_apart_and_one_too_short_is_refused(fasta, monkeypatch):
    recipes = {"sound": {"split": "blocks", "encoding": "kmer1", "windows": {"length": 200}}}
    source = new_own_data.sources()["genome"][1]
    monkeypatch.setattr(windows, "MOST", 20100)
    assert source.examine("long", fasta(bases(60000)), {}).fit(recipes) == {"sound": {"windows": {"step": 3}}}
    with pytest.raises(ReplisomeError, match="recipe 'sound': 300 tokens in 1 blocks leave no room"):
        source.examine("short", fasta(bases(300)), {}).fit(recipes)


def test_a_table_of_probes_with_names_of_its_own_is_studied(root, tmp_path):
    rng, rows = np.random.default_rng(0), ["Probe_Set\tRNA_Seq\tmy protein"]
    for number in range(400):
        sequence = "".join(rng.choice(list("ACGU"), 38))
        sequence = sequence[:10] + "UGUACG" + sequence[16:] if number % 5 == 0 else sequence
        value = "NaN" if number % 7 == 0 else round(float(rng.normal() + 4 * (number % 5 == 0)), 3)
        rows.append(f"Set{'AB'[number % 2]}\t{sequence}\t{value}")
    table = tmp_path / "own.txt"
    table.write_text("\n".join(rows) + "\n")
    proposal = new_own_data.propose("protein", "mine", table, {}, root)
    found = dict(proposal.found)
    assert found["probes"] == "400: SetA 200, SetB 200"
    assert found["missing intensities"].startswith("58; with one: ")
    assert found["motif"].startswith("UGUACG (")
    assert any("Fewer than 1,000 probes" in note for note in proposal.notes)
    proposal.edits.apply()
    study = load(root, studies=["mine"], preset="quick").studies["mine"]
    assert study.recipes["sound_onehot"]["source"]["options"]["proteins"] == ["my protein"]
    table.write_text(table.read_text().replace("\t", ","))
    refused("has no tab; save the table as text with tabs", "protein", "other", table, root)
    table.write_text("\n".join(rows).replace("Probe_Set", "set"))
    refused("no column 'Probe_Set', which holds SetA", "protein", "other", table, root)


def test_of_several_proteins_one_is_chosen(root, probe_table):
    refused("has several proteins: RNCMPT00001, RNCMPT00002; choose one", "protein", "mine", probe_table(), root)
    refused("did you mean 'RNCMPT00002'?", "protein", "mine", probe_table(), root, protein="RNCMPT0002")
    proposal = new_own_data.propose(
        "protein", "mine", probe_table(), {"protein": "RNCMPT00002", "motif": "ugcatg"}, root
    )
    assert dict(proposal.found)["motif"] == "UGCAUG (as given)"


def test_another_protein_of_the_official_table_takes_no_file(root):
    refused("--protein PTBP3 --motif UUUCUU", "protein", "mine", None, root)
    proposal = new_own_data.propose("protein", "mine", None, {"protein": "PTBP3", "motif": "UUUCUU"}, root)
    proposal.edits.apply()
    study = load(root, studies=["mine"], preset="full").studies["mine"]
    assert study.recipes["sound_onehot"]["source"] == {"dataset": "rnacompete", "options": {"proteins": ["PTBP3"]}}
    refused("new genome: give the file as well", "genome", "other", None, root)


def test_images_are_counted_and_their_duplicates_found(root, npz, mnist_arrays):
    images = mnist_arrays["test_images"].copy()
    images[0] = mnist_arrays["train_images"][1]  # of another class
    file = npz(test_images=images)
    proposal = new_own_data.propose("dataset", "moths", file, {"classes": "a, b, c d"}, root)
    found = dict(proposal.found)
    assert found["images"] == "train 12, validation 6, test 6"
    assert found["size"] == "10 x 10 pixels, 3 channels, uint8"
    assert found["train by class"] == "4, 4, 4"
    assert found["identical images"] == "2 in 1 group, 1 of them across splits, 1 with different labels"
    proposal.edits.apply()
    assert read_yaml(root / "config/datasets.yaml")["moths"]["classes"] == ["a", "b", "c d"]
    load(root, studies=["moths"], preset="quick")
    small = {f"{split}_images": mnist_arrays[f"{split}_images"][:, :6, :6] for split in ("train", "val", "test")}
    refused("images of 6 x 6 pixels; the network pools three times", "dataset", "other", npz(**small), root)
    refused("there are only 2 classes", "dataset", "other", npz(), root, classes="a,b")
    refused("give two class names or more", "dataset", "other", npz(), root, classes="a,a")


def test_of_large_images_it_says_how_large_the_network_will_be(npz):
    large = {f"{split}_images": np.zeros((3, 112, 112), np.uint8) for split in ("train", "val", "test")}
    labels = {f"{split}_labels": np.arange(3) for split in ("train", "val", "test")}
    notes = new_own_data.sources()["dataset"][1].examine("moths", npz(**large, **labels), {}).notes
    assert notes[0].startswith("Without pooling the network has 411 million weights on such images.")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("genome", "there is a study 'genome' in config/studies already"),
        ("genome-k12", "config/datasets.yaml: has a data set 'genome-k12' already"),
        ("My genome", "genome name 'My genome': use small letters, digits, _ and -"),
        ("report", "a study cannot be called 'report'"),
    ],
)
def test_a_name_that_is_taken_or_cannot_be_is_refused(root, fasta, name, message):
    refused(message, "genome", name, fasta(bases(30000)), root)


def test_a_file_of_another_kind_is_refused_in_the_words_of_the_reader(root, tmp_path, fasta):
    refused("line 2: 'E' in contig 'c1' is no nucleotide", "genome", "mine", fasta("ACGTEF"), root)
    refused("no such file", "genome", "mine", tmp_path / "none.fa", root)
    refused("is not an npz file", "dataset", "mine", fasta("ACGT"), root)


def test_a_change_that_fails_halfway_leaves_nothing_behind(root, fasta, monkeypatch):
    proposal = new_own_data.propose("genome", "mine", fasta(bases(30000)), {}, root)
    before, write = files_of(root), edits_module.write_text

    def fail_at_the_study(path, text):
        if path.name == "mine.yaml":
            raise KeyboardInterrupt
        write(path, text)

    monkeypatch.setattr(edits_module, "write_text", fail_at_the_study)
    with pytest.raises(KeyboardInterrupt):
        proposal.edits.apply()
    assert files_of(root) == before
    assert not (root / "resources").exists() or not any((root / "resources").rglob("*.fasta"))


def test_a_file_that_changed_after_it_was_examined_is_not_taken(root, fasta):
    file = fasta(bases(30000))
    proposal = new_own_data.propose("genome", "mine", file, {}, root)
    fasta(bases(30000, 2))
    before = files_of(root)
    with pytest.raises(ReplisomeError, match="changed meanwhile; run the same command again"):
        proposal.edits.apply()
    assert files_of(root) == before


def test_nothing_is_overwritten(root, fasta):
    new_own_data.propose("genome", "mine", fasta(bases(30000)), {}, root).edits.apply()
    refused("there is a study 'mine'", "genome", "mine", fasta(bases(30000)), root)
    (root / "resources/by-hand/other.fasta").write_text("precious")
    refused("resources/by-hand/other.fasta: is there already", "genome", "other", fasta(bases(30000)), root)


def test_each_kind_says_what_file_it_takes():
    kinds = new_own_data.sources()
    assert {"genome", "protein", "dataset"} <= set(kinds)
    for kind, (_, source) in kinds.items():
        assert re.fullmatch("[a-z_-]+", kind)
        assert source.takes
