"""``replisome accept``: take results as they are."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--note", required=True, metavar="WHY", help="The reason; it is kept in accepted.json.")
def accept(path: Path, note: str) -> None:
    """Take results as they are, though the code or the files they were made from have changed since.

    PATH is a folder of results, such as a run's, or one that holds several. The workflow leaves them alone, and tables
    mark them 'accepted'. The note, accepted.json, lies beside the record, provenance.json; delete it to withdraw it. It
    holds until code, settings or inputs change again.
    """
    from replisome.stages.accept import run  # noqa: PLC0415 -- help and completion need none of it

    run(path, note)
