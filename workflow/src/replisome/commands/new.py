"""``replisome new``: begin a study, a model, a claim, or a study of a file of your own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from replisome.api.new import check as new_check
from replisome.api.new import claim as new_claim
from replisome.api.new import model as new_model
from replisome.api.new import own_data as new_own_data
from replisome.api.new import study as new_study
from replisome.commands.new_shown import carry_out
from replisome.data.new_source import NewSource
from replisome.errors import did_you_mean

FILE = click.Path(path_type=Path)
DRY_RUN = click.option("--dry-run", is_flag=True, help="Show what would be written; write nothing.")
TITLE = click.option("--title", help="Its heading in the report.")
LINK = click.option("--link", is_flag=True, help="Link to the file where it lies; do not copy it.")
LABEL = click.option("--label", default="label", help="The column of class names; default is 'label'.")


class Kinds(click.Group):
    """A group with a command for each kind of file that a study takes, beside those that are written out."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the kinds, those of files first."""
        return [*new_own_data.sources(), *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of a kind; None where there is none."""
        found = new_own_data.sources().get(cmd_name)
        return _of_files(*found) if found else super().get_command(ctx, cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the kind that is asked for, or say which was meant."""
        kinds = self.list_commands(ctx)
        if args and not ctx.resilient_parsing and args[0] not in kinds:
            ctx.fail(f"there is nothing new of kind '{args[0]}'{did_you_mean(args[0], kinds)}")
        return super().resolve_command(ctx, args)


@click.group(cls=Kinds, context_settings={"help_option_names": ["-h", "--help"]})
def new() -> None:
    """Begin a study, a model or a claim, or study a file of your own.

    Each command checks first, says what it found, shows what it writes, and ends with the command to run next. Nothing
    is ever overwritten, and either all files are written or none.
    """


def _of_files(study: str, source: NewSource) -> click.Command:
    """Return the command of a kind of file."""

    def call(name: str, file: Path | None, dry_run: bool, **given: Any) -> None:
        about = {key: given.pop(key) for key in ("title", "licence", "citation", "link")}
        options = {key: value for key, value in given.items() if value is not None}
        root = new_check.repository()
        carry_out(new_own_data.propose(source.kind, name, file, options, root, **about), dry_run)

    call.__doc__ = (
        f"Study {study} on data of your own.\n\nNAME is what the new study and its target are called. FILE is "
        f"{source.takes.rstrip('.')}{'' if source.file_needed else '; it may be left out, see the options'}."
    )
    decorators: list[Callable[[Any], Any]] = [
        click.argument("name"),
        click.argument("file", type=FILE, required=source.file_needed),
        *(
            click.option(f"--{option}", help=f"{about[:1].upper()}{about[1:]}.")
            for option, about in source.options.items()
        ),
        TITLE,
        click.option("--licence", help="The licence of the file, for the report."),
        click.option("--citation", help="How the file is cited, for the report."),
        LINK,
        DRY_RUN,
    ]
    for decorator in reversed(decorators):
        call = decorator(call)
    return click.command(source.kind, short_help=source.takes)(call)


@new.command(short_help="a study of its own, begun from the template")
@click.argument("name")
@click.argument("file", type=FILE, required=False)
@LABEL
@TITLE
@LINK
@DRY_RUN
def study(name: str, file: Path | None, label: str, title: str | None, link: bool, dry_run: bool) -> None:
    """Begin a study of its own from the template, which runs at once on simulated rows.

    FILE is a CSV file with a header, a column of class names and columns of numbers; it may come later.
    """
    root = new_check.repository()
    carry_out(new_study.propose(name, file, {"label": label}, root, title=title, link=link), dry_run)


@new.command(short_help="a small network that runs, and its experiment in a study")
@click.argument("of", metavar="STUDY")
@click.argument("name")
@DRY_RUN
def model(of: str, name: str, dry_run: bool) -> None:
    """Begin a model of STUDY: a small network that runs, in a file to change, and an experiment that trains it."""
    carry_out(new_model.propose(of, name, new_check.repository()), dry_run)


@new.command(short_help="a claim, with the question that judges it")
@click.argument("of", metavar="STUDY")
@click.argument("name", metavar="ID")
@click.option("--plain", required=True, help="The claim in one sentence, for a reader who knows none of this.")
@click.option(
    "--first", required=True, metavar="ARM", help="A configuration, EXPERIMENT:MODEL[:key=value,... or :winner]."
)
@click.option("--second", metavar="ARM", help="What it is compared with, written the same way.")
@click.option("--score", required=True, help="One of the study's scores, on test.")
@click.option(
    "--expect", type=click.Choice(["higher", "lower", "above", "below"]), help="What is claimed of the first."
)
@click.option("--than", type=float, help="The number that it is above or below.")
@click.option("--reported", type=float, help="The number that a paper prints.")
@click.option(
    "--limit",
    type=float,
    help="Within this a difference counts as none; a printed number needs an interval this narrow.",
)
@click.option("--why", help="Why the limit is what it is.")
@click.option("--paper", nargs=3, metavar="REPORT WHERE SAYS", help="Where a paper makes it; without, it is ours.")
@DRY_RUN
def claim(of: str, name: str, dry_run: bool, **words: Any) -> None:
    """Add a claim to STUDY: a difference between two configurations, a printed number, or a bound.

    Numbers are in the unit that tables show: 93.2 for 93.2 %.
    """
    carry_out(new_claim.propose(of, name, new_claim.Words(**words), new_check.repository()), dry_run)
