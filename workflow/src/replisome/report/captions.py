"""Captions: reStructuredText in docstrings, HTML on the page, and files for Snakemake's own report."""

from __future__ import annotations

from docutils.core import publish_parts
from markupsafe import Markup

from replisome.config.plan import StudyPlan


def caption(text: str, plan: StudyPlan) -> Markup:
    """Return a caption as HTML, with the coverage of the study's intervals."""
    parts = publish_parts(
        at_level(text, plan),
        writer="html5",
        settings_overrides={"halt_level": 2, "file_insertion_enabled": False, "raw_enabled": False},
    )
    return Markup(parts["body"])  # noqa: S704 (our own captions)


def at_level(text: str, plan: StudyPlan) -> str:
    """Return a caption that names the coverage of a study's intervals: captions are written for one look at 95 %."""
    return text.replace("95 %", percent(plan))


def percent(plan: StudyPlan) -> str:
    """Return the coverage of a study's intervals as it is written: 95 %, or 98.3 % of one with rounds of seeds."""
    return f"{100 * plan.level:.3g} %"
