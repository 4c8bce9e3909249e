"""What the workflow must know of a study before it runs anything: its scores, its controls, what its splits hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from replisome.errors import ReplisomeError, did_you_mean


@dataclass(frozen=True)
class Score:
    """One score of a run: which direction is better, and how tables and figures show it.

    Attributes:
        name: its key in validation.json, metrics.json and the tidy table, and what ``select.metric`` says.
        better: whether the larger or the smaller value is better.
        title: its name for people, as it stands in a heading: "accuracy".
        unit: the unit it is shown in, "" where it has none.
        scale: what a stored value is multiplied by to be in ``unit``: 100 for a share shown in percent.
        format: how one value is written on the page, as in :func:`format`.
    """

    name: str
    better: Literal["max", "min"]
    title: str
    unit: str = ""
    scale: float = 1.0
    format: str = ".4f"

    @property
    def heading(self) -> str:
        """Return the title with its unit: ``accuracy (%)``."""
        return f"{self.title} ({self.unit})" if self.unit else self.title

    @property
    def difference_unit(self) -> str:
        """Return the unit of a difference between two values: points where they are in percent."""
        return "points" if self.unit == "%" else self.unit

    def written(self, value: float) -> str:
        """Return a stored value as the page shows it, with its unit."""
        return f"{format(value * self.scale, self.format)}{f' {self.unit}' if self.unit else ''}"


@dataclass(frozen=True)
class Study:
    """A study as its package declares it, under the name ``STUDY`` in its ``__init__.py``.

    Attributes:
        name: the package's name.
        scores: every score that its task gives, ``loss`` among them. The first is the study's own choice.
        controls: names of the simulated data sets; ``control.py`` draws each in a function ``draw_<name>``.
        simulated: what a control draws, in one word: "cells".
        items: what a split holds, in one word: "images".
        subject: what the data of a recipe are about, in one word that heads a column: "genome"; empty where the
            recipes' names say it all.
        shared: names of the tables that all splits of a recipe need, beside their own.
        augmentations: what the training key ``augment`` may be.
    """

    name: str
    scores: tuple[Score, ...]
    controls: tuple[str, ...]
    simulated: str
    items: str
    subject: str = ""
    shared: tuple[str, ...] = ()
    augmentations: tuple[str, ...] = ()

    def score(self, name: str) -> Score:
        """Return a score by its name.

        Raises:
            ReplisomeError: the study declares no such score.
        """
        for score in self.scores:
            if score.name == name:
                return score
        known = [score.name for score in self.scores]
        raise ReplisomeError(f"study '{self.name}' has no score '{name}'{did_you_mean(name, known)}")
