"""The blocks of code on the pages of the documentation, and how each of them is run or read.

A block is run. A comment on the line above it says where it is not, and then what is read of it instead:

- ``<!-- file: PATH -->``: the block is a file; it is written there, for the blocks below to use.
- ``<!-- output -->``: what the block above prints; ``...`` stands for what differs from machine to machine.
- ``<!-- part -->``: a part of a file, or Python with names in capitals to fill in; it must be readable.
- ``<!-- elsewhere: WHAT -->``: needs WHAT, one of ``ELSEWHERE``. Its commands are read as far as that goes here: each
  has the options, files, targets and settings that it is called with.

Commands of Snakemake are never run from a page (one planning call stands for all): each is read by Snakemake's own
parser, its configuration is loaded and checked, and its targets must be there.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from conftest import ROOT

ELSEWHERE = {
    "network": "fetches from another host",
    "cluster": "a SLURM cluster",
    "set-up": "installs or changes an environment, or a shell",
    "long": "trains, or runs longer than a test may",
    "terminal": "a person before a terminal",
    "own": "files or runs that only the reader has",
    "tested": "a machine, or more seconds than pages may take; the command has tests of its own",
}
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "config" / "README.md",
    *sorted((ROOT / "docs").rglob("*.md")),
]
SHELL, DATA, TEXT = {"bash", "console"}, {"yaml", "json", "toml", "python"}, {"text", "fasta", "csv", "latex"}
FENCE = re.compile(
    r"^(?:<!-- (?P<mark>[a-z]+)(?:: (?P<word>\S+))? -->\n)?(?P<indent> *)```(?P<language>\w*)[^\n]*\n"
    r"(?P<text>.*?)^(?P=indent)```$",
    re.MULTILINE | re.DOTALL,
)


class Block(NamedTuple):
    """A block of code.

    Attributes:
        page: the file it stands on.
        line: the number of its first line.
        language: what it says it is.
        mark: file, output, part, elsewhere, or nothing.
        word: what follows the mark.
        text: its lines.
    """

    page: Path
    line: int
    language: str
    mark: str
    word: str
    text: str

    @property
    def place(self) -> str:
        """Say where it stands."""
        return f"{self.page.relative_to(ROOT)}:{self.line}"

    def commands(self) -> Iterator[list[str]]:
        """Yield the words of each command: lines, joined where they go on, and parts of them between ``&&``."""
        text, known = self.text.replace("\\\n", " "), dict[str, str]()
        for line in text.splitlines():
            code = line.removeprefix("$ ")
            if self.language == "console" and code == line:
                continue  # what a command printed
            lexer = shlex.shlex(code, posix=True, punctuation_chars="&|;<>()")
            lexer.whitespace_split = True
            words: list[str] = []
            for word in lexer:
                if word in ("&&", "|", ";"):
                    yield from ([words] if words else [])
                    words = []
                elif word in (">", ">>"):
                    break  # where the output goes
                else:
                    words.append(re.sub(r"\$([A-Z]+)", lambda name: known.get(name[1], name[0]), word))
            if len(words) == 1 and (named := re.fullmatch(r"([A-Z]+)=(.*)", words[0])):
                known[named[1]] = named[2]  # a name for a long path
            else:
                yield from ([words] if words else [])


def blocks_of(page: Path) -> list[Block]:
    """Return the blocks of a page in their order."""
    text = page.read_text()
    found = [
        Block(
            page,
            text.count("\n", 0, match.start("text")) + 1,
            match["language"],
            match["mark"] or "",
            match["word"] or "",
            re.sub(f"^{match['indent']}", "", match["text"], flags=re.MULTILINE),
        )
        for match in FENCE.finditer(text)
    ]
    assert 2 * len(found) == len(re.findall(r"^ *```", text, re.MULTILINE)), f"{page}: a block that is not closed"
    return found


def is_run(block: Block) -> bool:
    """Say whether a block does something that only a run shows."""
    if block.mark in ("elsewhere", "part", "output"):
        return False
    if block.language in SHELL:
        return any(program(words)[0] == "replisome" for words in block.commands())
    return block.language == "python"


def program(words: list[str]) -> list[str]:
    """Return a command without what stands before the program: settings of its environment, a module's Python."""
    while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
        words = words[1:]
    if words[:3] == ["python", "-m", "replisome"]:
        return ["replisome", *words[3:]]
    return words or [""]
