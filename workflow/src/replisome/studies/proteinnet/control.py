"""Simulated chains: helices, strands and turns on a walk kept within a sphere, with profiles that show which is which.

Helices and strands have their ideal shape. Each turn is of one of four kinds, which the profile shows, and turns the
chain by that kind's angle, give or take a few degrees. Nothing shows these degrees, so not even an oracle knows them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.spatial.transform import Rotation

from replisome.data.encode.aminoacids import ALPHABET
from replisome.data.splits import SPLITS
from replisome.errors import ReplisomeError
from replisome.studies.proteinnet.metrics import Errors, Pairs, true_distances
from replisome.studies.proteinnet.records import PROFILE, Chain

HELIX, STRAND = 0, 1
# The turns: by how many degrees, about which axis of the chain's own frame (it runs along the third).
TURNS = {2: (150.0, (1, 0, 0)), 3: (150.0, (-1, 0, 0)), 4: (150.0, (0, 1, 0)), 5: (150.0, (0, -1, 0))}
STATES = 2 + len(TURNS)
LENGTHS = {HELIX: (8, 16), STRAND: (4, 9)}  # residues, the second not included
TURN = 3  # residues
STEP = 3.8  # angstrom between neighbouring alpha carbons
# Of an ideal alpha helix and an extended strand, in angstrom and degrees (Branden & Tooze 1999, chapter 2).
RADIUS, RISE, TWIST = 2.3, 1.5, 100.0
PLEAT, EXTENT = 0.9, 3.3
ROOM = 3.5  # radius of the sphere over residues ** 0.38; radii of gyration are then near 2.2 of that, as in real chains
REFOLDS = 64  # of each chain, behind the oracle's mean distances

Element = tuple[int, int]  # a state, and how many residues are in it


class Control(NamedTuple):
    """Drawn chains by split, the elements of each, and what they were drawn with."""

    chains: dict[str, list[Chain]]
    elements: dict[str, list[list[Element]]]
    jitter: float
    seed: int


class Oracle(NamedTuple):
    """Root mean squared errors over all pairs, in angstrom, of a predictor that knows all but the turns' errors.

    ``rmse`` is that on the drawn validation and test chains, ``expected`` that over all ways to fold the test chains.
    """

    rmse: dict[str, float]
    expected: float


def draw_folds(
    *,
    train: int = 480,
    validation: int = 60,
    test: int = 60,
    shortest: int = 36,
    longest: int = 64,
    jitter: float = 12.0,
    noise: float = 0.5,
    unknown: float = 0.03,
    seed: int = 1,
) -> Control:
    """Draw chains of helices, strands and turns.

    Args:
        train: number of training chains.
        validation: number of validation chains.
        test: number of test chains.
        shortest: the least number of residues of a chain.
        longest: the largest number of residues of a chain.
        jitter: standard deviation of each turn's rotation, in degrees about each axis; no profile shows it.
        noise: standard deviation of the profiles' logarithms.
        unknown: share of residues without coordinates.
        seed: of the random generator.

    Returns:
        The chains by split, with coordinates (residues, 3) float32 in angstrom, and what they were drawn with.

    Raises:
        ReplisomeError: a number out of range.
    """
    if min(train, validation, test) < 1 or not 10 <= shortest <= longest <= 2000 or seed < 0:
        raise ReplisomeError(
            "control 'folds': needs at least one chain a split, 10 to 2,000 residues (shortest no more than longest), "
            "and a seed of at least 0."
        )
    if not 0 <= unknown <= 0.5 or not 0 <= jitter <= 90 or not 0 <= noise <= 5:
        raise ReplisomeError(
            "control 'folds': unknown is from 0 to 0.5, jitter from 0 to 90 degrees, noise from 0 to 5."
        )
    rng = np.random.default_rng(seed)
    letters = rng.dirichlet(np.full(len(ALPHABET), 0.3), size=STATES) + 1e-3
    letters /= letters.sum(axis=1, keepdims=True)
    chains: dict[str, list[Chain]] = {}
    plans: dict[str, list[list[Element]]] = {}
    for split, count in zip(SPLITS, (train, validation, test), strict=True):
        plans[split] = [_plan(int(rng.integers(shortest, longest + 1)), rng) for _ in range(count)]
        chains[split] = [
            _chain(f"{split}_{number}", plan, letters, rng, jitter, noise, unknown)
            for number, plan in enumerate(plans[split], start=1)
        ]
    return Control(chains, plans, jitter, seed)


def oracle(control: Control, crop: int) -> Oracle:
    """Return what predicting the mean distance over many ways to fold the same elements reaches.

    No prediction from sequence and profile has a smaller expected squared error, because they show no more than the
    elements. The mean is over 64 ways, which adds some 1 % to the error on the drawn chains. The first ``crop``
    residues of each chain count.
    """
    rng = np.random.default_rng(control.seed + 1)
    rmse, spread, total = {}, 0.0, 0
    for split in ("validation", "test"):
        squared, number = [], []
        for chain, elements in zip(control.chains[split], control.elements[split], strict=True):
            pairs = Pairs.of(min(crop, len(chain.ca)))
            true = true_distances(chain.ca[:crop], chain.known[:crop], pairs)
            known = ~np.isnan(true)
            refolds = fold(elements, rng, control.jitter, REFOLDS)
            maps = np.linalg.norm(refolds[:, pairs.first[known]] - refolds[:, pairs.second[known]], axis=2)
            squared.append(((maps.mean(axis=0) - true[known]) ** 2).sum())
            number.append(known.sum())
            if split == "test":
                spread, total = spread + maps.var(axis=0, ddof=1).sum(), total + known.sum()
        rmse[split] = Errors(np.array(squared), np.array(number)).rmse
    return Oracle(rmse, float(np.sqrt(spread / total)))


def fold(elements: Sequence[Element], rng: np.random.Generator, jitter: float, copies: int) -> np.ndarray:
    """Return several ways to fold the same elements.

    Args:
        elements: the chain, element by element.
        rng: gives the turns' errors; it is drawn from once an element.
        jitter: standard deviation of these errors, in degrees about each axis.
        copies: how many ways.

    Returns:
        Coordinates (copies, residues, 3), float64, in angstrom.
    """
    frame, end = np.tile(np.eye(3), (copies, 1, 1)), np.zeros((copies, 3))
    parts = []
    for state, count in elements:
        error = np.deg2rad(jitter) * rng.standard_normal((copies, 3))
        part, frame = _element(state, count, frame, end, error)
        parts.append(part)
        end = part[:, -1]
    return np.concatenate(parts, axis=1)


def _element(
    state: int, count: int, frame: np.ndarray, end: np.ndarray, error: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the residues (copies, count, 3) of one element from ``end`` (copies, 3) on, and the frame after it.

    ``error`` (copies, 3) is added to a turn's rotation, in radians about each axis.
    """
    if state in TURNS:
        degrees, axis = TURNS[state]
        step = Rotation.from_rotvec((np.deg2rad(degrees) * np.array(axis) + error) / TURN).as_matrix()
        found = []
        for _ in range(count):
            frame = frame @ step
            end = end + STEP * frame[:, :, 2]
            found.append(end)
        return np.stack(found, axis=1), frame
    along = np.arange(count + 1)
    if state == HELIX:
        angle = np.deg2rad(TWIST) * along
        shape = np.stack([RADIUS * np.cos(angle), RADIUS * np.sin(angle), RISE * along], axis=1)
    else:
        shape = np.stack([PLEAT * (-1.0) ** along, np.zeros(count + 1), EXTENT * along], axis=1)
    local = shape[1:] - shape[0]
    return end[:, None] + np.einsum("cxk,nk->cnx", frame, local), frame


def _plan(length: int, rng: np.random.Generator) -> list[Element]:
    """Choose elements so that the chain, folded without error, keeps within a sphere about its middle."""
    room = ROOM * length**0.38
    elements: list[Element] = []
    frame, so_far = np.eye(3)[None], np.zeros((1, 3))
    while (left := length - sum(count for _, count in elements)) > 0:
        state = int(rng.integers(2))
        straight = (state, int(rng.integers(*LENGTHS[state])))
        turns = [(int(turn), TURN) for turn in rng.permutation(list(TURNS))]
        options = [_cut([turn, straight], left) for turn in turns] if elements else [_cut([straight], left)]
        ways = [_walk(option, frame, so_far[-1:]) for option in options]
        outside = [max(0.0, float(np.linalg.norm(way[-1] - so_far.mean(axis=0))) - room) for way, _ in ways]
        best = int(np.argmin(outside))
        elements += options[best]
        so_far = np.concatenate([so_far, ways[best][0]])
        frame = ways[best][1]
    return elements


def _cut(elements: Sequence[Element], most: int) -> list[Element]:
    """Return elements without what goes beyond ``most`` residues."""
    kept = []
    for state, count in elements:
        if most > 0:
            kept.append((state, min(count, most)))
            most -= count
    return kept


def _walk(elements: Sequence[Element], frame: np.ndarray, end: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the residues (n, 3) of elements folded without error from ``end`` (1, 3) on, and the last frame."""
    parts = []
    for element in elements:
        part, frame = _element(*element, frame, end, np.zeros((1, 3)))
        parts.append(part[0])
        end = part[:, -1]
    return np.concatenate(parts), frame


def _chain(
    name: str,
    elements: Sequence[Element],
    letters: np.ndarray,
    rng: np.random.Generator,
    jitter: float,
    noise: float,
    unknown: float,
) -> Chain:
    """Fold a chain once and give it letters, a profile and residues without coordinates."""
    states = np.repeat([state for state, _ in elements], [count for _, count in elements])
    chances = letters[states] * np.exp(noise * rng.standard_normal((len(states), len(ALPHABET))))
    chances /= chances.sum(axis=1, keepdims=True)
    drawn = np.array([rng.choice(len(ALPHABET), p=letters[state]) for state in states], np.uint8)
    entropy = -(chances * np.log(chances)).sum(axis=1, keepdims=True) / np.log(len(ALPHABET))
    profile = np.concatenate([chances, 1 - entropy], axis=1).astype(np.float32)
    assert profile.shape[1] == PROFILE
    known = rng.random(len(states)) >= unknown
    known[:2] = True  # so that every chain has a pair
    ca = fold(elements, rng, jitter, 1)[0]
    return Chain(name, drawn, profile, np.where(known[:, None], ca, 0).astype(np.float32), known)
