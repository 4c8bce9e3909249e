"""How a table, figure, quantity or fact says that it is one: a decorator above the function that makes it.

The decorators change nothing: what they say is read from the source (:mod:`replisome.config.declared`), so that
planning imports no plotting and no tables. The docstring below is the caption on the page, in reStructuredText. Neither
counts for staleness: another title or caption renders the page again and no more.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import pandas as pd

from replisome.analysis.plots import Drawn
from replisome.analysis.results import StudyResults

Measures = TypeVar("Measures", bound=Callable[..., Any])
MakesTable = Callable[[StudyResults], pd.DataFrame]
MakesFigure = Callable[[StudyResults], Drawn]


def table(title: str) -> Callable[[MakesTable], MakesTable]:
    """Declare the function below as a table with this title; it becomes ``tables/<name of the function>.csv``.

    A column ``x`` with neighbours ``x low`` and ``x high`` is an estimate with its 95 % interval.
    """
    return lambda function: function


def figure(title: str, *, pages: int = 1, image: bool = False) -> Callable[[MakesFigure], MakesFigure]:
    """Declare the function below as a figure with this title; it becomes ``figures/<name of the function>.png``.

    Args:
        title: on the page.
        pages: how many pages it may have, where the plan decides how many panels there are; the further ones become
            ``<name>-2.png`` and so on. Pages that a configuration does not need are left out.
        image: whether it shows pixels; the page then has its PNG, and of other figures the SVG.
    """
    return lambda function: function


def quantity(function: Measures) -> Measures:
    """Declare the function below as a quantity of runs that claims may name, in the study's ``quantities.py``.

    It is called with the study's results, a variant, and what the claim says under ``with``; it returns one number a
    seed (seeds,), or :class:`~replisome.analysis.intervals.ItemScores` where items tell it.
    """
    return function


def fact(function: Measures) -> Measures:
    """Declare the function below as a fact about data that claims may name, in the study's ``quantities.py``.

    It is called with the study's results, a recipe, and what the claim says under ``with``; it returns one number.
    """
    return function
