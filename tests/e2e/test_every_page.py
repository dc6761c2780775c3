"""Every page that somebody can click to, as they see it: what axe finds, whether it fits the screen, and whether the
keyboard gets everywhere. A new page is among them as soon as something leads to it."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page

from support.actors import log_in_citizen, log_in_staff, new_person
from support.frontend import AXE
from support.live import LiveDemo

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]

PHONE, DESK = {"width": 390, "height": 844}, {"width": 1280, "height": 900}
_IDS = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|\b\d+\b")
_LEADS_AWAY = ("/login/out", "/language/", "/login/citizen")
_LINKS = "Array.from(document.querySelectorAll('a[href]'), link => link.href)"
_AXE = "axe.run().then(result => result.violations.map(each => each.id + ': ' + each.nodes[0].html.slice(0, 200)))"
_TOO_WIDE = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
_REACHABLE = """() => {
    const radios = new Set()
    return Array.from(document.querySelectorAll('a[href], button, input, select, textarea, summary'))
        .filter(each => each.checkVisibility({visibilityProperty: true}) && !each.disabled && each.tabIndex >= 0)
        .filter(each => each.type !== 'radio' || (!radios.has(each.name) && radios.add(each.name)))
        .length
}"""
_FOCUSED = """() => {
    const at = document.activeElement
    if (!at || at === document.body) return null
    const style = getComputedStyle(at), box = at.getBoundingClientRect()
    const label = at.labels && at.labels[0] && getComputedStyle(at.labels[0], '::before')
    const shows = each => each && (each.outlineStyle !== 'none' || each.boxShadow !== 'none')
    window.samrumSeen = window.samrumSeen || new Set()
    const isNew = !window.samrumSeen.has(at)
    window.samrumSeen.add(at)
    return {
        isNew,
        shown: shows(style) || shows(label) || shows(getComputedStyle(at.parentElement)),
        inside: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
        html: at.outerHTML.slice(0, 160),
    }
}"""


def pages(page: Page, start: str) -> Iterator[str]:
    """Open one page after another that links lead to from ``start``, of each kind the first one that is met."""
    home, waiting, met = urlsplit(start).netloc, [start], set()
    while waiting:
        address = waiting.pop(0).partition("#")[0]
        parts = urlsplit(address)
        if parts.netloc != home or _kind(address) in met or parts.path.startswith(_LEADS_AWAY):
            continue
        met.add(_kind(address))
        told = page.request.head(address)
        if not told.ok or not told.headers.get("content-type", "").startswith("text/html"):
            assert told.ok, f"{parts.path} is answered with {told.status}"
            continue  # a file to fetch
        page.goto(address)
        met.add(_kind(page.url))
        yield _kind(page.url)
        waiting += page.evaluate(_LINKS)


def _kind(address: str) -> str:
    """What pages that differ by an id or a number have in common."""
    parts = urlsplit(address)
    return "?".join([_IDS.sub("*", parts.path), *sorted(re.findall(r"(\w+)=", parts.query))])


def what_axe_finds(page: Page) -> list[str]:
    page.evaluate(AXE.read_text())
    found: list[str] = page.evaluate(_AXE)
    return [*found, *(["wider than the screen"] if page.evaluate(_TOO_WIDE) else [])]


def where_the_keyboard_fails(page: Page) -> list[str]:
    """Go through the page with the tab key: everything is reached, and is seen to be."""
    faults, reached, expected = [], 0, page.evaluate(_REACHABLE)
    for _ in range(4 * expected):  # a date has several stops
        if reached == expected:
            break
        page.keyboard.press("Tab")
        focus = page.evaluate(_FOCUSED)
        if focus is None or not focus["isNew"]:
            continue
        reached += 1
        faults += [f"{what}: {focus['html']}" for what in ("shown", "inside") if not focus[what]]
    return faults if reached == expected else [*faults, f"the keyboard reaches {reached} of {expected}"]


def look_at_everything(page: Page, start: str) -> None:
    """In Danish on a phone, and in English at a desk with the keyboard."""
    faults, seen = [], []
    for size, language in ((PHONE, "da"), (DESK, "en")):
        page.set_viewport_size(size)  # type: ignore[arg-type]
        page.goto(f"{urlsplit(start).scheme}://{urlsplit(start).netloc}/language/{language}")
        for name in pages(page, start):
            seen.append(name)
            found = what_axe_finds(page)
            if size is DESK:
                found += where_the_keyboard_fails(page)
            faults += [f"{name} ({language}, {size['width']}): {fault}" for fault in found]
    assert not faults, "\n".join(faults)
    assert len(seen) > 6, seen


@pytest.mark.parametrize(
    "email", ["birgit@solby.example", "ulla@solby.example", "anna@solby.example", "rita@solby.example"]
)
def test_staff_can_use_every_page(demo: LiveDemo, chromium: Browser, email: str) -> None:
    page = new_person(chromium).new_page()
    log_in_staff(page, demo, email)
    look_at_everything(page, f"{demo.base_url}/")
    page.context.close()


@pytest.mark.parametrize("person", ["sofie", "mette"])
def test_citizens_can_use_every_page(demo: LiveDemo, chromium: Browser, person: str) -> None:
    page = new_person(chromium).new_page()
    log_in_citizen(page, demo, person)
    look_at_everything(page, f"{demo.base_url}/")
    page.context.close()


def test_somebody_not_logged_in_can_use_every_page(demo: LiveDemo, chromium: Browser) -> None:
    page = new_person(chromium).new_page()
    look_at_everything(page, f"{demo.base_url}/")
    page.context.close()
