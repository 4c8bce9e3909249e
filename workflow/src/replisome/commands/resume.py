"""``replisome resume``: go on with a call of the workflow that was killed."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import click


@click.command
@click.argument("results", type=click.Path(path_type=Path, exists=True, file_okay=False), required=False)
@click.option("--cancel", is_flag=True, help="End what still runs for it instead of waiting; runs save their state.")
@click.option("--dry-run", is_flag=True, help="Say what still runs and which command would follow; do nothing.")
def resume(results: Path | None, cancel: bool, dry_run: bool) -> None:
    """Go on with a call of the workflow that was killed, as by a reboot of the login node.

    RESULTS is its results folder; without it, the one below results/ that was used last. What still runs or waits for
    it, in SLURM's queue or on this machine, is waited for, so that nothing is done twice. Then the lock is taken away
    and the same command called in the same folder. What is finished stays.
    """
    from replisome.api import resume as again  # noqa: PLC0415 -- the help needs none of these
    from replisome.api.sweeps.sweep import newest_results  # noqa: PLC0415

    folder = newest_results(Path("results")) if results is None else results
    last = again.call_to_resume(folder)
    if dry_run:
        for job in again.still_at_work(folder, last):
            click.echo(f"{job.state.lower()}: {job.number} {job.name}")
        click.echo(f"in {last.folder}: snakemake {shlex.join(last.arguments)}")
        return
    again.await_end(folder, last, cancel, click.echo)
    click.echo(f"in {last.folder}: snakemake {shlex.join(last.arguments)}")
    sys.exit(again.call_again(last))
