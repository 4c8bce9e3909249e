"""``replisome predict``: ask a finished run about one's own input."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from replisome.config.catalogue import STUDIES, study_names
from replisome.data.new_source import counted
from replisome.tracking.introspect import plain_value

if TYPE_CHECKING:
    from replisome.api.network import Network
    from replisome.training.new_data import Beside

FILES = """The table goes to OUT, as CSV or Parquet by its ending. Beside it, with the same name, are .json about its
origin and, where the study has them, further files such as bits a base (.bedgraph) or maps (.npz, .png). Without OUT
the table is printed as CSV, and there are no further files."""
Told = Callable[[int, float | None], None]


class _Asking(click.Command):
    """A command whose help says what each study takes; no study is imported for that."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what INPUT and OUT may be."""
        with formatter.section("What INPUT may be, by the study of the run"):
            formatter.write_dl([(name, said) for name in study_names() if (said := _taken(name)) is not None])
        formatter.write_paragraph()
        formatter.write_text(FILES)


def _taken(study: str) -> str | None:
    """Return what a study takes, read from its source; None where it takes no other data than its recipes."""
    path = STUDIES / study / "new_data.py"
    return plain_value(path, "INPUT") if path.is_file() else None


@click.command(cls=_Asking)
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("inputs", metavar="INPUT...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("-o", "--out", metavar="OUT", type=click.Path(path_type=Path), help="The table: a .csv or .parquet file.")
@click.option("--ensemble", is_flag=True, help="Ask RUN and all seeds beside it: means, standard deviations.")
@click.option("--weights", default="best", metavar="best|last", show_default=True, help="Which of the run's weights.")
@click.option("--batch-size", "size", type=click.IntRange(1), help="Items at a time.  [default: as the evaluation]")
@click.option("--threads", type=click.IntRange(1), help="CPU threads.  [default: as many as torch takes]")
def predict(
    run: Path,
    inputs: tuple[Path, ...],
    out: Path | None,
    ensemble: bool,
    weights: str,
    size: int | None,
    threads: int | None,
) -> None:
    """Ask the finished run RUN, a folder seed=<n> of the results, about your own INPUT.

    Input that does not fit the run is refused; the message says what would fit.
    """
    from replisome.api import network, prediction  # noqa: PLC0415 -- torch takes seconds, and --help needs none
    from replisome.api.ensemble import load_ensemble  # noqa: PLC0415

    paths = network.checked_inputs(inputs)
    if out is not None:
        prediction.check_out(out, paths)
    if threads is not None:
        network.use_threads(threads)
    networks, left_out = load_ensemble(run, weights) if ensemble else ([network.load_model(run, weights)], {})
    for name, why in left_out.items():
        click.echo(f"left out: {name} {why}", err=True)
    with _progress(printing=out is None) as told:
        if out is None:
            beside = _print(networks, paths, size, told)
        else:
            beside, rows = prediction.write(networks, paths, out, size, left_out, told)
    if out is not None:
        click.echo(f"{out}: {counted(rows, 'row')}; {out.with_suffix('.json').name} beside it says what made them.")
    for note in beside.said.get("notes", []):
        click.echo(f"note: {note}", err=True)


def _print(networks: list[Network], paths: list[Path], size: int | None, told: Told) -> Beside:
    """Print the table as CSV as it is made."""
    from replisome.api.network import tables  # noqa: PLC0415
    from replisome.api.prediction import as_csv  # noqa: PLC0415
    from replisome.training.new_data import Beside  # noqa: PLC0415

    beside, header = Beside(), True
    with closing(tables(networks, paths, beside, size, told)) as found:
        for table in found:
            click.echo(as_csv(table, header), nl=False)
            header = False
    return beside


@contextmanager
def _progress(printing: bool) -> Iterator[Told]:
    """Show how far the input has been read, on stderr where that is a terminal and no table is printed to the same."""
    if not sys.stderr.isatty() or (printing and sys.stdout.isatty()):
        yield lambda items, share: None
        return
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn  # noqa: PLC0415

    columns = (TextColumn("{task.fields[items]:,} items"), BarColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("predict", total=None, items=0)
        done = 0

        def told(items: int, share: float | None) -> None:
            nonlocal done
            done += items
            bar.update(task, items=done, completed=share or 0, total=None if share is None else 1)

        yield told
