"""The reference of all commands, from what click and argparse say of them."""

from __future__ import annotations

import argparse
import importlib

import click

from replisome.commands import door, stage

OPENING = """\
# Commands

This page is written from the commands themselves when the site is built. `replisome COMMAND --help` says the same.
`python -m replisome` is another way to call `replisome`, where the package is not installed but its source is on
`PYTHONPATH`.

| exit code | meaning |
|---|---|
| 0 | done |
| 1 | something to put right: the message says what, where, and what to do |
| 2 | the command line cannot be read |
| 130 | interrupted from the keyboard |
"""
STAGES = """\
## Stages, which the workflow calls

The rules of the workflow call these, and a person may: `python -m replisome train --run config.json ...` repeats a run
without Snakemake.
"""


def commands_page() -> str:
    """Return the page."""
    parts = [OPENING]
    for title, section in door.SECTIONS.items():
        parts.append(f"## {title}")
        for name in section:
            parts += _command(name)
    parts.append(STAGES)
    stages = next(action for action in stage._parser()._actions if isinstance(action, argparse._SubParsersAction))
    for name, parser in stages.choices.items():
        if name not in door.COMMANDS:
            parts += [f"### {name}", _capital(stage.STAGES[name]), _block(_stage_help(name, parser))]
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


def _command(name: str) -> list[str]:
    """Return the sections of a command, and of those below it."""
    command: click.Command = getattr(importlib.import_module(f"replisome.commands.{name}"), name)
    parts = [f"### {name}", _capital(door.COMMANDS[name]), _block(_help(command, f"replisome {name}"))]
    if isinstance(command, click.Group):
        context = click.Context(command, info_name=f"replisome {name}")
        for below in command.list_commands(context):
            found = command.get_command(context, below)
            if found is not None and not found.hidden:
                parts += [f"#### {name} {below}", _block(_help(found, f"replisome {name} {below}"))]
    return parts


def _help(command: click.Command, called: str) -> str:
    return command.get_help(click.Context(command, info_name=called, max_content_width=100, terminal_width=100))


def _stage_help(name: str, parser: argparse.ArgumentParser) -> str:
    parser.prog = f"python -m replisome {name}"
    parser.formatter_class = lambda prog: argparse.HelpFormatter(prog, width=100)
    return parser.format_help()


def _block(text: str) -> str:
    return f"```text\n{text.rstrip()}\n```"


def _capital(text: str) -> str:
    return text[0].upper() + text[1:] + "."
