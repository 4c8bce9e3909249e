"""``replisome new claim|model|study``: what is added is planned before it is written."""

import pytest
from click.testing import CliRunner
from conftest import ROOT

from replisome.api.new import check as new_check
from replisome.api.new import claim as new_claim
from replisome.api.new import model as new_model
from replisome.api.new import study as new_study
from replisome.api.new.claim import Words
from replisome.commands.new import new
from replisome.config.schema import read_yaml
from replisome.errors import ReplisomeError

POOLED, UNPOOLED = "variants:cnn:pool=max,head=logits", "variants:cnn:pool=none,head=logits"


def claim(root, name="mine", **words):
    given = {"plain": "Pooling helps.", "first": POOLED, "score": "accuracy", **words}
    return new_claim.propose("bloodmnist", name, Words(**given), root)


def refused(message, call, *arguments, **words):
    with pytest.raises(ReplisomeError) as caught:
        call(*arguments, **words)
    assert message in " ".join(str(caught.value).split())


def test_a_difference_is_claimed_and_judged_in_points(root):
    before = (root / "config/studies/bloodmnist/claims.yaml").read_text()
    claim(root, second=UNPOOLED, expect="higher", limit=1.0, why="a tenth of what is at stake").edits.apply()
    added = read_yaml(root / "config/studies/bloodmnist/claims.yaml")[-1]
    assert added["ask"] == {
        "kind": "difference",
        "first": {"experiment": "variants", "model": "cnn", "where": {"pool": "max", "head": "logits"}},
        "second": {"experiment": "variants", "model": "cnn", "where": {"pool": "none", "head": "logits"}},
        "number": {"score": "accuracy", "split": "test", "read": "final", "scale": "points"},
        "expect": "first_higher",
        "negligible": {"value": 1.0, "from": "ours", "why": "a tenth of what is at stake"},
    }
    assert added["recipes"] == {"reported": "reported", "sound": "sound"}
    assert (root / "config/studies/bloodmnist/claims.yaml").read_text().startswith(before.rstrip("\n"))


def test_a_printed_number_and_a_bound_are_claims_too(root):
    printed = {"reported": 93.2, "limit": 1.0, "why": "what the report tells apart"}
    proposal = claim(root, paper=("report Z", "Table 1", "93.2 %"), **printed)
    text = "\n".join(proposal.edits.diff())
    assert "+  owner: paper" in text
    assert 'reported: {value: 93.2, unit: "%"}' in text
    text = "\n".join(claim(root, expect="above", than=90.0).edits.diff())
    assert "expect: above" in text
    assert "than: 90.0" in text


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({}, "what is claimed? Give --second"),
        ({"second": UNPOOLED}, "Give --expect"),
        ({"reported": 90.0}, "Give --limit, and --why"),
        ({"reported": 90.0, "limit": 1.0}, "a limit of ours needs its reason: give --why"),
        ({"expect": "above", "than": 90.0, "limit": 1.0, "why": "x"}, "has no limit: leave --limit out"),
        ({"first": "variant:cnn"}, "no experiment 'variant'; did you mean 'variants'?"),
        ({"first": "variants:cn"}, "has no model 'cn'; did you mean 'cnn'?"),
        ({"first": "variants:cnn:pool", "expect": "above", "than": 1.0}, "'pool' is not key=value"),
        ({"first": "variants:cnn", "expect": "above", "than": 1.0}, "claim 'mine'"),  # several are left
        ({"score": "acuracy", "second": UNPOOLED, "expect": "higher"}, "no score 'acuracy'; did you mean 'accuracy'?"),
    ],
)
def test_words_that_make_no_question_are_refused(root, words, message):
    refused(message, claim, root, **words)


def test_an_id_is_used_once(root):
    refused("has a claim 'acc-pool-logits' already", claim, root, name="acc-pool-logits", expect="above", than=1.0)


def test_a_model_comes_with_an_experiment_in_every_preset(root):
    proposal = new_model.propose("genome", "mynet", root)
    texts = {str(text.path.relative_to(root)): text.after for text in proposal.edits.texts}
    assert "example_model" not in texts["workflow/src/replisome/models/mynet.py"]
    assert "config/studies/genome/experiments.yaml" in texts
    assert "mynet]" in texts["config/studies/genome/presets/demo.yaml"]  # among those that the preset keeps
    assert not (root / "workflow").exists()


def test_names_of_models_and_studies_that_are_taken_are_refused(root):
    refused("there is a model 'cnn' in", new_model.propose, "bloodmnist", "cnn", root)
    refused("has an experiment 'variants' already", new_model.propose, "bloodmnist", "variants", root)
    refused("new model: no study 'bloodmist'; did you mean", new_model.propose, "bloodmist", "mynet", root)
    refused("there is a study 'genome'", new_study.propose, "genome", None, {}, root)
    refused("use small letters, digits and _", new_study.propose, "my-leaves", None, {}, root)


def test_a_dry_run_shows_and_writes_nothing(tmp_path):
    table = tmp_path / "leaves.csv"
    table.write_text("x,kind\n" + "".join(f"{n % 7},{'ab'[n % 2]}\n" for n in range(60)))
    done = CliRunner().invoke(new, ["study", "leaves", str(table), "--label", "kind", "--dry-run"])
    assert done.exit_code == 0, done.output
    assert "+leaves:" in done.output
    assert "rows that repeat            53" in done.output
    assert "Nothing was written" in done.output
    assert not (ROOT / "config/studies/leaves").exists()


def test_the_help_of_a_kind_has_the_options_of_its_study():
    runner = CliRunner()
    assert "--motif" in runner.invoke(new, ["protein", "--help"]).output
    assert "genome" in runner.invoke(new, ["--help"]).output


def test_a_kind_that_there_is_not_and_another_clone_are_refused(tmp_path, monkeypatch):
    done = CliRunner().invoke(new, ["genom", "mine", "x.fa"])
    assert done.exit_code == 2
    assert "did you mean 'genome'?" in done.output
    (tmp_path / "config").mkdir()
    for name in ("Snakefile", "config/config.yaml"):
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)
    refused("is a clone of its own", new_check.repository)
