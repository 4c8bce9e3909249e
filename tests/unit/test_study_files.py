"""Studies in folders and files, their presets, and studies that extend others."""

import re
import shutil

import pytest
from conftest import ROOT
from planning import edit, load, refused, write

from replisome.config import loader
from replisome.config.plan import StudyPlan
from replisome.config.schema import read_yaml

STUDY = "config/studies/bloodmnist"
SHIPPED = ["bloodmnist", "genome", "proteinnet", "rnacompete"]


def mine(root, content: object, preset: str = "full") -> StudyPlan:
    """Load a study of one's own, in a single file."""
    write(root / "config/studies/mine.yaml", content)
    return load(root, studies=["mine"], preset=preset).studies["mine"]


# ---- folders, files and presets


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("study.yaml", "name: blood\n", f"{STUDY}/study.yaml: 'title' is a required property; add it."),
        ("study.yaml", "title: a\nsummary: b\nbudget: 3\n", f"{STUDY}/study.yaml: unknown key 'budget'"),
        (
            "study.yaml",
            "title: a\nsummary: b\nrecipes: {}\n",
            "key 'recipes' also stands in config/studies/bloodmnist/rec",
        ),
        ("study.yaml", "title: a\nsummary: b\nname: train\n", "a study cannot be called 'train', which is a target of"),
        ("study.yaml", "- title\n", f"{STUDY}/study.yaml: ['title'] is of type array, expected object."),
        ("recipes.yaml", "a: {source: {}}\n", f"{STUDY}/recipes.yaml: key 'a': 'protocol' is a required property"),
        ("experiments.yaml", "a: {seed: 1}\n", f"{STUDY}/experiments.yaml: "),
        (
            "presets/demo.yaml",
            "recipe: {}\n",
            f"{STUDY}/presets/demo.yaml: unknown key 'recipe'; did you mean 'recipes'?",
        ),
        ("presets/full.yaml", "title: a\n", "no preset can be called 'full'"),
        ("recipe.yaml", "a: 1\n", f"{STUDY}/recipe.yaml: is not a file of a study; did you mean 'recipes.yaml'?"),
        ("claims.yaml", "- {source: A}\n", f"{STUDY}/claims.yaml: "),
    ],
)
def test_a_mistake_in_a_file_of_a_study_names_that_file(root, file, content, message):
    write(root / STUDY / file, content)
    refused(message, root)


@pytest.mark.parametrize(
    "name",
    [
        *("all", "download", "prepare", "prepare_with_tokens", "train", "select", "evaluate", "explain", "report"),
        *("summarise_genome", "figures_genome", "logs", "benchmarks"),
    ],
)
def test_a_study_called_like_a_rule_or_a_folder_of_the_results_is_refused_by_name(root, name):
    shutil.copytree(root / STUDY, root / "config/studies" / name)
    refused(f"config/studies/{name}: a study cannot be called '{name}', which is a", root, studies=[name, "genome"])


def test_every_rule_has_a_name_that_no_study_can_have():
    text = "\n".join(path.read_text() for path in [ROOT / "Snakefile", *(ROOT / "workflow/rules").glob("*.smk")])
    fixed = set(re.findall(r"^(?:rule|checkpoint) (\w+):", text, re.MULTILINE))
    made = set(re.findall(r'f"(\w+_)\{study\}"', text))
    assert fixed <= loader.TARGETS
    assert made < set(loader.TARGETS_OF)


def test_a_study_that_no_package_runs_is_refused(root):
    shutil.copytree(root / STUDY, root / "config/studies/fifth")
    refused("config/studies/fifth: key 'implementation': no package 'fifth'; known: bl", root, studies=["fifth"])


def test_a_key_given_twice_in_a_file_of_a_study_is_named_with_its_line(root):
    path = root / STUDY / "study.yaml"
    path.write_text(path.read_text() + "title: again\n")
    refused(f"study.yaml, line {len(path.read_text().splitlines())}: key 'title' is given twice", root)


def test_a_folder_without_recipes_is_told_so(root):
    (root / STUDY / "recipes.yaml").unlink()
    refused(f"{STUDY}: there is no recipes.yaml", root)


def test_a_study_in_one_file_as_in_version_0_1_loads_to_the_same_plan(root):
    folder = root / STUDY
    whole = read_yaml(folder / "study.yaml")
    whole |= {part: read_yaml(folder / f"{part}.yaml") for part in ("recipes", "experiments")}
    whole["presets"] = {path.stem: read_yaml(path) for path in (folder / "presets").glob("*.yaml")}
    expected = load(root, preset="quick").studies["bloodmnist"]
    shutil.rmtree(folder)
    for path in (root / "config/studies/bloodmnist.yaml", root / "elsewhere/bloodmnist.yaml"):
        write(path, whole)
        entry = "bloodmnist" if path.parent.name == "studies" else str(path)
        found = load(root, preset="quick", studies=[entry]).studies["bloodmnist"]
        by_key = [sorted(one.runs, key=lambda run: run.key) for one in (found, expected)]
        assert by_key[0] == by_key[1]  # experiments are written in the order of their names
        assert {**found.settings, "claims": None} == {**expected.settings, "claims": None}


def test_a_study_that_is_both_a_folder_and_a_file_is_refused(root):
    write(root / "config/studies/bloodmnist.yaml", {})
    refused(f"study 'bloodmnist' is both {STUDY} and {STUDY}.yaml; remove one (a single file", root)


def test_all_studies_are_all_folders_and_a_fifth_is_found(root):
    assert sorted(load(root, studies="all").studies) == SHIPPED
    shutil.copytree(root / STUDY, root / "config/studies/fifth")
    edit(root / "config/studies/fifth/study.yaml", "title:", "implementation: bloodmnist\ntitle:")
    write(root / "config/studies/_draft/study.yaml", "title: not yet\n")
    write(root / "config/studies/single.yaml", "title: not asked for\n")
    assert sorted(load(root, studies="all").studies) == sorted([*SHIPPED, "fifth"])


def test_of_all_studies_one_without_the_preset_is_left_out_with_a_line_and_one_that_is_named_is_refused(root):
    (root / STUDY / "presets/demo.yaml").unlink()
    (root / STUDY / "claims.yaml").unlink()  # some speak of that preset's runs
    plan = load(root, studies="all")
    assert sorted(plan.studies) == ["genome", "proteinnet", "rnacompete"]
    assert plan.left_out == (f"study 'bloodmnist' is left out: {STUDY} has no preset 'demo'.",)
    refused(f"{STUDY}: no preset 'demo'", root)
    assert load(root, studies="all", preset="full").left_out == ()


def test_a_preset_keeps_only_the_experiments_it_lists(root):
    write(root / "config/studies/rnacompete/presets/two.yaml", "only: [baselines, architectures]\n")
    plan = load(root, studies=["rnacompete"], preset="two").studies["rnacompete"]
    assert list(plan.experiments) == ["architectures", "baselines"]
    assert set(plan.recipes) == {"reported_onehot", "sound_onehot"}


@pytest.mark.parametrize(
    ("preset", "message"),
    [
        (
            "only: [variant]\n",
            f"{STUDY} with preset 'demo': key 'only': no experiment 'variant'; did you mean 'variants'?",
        ),
        ("only: []\n", f"{STUDY}/presets/demo.yaml: key 'only': is empty; give at least 1 value."),
        (
            "only: [two]\nexperiments: {two: {seeds: 1}, variants: {seeds: 1}}\n",
            "key 'experiments.variants' changes an experiment that 'only' leaves out; add it to 'only'",
        ),
    ],
)
def test_a_preset_that_lists_what_is_not_there_is_refused(root, preset, message):
    write(root / STUDY / "presets/demo.yaml", preset)
    refused(message, root)


# ---- a study that extends another


def test_another_protein_takes_three_lines(root):
    plan = mine(root, "extends: rnacompete\nreplace: {RBFOX1: PTBP3, UGCAUG: UUUCUU}\ntitle: PTBP3\n")
    usual = load(root, studies=["rnacompete"], preset="full").studies["rnacompete"]
    assert plan.recipes["sound_onehot"]["source"]["options"] == {"proteins": ["PTBP3"]}
    assert plan.experiments["baselines"]["models"]["pwm_scan"]["grid"] == {"motif": ["UUUCUU"]}
    assert (plan.settings["title"], plan.settings["implementation"], plan.settings["claims"]) == (
        "PTBP3",
        "rnacompete",
        [],
    )
    assert len(plan.runs) == len(usual.runs)
    assert plan.settings["recipes"]["several"] == usual.settings["recipes"]["several"]


def test_another_genome_takes_three_lines_and_an_entry_of_the_ledger(root):
    ledger = read_yaml(root / "config/datasets.yaml")
    write(root / "config/datasets.yaml", {**ledger, "genome-mine": ledger["genome-sakai"]})
    text = "extends: genome\nreplace: {genome-sakai: genome-mine, genome-k12: genome-mine}\ntitle: Mine\n"
    assert mine(root, text).recipes["homology"]["source"] == {"dataset": "genome-mine"}
    assert mine(root, text, "quick").recipes["homology"]["source"] == {"dataset": "genome-mine"}


def test_images_of_ones_own_take_three_lines_and_an_entry_of_the_ledger(root):
    ledger = read_yaml(root / "config/datasets.yaml")
    write(root / "config/datasets.yaml", {**ledger, "moths": ledger["bloodmnist"]})
    plan = mine(root, "extends: bloodmnist\nreplace: {bloodmnist: moths}\ntitle: Moths\n", "quick")
    assert [recipe["source"]["dataset"] for recipe in plan.recipes.values()] == ["moths", "moths"]
    assert plan.settings["datasets"].keys() == {"moths"}


def test_a_replaced_name_is_replaced_where_it_is_a_key_too(root):
    plan = mine(root, "extends: rnacompete\nreplace: {RNCMPT00168: RNCMPT00269}\n")
    assert plan.recipes["several_few01"]["label_fraction"] == {"RNCMPT00269": 0.01}
    assert plan.recipes["single"]["targets"] == ["RNCMPT00269"]


def test_a_replacement_that_would_make_two_keys_one_is_refused(root):
    content = {"extends": "rnacompete", "replace": {"several_few01": "several_few05"}, "title": "one of two"}
    write(root / "config/studies/mine.yaml", content)
    refused("'several_few05' would stand twice in one mapping", root, studies=["mine"], preset="full")


def test_what_an_extending_study_says_is_laid_over_the_other_and_its_presets_come_after(root):
    plan = mine(
        root,
        {
            "extends": "bloodmnist",
            "experiments": {"variants": {"seeds": 2, "curves": None}},
            "presets": {"demo": {"experiments": {"variants": {"budget": {"epochs": 3}}}}, "quick": None, "half": {}},
        },
        "demo",
    )
    assert plan.experiments["variants"]["budget"] == {"epochs": 3}
    assert plan.experiments["variants"]["models"]["cnn"]["fixed"]["hidden"] == 64  # of the other's preset
    assert "curves" not in plan.experiments["variants"]
    assert load(root, studies=["mine"], preset="half").studies["mine"].experiments["variants"]["seeds"] == 2
    refused("config/studies/mine.yaml: no preset 'quick'", root, studies=["mine"], preset="quick")


def test_a_preset_of_an_extending_study_may_remove_an_experiment_that_the_others_changes(root):
    plan = mine(root, {"extends": "genome", "presets": {"quick": {"experiments": {"deep": None}}}}, "quick")
    assert "deep" not in plan.experiments


def test_an_extending_study_may_be_extended_and_may_have_a_folder_and_claims(root):
    folder = root / "config/studies/ptbp3"
    write(folder / "study.yaml", "extends: rnacompete\nreplace: {RBFOX1: PTBP3}\n")
    ask = {"kind": "missing", "needs": "run", "because": "nobody ran it", "cost": "a run"}
    write(folder / "claims.yaml", [{"id": "a", "owner": "ours", "plain": "b", "ask": ask, "agreed": "2026-11-26"}])
    assert [claim["id"] for claim in load(root, studies=["ptbp3"]).studies["ptbp3"].settings["claims"]] == ["a"]
    plan = mine(root, "extends: ptbp3\nreplace: {UGCAUG: UUUCUU}\n")
    assert plan.settings["implementation"] == "rnacompete"
    assert plan.recipes["sound_onehot"]["source"]["options"] == {"proteins": ["PTBP3"]}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("extends: genom\n", "config/studies/mine.yaml: key 'extends': no study 'genom'; did you mean 'genome'?"),
        (
            "extends: mine\n",
            "studies extend each other in a circle: config/studies/mine.yaml <- config/studies/mine.yaml",
        ),
        (
            "extends: rnacompete\nreplace: {RBFOX2: PTBP3}\n",
            "mine.yaml: key 'replace.RBFOX2': 'rnacompete' has no such value in its recipes and experiments; did you "
            "mean 'RBFOX1'?",
        ),
        ("extends: genome\nreplace: {zzz: PTBP3}\n", "no such value in its recipes and experiments; remove it."),
        ("extends: genome\nreplace: {genome-sakai: genome-min}\n", "'genome-min' is not in config/datasets.yaml"),
        ("extends: genome\nrecipe: {}\n", "config/studies/mine.yaml: unknown key 'recipe'; did you mean 'recipes'?"),
        (
            "extends: genome\nrecipes: {sound: {splitt: a}}\n",
            "unknown key 'recipes.sound.splitt'; did you mean 'split'?",
        ),
        (
            "extends: genome\nexperiments: {deep: {seeds: none}}\n",
            "config/studies/mine.yaml, which extends 'genome',: key 'experiments.deep.seeds'",
        ),
        ("replace: {a: b}\n", "config/studies/mine.yaml: "),
    ],
)
def test_a_study_that_cannot_extend_another_is_refused(root, text, message):
    write(root / "config/studies/mine.yaml", text)
    refused(message, root, studies=["mine"], preset="full")


def test_where_data_are_to_be_had_and_whom_to_cite_is_no_part_of_a_studys_settings():
    """The page alone shows it: an address or a citation edited in the ledger makes no table and no figure again."""
    entry = load(studies=["bloodmnist"], preset="full").studies["bloodmnist"].settings["datasets"]["bloodmnist"]
    assert entry["checksum"].startswith("md5:")
    assert not {"addresses", "citation", "licence", "place"} & entry.keys()


def test_a_study_that_extends_another_keeps_the_experiments_that_it_names(root):
    content = {"extends": "genome", "only": ["protocols", "baselines"], "replace": {"genome-sakai": "genome-k12"}}
    for preset in ("full", "quick", "demo"):
        study = mine(root, content, preset)
        assert set(study.experiments) == {"protocols", "baselines"}
    refused_here = {**content, "only": ["protocol"]}
    write(root / "config/studies/mine.yaml", refused_here)
    refused("mine.yaml: key 'only': no experiment 'protocol'; did you mean 'protocols'?", root, studies=["mine"])
    write(root / "config/studies/mine.yaml", {**content, "replace": {"genome-lambda": "genome-k12"}})
    refused("key 'replace.genome-lambda': 'genome' has no such value", root, studies=["mine"])


def test_a_preset_whose_experiments_are_all_left_out_is_no_preset(root):
    content = {"extends": "genome", "only": ["onehot"], "replace": {"genome-sakai": "genome-k12"}}
    assert list(mine(root, content).experiments) == ["onehot"]
    refused("no preset 'demo'", root, studies=["mine"], preset="demo")
