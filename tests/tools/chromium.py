"""The browser that tests, benchmarks and the script of pictures drive."""

from __future__ import annotations

import shutil

NAMES = ("chromium", "chromium-browser", "google-chrome")


def chromium() -> str | None:
    """Return where a Chromium is; None where this machine has none."""
    return next(filter(None, map(shutil.which, NAMES)), None)
