"""The pages as a reader meets them: in a browser, at the widths of a phone and a desk, in print, by keyboard and ear.

Needs Debian's Chromium; where there is none the tests are skipped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlparse

import pypdfium2
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright
from tests.tools.chromium import chromium

CHROMIUM = chromium()
# What a browser would ask the network for of its own accord.
ALONE = ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"]
PAGES = ("report", "claims", "tables", "runs")
WIDTHS = (360, 768, 1280)
PRINTED_PAGES = 25
A4 = (595, 842)  # points
MARGIN = 28  # points, 10 mm
# Pixels between the margins, at 96 an inch: the table of runs is printed across.
WIDTH_OF_PAPER = {"report": 703, "claims": 703, "tables": 703, "runs": 1031}

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=CHROMIUM, args=ALONE, chromium_sandbox=False)
        yield opened
        opened.close()


@pytest.fixture
def page(browser) -> Iterator[Page]:
    with browser.new_context() as context:
        yield context.new_page()


@pytest.fixture(params=PAGES)
def file(request, demo) -> Path:
    return demo / f"{request.param}.html"


def test_nothing_is_complained_of_and_no_request_leaves_the_page(page, file):
    heard: list[str] = []
    page.on("console", lambda message: heard.append(message.text))
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.on("request", lambda request: heard.append(request.url))
    page.goto(file.as_uri())
    asked = [line for line in heard if not line.startswith(("data:", "blob:"))]
    assert asked == [file.as_uri()]


@pytest.mark.parametrize("width", WIDTHS)
def test_no_page_is_wider_than_the_screen(page, file, width):
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(file.as_uri())
    assert too_wide(page) == []


def too_wide(page: Page) -> list[str]:
    """Return the boxes and lines of text that stand out of the page, and boxes that cut off what is in them."""
    found: list[str] = page.evaluate(
        """() => {
            const out = box => box.width && (box.right > innerWidth + 1 || box.left < -1);
            const cuts = e => getComputedStyle(e).overflowX !== "visible" && e.scrollWidth > e.clientWidth + 1;
            const seen = [...document.querySelectorAll("body *")].filter(e => !e.closest("svg svg, select, script"));
            const lines = e => [...e.childNodes].filter(n => n.nodeType === Node.TEXT_NODE).flatMap(n => {
                const range = document.createRange();
                range.selectNodeContents(n);
                return [...range.getClientRects()];
            });
            return seen.filter(e => out(e.getBoundingClientRect()) || cuts(e) || lines(e).some(out))
                .map(e => e.outerHTML.slice(0, 120));
        }"""
    )
    return found


def test_links_lead_somewhere(page, demo):
    ids, links = {}, set()
    for name in PAGES:
        page.goto((demo / f"{name}.html").as_uri())
        ids[name] = set(page.evaluate("() => [...document.querySelectorAll('[id]')].map(e => e.id)"))
        links |= set(page.evaluate("() => [...document.querySelectorAll('a[href]')].map(e => e.href)"))
    assert len(links) > 100
    for link in links:
        address, anchor = urldefrag(link)
        path = Path(unquote(urlparse(address).path))
        assert path.exists() or urlparse(address).scheme == "https", link
        if anchor and path.parent == demo:
            assert unquote(anchor) in ids[path.stem], link


def test_readers_of_all_kinds_can_use_it(page, file):
    page.goto(file.as_uri())
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    serious = [
        f"{fault['id']}: {fault['nodes'][0]['html'][:150]} ({len(fault['nodes'])})"
        for fault in found
        if fault["impact"] in ("serious", "critical")
    ]
    assert serious == []


def test_the_report_prints_on_few_pages_with_nothing_cut(page, demo, tmp_path):
    printed = printed_pages(page, demo / "report.html", tmp_path / "report.pdf")
    assert len(printed) <= PRINTED_PAGES
    assert "How a verdict is reached" in printed[0]  # the last line of the first screen
    everything = without_breaks("".join(printed))
    cells = page.evaluate("() => [...document.querySelectorAll('td, th, p, li, h2, h3')].map(e => e.innerText)")
    words = {word for cell in cells for word in cell.split()}
    assert len(words) > 500
    assert {word for word in words if without_breaks(word) not in everything} == set()


def without_breaks(text: str) -> str:
    """Leave out what differs where a line ends: spaces, hyphens, and the sign that stands for one in print."""
    return re.sub(r"[\s\-\u00ad\ufffe\x02]+", "", text)


def printed_pages(page: Page, file: Path, pdf: Path) -> list[str]:
    """Print a page to A4 and return the text of each sheet, none of which may stand in or beyond the margins.

    A browser prints all smaller where something is too wide: that shows at the width of the paper.
    """
    page.goto(file.as_uri())
    page.emulate_media(media="print")
    page.set_viewport_size({"width": WIDTH_OF_PAPER[file.stem], "height": 1000})
    assert too_wide(page) == []
    page.pdf(path=pdf, prefer_css_page_size=True, print_background=True)
    texts = []
    with pypdfium2.PdfDocument(pdf) as document:
        for sheet in document:
            size = sorted(sheet.get_size())
            assert size == pytest.approx(A4, abs=1)
            text = sheet.get_textpage()
            boxes = [text.get_rect(number) for number in range(text.count_rects())]
            assert max(right for _, _, right, _ in boxes) <= sheet.get_width() - MARGIN + 1
            assert min(left for left, _, _, _ in boxes) >= MARGIN - 1
            texts.append(text.get_text_bounded())
    return texts


@pytest.mark.parametrize("name", ["claims", "tables", "runs"])
def test_the_other_pages_print_with_nothing_cut(page, demo, tmp_path, name):
    assert printed_pages(page, demo / f"{name}.html", tmp_path / f"{name}.pdf")


def test_the_report_is_small(demo):
    assert (demo / "report.html").stat().st_size < 6_000_000


def test_runs_are_filtered_sorted_and_drawn(page, demo):
    page.goto((demo / "runs.html").as_uri())
    rows = page.locator("#runs tbody tr:visible")
    everything = rows.count()
    page.fill("#search", "genome lstm")
    assert 0 < rows.count() < everything
    assert all("genome" in text and "lstm" in text for text in rows.all_inner_texts())
    page.fill("#search", "")
    page.get_by_role("button", name="training (s)").click()
    seconds = page.locator("#runs td[data-label='training (s)']").evaluate_all(
        "cells => cells.map(cell => Number(cell.dataset.sort))"
    )
    assert len(seconds) == everything
    assert seconds in (sorted(seconds), sorted(seconds, reverse=True))
    assert page.locator("#chart canvas").count() == 0
    page.locator("#runs input[type=checkbox]:visible").first.check()
    assert page.locator("#chart canvas").is_visible()


def test_runs_are_sorted_on_a_phone_too(page, demo):
    page.set_viewport_size({"width": 360, "height": 800})
    page.goto((demo / "runs.html").as_uri())
    page.select_option("#order", label="seed")
    page.get_by_role("button", name="turn the order").click()
    seeds = page.locator("#runs td[data-label='seed']").all_inner_texts()
    assert seeds == sorted(seeds, reverse=True)
    assert len(set(seeds)) > 1


def test_without_scripts_every_run_is_there(browser, page, demo):
    file = (demo / "runs.html").as_uri()
    page.goto(file)
    with browser.new_context(java_script_enabled=False) as context:
        plain = context.new_page()
        plain.goto(file)
        assert plain.locator("#runs tbody tr:visible").count() == page.locator("#runs tbody tr:visible").count() > 40
        assert not plain.locator("#tools").is_visible()
