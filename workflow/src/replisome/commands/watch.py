"""``replisome watch``: how far a sweep is, live, by its results folder alone."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.console import Console

    from replisome.api.sweeps.sweep import Sweep

WIDTH = 140  # columns where the output is no terminal


@click.command
@click.argument("results", type=click.Path(path_type=Path), required=False)
@click.option("--once", is_flag=True, help="Show it once and end, as it does where the output is no terminal.")
@click.option(
    "--interval",
    type=click.FloatRange(min=0.2),
    default=2.0,
    show_default=True,
    help="Seconds between two looks.",
)
def watch(results: Path | None, once: bool, interval: float) -> None:
    """Show how far a sweep is, live: jobs by stage and study, what trains, messages, the time that is left.

    RESULTS is a results folder, such as results/full; without it, the one below results/ that was used last. Nothing is
    written, and nothing but the folder is asked, so it does not matter where the jobs run: on this machine, on others
    that share its file system, or under SLURM. It ends with the sweep, or with Ctrl-C, which harms nothing.
    """
    from rich.console import Console  # noqa: PLC0415 -- the help needs none of these

    from replisome.api.sweeps.sweep import Sweep, newest_results  # noqa: PLC0415
    from replisome.commands.sweep_view import view  # noqa: PLC0415

    sweep = Sweep(newest_results(Path("results")) if results is None else results)
    sweep.look()
    console = Console()
    if once or not console.is_terminal or console.is_dumb_terminal:
        console = Console(width=console.width if console.is_terminal else WIDTH, highlight=False)
        console.print(view(sweep, console.width))
    else:
        follow(sweep, console, interval)


def follow(sweep: Sweep, console: Console, interval: float, seconds: float = float("inf")) -> None:
    """Show a sweep until it is over, or Ctrl-C is pressed.

    Args:
        sweep: that was looked at.
        console: a terminal.
        interval: seconds between two looks.
        seconds: after which to stop.
    """
    from rich.live import Live  # noqa: PLC0415

    from replisome.commands.sweep_view import view  # noqa: PLC0415

    end = time.monotonic() + seconds
    with Live(view(sweep, *console.size), console=console, auto_refresh=False) as live:
        try:
            while time.monotonic() < end and not (sweep.over() and not (sweep.call and sweep.call.alive)):
                time.sleep(interval)
                sweep.look()
                live.update(view(sweep, *console.size), refresh=True)
        except KeyboardInterrupt:
            live.update(view(sweep, *console.size), refresh=True)
