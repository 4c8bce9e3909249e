"""What the configuration may say: every refusal names file, key and remedy."""

import copy
import subprocess
import sys

import pytest
from planning import edit, load, refused, write
from tiny_workflow import ROOT, TINY

from replisome.config import checks
from replisome.config.catalogue import model_traits, study
from replisome.config.schema import check_schema, overlay
from replisome.errors import ReplisomeError

STUDY = "config/studies/bloodmnist"
GRID = ("bloodmnist", "experiments", "variants", "models", "cnn", "grid")


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"result_dir": "x"}, "unknown key 'result_dir'; did you mean 'results_dir'?"),
        ({"stand_ins": "maybe"}, "key 'stand_ins': 'maybe' is of type string, expected boolean."),
        ({"preset": "quik"}, f"{STUDY}: no preset 'quik'; did you mean 'quick'?"),
        ({"preset": "quik", "studies": "all"}, "key 'preset': no study has a preset 'quik'; did you mean 'quick'?"),
        ({"studies": ["blodmnist"]}, "key 'studies': no study 'blodmnist'; did you mean 'bloodmnist'?"),
        ({"studies": "blodmnist"}, "key 'studies': no study 'blodmnist'; did you mean 'bloodmnist'?"),
        ({"studies": []}, "key 'studies': is empty"),
        ({"results_dir": 5}, "key 'results_dir': 5 is of type integer, expected string; YAML reads"),
        ({"mirror": "/no/such/folder"}, "key 'mirror': no folder /no/such/folder"),
        ({"mirror": 1}, "key 'mirror': 1 is of type integer, expected string or null; YAML reads"),
        ({"max_epochs": 0}, "key 'max_epochs': 0 is less than the minimum of 1"),
    ],
)
def test_the_configuration_is_checked(config, message):
    refused(message, **config)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ((*GRID, "pool"), [], "key 'experiments.variants.models.cnn.grid.pool': is empty; give at least 1 value."),
        ((*GRID, "lr"), ["fast"], "key 'lr': 'fast' is of type string, expected number."),
        ((*GRID, "lr"), [0.1, 0.1], "has non-unique elements"),
        ((*GRID, "pool"), ["mean"], "model 'cnn', hyperparameter 'pool': 'mean' is not one of: none, max"),
        ((*GRID, "lr"), [float("nan")], "variants.models.cnn.grid.lr': nan is not a finite number"),
        (("bloodmnist", "experiments", "variants", "seeds"), 2.0, "key 'experiments.variants.seeds'"),
        (("bloodmnist", "experiments", "variants", "seeds"), [2**40], "is greater than the maximum of 4294967295"),
        ((*GRID, 7), [1], "keys must be text; put quotes around it"),
        (
            ("bloodmnist", "recipes", "tables"),
            {"source": {}, "split": "a", "encoding": "a", "normalisation": "a", "protocol": "sound"},
            "nothing can be called 'tables'",
        ),
        ((*GRID, "width"), ["x"], "model 'cnn' has no hyperparameter 'width'"),
        (
            ("bloodmnist", "experiments", "variants", "models", "cnn", "fixed", "hidden"),
            "big",
            "'big' is not of type int",
        ),
        ((*GRID, "hidden"), [4], "'hidden' is both fixed and in the grid"),
        (
            ("bloodmnist", "experiments", "variants", "models"),
            {"cnn": None, "cn": {"grid": {"pool": ["max"]}}},
            "experiments.variants.models.cn: unknown model 'cn'; did you mean 'cnn'?",
        ),
        (("bloodmnist", "experiments", "variants", "epochs"), 3, "unknown key 'experiments.variants.epochs'"),
        (("bloodmnist", "experiments", "variants", "seeds"), "two", "key 'experiments.variants.seeds'"),
        (
            ("bloodmnist", "experiments", "variants", "select", "metric"),
            "acuracy",
            "experiments.variants.select.metric: unknown metric 'acuracy'; did you mean 'accuracy'?",
        ),
        (("bloodmnist", "experiments", "variants", "recipes"), ["contrl"], "did you mean 'control'?"),
        (("bloodmnist", "recipes", "control", "split"), "random", "recipes.control.split': 'random' is not one of"),
        (("bloodmnist", "recipes", "control", "protocol"), "loud", "'loud' is not one of: reported, sound"),
        (("bloodmnist", "recipes", "control", "source", "options", "side"), 1.5, "1.5 is not of type int"),
        (("bloodmnist", "recipes", "control", "source", "control"), "cell", "no control 'cell'; did you mean 'cells'?"),
        (("bloodmnst",), {}, "key 'overrides': no study 'bloodmnst'; did you mean 'bloodmnist'?"),
        (("bloodmnist", "name"), "other", "overrides.bloodmnist': a study keeps its name; change it in"),
        (("bloodmnist", "extends"), "genome", "overrides.bloodmnist': a study keeps its extends; change it in"),
        (
            ("bloodmnist", "recipes", "control", "source", "options", "sides"),
            3,
            "unknown option 'sides'; did you mean 'side'?",
        ),
        (
            ("bloodmnist", "recipes", "control", "source"),
            {"control": None, "options": None, "dataset": "blood"},
            "'blood' is not in config/datasets.yaml; did you mean 'bloodmnist'?",
        ),
        (
            ("bloodmnist", "recipes", "control", "label_fraction"),
            {"a": 0.5},
            f"{STUDY}: unknown key 'recipes.control.label_fraction'; known: encoding, normalisation, split.",
        ),
    ],
)
def test_a_study_is_checked(path, value, message):
    overrides = copy.deepcopy(TINY)
    node = overrides
    for key in path[:-1]:
        node = node.setdefault(key, {})
    node[path[-1]] = value
    refused(message, overrides=overrides)


def test_two_models_of_the_same_slug_are_refused():
    second = {"description": "again", "recipes": ["control"], "models": {"cnn": {"grid": {"pool": ["max"]}}}}
    second |= {"training": {}, "budget": {"epochs": 1}, "seeds": 1, "select": {"metric": "accuracy"}, "test": "all"}
    overrides = copy.deepcopy(TINY)
    overrides["bloodmnist"]["experiments"] |= {"one": second, "two": {**second, "budget": {"epochs": 2}}}
    refused(
        "experiments 'one' and 'two' both have the run cnn/pool=max (recipe control, seed 0) but with other "
        "budget.epochs. Put what differs into the grid",
        overrides=overrides,
    )


def test_one_configuration_has_the_same_seeds_in_every_experiment():
    second = {"description": "again", "recipes": ["control"], "models": {"cnn": {"grid": {"pool": ["max"]}}}}
    second |= {"training": {}, "budget": {"epochs": 1}, "seeds": 2, "select": {"metric": "accuracy"}, "test": "all"}
    overrides = copy.deepcopy(TINY)
    overrides["bloodmnist"]["experiments"] |= {"one": second, "two": {**second, "seeds": [1, 5]}}
    refused(
        "experiments 'one' and 'two' both have cnn/pool=max (recipe control), with seeds 0, 1 and 1, 5, which would be "
        "one mean. Give both the same seeds, or keep them apart by a setting in the grid",
        overrides=overrides,
    )


def test_caps_shrink_every_experiment_of_the_full_configuration():
    assert len(load(preset="full").studies["bloodmnist"].runs) == 160
    assert len(load(preset="full", max_epochs=1, max_seeds=1).studies["bloodmnist"].runs) == 32


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (
            {"experiment": "architecture"},
            "from.experiment: no experiment 'architecture'; did you mean 'architectures'?",
        ),
        ({"experiment": "architectures", "model": "lstm"}, "experiment 'architectures' has no model 'lstm'; did you"),
        (
            {"experiment": "architectures", "model": "bilstm", "recipe": "contol"},
            "has no recipe 'contol'; did you mean 'control'?",
        ),
        ({"experiment": "attention"}, "experiments inherit in a circle: attention <- attention"),
    ],
)
def test_what_cannot_be_inherited_is_refused(source, message):
    overrides = copy.deepcopy(TINY)
    model = overrides["rnacompete"]["experiments"]["attention"].setdefault("models", {})
    model["bilstm_attention"] = {"from": {"experiment": None, "model": None} | source}
    refused(message, studies=["rnacompete"], overrides=overrides)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"attention": {"explain": ["lstm"]}}, "experiments.attention.explain: no model 'lstm'"),
        ({"attention": {"explain": "every"}}, "key 'experiments.attention.explain': 'every' does not match"),
        ({"architectures": {"select": {"metric": "spearmen"}}}, "unknown metric 'spearmen'; did you mean 'spearman'?"),
        ({"architectures": {"training": {"augment": "flip"}}}, "augment: study 'rnacompete' has no 'flip'"),
    ],
)
def test_an_experiment_that_cannot_be_is_refused(change, message):
    refused(message, studies=["rnacompete"], overrides={"rnacompete": {"experiments": change}})


def test_all_runs_are_explained_or_every_seed_of_the_best():
    study = load(preset="full").studies["bloodmnist"]
    assert {run.key for run in study.explained_runs(lambda name: {})} == {run.key for run in study.runs_of["variants"]}
    none = {name: {"explain": []} for name in ("attention", "proteins")}
    changes = {"architectures": {"explain": ["cnn1d"], "seeds": 2}, **none}
    study = load(studies=["rnacompete"], overrides={"rnacompete": {"experiments": changes}}).studies["rnacompete"]
    best = next(run for run in study.runs_of["architectures"] if run.model == "cnn1d")
    chosen = {"control": [{"model": best.model, "slug": best.slug}]}
    assert [(run.model, run.seed) for run in study.explained_runs(lambda name: chosen)] == [("cnn1d", 0), ("cnn1d", 1)]


def test_a_study_that_explains_nothing_is_not_asked_to():
    change = {"models": {"explain": "all"}}
    refused(
        "study 'genome' cannot explain its models.", studies=["genome"], overrides={"genome": {"experiments": change}}
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"source": {"control": None, "dataset": "rnacompete"}}, "source.options': needs a value for: proteins."),
        ({"source": {"dataset": "rnacompete"}}, "recipes.control.source': give either 'dataset' or 'control'."),
        ({"source": {"options": {"trian": 5}}}, "unknown option 'trian'; did you mean 'train'?"),
        (
            {"source": {"control": None, "dataset": "rnacompete", "options": {"train": None, "proteins": "A1CF"}}},
            "'A1CF' is not of type list",
        ),
        *(
            (
                {
                    "source": {
                        "control": None,
                        "dataset": "rnacompete",
                        "options": {"train": None, "proteins": proteins},
                    }
                },
                "is not of type str",
            )
            for proteins in ([1], [None], [["A1CF"]])
        ),
        ({"label_fraction": {"control1": 0}}, "label_fraction.control1': 0 is less than or equal to the minimum of 0"),
        ({"encoding": "kmer4"}, "recipes.control.encoding': 'kmer4' is not one of: onehot, kmer2, kmer3."),
    ],
)
def test_a_recipe_is_checked(changes, message):
    refused(message, studies=["rnacompete"], overrides={"rnacompete": {"recipes": {"control": changes}}})


# ---- names of version 0.1


def test_the_claims_file_of_version_0_1_is_refused_with_its_new_place(root):
    write(root / "config/claims.yaml", "[]\n")
    refused("config/claims.yaml: claims now stand in config/studies/<study>/claims.yaml", root)


@pytest.mark.parametrize(
    ("old", "message"),
    [
        ("source: report B", "unknown key 'source', which stands in 'paper' now, as 'report'."),
        ("study: bloodmnist", "unknown key 'study', which is gone: claims stand"),
        ("statement: x", "unknown key 'statement', which is called 'plain' now."),
        ("quantity: accuracy@test", "unknown key 'quantity', which is a 'number' in 'ask' now."),
        ("tolerance: 1", "unknown key 'tolerance', which is a limit in 'ask' now, with whose it is."),
    ],
)
def test_keys_of_a_claim_of_earlier_versions_are_refused_with_their_new_names(root, old, message):
    write(root / STUDY / "claims.yaml", f"- {{id: a, {old}}}\n")
    refused(f"{STUDY}/claims.yaml: claim 'a': {message}", root)


def test_a_score_of_version_0_1_in_a_claim_is_refused_with_its_new_name(root):
    file = root / "config/studies/proteinnet/claims.yaml"
    edit(file, "score: paper_loss", "score: source_loss")
    refused("proteinnet/claims.yaml: claim '", root, studies=["proteinnet"])
    refused("'source_loss' is 'paper_loss' now", root, studies=["proteinnet"])


def test_a_score_of_version_0_1_is_refused_with_its_new_name():
    changes = {"proteinnet": {"experiments": {"simple": {"select": {"metric": "source_loss"}}}}}
    message = "experiments.simple.select.metric: 'source_loss' is called 'paper_loss' now."
    refused(message, studies=["proteinnet"], overrides=changes)


# ---- what the check of the code finds (what a study's files lack: test_study_contract.py)


@pytest.mark.parametrize("metric", ["auk", "losss"])
def test_a_score_that_the_study_does_not_declare_is_refused(metric):
    with pytest.raises(ReplisomeError, match=rf"experiments\.one\.select\.metric: unknown metric '{metric}'"):
        checks.check_metric(study("bloodmnist"), "one", metric)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"has no line such as TRAITS = Traits"),
        ('TRAITS = Traits(kind=KIND, gives="logits")', r"has no line such as TRAITS = Traits"),
        ('TRAITS = Traits(kind="tree", gives="logits")', r"TRAITS: no kind 'tree'; known: baseline, counts"),
        ('TRAITS = Traits(kind="network", gives="logit")', r"TRAITS: no gives 'logit'; did you mean 'logits'\?"),
        ('TRAITS = Traits(kind="network")', r"TRAITS: .*missing 1 required positional argument: 'gives'"),
    ],
)
def test_a_model_that_does_not_say_what_it_is_is_refused(tmp_path, monkeypatch, text, message):
    (tmp_path / "mine.py").write_text(text)
    monkeypatch.setattr("replisome.config.catalogue.MODELS", tmp_path)
    with pytest.raises(ReplisomeError, match=message):
        model_traits("mine")


def test_a_model_without_a_build_function_is_refused(tmp_path, monkeypatch):
    (tmp_path / "cnn.py").write_text('TRAITS = Traits(kind="network", gives="logits")\n')
    monkeypatch.setattr("replisome.config.catalogue.MODELS", tmp_path)
    refused("experiments.variants.models.cnn: model 'cnn':")


# ---- the time it takes


def test_what_is_inherited_is_checked_in_time_that_grows_with_runs_and_not_with_runs_times_winners(monkeypatch):
    looked = []
    real = checks.check_hyperparameters
    monkeypatch.setattr(checks, "check_hyperparameters", lambda *of: looked.append(of) or real(*of))
    overrides = {"rnacompete": {"experiments": heirs(300, 300)}}
    plan = load(studies=["rnacompete"], overrides=overrides).studies["rnacompete"]
    assert len(plan.runs_of["heirs"]) == len(plan.runs_of["many"]) == 300
    assert 600 <= len(looked) < 700
    winner = plan.runs_of["many"][-1]
    best = {"many": {"control": [{"model": "bilstm", "slug": winner.slug}]}}
    found = plan.resolve(plan.runs_of["heirs"][0], best.get).settings
    assert found["hyperparameters"] == {**winner.settings["hyperparameters"], "dropout": 0.0}


@pytest.mark.parametrize(
    ("parent", "heir", "message"),
    [
        ({"width": [8, 0]}, {}, "'width': 0 is less than the minimum of 1"),
        ({"width": [8, 0]}, {"width": [4]}, "'width': 0 is less than the minimum of 1"),
        (
            {"width": [8]},
            {"depth": [1, 2, 0]},
            "experiments.heirs.models.bilstm: model 'bilstm', hyperparameter 'depth'",
        ),
    ],
)
def test_a_value_that_no_run_can_have_is_refused_wherever_it_stands_among_many(parent, heir, message):
    experiments = heirs(3, 3)
    experiments["many"]["models"]["bilstm"]["grid"] |= parent
    experiments["heirs"]["models"]["bilstm"]["grid"] |= heir
    refused(message, studies=["rnacompete"], overrides={"rnacompete": {"experiments": experiments}})


def heirs(winners: int, runs: int) -> dict:
    """Return an experiment, and one whose runs inherit from its best."""
    common = {"description": "d", "recipes": ["control"], "training": {}, "budget": {"epochs": 1}, "seeds": 1}
    common |= {"select": {"metric": "spearman"}, "test": "selected"}
    widths = {"width": [number + 1 for number in range(winners)]}
    shares = {"dropout": [number / 1000 for number in range(runs)]}
    return {
        "many": {**common, "models": {"bilstm": {"grid": widths}}},
        "heirs": {**common, "models": {"bilstm": {"from": {"experiment": "many"}, "grid": shares}}},
    }


# ---- what preparing asks of a cluster


def test_what_preparing_asks_for_can_be_told_and_is_not_part_of_the_recipe():
    recipe = {"recipes": {"control": {"resources": {"mem_mb": 64000}}}}
    told = load(overrides=overlay(TINY, {"bloodmnist": recipe})).studies["bloodmnist"]
    plain = load(overrides=TINY).studies["bloodmnist"]
    assert told.preparation["control"] == {"mem_mb": 64000}
    assert plain.preparation["control"] == {}
    assert (told.settings, told.runs) == (plain.settings, plain.runs)
    refused(
        "unknown key 'recipes.control.resources.gpu'",
        overrides=overlay(TINY, {"bloodmnist": {"recipes": {"control": {"resources": {"gpu": 1}}}}}),
    )


def test_planning_imports_no_heavy_library():
    program = (
        "import sys; from pathlib import Path; from replisome.config import loader, schema\n"
        "config = schema.read_yaml(Path('config/config.yaml'))\n"
        "assert loader.load(config, Path.cwd()).studies\n"
        "heavy = {'torch', 'numpy', 'pandas', 'matplotlib', 'scipy', 'pyarrow', 'sklearn'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={"PYTHONPATH": "workflow/src"},
        text=True,
        capture_output=True,
        check=False,
    )
    assert (done.stdout.strip(), done.stderr) == ("[]", "")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("type: objekt\n", r"recipe\.schema\.yaml: key 'type': 'objekt' is not valid .* it must be a JSON schema\."),
        ("- split\n", r"recipe\.schema\.yaml: key '': .* it must be a JSON schema\."),
    ],
)
def test_a_schema_of_recipes_that_is_none_is_refused(tmp_path, text, message):
    write(tmp_path / "recipe.schema.yaml", text)
    with pytest.raises(ReplisomeError, match=message):
        check_schema(tmp_path / "recipe.schema.yaml")
