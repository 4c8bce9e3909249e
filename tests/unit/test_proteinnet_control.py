"""Simulated chains: their geometry, what profiles show, and the oracle."""

import numpy as np
import pytest

from replisome.errors import ReplisomeError
from replisome.studies.proteinnet.control import HELIX, ROOM, STRAND, TURNS, draw_folds, fold, oracle
from replisome.studies.proteinnet.metrics import Errors, Pairs, errors, true_distances

SMALL = {"train": 30, "validation": 12, "test": 15, "shortest": 20, "longest": 40}


@pytest.fixture(scope="module")
def drawn():
    return draw_folds(**SMALL)


def test_the_same_seed_draws_the_same_chains(drawn):
    again, other = draw_folds(**SMALL), draw_folds(**SMALL, seed=2)
    for one, two in zip(drawn.chains["test"], again.chains["test"], strict=True):
        assert one.name == two.name
        assert all(np.array_equal(a, b) for a, b in zip(one[1:], two[1:], strict=True))
    assert not np.array_equal(drawn.chains["test"][0].profile, other.chains["test"][0].profile)


def test_chains_are_as_long_as_asked_and_of_their_elements(drawn):
    assert [len(drawn.chains[split]) for split in ("train", "validation", "test")] == [30, 12, 15]
    for split, chains in drawn.chains.items():
        for chain, elements in zip(chains, drawn.elements[split], strict=True):
            assert 20 <= len(chain.letters) <= 40
            assert len(chain.letters) == sum(count for _, count in elements)
            states = [state for state, _ in elements]
            assert all(state in TURNS for state in states[1::2])
            assert all(state in (HELIX, STRAND) for state in states[::2])


@pytest.mark.parametrize(
    ("state", "apart", "distance"), [(HELIX, 4, 6.2), (STRAND, 2, 6.6), (HELIX, 1, 3.8), (STRAND, 1, 3.75)]
)
def test_helices_and_strands_have_their_ideal_shape(state, apart, distance):
    ca = fold([(state, 12)], np.random.default_rng(0), 10.0, 3)
    found = np.linalg.norm(ca[:, apart:] - ca[:, :-apart], axis=2)
    assert found == pytest.approx(np.full_like(found, distance), abs=0.1)


def test_turns_without_error_fold_alike_and_with_error_do_not():
    elements = [(HELIX, 9), (2, 3), (STRAND, 6)]
    maps = {}
    for jitter in (0.0, 12.0):
        ca = fold(elements, np.random.default_rng(0), jitter, 2)
        maps[jitter] = np.linalg.norm(ca[:, :, None] - ca[:, None], axis=3)
    assert maps[0.0][0] == pytest.approx(maps[0.0][1])
    assert np.abs(maps[12.0][0] - maps[12.0][1]).max() > 1
    assert maps[12.0][0][:9, :9] == pytest.approx(maps[12.0][1][:9, :9])  # before the turn nothing differs


def test_chains_keep_within_their_room():
    chains = draw_folds(train=40, validation=1, test=1, shortest=150, longest=150, jitter=0.0, unknown=0.0).chains[
        "train"
    ]
    radii = [np.sqrt(((chain.ca - chain.ca.mean(axis=0)) ** 2).sum(axis=1).mean()) for chain in chains]
    assert np.mean(radii) < ROOM * 150**0.38


def test_profiles_show_the_elements(drawn):
    """A nearest-mean classifier on the profiles finds helix, strand and each kind of turn."""
    profiles = {split: np.concatenate([c.profile for c in chains]) for split, chains in drawn.chains.items()}
    states = {
        split: np.concatenate([np.repeat(*np.array(plan).T) for plan in plans])
        for split, plans in drawn.elements.items()
    }
    means = np.stack([profiles["train"][states["train"] == state].mean(axis=0) for state in range(6)])
    assert set(states["train"]) == set(range(6))
    nearest = ((profiles["test"][:, None] - means) ** 2).sum(axis=2).argmin(axis=1)
    assert (nearest == states["test"]).mean() > 0.9


def test_the_oracle_beats_the_table_and_nothing_beats_it_in_expectation(drawn):
    found = oracle(drawn, 256)
    pairs = Pairs.of(40)
    true = {s: np.stack([true_distances(c.ca, c.known, pairs) for c in chains]) for s, chains in drawn.chains.items()}
    table = np.array([0.0, *(np.nanmean(true["train"][:, pairs.separation == k]) for k in range(1, 40))])
    of_table = errors(np.tile(table[pairs.separation], (15, 1)), true["test"]).rmse
    of_zeros = errors(np.zeros_like(true["test"]), true["test"]).rmse
    assert of_zeros > of_table > 1.3 * found.rmse["test"]
    # What the oracle expects is what it has on other folds of the same elements, whoever draws them.
    rng = np.random.default_rng(99)
    squared, number = [], []
    for chain, elements in zip(drawn.chains["test"], drawn.elements["test"], strict=True):
        own = Pairs.of(len(chain.ca))
        known = chain.known[own.first] & chain.known[own.second]
        maps = [np.linalg.norm(ca[own.first] - ca[own.second], axis=1)[known] for ca in fold(elements, rng, 12.0, 200)]
        squared.append(np.var(maps, axis=0).sum())
        number.append(known.sum())
    assert Errors(np.array(squared), np.array(number)).rmse == pytest.approx(found.expected, rel=0.05)


def test_without_error_the_oracle_knows_everything():
    assert oracle(draw_folds(**{**SMALL, "jitter": 0.0}), 256).expected < 1e-6


def test_the_oracle_is_judged_on_the_crop():
    drawn = draw_folds(**SMALL)
    assert oracle(drawn, 10).expected < oracle(drawn, 40).expected


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"train": 0}, "at least one chain a split"),
        ({"shortest": 30, "longest": 20}, "shortest no more than longest"),
        ({"shortest": 5}, "10 to 2,000 residues"),
        ({"unknown": 0.9}, "unknown is from 0 to 0.5"),
        ({"jitter": -1.0}, "jitter from 0 to 90"),
    ],
)
def test_options_out_of_range_are_a_message(options, message):
    with pytest.raises(ReplisomeError, match=f"control 'folds': .*{message}"):
        draw_folds(**options)
