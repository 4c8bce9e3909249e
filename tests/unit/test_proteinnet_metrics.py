"""How maps of distances are judged: against plain loops and scipy; blind to rotation, mirroring, padding and gaps."""

import numpy as np
import pytest
from scipy.spatial.distance import pdist, squareform
from scipy.spatial.transform import Rotation

from replisome.studies.proteinnet.metrics import (
    LISTS,
    RANGES,
    TOLERANCES,
    Pairs,
    contact_precision,
    errors,
    lddt,
    true_distances,
)

N = 40


@pytest.fixture
def chain():
    """A random walk with gaps, and a prediction that is off by some angstrom."""
    rng = np.random.default_rng(3)
    steps = rng.standard_normal((N, 3))
    ca = 3.8 * np.cumsum(steps / np.linalg.norm(steps, axis=1, keepdims=True), axis=0)
    known = rng.random(N) > 0.2
    true = true_distances(ca, known, Pairs.of(N))
    predicted = pdist(ca) + rng.standard_normal(N * (N - 1) // 2) * 2
    return ca, known, true, predicted


def every_score(predicted, true, pairs):
    found = errors(predicted[None], true[None])
    contacts = contact_precision(predicted, true, pairs)
    return [found.rmse, found.drmsd[0], found.paper_loss[0], lddt(predicted[None], true[None])[0], *contacts.values()]


def test_true_distances_are_those_of_scipy_where_both_residues_are_known(chain):
    ca, known, true, _ = chain
    np.testing.assert_allclose(true, np.where(known[Pairs.of(N).first] & known[Pairs.of(N).second], pdist(ca), np.nan))


def test_errors_and_lddt_are_those_of_a_plain_loop(chain):
    ca, known, true, predicted = chain
    full, given = squareform(pdist(ca)), squareform(predicted)
    squared, near, kept = [], 0, 0
    for i in range(N):
        for j in range(N):
            if i != j and known[i] and known[j]:
                squared.append((full[i, j] - given[i, j]) ** 2)
                if full[i, j] < 15:
                    near += 1
                    kept += sum(abs(full[i, j] - given[i, j]) < tolerance for tolerance in TOLERANCES) / 4
    found = errors(predicted[None], true[None])
    assert found.rmse == pytest.approx(np.sqrt(np.mean(squared)))
    assert found.drmsd[0] == pytest.approx(found.rmse)
    assert found.paper_loss[0] == pytest.approx(sum(squared) * 100**2)  # both halves of the map, in pm^2
    assert lddt(predicted[None], true[None])[0] == pytest.approx(kept / near)


def test_pairs_are_pooled_over_chains_and_drmsd_is_by_chain(chain):
    _, _, true, predicted = chain
    other = np.full_like(true, np.nan)
    other[:3] = predicted[:3] + 5
    found = errors(np.stack([predicted, predicted]), np.stack([true, other]))
    assert found.drmsd[1] == pytest.approx(5)
    known = ~np.isnan(true)
    pooled = np.concatenate([(predicted - true)[known] ** 2, [25] * 3])
    assert found.rmse == pytest.approx(np.sqrt(pooled.mean()))


def test_contact_precision_is_that_of_a_plain_loop(chain):
    ca, known, true, predicted = chain
    full, given = squareform(pdist(ca)), squareform(predicted)
    found = contact_precision(predicted, true, Pairs.of(N))
    for name, (least, beyond) in RANGES.items():
        pairs = [(i, j) for i in range(N) for j in range(i) if least <= i - j < beyond and known[i] and known[j]]
        ranked = sorted(pairs, key=lambda pair: given[pair])
        for size, part in LISTS.items():
            top = ranked[: known.sum() // part]
            assert found[name, size] == pytest.approx(np.mean([full[pair] < 8 for pair in top])), (name, size)


def test_ties_count_as_if_drawn_by_chance():
    pairs = Pairs.of(60)
    rng = np.random.default_rng(1)
    true = rng.uniform(4, 30, len(pairs.first))
    long = pairs.separation >= 24
    assert contact_precision(np.zeros_like(true), true, pairs)["long", "L/5"] == pytest.approx((true[long] < 8).mean())
    by_separation = -pairs.separation.astype(float)  # the farthest along the chain are predicted nearest
    drawn = [
        contact_precision(by_separation + 1e-6 * rng.random(len(true)), true, pairs)["long", "L/2"] for _ in range(3000)
    ]
    assert contact_precision(by_separation, true, pairs)["long", "L/2"] == pytest.approx(np.mean(drawn), abs=0.01)


def test_a_range_without_pairs_has_no_precision():
    pairs = Pairs.of(12)
    found = contact_precision(np.ones(66), np.full(66, 5.0), pairs)
    assert np.isnan(found["long", "L"])
    assert found["short", "L/5"] == 1


@pytest.mark.parametrize("move", ["rotated", "moved", "mirrored"])
def test_rotating_moving_or_mirroring_a_chain_changes_no_score(chain, move):
    ca, known, true, predicted = chain
    turn = {
        "rotated": lambda x: x @ Rotation.random(rng=1).as_matrix().T,
        "moved": lambda x: x + np.array([300.0, -20.0, 7.0]),
        "mirrored": lambda x: x * np.array([1, 1, -1]),
    }[move]
    again = true_distances(turn(ca), known, Pairs.of(N))
    np.testing.assert_allclose(every_score(predicted, again, Pairs.of(N)), every_score(predicted, true, Pairs.of(N)))


def test_padding_changes_no_score(chain):
    ca, known, true, predicted = chain
    wide = Pairs.of(N + 13)
    padded = true_distances(ca, known, wide)
    given = np.full(len(wide.first), 77.0)  # whatever a model says beyond the end
    given[wide.second < N] = predicted
    np.testing.assert_allclose(every_score(given, padded, wide), every_score(predicted, true, Pairs.of(N)))


def test_unknown_residues_change_no_score(chain):
    ca, known, true, predicted = chain
    elsewhere = np.where(known[:, None], ca, 1e4)
    pairs = Pairs.of(N)
    unknown = ~(known[pairs.first] & known[pairs.second])
    given = np.where(unknown, -5.0, predicted)
    again = true_distances(elsewhere, known, pairs)
    np.testing.assert_allclose(every_score(given, again, pairs), every_score(predicted, true, pairs))


def test_a_perfect_map_has_no_error_and_every_near_distance():
    rng = np.random.default_rng(0)
    true = rng.uniform(4, 40, (3, 190))
    found = errors(true, true)
    assert found.rmse == 0
    assert (lddt(true, true) == 1).all()
