"""Finding a Chromium for the tests that need one."""

import os
from pathlib import Path
from shutil import which

HOW_TO_GET_ONE = (
    "no Chromium found; get one with `apt-get install chromium` or `.venv/bin/playwright install chromium`, "
    "or name one in SAMRUM_CHROMIUM"
)
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find_chromium() -> Path | None:
    """The browser named in SAMRUM_CHROMIUM, else one on PATH, else one Playwright fetched; None without any."""
    named = os.environ.get("SAMRUM_CHROMIUM")
    if named:
        return Path(named)
    for name in _NAMES:
        found = which(name)
        if found:
            return Path(found)
    cache = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH", Path.home() / ".cache" / "ms-playwright"))
    fetched = sorted(cache.glob("chromium-*/chrome-linux*/chrome"))
    return fetched[-1] if fetched else None
