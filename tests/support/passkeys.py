"""Passkeys in software at the pages where staff make and use them."""

from support.authenticator import SoftAuthenticator
from support.world import Browser, World

HOME = ("http://localhost", "localhost")


def device() -> SoftAuthenticator:
    """A device without a passkey yet, for a world at its usual address."""
    return SoftAuthenticator(*HOME)


def make_passkey(browser: Browser, page: str = "/login/mine/passkey") -> SoftAuthenticator:
    """Make a passkey at one's own pages, or at the page of a login that asks for one."""
    made = device()
    options = browser.post(f"{page}/options", page=page).text
    answer = browser.post(page, {"name": "Telefon", "answer": made.create(options)})
    assert answer.status_code == 303, answer.text
    return made


def asked(browser: Browser, page: str = "/login/staff") -> str:
    """What the page asks of a passkey."""
    return browser.post("/login/passkey/options", page=page).text


def log_in_with(world: World, device: SoftAuthenticator, browser: Browser | None = None) -> int:
    """Log in with a passkey alone; the status that came of it."""
    fresh = browser or world.client()
    return fresh.post("/login/passkey", {"answer": device.get(asked(fresh))}, page="/login/staff").status_code
