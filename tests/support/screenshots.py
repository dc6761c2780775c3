"""The README's pictures, taken from a fresh demo. Run by `make screenshots`."""

import os
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from support.actors import log_in_citizen, log_in_staff, new_person
from support.browsers import HOW_TO_GET_ONE, find_chromium
from support.live import LiveDemo

_PICTURES = Path(__file__).resolve().parents[2] / "deploy" / "screenshots"


def _room_of_sofie(page: Page) -> None:
    page.get_by_role("link", name="Sofie Lind").first.click()
    page.wait_for_load_state("networkidle")


def main() -> None:
    chromium = find_chromium()
    if chromium is None:
        sys.exit(HOW_TO_GET_ONE)
    _PICTURES.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        LiveDemo(Path(folder) / "var") as demo,
        sync_playwright() as playwright,
    ):
        sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=chromium, args=sandbox)
        desk = new_person(browser).new_page()
        log_in_staff(desk, demo, "birgit@solby.example")
        _room_of_sofie(desk)
        desk.screenshot(path=_PICTURES / "room-1280.png")
        phone = new_person(browser, phone=True).new_page()
        log_in_citizen(phone, demo, "sofie")
        phone.wait_for_load_state("networkidle")
        phone.screenshot(path=_PICTURES / "room-390.png")
        browser.close()


if __name__ == "__main__":
    main()
