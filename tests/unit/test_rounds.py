"""Rounds of seeds: which seeds follow, what a look decides, which configurations the next round raises."""

import copy
import csv
import json

import numpy as np
import pytest
from planning import load, refused
from tests.simulations.rounds import HIGHER, SAME, STUDIES, cell

from replisome.analysis.intervals import ItemScores
from replisome.analysis.statistics import at_level, level_in_force, mean_over_seeds
from replisome.claims.finding import Finding
from replisome.claims.looks import Look, common_seeds, first_seeds, over_looks
from replisome.claims.next_round import plan_round
from replisome.config.rounds import level_of, more_seeds, next_round
from replisome.io import write_json
from replisome.stages import rounds
from replisome.tracking import rounds_begun

ROUNDS = (3, 6, 9, 12, 15)
TRIAL = "tests/trials/rates.yaml"


# ---- seeds and levels


def test_intervals_of_calibrated_rounds_and_of_others():
    assert level_of(()) == level_of((5,)) == 0.95
    assert level_of(ROUNDS) == 0.983
    assert level_of((4, 8)) == pytest.approx(0.975)  # Bonferroni's


@pytest.mark.parametrize(
    ("first", "number", "found"), [([0, 1, 2], 5, [0, 1, 2, 3, 4]), ([10, 11], 4, [10, 11, 12, 13])]
)
def test_new_seeds_follow_the_largest(first, number, found):
    assert more_seeds(first, number) == found


def test_the_round_after():
    assert [next_round(ROUNDS, seeds) for seeds in (1, 3, 5, 15)] == [3, 6, 6, None]


def test_rounds_that_do_not_grow_are_refused():
    refused("each round has more seeds than the one before it", overrides={"bloodmnist": {"seeds": {"rounds": [6, 3]}}})


def test_all_intervals_of_tables_have_the_level_of_the_study():
    values = [1.0, 2.0, 4.0]
    with at_level(level_of(ROUNDS)):
        wide = mean_over_seeds(values)
        assert level_in_force() == 0.983
    assert wide.high - wide.low > mean_over_seeds(values).high - mean_over_seeds(values).low
    assert level_in_force() == 0.95


# ---- the plan


def trial():
    return load(studies=[TRIAL], preset="full").studies["rates"]


def test_a_raised_configuration_has_more_runs_and_no_other_has():
    plan = trial()
    slug = "head=logits+lr=0.001+pool=none"
    raised = plan.raised([{"recipe": "cells", "model": "cnn", "slug": slug, "seeds": 6}])
    added = {run.key for run in raised.runs} - {run.key for run in plan.runs}
    assert added == {("rates", "cells", "cnn", slug, seed) for seed in (3, 4, 5)}
    assert (plan.round_number, raised.round_number) == (1, 2)


def test_a_selection_goes_by_the_first_seeds_so_that_no_round_changes_it():
    plan = trial()
    raised = plan.raised([{"recipe": "cells", "model": "cnn", "slug": "head=logits+lr=0.001+pool=max", "seeds": 15}])
    assert len(raised.runs) == len(plan.runs) + 12
    assert [run.key for run in raised.compared_runs("rates")] == [run.key for run in plan.compared_runs("rates")]
    assert raised.selection_settings("rates") == plan.selection_settings("rates")


# ---- looks


def finding(word, **changes):
    return Finding(word, f"it is {word}", **changes)


def looked(said, seeds, rounds=ROUNDS):
    """Look with so many seeds; ``said`` has by number of seeds what the rule says, and under None of all seeds."""
    return over_looks(rounds, seeds, lambda number: finding(said[number]))


def test_without_rounds_there_is_one_look():
    assert looked({None: "replicated"}, 5, ()) == (finding("replicated"), None)


def test_what_was_decided_stays_decided_and_both_are_told():
    said = {3: "inconclusive", 6: "replicated", 9: "not replicated", None: "not replicated"}
    found, look = looked(said, 9)
    assert (found.word, found.reason) == ("replicated", "it is replicated")
    assert look == Look(decided=2, now=3, of=5, later="not replicated")


def test_a_claim_that_no_look_decided_is_open():
    found, look = looked({3: "inconclusive", 6: "inconclusive", None: "inconclusive"}, 6)
    assert (found.word, look) == ("inconclusive", Look(decided=None, now=2, of=5))


def test_seeds_beyond_a_round_or_of_one_arm_alone_wait_for_the_next_look():
    found, look = looked({3: "inconclusive", None: "replicated"}, 5)
    assert (found.word, look) == ("inconclusive", Look(decided=None, now=1, of=5, later="replicated"))
    few, more = ItemScores.of_seeds(np.arange(3.0)), ItemScores.of_seeds(np.arange(9.0))
    assert common_seeds([few, more]) == 3


def test_before_the_first_round_nothing_is_decided():
    found, look = looked({None: "replicated"}, 2)
    assert (found.word, found.reason) == ("inconclusive", "fewer seeds than the first round has")
    assert look == Look(decided=None, now=0, of=5, later="replicated")


def test_more_seeds_than_the_last_round_has_make_no_further_look():
    said = dict.fromkeys((*ROUNDS, None), "inconclusive")
    assert looked(said, 20)[1] == Look(decided=None, now=5, of=5)


def test_the_numbers_are_those_of_all_seeds():
    found, _ = over_looks(ROUNDS, 6, lambda number: finding("replicated", p=0.01 if number is None else 0.5))
    assert found.p == 0.01


def test_a_direction_whose_size_is_open_is_no_decision():
    size = finding("inconclusive")
    assert finding("direction only", size=size).is_open
    assert finding("direction only", parts=(finding("replicated"), size)).is_open
    assert not finding("direction only", size=finding("not replicated")).is_open
    assert not finding("replicated").is_open


def test_a_solved_model_keeps_its_values_at_every_look():
    values = np.arange(4.0)
    assert len(first_seeds(ItemScores.of_seeds(values), 2).values) == 2
    assert len(first_seeds(ItemScores.of_seeds(values, trained=False), 2).values) == 4
    assert common_seeds([ItemScores.of_seeds(values, trained=False)]) is None
    assert looked({None: "replicated"}, None)[1] == Look(decided=1, now=1, of=5)


# ---- the next round


def claims_of(plan, **verdicts):
    """Return claims as they are written: by id the lrs that its arms have, and what differs from an open verdict."""
    look = {"decided": None, "now": 1, "of": 5, "later": None}
    usual = {"verdict": "inconclusive", "reason": "either may be higher", "low": -1.0, "decides": None, "look": look}
    found = []
    for name, (rates, changes) in verdicts.items():
        runs = [run.directory for run in plan.runs if any(f"lr={rate}+pool=none" in run.slug for rate in rates)]
        verdict = {**usual, "runs": runs, **changes}
        found.append({"id": name, "role": changes.get("role", "detail"), "verdicts": {"sound": verdict}})
    return found


def record(folder, seconds):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "provenance.json").write_text(json.dumps({"seconds": seconds}))


def test_a_round_raises_what_open_claims_use_and_says_what_it_takes(tmp_path):
    plan = trial()
    for run in plan.runs:
        record(tmp_path / run.directory, 100.0)
        record(tmp_path / run.directory / "test", 20.0)
    found = plan_round(
        plan,
        claims_of(plan, open=((0.001, 0.002), {}), done=((0.004,), {"verdict": "replicated", "look": {"decided": 1}})),
        tmp_path,
    )
    assert [(one.slug, one.before, one.seeds) for one in found.raises] == [
        ("head=logits+lr=0.001+pool=none", 3, 6),
        ("head=logits+lr=0.002+pool=none", 3, 6),
    ]
    assert (found.runs, found.seconds, found.claims) == (6, 720.0, ("open (sound)",))


def test_headlines_are_served_first_within_the_hours_then_what_costs_least(tmp_path):
    plan = trial()
    for run in plan.runs:
        record(tmp_path / run.directory, 1200.0 if "lr=0.004" in run.slug else 600.0)
    claims = claims_of(plan, dear=((0.004,), {}), cheap=((0.001,), {}), first=((0.002,), {"role": "headline"}))
    assert plan_round(plan, claims, tmp_path, hours=1.0).claims == ("first (sound)", "cheap (sound)")
    found = plan_round(plan, claims, tmp_path, hours=0.5)
    assert (found.claims, found.left) == (("first (sound)",), ("cheap (sound)", "dear (sound)"))
    assert plan_round(plan, claims, tmp_path, hours=0.0).raises == ()


@pytest.mark.parametrize(
    "why",
    [
        {"decides": {"seeds": None, "fewest": None, "most": None, "items_factor": 4.0}},
        {"low": None, "reason": "fewer than six groups of items"},
    ],
)
def test_seeds_go_to_no_claim_that_they_cannot_decide(why, tmp_path):
    plan = trial()
    found = plan_round(plan, claims_of(plan, claim=((0.001,), why)), tmp_path)
    assert (found.raises, found.hopeless) == ((), ("claim (sound)",))


def test_an_arm_that_is_behind_catches_up_before_any_other_goes_on(tmp_path):
    plan = trial()
    ahead = {"recipe": "cells", "model": "cnn", "slug": "head=logits+lr=0.001+pool=none", "seeds": 9}
    raised = plan.raised([ahead])
    found = plan_round(raised, claims_of(raised, claim=((0.001, 0.002), {})), tmp_path)
    assert [(one.slug, one.before, one.seeds) for one in found.raises] == [("head=logits+lr=0.002+pool=none", 3, 6)]


def test_a_capped_verdict_has_no_look_and_gets_no_seeds(tmp_path):
    found = plan_round(trial(), claims_of(trial(), claim=((0.001,), {"look": None})), tmp_path)
    assert (found.raises, found.hopeless) == ((), ())


def test_an_arm_that_stands_on_both_sides_counts_once(tmp_path):
    plan = trial()
    claims = claims_of(plan, claim=((0.001,), {}))
    claims[0]["verdicts"]["sound"]["runs"] *= 2
    assert [(one.before, one.seeds) for one in plan_round(plan, claims, tmp_path).raises] == [(3, 6)]


def test_a_study_without_rounds_is_not_raised():
    plan = load(studies=[TRIAL], preset="full", overrides={"rates": {"seeds": None}}).studies["rates"]
    slug = "head=logits+lr=0.001+pool=none"
    assert plan.raised([{"recipe": "cells", "model": "cnn", "slug": slug, "seeds": 6}]) is plan


def test_one_seed_is_a_reason_for_more(tmp_path):
    plan = trial()
    open_for = {"low": None, "reason": "one seed"}
    assert plan_round(plan, claims_of(plan, claim=((0.001,), open_for)), tmp_path).runs == 3


def test_after_the_last_round_a_claim_has_spent_its_seeds(tmp_path):
    plan = trial()
    slug = "head=logits+lr=0.001+pool=none"
    last = plan.raised([{"recipe": "cells", "model": "cnn", "slug": slug, "seeds": 15}])
    found = plan_round(last, claims_of(last, claim=((0.001,), {})), tmp_path)
    assert (found.raises, found.spent) == ((), ("claim (sound)",))


def test_rounds_that_were_begun_add_up(tmp_path):
    first = {"rates": {"raises": [{"recipe": "r", "model": "m", "slug": "s", "before": 3, "seeds": 6, "seconds": 1.0}]}}
    second = copy.deepcopy(first)
    second["rates"]["raises"][0] |= {"before": 6, "seeds": 9}
    rounds_begun.begin(tmp_path, [first, second])
    assert rounds_begun.begun(tmp_path) == [first, second]
    assert [one["seeds"] for one in rounds_begun.raises_of([first, second], "rates")] == [6, 9]
    assert rounds_begun.raises_of([first], "other") == []
    assert rounds_begun.finished(tmp_path) == 0  # no table yet
    write_json(tmp_path / "rounds" / "settings.json", {"begun": [first]})
    (tmp_path / "rounds.csv").write_text("study\n")
    assert rounds_begun.finished(tmp_path) == 2
    assert rounds_begun.begun(tmp_path / "elsewhere") == []


def test_a_damaged_list_of_rounds_says_what_to_do(tmp_path):
    (tmp_path / "rounds.json").write_text("{}")
    with pytest.raises(Exception, match=r"rounds\.json: is not a list of rounds\. Delete it"):
        rounds_begun.begun(tmp_path)


# ---- what rounds came to


def rows_of(tmp_path, begun, **looks):
    """Write rounds.csv of a study whose claims have such looks; ``begun`` are its rounds. Return its rows."""
    verdicts = {name: {"sound": {"look": look, "verdict": "inconclusive"}} for name, look in looks.items()}
    claims = [{"id": name, "role": "detail", "verdicts": found} for name, found in verdicts.items()]
    write_json(tmp_path / "a" / "claims.json", {"study": "a", "claims": claims})
    write_json(tmp_path / "rounds" / "settings.json", {"studies": {"a": list(ROUNDS)}, "begun": begun})
    rounds.run(tmp_path / "rounds" / "settings.json", tmp_path, tmp_path / "rounds")
    with (tmp_path / "rounds.csv").open(newline="") as handle:
        return list(csv.DictReader(handle))


def begun_with(seeds, before, **lists):
    one = {"recipe": "r", "model": "m", "slug": "s", "before": before, "seeds": seeds, "seconds": 1800.0}
    return {"a": {"raises": [one], **{key: lists.get(key, []) for key in ("claims", "left", "hopeless", "spent")}}}


def test_the_table_says_what_each_call_decided_and_left_open(tmp_path):
    for seed in range(9):
        record(tmp_path / f"a/r/runs/m/s/seed={seed}", 60.0)
    first = begun_with(6, 3, claims=["x (sound)", "y (sound)"], hopeless=["z (sound)"])
    second = begun_with(9, 6, claims=["y (sound)"], hopeless=["z (sound)"])
    looks = {"w": {"decided": 1}, "x": {"decided": 2}, "y": {"decided": None}, "z": {"decided": None}, "capped": None}
    rows = rows_of(tmp_path, [first, second], **looks)
    shown = [(row["call"], row["round"], row["runs"], row["served"], row["decided"], row["open"]) for row in rows]
    assert shown == [("1", "1", "", "", "1", "3"), ("2", "2", "3", "2", "1", "2"), ("3", "3", "3", "1", "0", "2")]
    assert [(row["expected_hours"], row["hours"]) for row in rows[1:]] == [("0.5", "0.05"), ("0.5", "0.05")]


def test_a_call_that_gave_a_study_no_seeds_is_no_row_of_its(tmp_path):
    nothing = {"a": {"raises": [], "claims": [], "left": [], "hopeless": ["x (sound)"], "spent": []}}
    assert [row["call"] for row in rows_of(tmp_path, [nothing, {"other": {}}], x={"decided": None})] == ["1"]


# ---- how often rounds err


@pytest.mark.slow
def test_false_verdicts_of_rounds_are_at_most_five_in_a_hundred():
    assert STUDIES >= 4000
    equal = cell("rounds", HIGHER, 0.0, level_of(ROUNDS))
    noise = 1.96 * (0.05 * 0.95 / STUDIES) ** 0.5
    assert equal.replicated + equal.not_replicated <= 0.05 + noise
    naive = cell("each look at 95 %", HIGHER, 0.0, 0.95, studies=2000)
    assert naive.replicated + naive.not_replicated > 0.1  # what the wider intervals are for


@pytest.mark.slow
def test_a_margin_lets_rounds_stop_where_there_is_nothing():
    same = cell("same", SAME, 0.0, level_of(ROUNDS), studies=1500)
    assert same.replicated > 0.95
    assert same.seeds < 12
