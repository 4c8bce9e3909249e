"""What a call of the workflow is about, written beside the results, so that others can see how far it is.

The file is written when jobs begin and again when jobs are added or fail; which have begun or ended shows in their logs
and outputs. A job is named by its log below ``logs``: ``train/STUDY/RECIPE/MODEL/SLUG/SEED``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from replisome.io import write_text

FILE = ".sweep.json"


@dataclass(frozen=True)
class PlannedJob:
    """One job of a call.

    Attributes:
        result: its output that is written last, below the results folder.
        to_do: whether this call runs it; otherwise its results were current.
    """

    result: str
    to_do: bool


@dataclass(frozen=True)
class SweepPlan:
    """All jobs of a call, and which of them failed.

    Attributes:
        since: when the call began, in seconds, by the clock of the file system; results of before are not of this call.
        studies: by name, which tells a study's folder of logs from others.
        jobs: by name.
        failed: by name, the time of the job's log when it failed: a later one is that of another try.
    """

    since: float
    studies: tuple[str, ...]
    jobs: Mapping[str, PlannedJob]
    failed: Mapping[str, float] = field(default_factory=dict)

    def write(self, results: Path) -> None:
        """Write the plan into a results folder."""
        content = {
            "since": self.since,
            "studies": list(self.studies),
            "jobs": {name: [job.result, job.to_do] for name, job in self.jobs.items()},
            "failed": dict(self.failed),
        }
        write_text(results / FILE, json.dumps(content, separators=(",", ":"), sort_keys=True) + "\n")


def read_plan(results: Path) -> SweepPlan | None:
    """Return the plan of the last call in a results folder; None where none was written, or by another version."""
    try:
        content = json.loads((results / FILE).read_text(encoding="utf-8"))
        jobs = {name: PlannedJob(str(result), bool(to_do)) for name, (result, to_do) in content["jobs"].items()}
        failed = {name: float(when) for name, when in content["failed"].items()}
        return SweepPlan(float(content["since"]), tuple(content["studies"]), jobs, failed)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
