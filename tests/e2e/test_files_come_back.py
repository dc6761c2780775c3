"""Restoring a version, the trash and all files at once: the young person on a phone, and staff at a desk."""

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from support.actors import log_in_citizen, log_in_staff, new_person
from support.frontend import AXE
from support.live import LiveDemo

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

PLAN = "Mål- og aftaleskema Sofie.docx"
NOTE = "Indkaldelse til teammøde.txt"


@pytest.fixture
def youth(demo: LiveDemo, chromium: Browser) -> Iterator[Page]:
    """Sofie on her phone, in her room."""
    context = new_person(chromium, phone=True)
    page = context.new_page()
    log_in_citizen(page, demo, "sofie")
    page.goto(f"{demo.base_url}/rooms")
    yield page
    context.close()


@pytest.fixture(scope="module")
def ulla(demo: LiveDemo, chromium: Browser) -> Iterator[Page]:
    """A colleague who may write, at a desk; logged in once, since a code counts once."""
    context = new_person(chromium)
    page = context.new_page()
    log_in_staff(page, demo, "ulla@solby.example")
    yield page
    context.close()


def files(page: Page) -> list[str]:
    """The files of the list that is shown now; what was pressed has been answered."""
    return page.locator("a.file-name").all_inner_texts()


def open_trash(page: Page) -> None:
    page.get_by_role("link", name="Papirkurv").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Papirkurv")


def is_told(page: Page, message: str) -> None:
    """Wait for the message that answers what was pressed."""
    expect(page.get_by_role("status")).to_contain_text(message)


AWAY, BACK = "Filen er flyttet til papirkurven.", "Filen er lagt tilbage."


def fetched(page: Page, name: str) -> bytes:
    """What arrives when a link is pressed."""
    with page.expect_download() as waiting:
        page.get_by_role("link", name=name, exact=True).click()
    return Path(waiting.value.path()).read_bytes()


def names_in(content: bytes) -> set[str]:
    with zipfile.ZipFile(io.BytesIO(content)) as found:
        assert found.testzip() is None
        return {name.rpartition("/")[2] for name in found.namelist()}


def test_the_youth_makes_the_first_plan_the_newest_and_staff_see_it(youth: Page, ulla: Page) -> None:
    room = youth.url
    youth.get_by_role("link", name=PLAN, exact=True).click()
    first = fetched(youth, "Hent version 1")
    youth.get_by_role("link", name="Gør til den nyeste version 1", exact=True).click()
    expect(youth.get_by_role("heading", level=1)).to_have_text("Gør version 1 til den nyeste")
    expect(youth.locator("main")).to_contain_text("øverst som version 3")
    youth.get_by_role("button", name="Gør til den nyeste").click()
    is_told(youth, "Version 1 er gjort til den nyeste.")
    assert fetched(youth, "Hent version 3") == first
    ulla.goto(room)
    ulla.get_by_role("link", name=PLAN, exact=True).click()
    expect(ulla.locator(".version-item").first).to_contain_text("Version 3 · nyeste")
    expect(ulla.locator(".version-item").first).to_contain_text("Det samme som version 1")
    expect(ulla.locator(".version-item").first).to_contain_text("Sofie Lind")


def test_the_youth_moves_a_file_away_changes_her_mind_and_staff_bring_it_back(youth: Page, ulla: Page) -> None:
    room = youth.url
    before = files(youth)
    assert NOTE in before
    youth.get_by_role("link", name=NOTE, exact=True).click()
    youth.get_by_role("button", name="Flyt til papirkurv").click()
    is_told(youth, AWAY)
    assert NOTE not in files(youth)
    youth.get_by_role("button", name="Fortryd flytningen").click()
    is_told(youth, BACK)
    assert files(youth) == before
    youth.get_by_role("link", name=NOTE, exact=True).click()
    youth.get_by_role("button", name="Flyt til papirkurv").click()
    is_told(youth, AWAY)
    open_trash(youth)
    assert files(youth) == [NOTE]

    ulla.goto(room)
    assert NOTE not in files(ulla)
    assert NOTE not in names_in(fetched(ulla, "Hent alle filer"))
    open_trash(ulla)
    expect(ulla.locator("main")).to_contain_text("Flyttet hertil af Sofie Lind")
    assert b"Solg" in fetched(ulla, f"Hent {NOTE}")
    ulla.get_by_role("button", name=f"Læg tilbage {NOTE}").click()
    is_told(ulla, BACK)
    assert files(ulla) == before
    youth.goto(room)
    assert files(youth) == before


def test_the_only_plan_is_asked_about_and_the_answer_may_be_no(youth: Page) -> None:
    youth.get_by_role("link", name=PLAN, exact=True).click()
    expect(youth.get_by_role("heading", level=1)).to_have_text(PLAN)
    document = youth.url
    youth.get_by_role("button", name="Flyt til papirkurv").click()
    expect(youth.get_by_role("heading", name="Det er det eneste mål- og aftaleskema i rummet")).to_be_visible()
    youth.get_by_role("link", name="Fortryd").click()
    expect(youth).to_have_url(document)
    youth.get_by_role("button", name="Flyt til papirkurv").click()
    expect(youth.get_by_role("heading", level=1)).to_have_text("Flyt til papirkurven")
    youth.locator("main").get_by_role("button", name="Flyt til papirkurv").click()
    is_told(youth, AWAY)
    assert PLAN not in files(youth)
    youth.get_by_role("button", name="Fortryd flytningen").click()
    is_told(youth, BACK)
    assert PLAN in files(youth)


def test_the_youth_fetches_everything_at_once(youth: Page) -> None:
    with youth.expect_download() as waiting:
        youth.get_by_role("link", name="Hent alle filer").click()
    assert waiting.value.suggested_filename.startswith("Rum ")
    assert {PLAN, NOTE} <= names_in(Path(waiting.value.path()).read_bytes())


def test_who_may_read_only_fetches_everything_and_changes_nothing(
    demo: LiveDemo, chromium: Browser, youth: Page
) -> None:
    jorgen = new_person(chromium).new_page()
    log_in_staff(jorgen, demo, "jorgen@solby.example")
    jorgen.goto(youth.url)
    assert {PLAN, NOTE} <= names_in(fetched(jorgen, "Hent alle filer"))
    jorgen.get_by_role("link", name=PLAN, exact=True).click()
    for gone in ("Gør til den nyeste", "Flyt til papirkurv", "Læg en ny version op"):
        expect(jorgen.get_by_text(gone)).to_have_count(0)
    jorgen.context.close()


def test_it_all_works_with_the_keyboard_and_without_scripts(demo: LiveDemo, chromium: Browser, youth: Page) -> None:
    bare = chromium.new_context(java_script_enabled=False, locale="da-DK", accept_downloads=True)
    bare.add_cookies(
        [{"name": one["name"], "value": one["value"], "url": youth.url} for one in youth.context.cookies()]
    )
    page = bare.new_page()
    page.goto(youth.url)

    def press(role: str, name: str) -> None:
        found = page.locator("main").get_by_role(role, name=name).first  # type: ignore[arg-type]
        found.focus()
        expect(found).to_be_focused()
        page.keyboard.press("Enter")

    press("link", PLAN)
    press("link", "Gør til den nyeste")
    press("button", "Gør til den nyeste")
    is_told(page, "er gjort til den nyeste.")
    page.goto(youth.url)
    press("link", NOTE)
    press("button", "Flyt til papirkurv")
    press("button", "Fortryd flytningen")
    is_told(page, BACK)
    assert NOTE in files(page)
    press("link", "Papirkurv")
    expect(page.locator("main")).to_contain_text("Papirkurven er tom")
    bare.close()


@pytest.mark.parametrize("phone", [True, False], ids=["phone", "desk"])
def test_the_pages_have_no_accessibility_faults_that_axe_can_find(
    demo: LiveDemo, chromium: Browser, phone: bool
) -> None:
    page = new_person(chromium, phone=phone).new_page()
    log_in_citizen(page, demo, "sofie")
    page.goto(f"{demo.base_url}/rooms")
    room, names = page.url, {PLAN: "plan", NOTE: "note"}
    papers = {names[name]: page.get_by_role("link", name=name, exact=True).get_attribute("href") for name in names}
    page.goto(f"{demo.base_url}{papers['note']}")
    page.get_by_role("button", name="Flyt til papirkurv").click()
    is_told(page, AWAY)
    faults = _faults(page)  # the room, with the message and its button
    for address in (
        f"{room}/trash",
        f"{demo.base_url}{papers['note']}",
        f"{demo.base_url}{papers['note']}/new",
        f"{demo.base_url}{papers['plan']}",
        f"{demo.base_url}{papers['plan']}/1/restore",
        f"{demo.base_url}{papers['plan']}/trash",
    ):
        page.goto(address)
        faults += _faults(page)
    page.goto(f"{room}/trash")
    page.get_by_role("button", name=f"Læg tilbage {NOTE}").click()
    is_told(page, BACK)
    assert faults == []
    page.context.close()


def _faults(page: Page) -> list[str]:
    """What axe finds, and whether the page is wider than the screen."""
    page.evaluate(AXE.read_text())
    found: list[str] = page.evaluate(
        "axe.run().then(result => result.violations.map(each => each.id + ': ' + each.help))"
    )
    is_wide = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    return [f"{page.title()}: {fault}" for fault in [*found, *(["too wide"] if is_wide else [])]]
