"""The documentation as a site: it builds without a warning, and opens from disk without a network."""

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from conftest import ROOT
from docs.building.hooks import with_formulas, with_links

pytestmark = pytest.mark.slow
FETCHED = {"script": "src", "link": "href", "img": "src", "iframe": "src", "source": "src", "object": "data"}


class Fetched(HTMLParser):
    """What a browser fetches to show a page."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        if tag in FETCHED and found.get("rel") != "canonical":
            self.addresses.append(found.get(FETCHED[tag]) or "")


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    """The site, built as `make docs` does."""
    out = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(out)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    warnings = [line for line in done.stderr.splitlines() if line.startswith(("WARNING", "ERROR"))]
    assert (done.returncode, warnings) == (0, []), done.stderr
    return out


def test_pages_fetch_nothing_from_other_hosts_and_all_they_fetch_is_there(site):
    pages = list(site.rglob("*.html"))
    assert len(pages) > 40
    for page in pages:
        parser = Fetched()
        parser.feed(page.read_text())
        for address in parser.addresses:
            assert not re.match(r"(https?:)?//", address), f"{page}: {address}"
            path = address.partition("#")[0].partition("?")[0]
            if path and not path.startswith("data:") and page.name != "404.html":
                assert (page.parent / path).exists(), f"{page}: {address}"
    for style in site.rglob("*.css"):
        assert not re.search(r"url\(['\"]?(https?:)?//", style.read_text()), style


def test_links_lead_to_pages_and_not_to_folders(site):
    """A browser that opens a folder from disk shows its list of files."""
    for page in site.rglob("*.html"):
        for link in re.findall(r'<a [^>]*href="([^"#?:]+)[#"]', page.read_text()):
            assert (page.parent / link).is_file() or page.name == "404.html", f"{page.relative_to(site)}: {link}"


def test_pages_of_other_folders_and_from_code_are_there(site):
    assert "replisome predict" in (site / "reference" / "commands.html").read_text()
    assert "predictions.parquet" in (site / "reference" / "results.html").read_text()
    assert "open_results" in (site / "reference" / "api.html").read_text()
    assert "The ledger" in (site / "how-to" / "settings.html").read_text()
    assert "softmax-hurts-test" in (site / "explanation" / "bloodmnist.html").read_text()
    assert "<math" in (site / "evidence-formulas.html").read_text()


def test_formulas_are_text_that_browsers_set():
    assert "<msup><mi>s</mi><mn>2</mn></msup>" in with_formulas("the variance $s^2$ of")
    assert with_formulas("5 $ and 6 $") == "5 $ and 6 $"


def test_links_are_those_of_the_site():
    moved = with_links("[guide](config/README.md#claims), [a rule](workflow/rules/train.smk)", "README.md", "index.md")
    assert moved == "[guide](how-to/settings.md#claims), a rule (`workflow/rules/train.smk`)"
