"""``replisome doctor``: whether machine and configuration are fit for a run, and what it takes."""

from __future__ import annotations

from pathlib import Path

import click

SCHEMA = "replisome/doctor/1"
SIGNS = {"ok": ("ok", "green"), "warning": ("warning", "yellow"), "wrong": ("wrong", "red")}


@click.command("doctor", short_help="whether this machine and configuration are fit for a run, and how long it takes")
@click.argument("more", nargs=-1, metavar="")
@click.option(
    "--configfile", "files", multiple=True, type=click.Path(path_type=Path), metavar="FILE...", help="As for snakemake."
)
@click.option("--config", "values", multiple=True, metavar="KEY=VALUE...", help="As for snakemake.")
@click.option("--cores", type=click.IntRange(1), help="Jobs at a time, as for snakemake.  [default: all cores]")
@click.option("--probe/--no-probe", default=True, help="Train a few steps where no record tells how fast runs are.")
@click.option(
    "--probe-seconds", type=click.FloatRange(1), default=20.0, show_default=True, help="How long all probes may take."
)
@click.option("--network/--no-network", default=True, help="Ask whether the addresses of missing files answer.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def doctor(
    more: tuple[str, ...],
    files: tuple[Path, ...],
    values: tuple[str, ...],
    cores: int | None,
    probe: bool,
    probe_seconds: float,
    network: bool,
    as_json: bool,
) -> None:
    """Look at this machine and a configuration before a night is spent on it.

    Versions, device, precision, SLURM, data, network, free disk, and about how long it takes. Call it where you call
    snakemake. Exit code 1 means that something is wrong; with warnings it is 0. Nothing is written.
    """
    from rich.console import Console  # noqa: PLC0415 -- help is quick without
    from rich.markup import escape  # noqa: PLC0415

    from replisome.api.checkup.checkup import Asked, look  # noqa: PLC0415
    from replisome.commands.pages import print_json  # noqa: PLC0415
    from replisome.data.new_source import counted  # noqa: PLC0415

    # Snakemake's options take several words each; click's take one, and leave the others to ``more``.
    more_values = [word for word in more if "=" in word]
    more_files = [Path(word) for word in more if "=" not in word]
    if (more_values and not values) or (more_files and not files):
        raise click.UsageError(f"'{more[0]}' belongs to no option: say --config KEY=VALUE or --configfile FILE.")
    files, values = (*files, *more_files), (*values, *more_values)
    found, section = [], ""
    asked = Asked(files, values, probe_seconds if probe else 0.0, cores, network)
    console = Console(highlight=False, soft_wrap=True)
    for title, finding in look(asked, Path.cwd()):
        found.append({"section": title, **finding.as_json()})
        if as_json:
            continue
        if title != section:
            section = title
            console.print(f"\n[bold]{escape(title)}[/bold]")
        sign, colour = SIGNS[finding.state]
        console.print(f"  [{colour}]{sign:<7}[/{colour}]  {escape(finding.about)}: {escape(finding.found)}")
        if finding.remedy:
            console.print(f"           what to do: {escape(finding.remedy)}")
    counts = {state: sum(one["state"] == state for one in found) for state in SIGNS}
    if as_json:
        print_json({"schema": SCHEMA, "fit": not counts["wrong"], "findings": found})
    else:
        console.print(f"\n{counts['wrong']} wrong, {counted(counts['warning'], 'warning')}.")
    if counts["wrong"]:
        raise SystemExit(1)
