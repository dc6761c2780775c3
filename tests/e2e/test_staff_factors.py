"""Passkeys with Chromium's own virtual authenticator, and what else staff do with their factors in a browser."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, expect

from auth import totp
from support.actors import log_in_staff, new_person
from support.live import LiveDemo

pytestmark = [pytest.mark.browser, pytest.mark.slow]

ULLA = "ulla@solby.example"


class Device:
    """A virtual authenticator in one tab: a phone or a computer that can be unlocked."""

    def __init__(self, page: Page) -> None:
        self.cdp: CDPSession = page.context.new_cdp_session(page)
        self.cdp.send("WebAuthn.enable")
        options = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
            "automaticPresenceSimulation": True,
        }
        self.id: str = self.cdp.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]

    def lock(self, *, locked: bool) -> None:
        """Whether its owner fails to unlock it."""
        self.cdp.send("WebAuthn.setUserVerified", {"authenticatorId": self.id, "isUserVerified": not locked})

    @property
    def passkeys(self) -> int:
        return len(self.cdp.send("WebAuthn.getCredentials", {"authenticatorId": self.id})["credentials"])


@pytest.fixture(scope="module")
def people(chromium: Browser) -> Iterator[BrowserContext]:
    context = new_person(chromium)
    yield context
    context.close()


@pytest.fixture(scope="module")
def ulla(people: BrowserContext, demo: LiveDemo) -> Page:
    """Ulla at her desk, logged in; the tests of this file play one after the other in her tab."""
    page = people.new_page()
    log_in_staff(page, demo, ULLA)
    return page


@pytest.fixture(scope="module")
def device(ulla: Page) -> Device:
    return Device(ulla)


def _code(demo: LiveDemo, email: str = ULLA) -> str:
    (who,) = [staff for staff in demo.people["staff"] if staff["email"] == email]
    return totp.code_at(who["totp_secret"], demo.now())


def _log_out(page: Page) -> None:
    page.locator(".portal-user button.log-off").click()


def test_a_passkey_is_made_named_and_listed(ulla: Page, device: Device, demo: LiveDemo) -> None:
    ulla.goto(f"{demo.base_url}/login/mine/passkey")
    ulla.get_by_label("Hvad skal adgangsnøglen hedde?").fill("Arbejdstelefon")
    ulla.get_by_role("button", name="Lav adgangsnøglen").click()
    expect(ulla.get_by_role("heading", name="Dit login")).to_be_visible()
    expect(ulla.get_by_text("Adgangsnøglen er klar")).to_be_visible()
    expect(ulla.locator(".entry .file-name")).to_have_text("Arbejdstelefon")
    assert device.passkeys == 1


def test_the_same_device_does_not_make_a_second_one(ulla: Page, device: Device, demo: LiveDemo) -> None:
    ulla.goto(f"{demo.base_url}/login/mine/passkey")
    ulla.get_by_label("Hvad skal adgangsnøglen hedde?").fill("Igen")
    ulla.get_by_role("button", name="Lav adgangsnøglen").click()
    expect(ulla.get_by_text("Der er allerede en adgangsnøgle")).to_be_visible()
    assert device.passkeys == 1


def test_the_passkey_is_the_whole_login(ulla: Page, device: Device, demo: LiveDemo) -> None:
    _log_out(ulla)
    ulla.goto(f"{demo.base_url}/login/staff?next=/login/mine")
    ulla.get_by_role("button", name="Log ind med adgangsnøgle").click()
    expect(ulla.get_by_role("heading", name="Dit login")).to_be_visible()
    expect(ulla.get_by_text("Sidst brugt")).to_be_visible()


def test_a_device_that_is_not_unlocked_logs_nobody_in(ulla: Page, device: Device, demo: LiveDemo) -> None:
    _log_out(ulla)
    device.lock(locked=True)
    ulla.goto(f"{demo.base_url}/login/staff")
    ulla.get_by_role("button", name="Log ind med adgangsnøgle").click()
    expect(ulla.get_by_text("Det blev ikke til noget med adgangsnøglen")).to_be_visible()
    device.lock(locked=False)
    ulla.goto(f"{demo.base_url}/login/mine")
    expect(ulla.get_by_role("link", name="Log ind som fagperson")).to_be_visible()


def test_ten_minutes_later_the_passkey_is_asked_for_again(ulla: Page, device: Device, demo: LiveDemo) -> None:
    ulla.goto(f"{demo.base_url}/login/staff?next=/login/mine")
    ulla.get_by_role("button", name="Log ind med adgangsnøgle").click()
    expect(ulla.get_by_role("heading", name="Dit login")).to_be_visible()
    demo.move_clock(11 * 60)
    ulla.get_by_role("link", name="Lav nye nødkoder").click()
    expect(ulla.get_by_role("heading", name="Vis lige, at det er dig")).to_be_visible()
    ulla.get_by_role("button", name="Brug din adgangsnøgle").click()
    expect(ulla.get_by_role("heading", name="Nødkoder", exact=True)).to_be_visible()


def test_recovery_codes_are_shown_once_and_let_in_once(ulla: Page, device: Device, demo: LiveDemo) -> None:
    ulla.goto(f"{demo.base_url}/login/mine/codes")
    ulla.get_by_role("button", name="Lav nødkoder").click()
    codes = ulla.locator(".recovery-codes code").all_inner_texts()
    assert len(codes) == 10
    ulla.goto(f"{demo.base_url}/login/mine")
    assert not any(code in ulla.content() for code in codes)
    expect(ulla.get_by_text("10 tilbage")).to_be_visible()
    (who,) = [staff for staff in demo.people["staff"] if staff["email"] == ULLA]
    for attempt in (1, 2):
        _log_out(ulla)
        ulla.goto(f"{demo.base_url}/login/staff?next=/login/mine")
        ulla.locator("[name=email]").fill(ULLA)
        ulla.locator("[name=password]").fill(who["password"])
        ulla.get_by_role("button", name="Videre").click()
        ulla.get_by_text("Har du ikke din telefon?").click()
        ulla.get_by_label("Nødkode").fill(codes[3].lower())
        ulla.get_by_role("button", name="Log ind med nødkoden").click()
        if attempt == 1:
            expect(ulla.get_by_text("9 tilbage")).to_be_visible()
    expect(ulla.get_by_text(re.compile("Nødkoden passer ikke")).first).to_be_visible()


def test_a_passkey_helps_at_the_second_step_too(ulla: Page, device: Device, demo: LiveDemo) -> None:
    ulla.goto(f"{demo.base_url}/login/staff/code?next=/login/mine")
    ulla.get_by_role("button", name="Brug en adgangsnøgle").click()
    expect(ulla.get_by_role("heading", name="Dit login")).to_be_visible()


def test_a_removed_passkey_opens_nothing(ulla: Page, device: Device, demo: LiveDemo) -> None:
    ulla.goto(f"{demo.base_url}/login/mine")
    ulla.get_by_role("link", name="Fjern Arbejdstelefon").click()
    ulla.get_by_role("button", name="Fjern adgangsnøglen").click()
    expect(ulla.get_by_text("Adgangsnøglen er fjernet")).to_be_visible()
    _log_out(ulla)
    ulla.goto(f"{demo.base_url}/login/staff")
    ulla.get_by_role("button", name="Log ind med adgangsnøgle").click()
    expect(ulla.get_by_text("Adgangsnøglen kunne ikke bruges").first).to_be_visible()
    assert device.passkeys == 1, "it is still on the device, and worth nothing"


def test_what_was_typed_survives_the_question_for_a_code(chromium: Browser, demo: LiveDemo) -> None:
    context = new_person(chromium)
    page = context.new_page()
    log_in_staff(page, demo, "birgit@solby.example")
    page.get_by_role("link", name="Ali Haddad").first.click()
    page.goto(page.url + "/access")
    demo.move_clock(22 * 60)
    page.get_by_label("Kollegaens e-mail").fill("lone@solgaarden.example")
    page.get_by_label("Må læse", exact=True).check()
    page.locator("main form").filter(has=page.locator("[name=email]")).get_by_role("button").first.click()
    expect(page.get_by_role("heading", name="Vis lige, at det er dig")).to_be_visible()
    page.locator("[name=code]").fill(_code(demo, "birgit@solby.example"))
    page.get_by_role("button", name="Fortsæt").click()
    expect(page.get_by_label("Kollegaens e-mail")).to_have_value("lone@solgaarden.example")
    expect(page.get_by_label("Må læse", exact=True)).to_be_checked()
    page.locator("main form").filter(has=page.locator("[name=email]")).get_by_role("button").first.click()
    expect(page.get_by_text("Adgangen er gemt")).to_be_visible()
    context.close()


def _enter(page: Page, demo: LiveDemo, password: str) -> None:
    page.goto(f"{demo.base_url}/login/staff?next=/login/mine")
    page.locator("[name=email]").fill("nye.nina@solby.example")
    page.locator("[name=password]").fill(password)
    page.get_by_role("button", name="Videre").click()


def _enrol(page: Page, demo: LiveDemo) -> None:
    """Set the app up with the key on the page, and log in with its first code."""
    secret = "".join(page.locator("#enrol-key span").all_inner_texts())
    assert page.locator(".enrol-picture svg").is_visible()
    page.locator("[name=code]").fill(totp.code_at(secret, demo.now()))
    page.get_by_role("button", name="Log ind", exact=True).click()
    expect(page.get_by_role("heading", name="Dit login")).to_be_visible()


def test_from_the_invitation_to_the_last_day(chromium: Browser, demo: LiveDemo) -> None:
    """The administrator invites; the person chooses a password and sets an app up, loses the phone, and leaves."""
    administrator, person = new_person(chromium), new_person(chromium, phone=True)
    admin, nina = administrator.new_page(), person.new_page()
    log_in_staff(admin, demo, "anna@solby.example")
    admin.goto(f"{demo.base_url}/people/new")
    admin.get_by_label("Navn", exact=True).fill("Nina Ny")
    admin.get_by_label("E-mail på arbejdet").fill("nye.nina@solby.example")
    admin.get_by_label("Enhed", exact=True).select_option("UU Solby")
    admin.get_by_role("button", name="Opret brugeren").click()
    code = "-".join(admin.locator(".single-use-code span:not(.sr-only)").all_inner_texts())

    nina.goto(f"{demo.base_url}/login/welcome#{code}")
    expect(nina.locator("[name=code]")).to_have_value(code)
    assert "#" not in nina.url, "the code does not stay in the address"
    nina.locator("[name=password]").fill("otte blå heste sover")
    nina.get_by_role("button", name="Gem adgangskoden").click()
    _enter(nina, demo, "otte blå heste sover")
    expect(nina.get_by_role("heading", name="Gør din telefon til din nøgle")).to_be_visible()
    _enrol(nina, demo)

    admin.get_by_role("link", name="Koden er givet videre").click()
    account = admin.url
    admin.goto(f"{account}/reset")
    admin.get_by_label("Vi mødtes").check()
    admin.get_by_role("button", name="Nulstil").click()
    nina.reload()
    expect(nina.get_by_role("link", name="Log ind som fagperson")).to_be_visible()
    _enter(nina, demo, "otte blå heste sover")
    _enrol(nina, demo)

    admin.goto(f"{account}/deactivate")
    admin.get_by_role("button", name="Luk kontoen").click()
    nina.reload()
    expect(nina.get_by_role("link", name="Log ind som fagperson")).to_be_visible()
    _enter(nina, demo, "otte blå heste sover")
    expect(nina.get_by_text("E-mail eller adgangskode passer ikke").first).to_be_visible()
    administrator.close()
    person.close()


def test_nothing_stays_on_a_shared_computer(chromium: Browser, demo: LiveDemo) -> None:
    context = new_person(chromium)
    page = context.new_page()
    log_in_staff(page, demo, "jorgen@solby.example")
    page.goto(f"{demo.base_url}/login/mine")
    expect(page.get_by_text("jorgen@solby.example")).to_be_visible()
    _log_out(page)
    expect(page.get_by_role("heading", name="Du er logget ud")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("link", name="Log ind som fagperson")).to_be_visible()
    assert "jorgen" not in page.content()
    assert [cookie["name"] for cookie in context.cookies() if cookie["name"] == "samrum-login"] == []
    context.close()


def test_where_passkeys_are_demanded_a_code_leads_to_making_one(chromium: Browser, demo: LiveDemo) -> None:
    """The administrator tries a passkey and then demands them; a colleague with an app makes one at the next login."""
    office, desk = new_person(chromium), new_person(chromium)
    anna, jorgen = office.new_page(), desk.new_page()
    demo.move_clock(33 * 60)  # past the codes that the tests before have used
    log_in_staff(anna, demo, "anna@solby.example")
    Device(anna)
    anna.goto(f"{demo.base_url}/people/organisation/passkeys")
    expect(anna.get_by_text("Lav selv en adgangsnøgle først")).to_be_visible()
    anna.goto(f"{demo.base_url}/login/mine/passkey")
    anna.get_by_label("Hvad skal adgangsnøglen hedde?").fill("Kontoret")
    anna.get_by_role("button", name="Lav adgangsnøglen").click()
    expect(anna.get_by_text("Adgangsnøglen er klar")).to_be_visible()
    _log_out(anna)
    anna.goto(f"{demo.base_url}/login/staff?next=/people/organisation/passkeys")
    anna.get_by_role("button", name="Log ind med adgangsnøgle").click()
    anna.get_by_role("button", name="Kræv adgangsnøgler").click()
    expect(anna.get_by_text("Fra nu af kommer jeres ansatte kun ind med en adgangsnøgle")).to_be_visible()

    (who,) = [staff for staff in demo.people["staff"] if staff["email"] == "jorgen@solby.example"]
    phone = Device(jorgen)
    for attempt in (1, 2):
        jorgen.goto(f"{demo.base_url}/login/staff?next=/login/mine")
        jorgen.locator("[name=email]").fill(who["email"])
        jorgen.locator("[name=password]").fill(who["password"])
        jorgen.get_by_role("button", name="Videre").click()
        if attempt == 1:
            jorgen.locator("[name=code]").fill(_code(demo, who["email"]))
            jorgen.get_by_role("button", name="Videre").click()
            expect(jorgen.get_by_role("heading", name="Lav din adgangsnøgle")).to_be_visible()
            jorgen.get_by_label("Hvad skal adgangsnøglen hedde?").fill("Min telefon")
            jorgen.get_by_role("button", name="Lav adgangsnøglen, og log ind").click()
            expect(jorgen.get_by_role("heading", name="Dit login")).to_be_visible()
            assert phone.passkeys == 1
            _log_out(jorgen)
    assert jorgen.locator("[name=code]").count() == 0, "a code is not asked for any more"
    jorgen.get_by_role("button", name="Brug en adgangsnøgle").click()
    expect(jorgen.get_by_role("heading", name="Dit login")).to_be_visible()

    anna.get_by_role("link", name="Fjern kravet om adgangsnøgler").click()
    anna.get_by_role("button", name="Fjern kravet").click()
    expect(anna.get_by_text("Kravet er fjernet")).to_be_visible()
    office.close()
    desk.close()
