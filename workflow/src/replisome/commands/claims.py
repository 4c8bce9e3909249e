"""``replisome claims``: the verdicts on all claims, for people and for CI."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from replisome.errors import ReplisomeError

USUAL = Path("results")  # where the workflow's configurations lie, seen from the repository's folder
FULL = USUAL / "full"


@click.command()
@click.argument("folder", metavar="[RESULTS]", required=False, type=click.Path(path_type=Path))
@click.option("--results", type=click.Path(path_type=Path), help="The same as RESULTS.")
@click.option("--study", default="", help="Only the claims of one study.")
@click.option("--lock", metavar="FILE", type=click.Path(path_type=Path), help="Write the verdicts to a file to commit.")
@click.option(
    "--check", metavar="FILE", type=click.Path(path_type=Path), help="Fail where a verdict differs from FILE."
)
@click.option("--json", "as_json", is_flag=True, help="Print all of it as JSON, for programs.")
def claims(
    folder: Path | None, results: Path | None, study: str, lock: Path | None, check: Path | None, as_json: bool
) -> None:
    """Show the verdicts on all claims, lock them, or check them against a lock file.

    RESULTS is a results folder, such as results/demo, or a study's in it; results/full where none is given. 'replisome
    show RESULTS CLAIM' says all of one claim.
    """
    if folder is not None and results is not None:
        raise click.UsageError("give the results folder once: as RESULTS or with --results")
    if lock is not None and check is not None:
        raise click.UsageError("give either --lock or --check")
    if study and (lock is not None or check is not None):
        raise click.UsageError("a lock file is about all claims: leave out --study")
    chosen = folder or results or _usual()
    found = _verdicts(chosen, study)
    if lock is not None:
        from replisome.claims.lock import write_lock  # noqa: PLC0415 -- help and completion need none of it

        write_lock(lock, found)
        print(f"{lock}: {len(found)} claims.")
    elif check is not None:
        _check(chosen, found, check)
    else:
        _show(found, study, as_json)


def _usual() -> Path:
    """Return the folder of the full results.

    Raises:
        ReplisomeError: it is not there; names those that are.
    """
    if FULL.is_dir():
        return FULL
    others = sorted(str(path.parent) for path in USUAL.glob("*/claims.json"))
    there = f"here are {', '.join(others)}" if others else "such as results/demo"
    raise ReplisomeError(
        f"{FULL}: there is no such folder; name the results folder: replisome claims RESULTS ({there})."
    )


def _verdicts(folder: Path, study: str) -> Sequence[Mapping[str, Any]]:
    """Return the verdicts in a results folder, or in a study's.

    Raises:
        ReplisomeError: there are none, or none of that study.
    """
    from replisome.api.results import CLAIMS, open_results  # noqa: PLC0415
    from replisome.errors import did_you_mean  # noqa: PLC0415
    from replisome.tracking.verify import read_verified  # noqa: PLC0415

    path = folder / CLAIMS
    found: Sequence[Mapping[str, Any]]
    found = read_verified(path)["claims"] if path.exists() else open_results(folder).verdicts()
    known = {claim["study"] for claim in found}
    if study and study not in known:
        raise ReplisomeError(f"{folder}: holds no claims of a study '{study}'{did_you_mean(study, known)}")
    return found


def _check(folder: Path, found: Sequence[Mapping[str, Any]], lock: Path) -> None:
    """Compare verdicts with those of a lock file.

    Raises:
        ReplisomeError: they differ, or it is no lock file.
    """
    from replisome.claims.lock import changes  # noqa: PLC0415

    differ = changes(lock, found)
    if differ:
        shown = "\n  ".join(differ)
        raise ReplisomeError(
            f"{len(differ)} verdicts are not those of {lock}:\n  {shown}\nWhere that is right, write the lock anew "
            f"(replisome claims {folder} --lock {lock}) and commit it."
        )
    print(f"All verdicts are those of {lock}.")


def _show(found: Sequence[Mapping[str, Any]], study: str, as_json: bool) -> None:
    from replisome.api.about.many import about_claims  # noqa: PLC0415
    from replisome.commands.pages import Page, print_json  # noqa: PLC0415
    from replisome.commands.show_many import show_claims  # noqa: PLC0415

    about = about_claims(found, study)
    if as_json:
        print_json(about)
    else:
        show_claims(Page(), about)
