"""Hooks of MkDocs: pages from outside docs/ or written from code, links between pages, and formulas as MathML."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from posixpath import normpath, relpath

from latex2mathml.converter import convert
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "workflow" / "src")]  # MkDocs calls this file by its path

from docs.building.claims_table import with_claims  # noqa: E402
from docs.building.commands_page import commands_page  # noqa: E402
from docs.building.notebook_page import notebook_page  # noqa: E402
from docs.building.results_page import results_page  # noqa: E402

# Files of the repository that are pages of the site too, by their path; the value is where they stand on the site.
TAKEN_IN = {
    "config/README.md": "how-to/settings.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
}
NOTEBOOKS = {"docs/notebooks/results.ipynb": "how-to/notebook.md"}
WRITTEN: dict[str, Callable[[], str]] = {
    "how-to/notebook.md": notebook_page,
    "reference/commands.md": commands_page,
    "reference/results.md": results_page,
}
BLOCKS = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)
CODE = re.compile(rf"{BLOCKS.pattern}|`[^`\n]+`", re.MULTILINE | re.DOTALL)
FORMULA = re.compile(r"\$\$(?P<block>[^$]+)\$\$|\$(?! )(?P<inline>[^$\n]+?)(?<! )\$")
LINK = re.compile(r"(?P<picture>!?)\[(?P<text>[^\]]*)\]\((?P<path>[^)\s#:]+)(?P<anchor>#[^)\s]*)?\)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that do not lie in docs/."""
    for source, place in TAKEN_IN.items():
        files.append(File.generated(config, place, abs_src_path=str(ROOT / source)))
    for place, write in WRITTEN.items():
        files.append(File.generated(config, place, content=write()))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Set formulas and tables of claims, and lead links to where their files stand on the site."""
    place = page.file.src_uri
    source = next((path for path, taken in TAKEN_IN.items() if taken == place), f"docs/{place}")
    markdown = with_claims(markdown)
    linked = outside(BLOCKS, markdown, lambda text: with_links(text, source, place))
    return outside(CODE, linked, with_formulas)


def outside(code_is: re.Pattern[str], markdown: str, change: Callable[[str], str]) -> str:
    """Return a page changed everywhere but in its code."""
    parts, end = [], 0
    for code in code_is.finditer(markdown):
        parts += [change(markdown[end : code.start()]), code[0]]
        end = code.end()
    return "".join([*parts, change(markdown[end:])])


def with_formulas(text: str) -> str:
    """Return text with TeX between dollars as MathML, which browsers show without any script."""

    def formula(found: re.Match[str]) -> str:
        block = found["block"]
        return convert(block or found["inline"], display="block" if block else "inline")

    return FORMULA.sub(formula, text)


def with_links(text: str, source: str, place: str) -> str:
    """Return text with its links as they must be on the site.

    A link to a file of the repository that is no page becomes the file's path: on the site there is nothing to open.

    Args:
        text: of the page.
        source: the page's path in the repository.
        place: its path on the site.
    """

    def link(found: re.Match[str]) -> str:
        target = normpath(str(PurePosixPath(source).parent / found["path"]))
        on_site = (TAKEN_IN | NOTEBOOKS).get(
            target, target.removeprefix("docs/") if target.startswith("docs/") else None
        )
        if on_site is None:
            name = found["text"].strip("`")
            return f"`{target}`" if name in (target, found["path"]) else f"{found['text']} (`{target}`)"
        there = relpath(on_site, str(PurePosixPath(place).parent))
        return f"{found['picture']}[{found['text']}]({there}{found['anchor'] or ''})"

    return LINK.sub(link, text)
