"""What claims of the genome study ask beside scores: bits beyond an entropy or oracle, gain from context, facts."""

import math
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from planning import load

from replisome.analysis.results import StudyResults
from replisome.analysis.variants import variants
from replisome.errors import ReplisomeError
from replisome.studies.genome import quantities
from replisome.studies.genome.predictions import Windows

# By seed, window and position; two seeds, two windows of six tokens.
BITS = np.array(
    [
        [[9.0, 2.0, 4.0, 9.0, 1.0, 2.0], [2.0, 2.0, 2.0, 2.0, 2.0, 2.0]],
        [[9.0, 3.0, 5.0, 9.0, 1.0, 2.0], [2.0, 2.0, 4.0, 2.0, 2.0, 2.0]],
    ]
)
CARDS = {
    "control": {"control": "markov", "ceiling": {"expected": 1.5}, "oracle": {"test": 1.25}},
    "genes": {"control": "genes", "oracle": {"test": 1.75}},
    "real": {"control": None},
}


@pytest.fixture(scope="module")
def plan():
    two_seeds = {"genome": {"experiments": {"models": {"seeds": 2}}}}
    return load(studies=["genome"], overrides=two_seeds).studies["genome"]


@pytest.fixture
def model(plan, tmp_path):
    """A study of one network, with two seeds, whose test predictions are BITS; and the network."""
    study = StudyResults(plan, tmp_path, pd.DataFrame())
    (variant,) = variants(study, "models")
    rows = {
        run.key: pd.DataFrame({"bits": list(bits), "right": [np.zeros(6, bool)] * 2})
        for run, bits in zip(variant.runs, BITS, strict=True)
    }
    study.__dict__.update(cards=CARDS, tested=frozenset(rows), lost=frozenset())
    study.__dict__["predictions"] = lambda run, weights=None, split="test": rows[run.key]
    windows = Windows(pd.DataFrame({"contig": [0, 0]}), np.arange(2), None)
    study.once(("windows", "control", "test"), lambda: windows)
    return study, variant


def test_bits_beyond_the_entropy_keep_what_each_window_adds(model):
    found = quantities.above_entropy(*model)
    np.testing.assert_allclose(found.values, [(27 + 12) / 12 - 1.5, (29 + 14) / 12 - 1.5])
    assert (found.items, found.groups) == (2, 2)
    np.testing.assert_allclose(found.parts[0], np.array([27 / 6 - 39 / 12, 2 - 39 / 12]) / 2 * math.sqrt(2))


def test_bits_beyond_the_oracle_are_those_beyond_its_mean_on_the_test_windows(model):
    np.testing.assert_allclose(quantities.above_oracle(*model).values, [39 / 12 - 1.25, 43 / 12 - 1.25])


def test_a_genome_of_unknown_entropy_is_refused_with_a_remedy(model):
    study, _ = model
    with pytest.raises(ReplisomeError, match="'genes' has no genome of known entropy rate; name one"):
        quantities.above_entropy(study, SimpleNamespace(recipe="genes"))
    with pytest.raises(ReplisomeError, match="'real' is not simulated; name one of a control"):
        quantities.above_oracle(study, SimpleNamespace(recipe="real"))


def test_gain_from_context_compares_each_window_with_itself(model):
    found = quantities.gain_from_context(*model, after=1, until=3, beyond=4)
    # Seed 0: (2 + 4) / 2 - (1 + 2) / 2 = 1.5 and 0; seed 1: (3 + 5) / 2 - 1.5 = 2.5 and 3 - 2 = 1.
    np.testing.assert_allclose(found.values, [0.75, 1.75])
    assert found.items == 2
    assert found.trained


@pytest.mark.parametrize(("after", "until", "beyond"), [(1, 3, 6), (3, 3, 4), (1, 4, 3), (-1, 3, 4)])
def test_tokens_that_windows_do_not_have_are_refused(model, after, until, beyond):
    with pytest.raises(ReplisomeError, match=f"< 6, the tokens of a window of recipe 'control'; got {after}, "):
        quantities.gain_from_context(*model, after=after, until=until, beyond=beyond)


def test_what_was_not_tested_has_no_number_for_any_seed(model):
    study, variant = model
    study.__dict__["tested"] = frozenset()
    for found in (
        quantities.above_entropy(study, variant),
        quantities.above_oracle(study, variant),
        quantities.gain_from_context(study, variant, after=1, until=3, beyond=4),
    ):
        assert np.isnan(found).tolist() == [True, True]


def test_guessing_costs_the_logarithm_of_the_number_of_tokens(model):
    study, _ = model
    assert quantities.chance_loss(study, "control") == pytest.approx(1.386294, abs=1e-6)
    assert quantities.chance_loss(study, "control_kmer4") == pytest.approx(5.545177, abs=1e-6)


def test_the_third_model_has_two_more_layers_than_the_second_and_no_more_hidden_units(model):
    study, _ = model
    added = {
        name: quantities.setting_added(study, "control_kmer4", setting=name, to="kmer_lstm_deep", beyond="kmer_lstm")
        for name in ("hidden", "embedding", "layers")
    }
    assert added == {"hidden": 0, "embedding": 0, "layers": 2}


# ---- the claims that ask for them


def judged(plan, owner):
    """Return the claims of an owner that ask something of runs, and whether the plan has these."""
    found = {claim["id"]: claim["found"].values() for claim in plan.claims if claim["owner"] == owner}
    return {name: all(one["missing"] is None for one in places) for name, places in found.items() if places}


def test_each_claim_about_a_control_is_judged_in_the_demo_and_none_of_the_papers(plan):
    controls = judged(plan, "control")
    assert len(controls) >= 9
    assert all(controls.values())
    runs = {claim["id"] for claim in plan.claims if claim["ask"]["kind"] not in ("missing", "conflict", "all")}
    assert not any(there for name, there in judged(plan, "paper").items() if name in runs)


def test_each_claim_of_the_paper_and_each_of_ours_has_its_runs_at_full_settings():
    full = load(preset="full", studies=["genome"], stand_ins=True).studies["genome"]
    assert all(judged(full, "ours").values())
    assert all(judged(full, "paper").values())
