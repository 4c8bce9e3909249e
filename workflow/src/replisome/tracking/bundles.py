"""Bundles: short runs that one job works through, written down when the workflow plans and read where the job runs.

A bundle's file says all that its job needs. On a cluster node nobody plans which runs are finished: by then some are.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from replisome.errors import ReplisomeError
from replisome.io import canonical_json, write_text
from replisome.tracking.inputs import named
from replisome.tracking.stage_key import RECORD, Digest, is_current, text_hash

FOLDER = ".bundles"  # below the results


@dataclass(frozen=True)
class Member:
    """One call of a stage, as a job of its own would make it.

    Attributes:
        stage: its name.
        arguments: of the command line, after the name.
        folder: where the record will be.
        identity: the settings that its key is made of.
        inputs: files whose content the record names.
        writes: by path, the text of a file that the stage reads its settings from; none where another stage wrote it.
        log: where it says what it does.
        benchmark: where its seconds and memory go, as Snakemake writes them.
    """

    stage: str
    arguments: Sequence[str]
    folder: str
    identity: Mapping[str, Any]
    inputs: Sequence[str]
    writes: Mapping[str, str]
    log: str
    benchmark: str


@dataclass(frozen=True)
class Bundle:
    """What one job works through.

    Attributes:
        members: in their order.
        parallel: how many are under way at the same time.
        waits_for: files that other jobs make, before this one starts.
        resources: by name, what the job asks for.
        redo: whether members that were finished before this bundle was written are called all the same.
    """

    members: Sequence[Member]
    parallel: int
    waits_for: Sequence[str]
    resources: Mapping[str, int]
    redo: bool = False

    def name(self, *of: str) -> str:
        """Return the bundle's name: what it is ``of``, in words, how many members it has and a hash of what it does."""
        how = [self.parallel, self.redo, self.resources.get("gpu", 0)]
        content = text_hash(canonical_json([*how, *(asdict(member) for member in self.members)]))[:8]
        return ".".join([*of, str(len(self.members)), content])

    def write(self, path: Path) -> None:
        """Write the bundle, unless it is there; one that is to be done again counts from when it is written."""
        if self.redo or not path.exists():
            write_text(path, json.dumps(asdict(self), separators=(",", ":"), sort_keys=True) + "\n")


def read_bundle(path: Path) -> Bundle:
    """Read a bundle.

    Raises:
        ReplisomeError: there is no such file, or it is not a bundle.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        members = [Member(**member) for member in content.pop("members")]
        return Bundle(members=members, **content)
    except FileNotFoundError:
        raise ReplisomeError(
            f"{path}: no such file: the call of the workflow that planned this bundle is over. Run the same command "
            "again, which plans what is left."
        ) from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ReplisomeError(f"{path}: is not a bundle of runs; delete it and run the same command again.") from None


def is_finished(member: Member, digest: Digest, since: float = 0.0) -> bool:
    """Say whether a member's result is there and whole, of the settings, code and files that were planned.

    Args:
        member: of a bundle.
        digest: gives the hash of an input, or None where there is no such file.
        since: results that were written before do not count, in seconds by the clock of the file system.
    """
    folder = Path(member.folder)
    try:
        if (folder / RECORD).stat().st_mtime < since:
            return False
        left = json.loads((folder / RECORD).read_text(encoding="utf-8"))["outputs"]
    except (OSError, ValueError, KeyError, TypeError):
        return False
    if not all((folder / name).exists() for name in left):
        return False
    return is_current(folder, member.stage, dict(member.identity), named(folder, map(Path, member.inputs)), digest)
