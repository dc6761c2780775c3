"""A closed account is opened again for the same person, who gets nothing back of what they had."""

import html
import re
from uuid import UUID

import pytest
from sqlalchemy import select

from auth.policy import Level, StaffActor
from samrum.models import AuditRow, Case, Grant, LoginSession, Passkey, Staff
from samrum.services import people, reopening
from samrum.services.errors import Invalid, NotThere, Problem
from samrum.services.platform import Caller
from samrum.services.reopening import Roles
from support.household import Household
from support.logins import actions, enrolment_secret, give_password, is_logged_in
from support.passkeys import log_in_with, make_passkey
from support.world import PASSWORD, Browser, World

NEW_PASSWORD = "syv grønne ænder danser"


@pytest.fixture
def home(world: World) -> Household:
    """A room in which everybody has consented, and Ulla of UU is let in."""
    home = Household.make(world)
    home.everybody_consents()
    return home


@pytest.fixture
def anna(world: World, home: Household) -> StaffActor:
    return world.staff("Anna", "It", administrator=True)


@pytest.fixture
def admin(world: World, anna: StaffActor) -> Browser:
    return world.client(anna)


def close(world: World, anna: StaffActor, who: StaffActor) -> str:
    people.deactivate_staff(world.platform, Caller(anna), who.id)
    return f"/people/{who.id}/reopen"


def reopen(admin: Browser, page: str, *roles: str) -> str:
    """Open it again on its page; the code that the administrator is shown."""
    answer = admin.post(page, {"roles": list(roles)})
    assert answer.status_code == 200, html.unescape(answer.text)
    found = re.search(r'class="single-use-code">(.*?)</p>', answer.text, re.DOTALL)
    assert found is not None
    return "-".join(re.findall(r"<span>(\w{5})</span>", found[1]))


def row(world: World, staff_id: UUID) -> Staff:
    with world.platform.database.transaction() as session:
        return session.get_one(Staff, staff_id)


def come_back(world: World, email: str, code: str) -> Browser:
    """With a new password and a new phone, as a new colleague does."""
    assert world.client().post("/login/welcome", {"code": code, "password": NEW_PASSWORD}).status_code == 303
    browser = world.client()
    half = give_password(browser, email, NEW_PASSWORD)
    secret = enrolment_secret(browser.get(half.location))
    browser.post(half.location, {"code": world.code(secret)})
    assert is_logged_in(browser)
    return browser


def test_the_page_says_what_comes_of_it_and_the_log_who_did_it(
    world: World, home: Household, anna: StaffActor, admin: Browser
) -> None:
    page = close(world, anna, home.colleague)
    assert f'href="{page}"' in admin.get(f"/people/{home.colleague.id}").text
    assert "Det skal være den samme person" in html.unescape(admin.get(page).text)
    reopen(admin, page)
    assert row(world, home.colleague.id).active
    with world.platform.database.transaction() as session:
        done = session.scalars(select(AuditRow).where(AuditRow.action == "staff_reopened")).one()
    assert (done.actor_id, done.subject_id) == (anna.id, home.colleague.id)
    assert admin.get(page).status_code == 404, "it is open"


def test_no_grant_comes_back_and_the_room_s_own_log_says_so(
    world: World, home: Household, anna: StaffActor, admin: Browser
) -> None:
    assert world.client(home.colleague).get(home.path).status_code == 200
    code = reopen(admin, close(world, anna, home.colleague))
    browser = come_back(world, "ulla@test.dk", code)
    assert browser.get(home.path).status_code == 404
    assert "Sofie" not in browser.get("/rooms").text
    with world.platform.database.transaction() as session:
        logged = session.scalars(select(AuditRow).where(AuditRow.action == "grant_revoked")).one()
        assert (
            session.scalars(select(Grant).where(Grant.staff_id == home.colleague.id, Grant.revoked_at.is_(None))).all()
            == []
        )
    assert (logged.case_id, logged.subject_id, logged.detail) == (
        home.case_id, home.colleague.id, {"why": "account_reopened"}
    )  # fmt: skip
    assert world.client(home.youth).get(f"{home.path}/log").status_code == 200
    home.world.grant(home.owner, home.case_id, "ulla@test.dk", Level.READ)
    assert browser.get(home.path).status_code == 200, "being let in again is the owner's to do"


def test_no_password_phone_passkey_recovery_code_or_login_of_before_opens_anything(
    world: World, home: Household, anna: StaffActor, admin: Browser
) -> None:
    theirs = world.client(home.colleague)
    codes = re.findall(r"<code>([^<]+)</code>", theirs.post("/login/mine/codes").text)
    phone = make_passkey(theirs)
    code = reopen(admin, close(world, anna, home.colleague))
    assert not is_logged_in(theirs)
    assert log_in_with(world, phone) == 422
    assert give_password(world.client(), "ulla@test.dk", PASSWORD).status_code == 422
    world.client().post("/login/welcome", {"code": code, "password": NEW_PASSWORD})
    for old in (world.code(), codes[0]):
        browser = world.client()
        half = give_password(browser, "ulla@test.dk", NEW_PASSWORD)
        assert browser.post(half.location, {"code": old}).status_code == 422
    with world.platform.database.transaction() as session:
        assert session.scalars(select(Passkey).where(Passkey.revoked_at.is_(None))).all() == []
        running = select(LoginSession).where(LoginSession.staff_id == home.colleague.id, LoginSession.stage == "full")
        assert all(login.ended_at is not None for login in session.scalars(running))


def test_roles_are_those_that_are_chosen_now(world: World, home: Household, anna: StaffActor, admin: Browser) -> None:
    bent = world.staff("Bent", "It", administrator=True)
    reopen(admin, close(world, anna, bent))
    found = row(world, bent.id)
    assert (found.administrator, found.case_creator, found.auditor) == (False, False, False)
    reopen(admin, close(world, anna, bent), "case_creator")
    assert row(world, bent.id).case_creator


def test_roles_that_clash_open_nothing(world: World, home: Household, anna: StaffActor, admin: Browser) -> None:
    page = close(world, anna, home.colleague)
    answer = admin.post(page, {"roles": ["case_creator", "auditor"]})
    assert answer.status_code == 422
    assert "Vælg kun det ene" in html.unescape(answer.text)
    assert admin.post(page, {"roles": ["superuser"]}).status_code == 422
    assert not row(world, home.colleague.id).active


def test_who_still_owns_rooms_is_not_let_in_to_them_again(
    world: World, home: Household, anna: StaffActor, admin: Browser
) -> None:
    page = close(world, anna, home.owner)
    answer = admin.post(page)
    assert answer.status_code == 422
    assert "Kontoen ejer stadig rum" in html.unescape(answer.text)
    assert not row(world, home.owner.id).active
    world.staff("Dorte", "UU", case_creator=True)
    with world.platform.database.transaction() as session:
        number = session.get_one(Case, home.case_id).number
    admin.post("/people/hand-over", {"number": number, "email": "dorte@test.dk", "why": "leave"})
    browser = come_back(world, "birgit@test.dk", reopen(admin, page, "case_creator"))
    assert browser.get(home.path).status_code == 404


def test_two_clicks_open_it_once(world: World, home: Household, anna: StaffActor, admin: Browser) -> None:
    page = close(world, anna, home.colleague)
    once = admin.token(page)
    for _ in range(2):
        assert admin.post(page, {"once": once}).status_code == 200
    assert [action for action, _ in actions(world)].count("staff_reopened") == 1


def test_it_asks_for_a_fresh_second_factor(world: World, home: Household, anna: StaffActor, admin: Browser) -> None:
    page = close(world, anna, home.colleague)
    world.clock.move(minutes=11)
    assert admin.post(page).location.startswith(f"/login/again?next={page}")
    assert not row(world, home.colleague.id).active


def test_another_organisation_s_account_is_not_there_and_an_open_one_stays_as_it_is(
    world: World, home: Household, anna: StaffActor
) -> None:
    rita = world.staff("Rita", "Psykiatrien", organisation="Regionen", administrator=True)
    with pytest.raises(Invalid) as refused:
        reopening.reopen(world.platform, Caller(anna), home.colleague.id, Roles(administrator=True))
    assert refused.value.problem is Problem.ACCOUNT_OPEN
    close(world, anna, home.colleague)
    for other in (rita, home.owner):
        with pytest.raises(NotThere):
            reopening.reopen(world.platform, Caller(other, "127.0.0.1"), home.colleague.id, Roles())
    assert not row(world, home.colleague.id).active
    assert world.client(home.colleague).get("/rooms").status_code == 302
