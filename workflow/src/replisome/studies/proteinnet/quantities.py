"""Numbers that claims of this study ask for and that are no scores: a quantity is of a variant's runs, a fact of none.

A quantity that is known chain by chain says so (:class:`replisome.analysis.intervals.ItemScores`); the others have one
number a seed. All are not a number where the test split was not scored.
"""

from __future__ import annotations

import numpy as np

from replisome.analysis.declare import fact, quantity
from replisome.analysis.intervals import ItemScores
from replisome.analysis.results import StudyResults
from replisome.analysis.scores import final_values, is_predicted, unscored
from replisome.analysis.variants import Variant, curve_table
from replisome.studies.proteinnet import predictions
from replisome.studies.proteinnet.metrics import Pairs

RESIDUES = 100  # the unit of a chain's length, so that slopes are of order one

# ---- of runs


@quantity
def loss_fall(study: StudyResults, variant: Variant) -> np.ndarray:
    """Return by how many percent each seed's validation loss fell from its first epoch to its least (seeds,)."""
    curves = curve_table(study, variant, "validation")
    found: np.ndarray = 100 * (1 - curves.min(axis=1, skipna=False) / curves[curves.columns[0]]).to_numpy()
    return found


@quantity
def log_gap_to_train(study: StudyResults, variant: Variant) -> np.ndarray:
    """Return the logarithm of each seed's last validation loss over that of a sample of training (seeds,).

    A difference of the losses themselves would grow and shrink with the loss that a network has reached.
    """
    validation, train = (
        curve_table(study, variant, split).ffill(axis=1).iloc[:, -1].to_numpy()
        for split in ("validation", "train_sample")
    )
    found: np.ndarray = np.log(validation / train)
    return found


@quantity
def rmse_above_oracle(study: StudyResults, variant: Variant) -> np.ndarray:
    """Return how far each seed's error on a control's test chains is above the oracle's (seeds,), in angstrom.

    The oracle knows how a control was folded, except for the errors of the turns. Not a number for real chains.
    """
    ceiling = study.cards[variant.recipe].get("ceiling", {}).get("oracle_on_this_draw", {})
    least: float = ceiling.get("test", np.nan)
    return np.asarray(final_values(study, variant, "rmse") - least)


@quantity
def slope_of_log_loss_on_length(study: StudyResults, variant: Variant) -> ItemScores:
    """Return by how much the logarithm of report C's loss of a test chain grows with its length, per 100 residues.

    A line is fitted to each seed's chains. The length is that of the residues that a network sees, up to the crop. The
    difference of two variants' slopes is the slope of their gap: below 0 where the first one gains with length.
    """
    if not is_predicted(study, variant):
        return _unknown(variant)
    seen = np.minimum(predictions.chains(study, variant.recipe).lengths, study.cards[variant.recipe]["crop"])
    with np.errstate(divide="ignore"):
        losses = np.log(predictions.scores(study, variant).paper_loss)
    return slopes(seen / RESIDUES, losses, trained=variant.trained)


@quantity
def striping(study: StudyResults, variant: Variant, beyond_true: bool = False) -> ItemScores:
    """Return how much of a grid the maps predicted for test chains show, in angstrom, mean over chains.

    A grid is whole rows and columns that lie above or below what is usual at their separations:
    :func:`spread_of_row_means`.

    Args:
        study: the study's results.
        variant: a tested variant.
        beyond_true: whether that of the true maps is taken off, which have some: what lies at the rim of a protein is
            far from all the rest.
    """
    if not is_predicted(study, variant):
        return _unknown(variant)
    pairs = Pairs.of(study.cards[variant.recipe]["crop"])
    number = len(predictions.chains(study, variant.recipe).names)
    true = [predictions.true_map(study, variant.recipe, one)[pairs.first, pairs.second] for one in range(number)]
    off = [spread_of_row_means(one, ~np.isnan(one), pairs) if beyond_true else 0.0 for one in true]
    tables = [study.predictions(run, variant.read_with) for run in variant.runs]
    found = [
        [
            spread_of_row_means(np.asarray(given, np.float64), ~np.isnan(one), pairs) - own
            for given, one, own in zip(table["distances"], true, off, strict=True)
        ]
        for table in tables
        if table is not None
    ]
    return ItemScores.of_items(np.array(found), trained=variant.trained)


def slopes(x: np.ndarray, y: np.ndarray, *, trained: bool = True) -> ItemScores:
    """Return the least-squares slope of each seed's scores on a property of the items.

    How a slope hangs on the choice of items is its influence function; the product of two seeds' is the covariance of
    their slopes, whatever the residuals' variances (White 1980, Econometrica 48:817), times n / (n - 2) for the two
    parameters that are fitted.

    Args:
        x: of each item (n,).
        y: scores by seed and item (seeds, n).
        trained: whether seeds can differ.

    Returns:
        A slope a seed, not a number where fewer than three items or no two of different ``x``.
    """
    n, apart = len(x), x - x.mean()
    if n < 3 or not apart.any():
        return ItemScores(np.full(len(y), np.nan), np.zeros((len(y), n)), n, n, trained)
    weights = apart / (apart**2).sum()
    found = y @ weights
    residuals = y - y.mean(axis=1, keepdims=True) - found[:, None] * apart
    return ItemScores(found, weights * residuals * np.sqrt(n / (n - 2)), n, n, trained)


def spread_of_row_means(distances: np.ndarray, known: np.ndarray, pairs: Pairs) -> float:
    """Return the standard deviation of a map's row means, after each separation's mean is taken off.

    Neighbours along the chain are near and others far, which the means take away. In a grid, whole rows of what is left
    lie above or below zero.

    Args:
        distances: of pairs (p,), in angstrom.
        known: which of them count (p,).
        pairs: whose they are.

    Returns:
        The standard deviation over the residues that have a pair, in angstrom.
    """
    first, second, separation = (part[known] for part in pairs)
    left = distances[known]
    left = left - (_sums(separation, left) / np.maximum(_sums(separation), 1))[separation]
    residues = int(pairs.second.max()) + 1
    both, twice = np.concatenate([first, second]), np.concatenate([left, left])
    counts = _sums(both, size=residues)
    return float((_sums(both, twice, residues)[counts > 0] / counts[counts > 0]).std())


def _sums(groups: np.ndarray, values: np.ndarray | None = None, size: int = 0) -> np.ndarray:
    """Return the sum of values, or their number, in each group 0, 1, ... (groups,)."""
    found: np.ndarray = np.bincount(groups, values, size)
    return found


def _unknown(variant: Variant) -> ItemScores:
    """Return scores of which none is a number."""
    return ItemScores.of_seeds(unscored(variant), trained=variant.trained)


# ---- of none


@fact
def percent_below(study: StudyResults, recipe: str, loss: float, than: float) -> float:
    """Return by how many percent one printed loss is below another.

    Args:
        study: the study's results; what is printed is in the claim.
        recipe: whatever it is.
        loss: the one.
        than: the other.
    """
    return 100 * (1 - loss / than)


@quantity
def apart_from_mean_percent(study: StudyResults, variant: Variant) -> np.ndarray:
    """Return how far each seed's test loss is from the mean over seeds, in percent of that mean (seeds,)."""
    losses = final_values(study, variant, "paper_loss")
    if not len(losses):
        return unscored(variant)
    found: np.ndarray = 100 * np.abs(losses / losses.mean() - 1)
    return found
