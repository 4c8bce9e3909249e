"""How a table, figure, quantity or fact says that it is one: a decorator above the function that makes it.

The decorators change nothing: what they say is read from the source (:mod:`replisome.config.declared`), so that
planning imports no plotting and no tables. The docstring below is the caption on the page, in reStructuredText. Neither
counts for staleness: another title or caption renders the page again and no more.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import pandas as pd
from matplotlib.figure import Figure

from replisome.analysis.plots import LeftOut
from replisome.analysis.results import StudyResults

Measures = TypeVar("Measures", bound=Callable[..., Any])
MakesTable = Callable[[StudyResults], pd.DataFrame]
MakesFigure = Callable[[StudyResults], Figure | LeftOut]


def table(title: str) -> Callable[[MakesTable], MakesTable]:
    """Declare the function below as a table with this title; it becomes ``tables/<name of the function>.csv``.

    A column ``x`` with neighbours ``x low`` and ``x high`` is an estimate with its 95 % interval.
    """
    return lambda function: function


def figure(title: str) -> Callable[[MakesFigure], MakesFigure]:
    """Declare the function below as a figure with this title; it becomes ``figures/<name of the function>.png``."""
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
