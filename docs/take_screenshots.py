"""Take the README's pictures of the report: ``python -m docs.take_screenshots results/quick`` (``make screenshots``).

Needs Chromium (Debian's package) and what tests need. Pictures show no image or sequence of a data set: the study that
is shown is one whose figure draws numbers.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import pypdfium2
from playwright.sync_api import Browser, FloatRect, Page, sync_playwright
from tests.tools.chromium import chromium

IMAGES = Path(__file__).parent / "images"
DESK = {"width": 1120, "height": 1240}
PHONE = {"width": 390, "height": 844}
MARGIN = 10
DOTS = 80  # an inch of the printed page


def main(results: Path, study: str, claim: str) -> None:
    """Write first-screen, claim, study, phone and print as PNG into docs/images."""
    browser_file = chromium()
    if browser_file is None:
        sys.exit("Chromium is not here; Debian's package is called chromium.")
    IMAGES.mkdir(exist_ok=True)
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=browser_file, chromium_sandbox=False)
        page = _open(browser, results / "report.html", DESK)
        _clip(page, "#answer", "first-screen", DESK["height"])
        _clip(page, f"#{study}", "study", DESK["height"])
        _clip(_open(browser, results / "claims.html", DESK), f"#{claim}", "claim", DESK["height"])
        _clip(_open(browser, results / "report.html", PHONE), "#answer", "phone", 2 * PHONE["height"])
        _print(page)
        browser.close()


def _open(browser: Browser, file: Path, size: dict[str, int]) -> Page:
    page = browser.new_page(viewport={"width": size["width"], "height": size["height"]})
    page.goto(file.resolve().as_uri())
    return page


def _clip(page: Page, selector: str, name: str, highest: int) -> None:
    """Write the picture of an element, cut off where it is higher than this many pixels."""
    box = page.locator(selector).bounding_box()
    if box is None:
        sys.exit(f"{page.url}: shows no {selector}; name a study and a claim of these results.")
    left, top = max(box["x"] - MARGIN, 0), max(box["y"] - MARGIN, 0)
    shown = FloatRect(x=left, y=top, width=box["width"] + 2 * MARGIN, height=min(box["height"], highest) + MARGIN)
    page.screenshot(path=IMAGES / f"{name}.png", full_page=True, clip=shown)


def _print(page: Page) -> None:
    """Write the picture of the first printed sheet."""
    with tempfile.TemporaryDirectory() as folder:
        pdf = Path(folder, "report.pdf")
        page.pdf(path=pdf, prefer_css_page_size=True, print_background=True)
        with pypdfium2.PdfDocument(pdf) as document:
            document[0].render(scale=DOTS / 72).to_pil().save(IMAGES / "print.png", optimize=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path, help="a results folder with a report")
    parser.add_argument("--study", default="genome", help="whose story is shown (default: %(default)s)")
    parser.add_argument("--claim", default="beats-table", help="whose section is shown (default: %(default)s)")
    asked = parser.parse_args()
    main(asked.results, asked.study, asked.claim)
