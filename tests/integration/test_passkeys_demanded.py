"""An organisation that lets its staff in with passkeys only: codes complete nothing, and nobody stays locked out."""

import re

import pytest
from sqlalchemy import select

from auth.factors import TRANSITION
from auth.policy import StaffActor
from samrum.models import AuditRow, Passkey
from samrum.services import organisations, people
from samrum.services.errors import Invalid, NotThere, Problem
from samrum.services.people import Identity, NewStaff
from samrum.services.platform import SYSTEM, Caller
from support.household import words
from support.logins import actions, give_password, is_logged_in, log_in
from support.passkeys import asked, device, log_in_with, make_passkey
from support.world import PASSWORD, Browser, World

PAGE = "/people/organisation/passkeys"
CODE, MAKE = "/login/staff/code", "/login/staff/passkey"


@pytest.fixture
def anna(world: World) -> StaffActor:
    return world.staff("Anna", "It", administrator=True)


@pytest.fixture
def birgit(world: World) -> StaffActor:
    return world.staff("Birgit", "Børn og Unge", case_creator=True)


@pytest.fixture
def admin(world: World, anna: StaffActor) -> Browser:
    """Anna, who has a passkey and has used it, and now demands passkeys of everybody."""
    browser = world.client(anna)
    assert log_in_with(world, make_passkey(browser), browser) == 303
    return browser


def demand(admin: Browser, demanded: str = "yes") -> None:
    answer = admin.post(PAGE, {"demanded": demanded})
    assert (answer.status_code, answer.location) == (303, "/people/organisation"), words(answer.text)


def half(world: World, email: str = "birgit@test.dk") -> Browser:
    browser = world.client()
    assert give_password(browser, email).location == CODE
    return browser


def codes_of(browser: Browser) -> list[str]:
    return re.findall(r"<code>([^<]+)</code>", browser.post("/login/mine/codes").text)


def reset(world: World, staff: StaffActor) -> None:
    people.reset_second_factor(world.platform, SYSTEM, staff.id, Identity.IN_PERSON)


# Who turns it on


def test_it_is_off_until_an_administrator_turns_it_on_and_the_log_says_who(
    world: World, anna: StaffActor, admin: Browser, birgit: StaffActor
) -> None:
    assert log_in(world, world.client()).location == "/"
    page = words(admin.get(PAGE).text)
    assert "1 bruger har ingen adgangsnøgle endnu" in page
    demand(admin)
    assert "Kun med en adgangsnøgle" in words(admin.get("/people/organisation").text)
    with world.platform.database.transaction() as session:
        rows = session.scalars(select(AuditRow).where(AuditRow.action == "organisation_changed")).all()
    assert [(row.actor_id, row.subject_id, row.detail) for row in rows] == [
        (anna.id, anna.organisation, {"passkeys_demanded": True})
    ]
    demand(admin, "no")
    world.clock.move(minutes=1)
    assert log_in(world, world.client()).location == "/"


def test_who_has_no_passkey_that_works_cannot_turn_it_on(world: World, anna: StaffActor, birgit: StaffActor) -> None:
    browser = world.client(anna)
    assert "Lav selv en adgangsnøgle først" in words(browser.get(PAGE).text)
    make_passkey(browser)
    for page in (browser.get(PAGE), browser.post(PAGE, {"demanded": "yes"}, page="/people/organisation")):
        assert "Lav selv en adgangsnøgle først" in words(page.text), "one that was never used may not work"
    world.clock.move(minutes=1)
    assert log_in(world, world.client()).location == "/"


def test_turning_it_on_and_off_asks_for_a_fresh_second_factor(world: World, admin: Browser) -> None:
    once = admin.token(PAGE)
    world.clock.move(minutes=11)
    answer = admin.post(PAGE, {"once": once, "demanded": "yes"})
    assert answer.location.startswith(f"/login/again?next={PAGE}")
    assert "Med en adgangsnøgle, eller med" in words(admin.get("/people/organisation").text)


@pytest.mark.parametrize("value", ["", "maybe"])
def test_a_form_that_says_neither_changes_nothing(admin: Browser, value: str) -> None:
    assert admin.post(PAGE, {"demanded": value}).status_code == 422
    assert "Med en adgangsnøgle, eller med" in words(admin.get("/people/organisation").text)


def test_nobody_else_decides_it(world: World, birgit: StaffActor, admin: Browser) -> None:
    rita = world.staff("Rita", "Psykiatrien", organisation="Regionen", administrator=True)
    assert world.client(birgit).get(PAGE).status_code == 404
    with pytest.raises(NotThere):
        organisations.demand_passkeys(world.platform, Caller(birgit), demanded=True)
    with pytest.raises(Invalid) as refused:
        organisations.demand_passkeys(world.platform, Caller(rita), demanded=True)
    assert refused.value.problem is Problem.PASSKEY_NEEDED_FIRST
    demand(admin)
    assert log_in(world, world.client()).location != "/"
    other = world.client()
    give_password(other, "rita@test.dk")
    assert other.post(CODE, {"code": world.code()}).location == "/", "another organisation demands nothing"


# Who has a passkey


def test_a_code_of_the_app_neither_completes_a_login_nor_is_it_spent(
    world: World, admin: Browser, birgit: StaffActor
) -> None:
    phone = make_passkey(world.client(birgit))
    demand(admin)
    browser = half(world)
    page = browser.get(CODE).text
    assert 'name="code"' not in page
    assert "Brug din adgangsnøgle" in page
    answer = browser.post(CODE, {"code": world.code()})
    assert answer.status_code == 422
    assert "Din arbejdsplads kræver en adgangsnøgle" in answer.text
    assert not is_logged_in(browser)
    assert browser.get(MAKE).location.startswith(CODE), "nor does it lead to another passkey"
    assert log_in_with(world, phone, browser) == 303
    assert is_logged_in(browser)


def test_nor_does_it_or_a_recovery_code_complete_a_step_up(world: World, admin: Browser, birgit: StaffActor) -> None:
    browser = world.client(birgit)
    codes, phone = codes_of(browser), make_passkey(browser)
    demand(admin)
    world.clock.move(minutes=11)
    for page in ("/login/again", "/login/anew"):
        assert 'name="code"' not in browser.get(f"{page}?next=/login/mine").text
        for code in (world.code(), codes[0]):
            assert browser.post(page, {"password": PASSWORD, "code": code}).status_code == 422
    assert browser.get("/login/mine/codes").location.startswith("/login/anew")
    assert browser.get("/login/mine/password").location.startswith("/login/again")
    stepped = browser.post("/login/again?next=/x", {"answer": phone.get(asked(browser, "/login/again"))})
    assert (stepped.status_code, stepped.location) == (303, "/x")


def test_the_last_passkey_cannot_be_removed(world: World, admin: Browser, birgit: StaffActor) -> None:
    """Else the password alone would let somebody make another."""
    browser = world.client(birgit)
    make_passkey(browser)
    demand(admin)
    with world.platform.database.transaction() as session:
        row = session.scalars(select(Passkey).where(Passkey.staff_id == birgit.id)).one()
    path = f"/login/mine/passkey/{row.id}/remove"
    assert "Lav en ny først" in browser.get(path).text
    assert browser.post(path, page="/login/mine").status_code == 422
    make_passkey(browser)
    assert browser.post(path).status_code == 303


# Who has none yet


def test_who_has_an_app_only_gives_its_code_and_then_makes_a_passkey(
    world: World, admin: Browser, birgit: StaffActor
) -> None:
    elsewhere = world.client(birgit)
    demand(admin)
    browser = half(world)
    token = browser.client.get_cookie("samrum-login")
    assert browser.get(MAKE).location == CODE, "not before the code"
    options = browser.post(f"{MAKE}/options", page=CODE)
    assert (options.status_code, options.location) == (303, CODE)
    assert browser.post(CODE, {"code": "000000"}).status_code == 422
    answer = browser.post(CODE, {"code": world.code()})
    assert answer.location == MAKE
    assert browser.client.get_cookie("samrum-login") != token, "what was gained has a token of its own"
    assert not is_logged_in(browser)
    assert is_logged_in(elsewhere)
    phone = make_passkey(browser, MAKE)
    assert is_logged_in(browser)
    assert not is_logged_in(elsewhere), "what one logs in with has changed"
    assert actions(world)[-2:] == [("passkey_added", None), ("logged_in", "passkey")]
    assert log_in_with(world, phone) == 303
    world.clock.move(minutes=1)
    again = half(world)
    assert again.post(CODE, {"code": world.code()}).status_code == 422, "the code was good for that once"


def test_after_thirty_days_the_app_leads_nowhere_and_a_reset_does(
    world: World, admin: Browser, birgit: StaffActor
) -> None:
    demand(admin)
    world.clock.move(days=TRANSITION.days)
    browser = half(world)
    assert 'name="code"' not in browser.get(CODE).text
    assert browser.post(CODE, {"code": world.code()}).status_code == 422
    reset(world, birgit)
    browser = half(world)
    assert browser.get(CODE).location == MAKE
    make_passkey(browser, MAKE)
    assert is_logged_in(browser)


def test_a_new_colleague_makes_a_passkey_with_the_first_password_once(
    world: World, admin: Browser, anna: StaffActor
) -> None:
    demand(admin)
    new = NewStaff("Ny", "ny@test.dk", "", "UU")
    _, code = people.create_staff(world.platform, Caller(anna), new)
    world.client().post("/login/welcome", {"code": code, "password": PASSWORD})
    first, second = half(world, "ny@test.dk"), half(world, "ny@test.dk")
    for browser in (first, second):
        assert browser.get(CODE).location == MAKE
        assert "enrol-key" not in browser.get(MAKE).text
    first.post(CODE, {"code": world.code()}, page=MAKE)
    assert not is_logged_in(first)
    make_passkey(first, MAKE)
    assert is_logged_in(first)
    assert second.get(MAKE).location == CODE
    assert second.get(CODE).location == "/login/staff", "the other half login has ended"
    third = half(world, "ny@test.dk")
    assert third.get(MAKE).location == CODE, "the password alone makes no second passkey"
    assert "enrol-key" not in third.get(CODE).text, "and sets no app up"


def test_a_running_login_without_a_passkey_is_told_to_log_in_again(
    world: World, admin: Browser, birgit: StaffActor
) -> None:
    browser = world.client(birgit)
    demand(admin)
    assert is_logged_in(browser)
    world.clock.move(minutes=11)
    page = browser.get("/login/again?next=/login/mine")
    assert "Log ind igen, så viser vi dig" in page.text
    assert 'href="/login/staff?next=/login/mine"' in page.text


# Who has lost the device


def test_a_recovery_code_makes_a_new_passkey_and_lets_nobody_in_by_itself(
    world: World, admin: Browser, birgit: StaffActor
) -> None:
    browser = world.client(birgit)
    codes = codes_of(browser)
    make_passkey(browser)
    demand(admin)
    browser = half(world)
    wrong = browser.post(CODE, {"recovery": "AAAA-BBBB-CCCC"})
    assert "Nødkoden passer ikke" in wrong.text
    assert browser.post(CODE, {"recovery": codes[0]}).location == MAKE
    assert not is_logged_in(browser)
    make_passkey(browser, MAKE)
    assert is_logged_in(browser)
    again = half(world)
    assert again.post(CODE, {"recovery": codes[0]}).status_code == 422, "it was good once"


@pytest.mark.parametrize("end", ["a quarter of an hour", "a reset", "new recovery codes"])
def test_what_let_one_make_a_passkey_goes_with_the_half_login(
    world: World, admin: Browser, birgit: StaffActor, end: str
) -> None:
    elsewhere = world.client(birgit)
    demand(admin)
    browser = half(world)
    browser.post(CODE, {"code": world.code()})
    once = browser.token(MAKE)
    if end == "a quarter of an hour":
        world.clock.move(minutes=15)
    elif end == "a reset":
        reset(world, birgit)
    else:
        codes_of(elsewhere)
    for path in (MAKE, f"{MAKE}/options"):
        assert browser.post(path, {"once": once, "name": "Tyv", "answer": "{}"}).location == CODE
    assert browser.get(CODE).location == "/login/staff"


def test_without_the_demand_a_passkey_alone_is_a_factor_like_any(
    world: World, admin: Browser, anna: StaffActor
) -> None:
    """Nobody who made a passkey under the demand gets by with the password when it is gone."""
    demand(admin)
    _, code = people.create_staff(world.platform, Caller(anna), NewStaff("Ny", "ny@test.dk", "", "UU"))
    world.client().post("/login/welcome", {"code": code, "password": PASSWORD})
    browser = half(world, "ny@test.dk")
    make_passkey(browser, MAKE)
    demand(admin, "no")
    other = half(world, "ny@test.dk")
    page = other.get(CODE)
    assert page.status_code == 200
    assert "enrol-key" not in page.text, "no app is set up with the password alone"
    assert other.post(CODE, {"code": world.code()}).status_code == 422
    assert other.get(MAKE).location == CODE
    other.post(f"{MAKE}/options", page=CODE)
    assert not is_logged_in(other)


def test_two_clicks_make_one_passkey_and_log_in(world: World, admin: Browser, birgit: StaffActor) -> None:
    demand(admin)
    reset(world, birgit)
    browser = half(world)
    before = browser.client.get_cookie("samrum-login")
    assert before is not None
    options = browser.post(f"{MAKE}/options", page=MAKE).text
    form = {"once": browser.token(MAKE), "name": "Telefon", "answer": device().create(options)}
    assert browser.post(MAKE, form).status_code == 303
    browser.client.set_cookie("samrum-login", before.value)
    assert browser.post(MAKE, form).status_code == 303
    assert is_logged_in(browser)
    with world.platform.database.transaction() as session:
        assert len(session.scalars(select(Passkey).where(Passkey.staff_id == birgit.id)).all()) == 1
