"""The commands for people: which there are, each imported when it is called, and errors turned into messages."""

from __future__ import annotations

import errno
import importlib
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from replisome import __version__
from replisome.commands import stage
from replisome.errors import ReplisomeError, did_you_mean
from replisome.io import disk_error

# By section of the help: each command with its line. A command is the function of its name in the module of its name.
SECTIONS: dict[str, dict[str, str]] = {
    "Look at results": {
        "show": "what a run, an experiment or a claim is: settings, scores, origin, how to repeat it",
        "compare": "what differs between two runs",
        "watch": "how far a sweep is, live",
        "resume": "go on with a call of the workflow that was killed",
        "claims": "the verdicts on all claims; lock them, or check them against a lock file",
        "accept": "take results as they are, though code or data have changed since",
    },
    "Use trained networks": {
        "predict": "ask a finished run about your own input",
        "export": "write a run for other programs",
    },
    "Begin": {
        "doctor": "whether this machine and configuration are fit for a run, and how long it takes",
        "new": "begin a study, data set, protein, genome, model or claim of your own",
    },
}
COMMANDS = {name: line for section in SECTIONS.values() for name, line in section.items()}
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)  # there is no place left to write to
HINT = 'Completion: eval "$(_REPLISOME_COMPLETE=bash_source replisome)" in ~/.bashrc, zsh_source in ~/.zshrc.'
CODES = "Exit codes: 0 done, 1 something to put right (the message says what), 2 wrong usage, 130 interrupted."


class Door(click.Group):
    """A group whose commands are imported when they are called, so that help and completion are quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command; None where there is none of that name."""
        if cmd_name in stage.STAGES.keys() - COMMANDS.keys():
            return _passed_on(cmd_name)
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(importlib.import_module(f"replisome.commands.{cmd_name}"), cmd_name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that is called, or say which was meant."""
        if args and not ctx.resilient_parsing and args[0] not in COMMANDS | stage.STAGES:
            ctx.fail(f"there is no command '{args[0]}'{did_you_mean(args[0], COMMANDS)}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the sections; lines come from here, so that no command is imported for them."""
        for title, section in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl(list(section.items()))
        with formatter.section("Stages, which the workflow calls"):
            formatter.write_text(", ".join(name for name in stage.STAGES if name not in COMMANDS))


def _passed_on(name: str) -> click.Command:
    """Return a stage as a command: argparse reads its arguments."""

    @click.command(name, context_settings={"ignore_unknown_options": True, "help_option_names": []})
    @click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
    def call(arguments: tuple[str, ...]) -> None:
        sys.exit(stage.main([name, *arguments]))

    call.short_help = stage.STAGES[name]
    return call


@click.group(cls=Door, epilog=f"\b\n{HINT}\n{CODES}", context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="%(version)s")
def door() -> None:
    """Re-run small deep-learning studies in biology, and use what they trained.

    The workflow itself is started with snakemake (see README.md); this command is for what comes before and after.
    """


def main(arguments: Sequence[str]) -> int:
    """Run a command and return the exit code, as :func:`replisome.__main__.main` says."""
    try:
        door.main(list(arguments), prog_name="replisome", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code  # 2 of a usage error
    except (click.Abort, KeyboardInterrupt):
        print("replisome: interrupted", file=sys.stderr)
        return 130
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else 0
    except (ReplisomeError, OSError) as error:
        return _failed(arguments[0], error)
    return 0


def _failed(command: str, error: ReplisomeError | OSError) -> int:
    """Say what is wrong, where that is for the user to know, and return the exit code."""
    if isinstance(error, BrokenPipeError):  # whoever read this has gone
        return 1
    if isinstance(error, OSError) and error.filename is None:
        if error.errno not in FULL:
            raise error
        error = ReplisomeError("cannot write what is printed: the disk is full; free some space, or send it elsewhere.")
    message = error if isinstance(error, ReplisomeError) else _of_the_system(error)
    print(f"replisome {command}: error: {message}", file=sys.stderr)
    return 1


def _of_the_system(error: OSError) -> ReplisomeError:
    """Return what to say of a file that can neither be read nor written."""
    if error.errno in FULL:
        return disk_error(Path(error.filename), error)
    return ReplisomeError(f"{error.filename}: {error.strerror}; correct the path, or see to the rights there.")
