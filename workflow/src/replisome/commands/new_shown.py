"""What ``replisome new`` found and is about to write, on the terminal."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from replisome.api.new.proposal import Proposal
from replisome.data.new_source import counted

LABELS = 28  # columns for what was found
COLOURS = {"+": "green", "-": "red", "@": "cyan"}


def carry_out(proposal: Proposal, dry_run: bool) -> None:
    """Show a proposal, make its changes unless this is a dry run, and say what to run next."""
    console = Console(highlight=False, soft_wrap=True)
    console.print(Text(proposal.title, style="bold"))
    for label, text in proposal.found:
        console.print(Text(f"  {label:<{LABELS}}", style="cyan") + Text(text, style="default"))
    for note in proposal.notes:
        console.print(Text(f"  Note: {note}", style="yellow"))
    console.print()
    for line in proposal.edits.diff():
        console.print(Text(line, style=COLOURS.get(line[:1], "")))
    if dry_run:
        console.print("\nNothing was written (--dry-run).")
        return
    proposal.edits.apply()
    written = counted(len(proposal.edits.texts) + len(proposal.edits.copies), "file")
    console.print(f"\n{written} written. Next:")
    for command, purpose in proposal.then:
        console.print(Text(f"\n  # {purpose}", style="dim"))
        console.print(Text(f"  {command}"))
