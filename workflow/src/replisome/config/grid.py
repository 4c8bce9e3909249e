"""From an experiment's grid to runs: pure functions, slugs and canonical JSON."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from typing import Any, NamedTuple

from replisome.config.tested_weights import evaluation_settings
from replisome.errors import ReplisomeError
from replisome.io import canonical_json
from replisome.tracking.expected import differences

SLUG_VALUE = re.compile(r"[A-Za-z0-9_.-]+")
# Not a comma: Snakemake splits wildcards at commas when it hands a job to a cluster node (snakemake issue 2366).
SLUG_SEPARATOR = "+"
SLUG_LIMIT = 200  # a file name may have 255 bytes
DEFAULT_SLUG = "default"
SEED = "seed"  # the key of a configuration in which the runs of a variant differ


class Parent(NamedTuple):
    """Where a run takes hyperparameters from: the best of a model in an experiment, under a recipe, on validation."""

    experiment: str
    model: str
    recipe: str


@cache
def _block(text: str) -> Any:
    """Return what canonical JSON says: one object for all variants of the same recipe, budget or training settings."""
    return json.loads(text)


class Variant(NamedTuple):
    """What runs that differ in their seed alone have in common: kept once for all of them, however many there are.

    Attributes:
        settings: all but the seed, as JSON has them.
        before: the canonical JSON of the keys that stand before the seed.
        after: of those that stand after it.
    """

    settings: dict[str, Any]
    before: str
    after: str

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Variant:
        """Return the variant with these settings, which have no seed yet."""
        before = canonical_json({key: value for key, value in settings.items() if key < SEED})
        after = canonical_json({key: value for key, value in settings.items() if key > SEED})
        shared = {key: _block(canonical_json(value)) for key, value in settings.items()}
        return cls(shared, before[1:-1], after[1:-1])

    def with_seed(self, seed: int) -> str:
        """Return the canonical JSON of a run's whole configuration."""
        own = canonical_json({SEED: seed})[1:-1]
        return f"{{{','.join(part for part in (self.before, own, self.after) if part)}}}"


@dataclass(frozen=True)
class Run:
    """One training run; ``config`` is its canonical JSON and, besides the data, its only input.

    A run with a ``parent`` lacks what it inherits until the winner is known: see ``StudyPlan.resolve``. ``also_tested``
    are weights that the test split is scored with beside :attr:`weights`; they change nothing of the run itself.
    ``variant`` is what the runs of all seeds share, where that is known.
    """

    study: str
    recipe: str
    model: str
    slug: str
    seed: int
    experiment: str
    config: str
    parent: Parent | None = None
    also_tested: tuple[str, ...] = ()
    variant: Variant | None = field(default=None, repr=False, compare=False)

    @cached_property
    def directory(self) -> str:
        """Path below the results folder."""
        return f"{self.study}/{self.recipe}/runs/{self.model}/{self.slug}/seed={self.seed}"

    @property
    def settings(self) -> dict[str, Any]:
        """The run's configuration as a mapping."""
        return self._parsed if self.variant is None else {**self.variant.settings, SEED: self.seed}

    @cached_property
    def _parsed(self) -> dict[str, Any]:
        loaded: dict[str, Any] = json.loads(self.config)
        return loaded

    @property
    def weights(self) -> str:
        """The weights that the selection goes by and tables read: ``best`` on validation, or ``last``."""
        found: str = self.settings.get("weights", "best")
        return found

    @property
    def tested_weights(self) -> tuple[str, ...]:
        """All weights that the test split is scored with, :attr:`weights` first."""
        return (self.weights, *self.also_tested)

    @property
    def evaluation(self) -> dict[str, Any]:
        """What the scores on the test split depend on: the run and, where there are several, the kinds of weights."""
        return evaluation_settings(self.settings, self.tested_weights)

    @property
    def key(self) -> tuple[str, str, str, str, int]:
        """What the wildcards of the training rule say."""
        return (self.study, self.recipe, self.model, self.slug, self.seed)


def slug_value(value: Any) -> str:
    """Write one hyperparameter for a path: ``0.001``, ``true``, ``max``.

    Raises:
        ReplisomeError: the text would need characters that paths do not take everywhere.
    """
    if isinstance(value, bool) or value is None:
        text = json.dumps(value)
    else:
        text = f"{value}".replace("e+", "e") if isinstance(value, float) else f"{value}"  # 1e+20 is 1e20
    if not SLUG_VALUE.fullmatch(text):
        raise ReplisomeError(f"hyperparameter value {value!r}: only letters, digits and . _ - may stand in a path.")
    return text


def slug(values: Mapping[str, Any]) -> str:
    """Return ``k=v+k=v`` with sorted keys, or ``default`` where nothing varies.

    Raises:
        ReplisomeError: longer than a file name may be.
    """
    text = SLUG_SEPARATOR.join(f"{key}={slug_value(values[key])}" for key in sorted(values)) or DEFAULT_SLUG
    if len(text) > SLUG_LIMIT:
        raise ReplisomeError(
            f"slug '{text[:60]}...' has {len(text)} characters, more than a path takes; vary fewer keys."
        )
    return text


def points(grid: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    """Return every combination of a grid's values, keys in sorted order."""
    keys = sorted(grid)
    return [dict(zip(keys, values, strict=True)) for values in itertools.product(*(grid[key] for key in keys))]


def seeds(value: int | Sequence[int]) -> list[int]:
    """Read ``5`` as 0, 1, 2, 3, 4 and take a list as it is."""
    return list(range(value)) if isinstance(value, int) else list(value)


def _require_same_seeds(runs_of: Mapping[str, Sequence[Run]]) -> None:
    """Refuse experiments that train one configuration with other seeds: tables and claims would mix them in one mean.

    Raises:
        ReplisomeError: names both experiments, the configuration and the remedy.
    """
    first: dict[tuple[str, str, str], tuple[str, list[int]]] = {}
    for experiment, runs in runs_of.items():
        own: dict[tuple[str, str, str], list[int]] = {}
        for run in runs:
            own.setdefault((run.recipe, run.model, run.slug), []).append(run.seed)
        for key, found in own.items():
            other, before = first.setdefault(key, (experiment, found))
            if sorted(before) != sorted(found):
                recipe, model, slug = key
                raise ReplisomeError(
                    f"study '{runs[0].study}': experiments '{other}' and '{experiment}' both have {model}/{slug} "
                    f"(recipe {recipe}), with seeds {_listed(before)} and {_listed(found)}, which would be one mean. "
                    "Give both the same seeds, or keep them apart by a setting in the grid; a default written out is "
                    "enough."
                )


def _listed(values: Sequence[int]) -> str:
    return ", ".join(map(str, sorted(values)))


def distinct(runs_of: Mapping[str, Sequence[Run]]) -> list[Run]:
    """Drop runs that two experiments share; the first experiment keeps them, with all weights that either tests.

    Raises:
        ReplisomeError: two runs have the same path but different settings, or two experiments a configuration with
            different seeds.
    """
    _require_same_seeds(runs_of)
    first: dict[tuple[str, str, str, str, int], Run] = {}
    for run in itertools.chain.from_iterable(runs_of.values()):
        other = first.setdefault(run.key, run)
        if other.config != run.config:
            differ = sorted(differences(other.settings, run.settings))
            raise ReplisomeError(
                f"study '{run.study}': experiments '{other.experiment}' and '{run.experiment}' both have the run "
                f"{run.model}/{run.slug} (recipe {run.recipe}, seed {run.seed}) but with other {', '.join(differ)}. "
                "Put what differs into the grid, so that it shows in the path."
            )
        also = tuple(dict.fromkeys((*other.also_tested, *run.also_tested)))
        if also != other.also_tested:
            first[run.key] = replace(other, also_tested=also)
    return list(first.values())
