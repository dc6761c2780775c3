"""People at a browser, in front of a live demo."""

import time

from playwright.sync_api import Browser, BrowserContext, Page

from auth import totp
from support.live import LiveDemo


def new_person(browser: Browser, *, phone: bool = False, language: str = "da-DK") -> BrowserContext:
    """A browser profile of somebody's own: no cookies shared with anybody."""
    return browser.new_context(
        viewport={"width": 390, "height": 844} if phone else {"width": 1280, "height": 900},
        has_touch=phone,
        locale=language,
        timezone_id="Europe/Copenhagen",
        accept_downloads=True,
    )


def log_in_staff(page: Page, demo: LiveDemo, email: str) -> None:
    """Log in with password and a one-time code; a code that was used already is waited out."""
    (who,) = [staff for staff in demo.people["staff"] if staff["email"] == email]
    page.goto(f"{demo.base_url}/login/staff")
    page.locator("[name=email]").fill(email)
    page.locator("[name=password]").fill(who["password"])
    page.locator("main form button:not([type=button])").first.click()
    for _ in range(40):
        page.locator("[name=code]").fill(totp.code_at(who["totp_secret"], demo.now()))
        page.locator("main form button:not([type=button])").first.click()
        if "/login/staff/code" not in page.url:
            return
        time.sleep(1)
    raise AssertionError(f"{email} could not log in: {page.locator('main').inner_text()}")


def log_in_citizen(page: Page, demo: LiveDemo, person: str) -> None:
    """Log in with the stand-in for MitID as the person with that id in the demo's people."""
    page.goto(f"{demo.base_url}/login/citizen")
    page.locator(f"button[name=person][value='{person}']").click()
    page.wait_for_url(f"{demo.base_url}/**")
