"""Claims as their files have them: what is refused, and with which words."""

from copy import deepcopy

import pytest

from replisome.config.claims import check_claims
from replisome.errors import ReplisomeError

ARM = {"experiment": "variants", "model": "cnn", "where": {"pool": "max", "head": "logits"}}
OTHER = {**ARM, "where": {"pool": "max", "head": "softmax"}}
NUMBER = {"score": "accuracy", "split": "test", "read": "last", "scale": "points"}
CLAIM = {
    "id": "softmax-hurts",
    "owner": "paper",
    "paper": {"report": "report B", "where": "Table 1", "says": "8.49 points"},
    "plain": "A softmax before the loss costs accuracy.",
    "ask": {
        "kind": "difference",
        "first": ARM,
        "second": OTHER,
        "number": NUMBER,
        "expect": "first_higher",
        "reported": {"value": 8.49, "unit": "points", "digits": 0.01},
        "size": {"value": 5, "from": "ours", "why": "half of the gap"},
    },
    "recipes": {"reported": "reported", "sound": "sound"},
    "agreed": "2026-11-26",
}


def changed(**changes) -> dict:
    """Return the claim with other keys; of its question where they are called ask_..."""
    claim = deepcopy(CLAIM)
    for key, value in changes.items():
        target, name = (claim["ask"], key.removeprefix("ask_")) if key.startswith("ask_") else (claim, key)
        if value is None:
            target.pop(name)
        else:
            target[name] = value
    return claim


def refused(message: str, *claims: dict) -> None:
    with pytest.raises(ReplisomeError) as caught:
        check_claims(claims, "claims.yaml")
    assert message in str(caught.value)


def test_a_claim_that_is_whole_passes():
    check_claims([CLAIM], "claims.yaml")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"plan": "x"}, "claims.yaml: claim 'softmax-hurts': unknown key 'plan'; did you mean 'plain'?"),
        ({"ask_expcet": "x"}, "claim 'softmax-hurts': unknown key 'ask.expcet'; did you mean 'expect'?"),
        ({"ask_kind": "diference"}, "key 'ask.kind': 'diference' is not one of: value, difference,"),
        ({"ask_expect": "higher"}, "key 'ask.expect': 'higher' is not one of: first_higher, first_lower."),
        ({"ask_number": {"score": "accuracy"}}, "key 'ask.number': 'split' is a required property; add it."),
        ({"ask_number": {}}, "key 'ask.number': give one of 'score', 'cost' and 'quantity'."),
        ({"ask_number": {**NUMBER, "cost": "parameters"}}, "give one of 'score', 'cost' and 'quantity'."),
        ({"ask_number": {**NUMBER, "read": "lastt"}}, "key 'ask.number.read': 'lastt' is not one of: final,"),
        ({"ask_number": {**NUMBER, "read": {"at_epok": 3}}}, "'ask.number.read.at_epok'; did you mean 'at_epoch'?"),
        ({"ask_number": {**NUMBER, "split": "train"}}, "only the loss is kept; use 'train_sample'"),
        ({"ask_number": {**NUMBER, "read": "gap_to_train"}}, "'gap_to_train' is of the validation split."),
        ({"ask_size": {"value": 5, "from": "ours"}}, "key 'ask.size': 'why' is a required property; add it."),
        ({"ask_reported": None}, "key 'ask.size': needs 'ask.reported': how far ours may be from a size"),
        ({"paper": None}, "key 'paper': a claim of a paper says where the paper makes it"),
        ({"owner": "ours"}, "key 'paper': a claim of a paper says where the paper makes it; others have no paper."),
        ({"recipes": None}, "key 'recipes': say which recipe stands for each protocol."),
        ({"recipes": {"reported": "reported", "sound": None}}, "key 'recipes.why': say why a protocol has no recipe."),
        ({"agreed": "26 November"}, "key 'agreed': '26 November' does not match"),
        (
            {"items": "general", "ask_number": {**NUMBER, "read": "largest_drop"}},
            "key 'items': this number is not scored by item, so that nothing can be said of other items; leave the",
        ),
    ],
)
def test_what_is_wrong_with_a_claim_is_said_with_its_key_and_the_remedy(changes, message):
    refused(message, changed(**changes))


def test_ids_are_of_one_claim_and_members_are_claims():
    refused("claim 'softmax-hurts': there are two of this id", CLAIM, CLAIM)
    both = changed(id="both", ask={"kind": "all", "claims": ["softmax-hurts", "softmax-hurt"]}, recipes=None)
    refused(
        "claim 'both', key 'ask.claims': there is no other claim 'softmax-hurt'; did you mean 'softmax-hurts'?",
        CLAIM,
        both,
    )
    itself = changed(id="both", ask={"kind": "conflict", "claims": ["both", "softmax-hurts"]}, recipes=None)
    refused("claim 'both', key 'ask.claims': there is no other claim 'both'", CLAIM, itself)


def test_a_claim_of_version_0_3_is_told_what_it_is_now():
    refused(
        "claim 'acc': unknown key 'report', which stands in 'paper' now, with where it is said and in which words.",
        {"id": "acc", "report": "report B", "statement": "x", "quantity": "accuracy@test", "value": 3},
    )


@pytest.mark.parametrize(
    ("event", "arms", "message"),
    [
        ({"number": NUMBER}, 1, "give a number with one of 'above' and 'below', or 'never_crosses' with a split."),
        ({"number": NUMBER, "above": 1, "below": 2}, 1, "give a number with one of 'above' and 'below'"),
        ({"never_crosses": "accuracy"}, 2, "or 'never_crosses' with a split."),
        ({"never_crosses": "accuracy", "split": "test"}, 1, "key 'ask.of': two arms cross."),
        ({"number": NUMBER, "above": 1}, 2, "key 'ask.of': an event is of one arm."),
    ],
)
def test_an_event_is_a_bound_on_a_number_or_two_curves_that_do_not_cross(event, arms, message):
    ask = {"kind": "share", "of": [ARM, OTHER][:arms], "event": event, "expect": "most"}
    refused(message, changed(ask=ask))


def test_near_has_a_margin_and_the_other_signs_have_none():
    sign = {"kind": "sign", "of": ARM, "number": NUMBER, "expect": "near"}
    refused("key 'ask.margin': 'near' needs it, 'above' and 'below' have none.", changed(ask=sign))
    margin = {"value": 1, "from": "paper"}
    refused("key 'ask.margin'", changed(ask={**sign, "expect": "above", "margin": margin}))
    check_claims([changed(ask={**sign, "margin": margin})], "claims.yaml")


def test_claims_about_claims_do_not_come_back_to_themselves():
    one = changed(id="one", ask={"kind": "all", "claims": ["two", "softmax-hurts"]}, recipes=None)
    two = changed(id="two", ask={"kind": "conflict", "claims": ["one", "softmax-hurts"]}, recipes=None)
    refused("claim 'one', key 'ask.claims': is in a circle of claims.", CLAIM, one, two)


@pytest.mark.parametrize(
    ("fact", "message"),
    [
        ({"fact": "parameter_count"}, "key 'ask.of': 'parameter_count' needs it."),
        ({"fact": "parameters_shrink_percent", "of": ARM}, "key 'ask.than': 'parameters_shrink_percent' needs it."),
        ({"fact": "layer_parameters", "of": ARM}, "key 'ask.with': 'layer_parameters' needs 'layer'."),
    ],
)
def test_a_fact_about_a_model_says_of_which(fact, message):
    refused(message, changed(ask={"kind": "fact", **fact, "reported": {"value": 1}}))


def test_training_has_no_selected_weights():
    number = {"score": "loss", "split": "train", "read": "best"}
    refused("key 'ask.number.read': of training there are 'last' and curves", changed(ask_number=number))
