"""Arms: which runs of a plan a claim speaks of, what is missing, and in what they are less than the full settings."""

from copy import deepcopy
from functools import cache

import pytest
from planning import load
from test_claims_language import CLAIM, changed

from replisome.config.arms import find_claim, protocols_of
from replisome.config.planned_claims import plan_claims
from replisome.config.reductions import reductions
from replisome.config.study_files import StudyFiles, read_study
from replisome.errors import ReplisomeError

ONE = {"experiment": "variants", "model": "cnn", "where": {"pool": "max", "head": "logits"}}
SIGN = {"kind": "sign", "of": ONE, "number": {"score": "accuracy", "split": "test", "read": "last"}, "expect": "above"}


@cache
def plan(preset: str = "full", study: str = "bloodmnist"):
    return load(studies=[study], preset=preset).studies[study]


def of_arm(**changes) -> dict:
    """Return a claim about one arm with other keys than the usual one."""
    arm = {key: value for key, value in {**ONE, **changes}.items() if value is not None}
    return changed(ask={**SIGN, "of": arm})


def found(claim: dict, protocol: str = "reported", **where):
    return find_claim(plan(**where), claim, protocol, "claims.yaml: claim 'x'")


def test_an_arm_is_the_one_configuration_that_fits_by_what_is_given_and_by_default():
    assert [place.slug for place in found(CLAIM).places] == [
        "head=logits+lr=0.001+pool=max",
        "head=softmax+lr=0.001+pool=max",
    ]
    by_default = of_arm(where={"pool": "max", "head": "logits", "hidden": 256, "optimiser": "adam", "epochs": 200})
    assert found(by_default).missing is None
    assert (
        "has no model cnn, pool max, head logits, hidden 255"
        in found(of_arm(where={**ONE["where"], "hidden": 255})).missing
    )


def test_several_that_fit_are_too_many_unless_the_winner_is_meant():
    assert (
        "experiment variants has 2 configurations that fit on recipe 'reported'"
        in found(of_arm(where={"pool": "max"})).missing
    )
    (winner,) = found(of_arm(where=None, choose="winner")).places
    assert (winner.model, winner.slug) == ("cnn", None)


def test_what_is_inherited_from_a_winner_cannot_be_asked_for():
    arm = {"experiment": "attention", "model": "bilstm_attention", "where": {"heads": 8}}
    recipes = {"reported": "reported_onehot", "sound": "sound_onehot"}
    number = {**SIGN["number"], "score": "spearman"}
    claim = changed(ask={**SIGN, "of": arm, "number": number}, recipes=recipes)
    assert found(claim, study="rnacompete").places[0].slug == "from=architectures+heads=8"
    deeper = changed(ask={**SIGN, "of": {**arm, "where": {"depth": 2}}, "number": number}, recipes=recipes)
    assert "in experiment attention 'depth' is inherited from a winner" in found(deeper, study="rnacompete").missing


def test_of_several_experiments_the_first_that_a_preset_has_counts():
    claim = of_arm(experiment=["elsewhere", "variants_sound", "variants"])
    assert found(claim, "sound").places[0].experiment == "variants"
    assert found(claim, "sound", preset="quick").places[0].experiment == "variants_sound"


def test_a_winner_may_name_its_rivals_in_place_of_its_grid():
    ask = {
        "kind": "winner",
        "of": {"experiment": "confirm_paper", "model": "bilstm"},
        "rivals": [{"experiment": "confirm", "model": "bilstm"}, {"experiment": "confirm", "model": "cnn1d"}],
        "number": {"score": "spearman", "split": "test", "read": "final"},
        "best": "highest",
        "within": {"value": 0.01, "from": "paper"},
    }
    recipes = {"reported": "reported_onehot", "sound": "sound_onehot"}
    places = found(changed(ask=ask, recipes=recipes), study="rnacompete").places
    assert [(place.experiment, place.model) for place in places] == [
        ("confirm_paper", "bilstm"),
        ("confirm", "bilstm"),
        ("confirm", "cnn1d"),
    ]
    seeds = {run.seed for name in ("confirm", "confirm_paper") for run in plan("full", "rnacompete").runs_of[name]}
    chosen_on = {run.seed for run in plan("full", "rnacompete").runs_of["architectures"]}
    assert not seeds & chosen_on


def test_the_gradient_is_asked_of_training_alone():
    ask = {**SIGN, "number": {"score": "gradient_norm", "split": "train", "read": {"at_epoch": 1}}}
    assert found(changed(ask=ask)).missing is None


def test_a_winner_has_the_rest_of_its_grid_as_rivals():
    ask = {
        "kind": "winner",
        "of": ONE,
        "number": SIGN["number"],
        "best": "highest",
        "within": {"value": 1, "from": "paper"},
    }
    assert len(found(changed(ask=ask)).places) == 4


@pytest.mark.parametrize(
    ("number", "message"),
    [
        ({"score": "accuracy", "split": "test", "read": {"at_epoch": 201}}, "does not train for 201 epochs"),
        (
            {"score": "accuracy", "split": "test", "read": {"change_between": [10, 300]}},
            "does not train for 300 epochs",
        ),
    ],
)
def test_a_reading_needs_rounds_that_are_trained(number, message):
    assert message in found(changed(ask={**SIGN, "number": number})).missing


def test_a_reading_needs_what_the_experiment_records():
    arm = {"experiment": "apart", "model": "kmer_lstm"}
    recipes = {"reported": None, "sound": "sound_kmer4_apart", "why": "x"}
    for read, split, lacks in (
        ("best", "test", "does not test the best weights (test_weights: [best, last])"),
        ("largest_drop", "test", "does not score the test split after each round (curves: [test])"),
    ):
        number = {"score": "bits_per_base", "split": split, "read": read}
        claim = changed(ask={**SIGN, "of": arm, "number": number}, recipes=recipes)
        assert lacks in found(claim, "sound", study="genome").missing
    number = {"score": "spearman", "split": "validation", "read": "gap_to_train"}
    claim = changed(
        ask={**SIGN, "of": {"experiment": "clipping", "model": "bilstm"}, "number": number},
        recipes={"reported": "reported_onehot", "sound": "sound_onehot"},
    )
    assert (
        "does not score a sample of training after each round (curves: [train])"
        in found(claim, study="rnacompete").missing
    )


def test_simulated_data_never_judge_a_papers_claim():
    claim = changed(recipes={"reported": None, "sound": "control", "why": "x"})
    assert found(claim, "sound", preset="demo").missing == "simulated data (cells) never judge a paper's claim"
    own = of_arm() | {"owner": "control", "recipes": {"reported": None, "sound": "control", "why": "x"}}
    assert found(own, "sound", preset="demo").missing is None


def test_scores_quantities_and_facts_that_nothing_has_are_errors():
    def refused(message: str, ask: dict) -> None:
        with pytest.raises(ReplisomeError) as caught:
            found(changed(ask=ask))
        assert message in str(caught.value)

    refused(
        "unknown score 'acuracy'; did you mean 'accuracy'?", {**SIGN, "number": {**SIGN["number"], "score": "acuracy"}}
    )
    refused("key 'ask.number': the study declares no 'heat'", {**SIGN, "number": {"quantity": "heat"}})
    refused(
        "key 'ask.fact': the study declares no 'parameter_cont'; did you mean 'parameter_count'?",
        {"kind": "fact", "fact": "parameter_cont", "of": ONE, "reported": {"value": 1}},
    )


def test_protocols_are_those_that_have_a_recipe_and_a_fact_about_a_model_has_one():
    assert protocols_of(CLAIM) == ["reported", "sound"]
    assert protocols_of(changed(recipes={"reported": None, "sound": "sound", "why": "x"})) == ["sound"]
    fact = {"kind": "fact", "fact": "parameter_count", "of": ONE, "reported": {"value": 1}}
    assert protocols_of(changed(ask=fact, recipes=None)) == ["reported"]


def test_reductions_name_what_is_less_than_the_full_settings():
    full, quick = plan(), plan("quick")

    def between(claim: dict, protocol: str = "reported"):
        return reductions(quick, full, *(find_claim(one, claim, protocol, "x").places for one in (quick, full)))

    assert between(CLAIM) == (("epochs 2, not 200", "source.max_train 3000, not none"), False)
    full, quick = plan(study="genome"), plan("quick", "genome")
    lstm = {"experiment": "protocols", "model": "char_lstm"}
    lines, resized = between(changed(ask={**SIGN, "of": lstm, "number": {**SIGN["number"], "score": "accuracy"}}))
    assert resized
    assert "data genome-k12, not genome-sakai" in lines
    assert reductions(
        full, full, *2 * (find_claim(full, changed(ask={**SIGN, "of": lstm}), "reported", "x").places,)
    ) == ((), False)


def planned(claim: dict, preset: str = "full") -> dict:
    """Return a claim of bloodmnist as the judge is told of it."""
    whole = read_study("bloodmnist", load.__globals__["ROOT"])
    files = StudyFiles(whole.name, whole.origin, "claims.yaml", whole.folder, whole.settings, whole.presets, [claim])
    return plan_claims(files, plan(preset), {name: lambda name=name: plan(name) for name in ("full", "quick", "demo")})[
        0
    ]


def test_a_claim_that_only_another_preset_can_answer_says_which():
    claim = changed(recipes={"reported": None, "sound": "sound", "why": "x"})
    claim["ask"]["first"] = {**ONE, "where": {"pool": "none", "head": "logits"}}
    assert planned(claim)["found"]["sound"]["missing"] is None
    missing = planned(claim, "quick")["found"]["sound"]["missing"]
    assert (
        missing == "experiment variants has no model cnn, pool none, head logits on recipe 'sound'; preset full has it"
    )


def test_a_claim_that_no_preset_can_answer_is_refused():
    claim = deepcopy(CLAIM)
    claim["ask"]["first"] = {**ONE, "where": {"pool": "mean"}}
    with pytest.raises(ReplisomeError) as caught:
        planned(claim)
    assert str(caught.value) == (
        "claims.yaml: claim 'softmax-hurts': no preset has what it speaks of (experiment variants has no model cnn, "
        "pool mean on recipe 'reported', protocol reported); correct the names, or let its kind be 'missing' and say "
        "what it needs."
    )
