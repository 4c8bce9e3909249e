"""How long a browser takes to open the pages of the demo, beside plain text of the same size."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright
from tests.tools.chromium import chromium

RESULTS = Path(__file__).resolve().parents[1] / "results" / "demo"
PAGES = ("report", "claims", "tables", "runs")
TIMES = 5
LINE = "<p>" + "word " * 40 + "</p>\n"


def opening() -> Iterator[str]:
    """Time each page from the call to its load event; the demo must have run, and Chromium be there."""
    if (browser_file := chromium()) is None or not (RESULTS / "report.html").exists():
        yield "opening the pages: needs Chromium and the demo's results (make demo)"
        return
    with sync_playwright() as driver, tempfile.TemporaryDirectory() as folder:
        browser = driver.chromium.launch(executable_path=browser_file, chromium_sandbox=False)
        for name in PAGES:
            page, plain = RESULTS / f"{name}.html", Path(folder, f"{name}.html")
            size = page.stat().st_size
            plain.write_text(f"<!doctype html><title>{name}</title>\n" + LINE * (size // len(LINE)))
            ours, other = _seconds(browser, page), _seconds(browser, plain)
            yield (
                f"opening {name}.html, {size / 1e6:.1f} MB: {ours:.2f} s, as much plain text {other:.2f} s, "
                f"ratio {other / ours:.1f} (medians of {TIMES})"
            )
        browser.close()


def _seconds(browser: Browser, file: Path) -> float:
    taken = []
    for _ in range(TIMES):
        page = browser.new_page()
        began = time.perf_counter()
        page.goto(file.as_uri(), wait_until="load")
        taken.append(time.perf_counter() - began)
        page.close()
    return statistics.median(taken)
