"""How a claim is judged once its numbers are there: pairing, caps, conjunctions, conflicts, what was not measured."""

from types import SimpleNamespace

import numpy as np
import pytest

from replisome.analysis.intervals import ItemScores
from replisome.claims import judging
from replisome.claims.finding import Finding
from replisome.claims.judging import judge_claims, same_items, together
from replisome.claims.measures import Measured, Unmeasured
from replisome.claims.verdicts import _leak
from replisome.errors import ReplisomeError

ARM = {"experiment": "e", "called": "ours"}
PAPER = {"report": "report A", "where": "Table 1", "says": "x"}
NUMBER = {"score": "accuracy", "split": "test", "read": "final"}
HIGH, LOW = np.array([5.0, 5.1, 5.2]), np.array([1.0, 1.1, 1.2])
DIFFERENCE = {"kind": "difference", "first": ARM, "second": ARM, "number": NUMBER, "expect": "first_higher"}
VALUE = {
    "kind": "value",
    "of": ARM,
    "number": NUMBER,
    "reported": {"value": 5.1},
    "resolution": {"value": 2, "from": "paper"},
}
PLACE = {"experiment": "e", "recipe": "r", "model": "m", "slug": "s"}


def scores(values: np.ndarray) -> ItemScores:
    return ItemScores(values, np.zeros((len(values), 1)), 0, 0)


def claim(ask: dict, arms: int, owner: str = "paper", name: str = "x", **found) -> dict:
    about = {"places": [PLACE] * arms, "missing": None, "reduced": [], "resized": False, "recipe": None, **found}
    paper = {"paper": PAPER} if owner == "paper" else {}
    return {"id": name, "owner": owner, "ask": ask, "found": {"reported": about}, **paper}


@pytest.fixture
def study(monkeypatch):
    """A study whose arms have given numbers, in the order in which they are measured."""
    recipes = {"r": {"split": "s", "source": {}}}
    plan = SimpleNamespace(recipes=recipes, rounds=(), level=0.95, has_all_seeds=lambda place: True)
    made = SimpleNamespace(numbers=[], stand_in=None, plan=plan)
    made.card = lambda recipe: {"control": None, "origin": {"stand_in": made.stand_in}}
    variant = SimpleNamespace(recipe="r", model="m", key=("r", "m", "s"), runs=())
    monkeypatch.setattr(judging, "variant_at", lambda study, place: variant)
    monkeypatch.setattr(judging, "label", lambda study, variant: "a rival")

    def measure(study, variant, number, called):
        found = made.numbers.pop(0)
        return found if isinstance(found, Unmeasured) else Measured(scores(found), (f"{called}: odd",))

    monkeypatch.setattr(judging, "measure", measure)
    return made


def judged(study, given: dict, *numbers):
    study.numbers = list(numbers)
    return judge_claims(study, [given])[given["id"]]["reported"]


def test_a_claim_of_full_size_is_judged_as_its_rule_says(study):
    found = judged(study, claim(DIFFERENCE, 2), HIGH, LOW)
    assert (found.finding.word, found.caps, found.question) == ("replicated", (), "this_set")
    assert found.flags == ("ours: odd",)
    assert judged(study, claim(DIFFERENCE, 2), LOW, HIGH).finding.word == "not replicated"


@pytest.mark.parametrize(
    ("ask", "numbers", "word"),
    [
        (DIFFERENCE, (HIGH, LOW), "direction only"),
        (DIFFERENCE, (LOW, HIGH), "inconclusive"),
        ({**DIFFERENCE, "kind": "same", "margin": {"value": 9, "from": "paper"}}, (HIGH, LOW), "inconclusive"),
        (VALUE, (HIGH,), "not run"),
    ],
)
def test_a_reduced_run_neither_replicates_nor_refutes_a_paper(study, ask, numbers, word):
    found = judged(study, claim(ask, len(numbers), reduced=["epochs 3, not 200"]), *numbers)
    assert (found.finding.word, found.caps) == (word, ("epochs 3, not 200",))


def test_a_stand_in_caps_likewise_and_claims_of_ours_too_but_not_those_of_controls(study):
    study.stand_in = "cells of another source"
    caps = ("epochs 3, not 200", "a stand-in, not the official data")
    for owner in ("paper", "ours"):
        found = judged(study, claim(DIFFERENCE, 2, owner, reduced=["epochs 3, not 200"]), HIGH, LOW)
        assert (found.finding.word, found.caps) == ("direction only", caps)
    control = judged(study, claim(DIFFERENCE, 2, "control", reduced=["epochs 3, not 200"]), HIGH, LOW)
    assert (control.finding.word, control.caps) == ("replicated", ())


def test_an_anchor_is_shown_and_never_judged(study):
    found = judged(study, claim({**VALUE, "anchor": True}, 1), HIGH).finding
    assert (found.word, found.decides) == ("not run", None)
    assert found.estimate.value == pytest.approx(5.1)


def test_what_is_not_there_is_not_run_with_the_reason(study):
    assert judged(study, claim(DIFFERENCE, 2, missing="preset full has it")).finding == Finding(
        "not run", "preset full has it"
    )
    assert judged(study, claim(DIFFERENCE, 2), HIGH, Unmeasured("the test split was not read")).finding.reason == (
        "the test split was not read"
    )
    ask = {"kind": "missing", "needs": "model", "because": "nothing has it", "cost": "three runs"}
    assert judged(study, claim(ask, 0)).finding.reason == "needs a model: nothing has it; it would take three runs"


def test_a_seed_without_a_number_leaves_the_claim_open(study):
    found = judged(study, claim(DIFFERENCE, 2), np.array([5.0, np.nan, 5.2]), LOW).finding
    assert found.word == "inconclusive"
    event = {"kind": "share", "of": [ARM], "event": {"number": NUMBER, "above": 2}, "expect": "most"}
    assert judged(study, claim(event, 1), np.array([5.0, np.nan, 5.2])).finding.word == "inconclusive"


def test_an_event_is_counted_over_seeds(study):
    event = {"kind": "share", "of": [ARM], "event": {"number": NUMBER, "above": 2}, "expect": "most"}
    assert judged(study, claim(event, 1), np.arange(3.0, 9.0)).finding.word == "replicated"
    assert judged(study, claim(event, 1), np.arange(6.0) - 5).finding.word == "not replicated"


def test_a_fact_about_a_model_of_another_size_is_not_judged(study, monkeypatch):
    monkeypatch.setitem(judging.FACTS, "parameter_count", lambda study, members: 12.0)
    ask = {"kind": "fact", "fact": "parameter_count", "of": ARM, "reported": {"value": 10, "digits": 1}, "offset": -2}
    assert judged(study, claim(ask, 1)).finding.word == "replicated"
    assert judged(study, claim(ask, 1, reduced=["batch_size 32, not 512"])).finding.word == "replicated"
    assert judged(study, claim(ask, 1, reduced=["hidden 8, not 64"], resized=True)).finding.word == "not run"


def test_conjunctions_and_conflicts_come_after_their_members_whatever_the_order(study):
    first, second = (claim(DIFFERENCE, 2, name=name) for name in ("a", "b"))
    both = claim({"kind": "all", "claims": ["a", "b"]}, 0, name="both")
    outer = claim({"kind": "all", "claims": ["both", "a"]}, 0, name="outer")
    fight = claim({"kind": "conflict", "claims": ["a", "b"]}, 0, name="fight")
    study.numbers = [HIGH, LOW, LOW, HIGH]
    found = judge_claims(study, [outer, fight, both, first, second])
    assert list(found) == ["outer", "fight", "both", "a", "b"]
    assert [found[name]["reported"].finding.word for name in ("a", "b", "both", "outer")] == [
        "replicated",
        "not replicated",
        "not replicated",
        "not replicated",
    ]
    assert found["fight"]["reported"].finding.reason == "a stands; b falls"


def test_scores_on_other_items_keep_their_own_error_and_share_none():
    generator = np.random.default_rng(0)
    one, two = (ItemScores.of_items(generator.normal(size=(3, size))) for size in (40, 50))
    first, second = together([one, two], same=False)
    assert first.items == second.items == 90
    assert float(np.abs(first.parts @ second.parts.T).max()) == 0.0
    np.testing.assert_allclose(first.parts @ first.parts.T, one.parts @ one.parts.T)
    assert together([one, one], same=True) == [one, one]
    bare = together([one, scores(HIGH)], same=True)
    assert [arm.items for arm in bare] == [0, 0]


def test_items_are_the_same_where_recipes_only_show_them_otherwise():
    base = {"split": "official", "source": {"dataset": "d"}, "encoding": "onehot"}
    cut = {**base, "windows": {"length": 200, "step": 1}}
    recipes = {
        "a": base,
        "shown": {**base, "encoding": "kmer2", "normalisation": "zscore", "label_fraction": {"p": 0.1}},
        "split": {**base, "split": "random"},
        "data": {**base, "source": {"dataset": "e"}},
        "cut": cut,
        "piece": {**cut, "windows": {**cut["windows"], "piece": 10}},
        "tokens": {**cut, "encoding": "kmer4"},
    }
    study = SimpleNamespace(plan=SimpleNamespace(recipes=recipes))

    def same(*names: str) -> bool:
        return same_items(study, [SimpleNamespace(recipe=name) for name in names])

    assert same("a", "shown", "a")
    assert same("cut", "piece")
    assert not any(same(*pair) for pair in (("a", "split"), ("a", "data"), ("cut", "tokens")))


def test_a_rival_that_diverged_is_no_better_than_the_choice(study):
    winner = {"kind": "winner", "of": ARM, "number": NUMBER, "best": "highest", "within": {"value": 1, "from": "paper"}}
    found = judged(study, claim(winner, 3), HIGH, LOW, np.array([np.nan, 9.0, 9.0]))
    assert found.finding.word == "replicated"
    assert len(found.variants) == 3


def test_a_quantity_that_these_runs_do_not_have_leaves_its_claim_not_run(study, monkeypatch):
    def measure(*_):
        raise ReplisomeError("no motif is known of this protein.")

    monkeypatch.setattr(judging, "measure", measure)
    assert judged(study, claim(DIFFERENCE, 2)).finding == Finding("not run", "no motif is known of this protein.")


def test_a_capped_verdict_asks_for_no_more_seeds(study):
    found = judged(study, claim(DIFFERENCE, 2, reduced=["epochs 3, not 200"]), HIGH, HIGH + 0.01)
    assert (found.finding.word, found.finding.decides) == ("inconclusive", None)


def test_what_the_leak_is_worth_is_not_told_by_runs_that_were_reduced_in_different_ways(study):
    made = claim(DIFFERENCE, 2)
    full, reduced = (
        judged(study, claim(DIFFERENCE, 2, reduced=less), HIGH, LOW) for less in ([], ["epochs 3, not 200"])
    )
    assert _leak(study, made, {"reported": full, "sound": full})["estimate"] == 0
    assert _leak(study, made, {"reported": reduced, "sound": reduced})["estimate"] == 0
    assert _leak(study, made, {"reported": reduced, "sound": full}) is None
