"""The first password, the first phone, and both again when they are lost."""

import re

import pytest

from auth import totp
from auth.policy import StaffActor
from samrum.services import people
from samrum.services.people import Identity, NewStaff
from samrum.services.platform import SYSTEM
from support.logins import actions, enrolment_secret, give_password, is_logged_in, log_in
from support.world import PASSWORD, World


@pytest.fixture
def birgit(world: World) -> StaffActor:
    return world.staff("Birgit", "Børn og Unge", case_creator=True)


def test_an_account_without_a_password_is_not_opened_by_an_empty_one(world: World) -> None:
    people.create_staff(world.platform, SYSTEM, NewStaff("Ny", "ny@test.dk", "Testby Kommune", "UU"))
    for password in ("", " ", "None"):
        assert give_password(world.client(), "ny@test.dk", password).status_code == 422


def test_a_new_colleague_chooses_a_password_and_sets_the_phone_up(world: World) -> None:
    _, code = people.create_staff(world.platform, SYSTEM, NewStaff("Ny", "Ny@Test.dk", "Testby Kommune", "UU"))
    browser = world.client()
    weak = browser.post("/login/welcome", {"code": code, "password": "sommer"})
    assert weak.status_code == 422
    assert "Adgangskoden er for kort" in weak.text
    assert PASSWORD not in weak.text
    chosen = browser.post("/login/welcome", {"code": code.lower().replace("-", " "), "password": PASSWORD})
    assert chosen.location == "/login/staff"
    assert "Din adgangskode er gemt" in browser.get("/login/staff").text
    assert give_password(browser, "NY@test.dk ").status_code == 303
    page = browser.get("/login/staff/code")
    secret = enrolment_secret(page)
    assert len(secret) == 32
    assert "<svg" in page.text
    assert "style=" not in page.text
    wrong = browser.post("/login/staff/code", {"code": "000000"})
    assert enrolment_secret(wrong) == secret, "the phone would have to be set up again after a slip"
    assert browser.post("/login/staff/code", {"code": totp.code_at(secret, world.clock.now())}).status_code == 303
    assert is_logged_in(browser)
    assert actions(world) == [
        ("password_set", None),
        ("login_failed", "second_factor"),
        ("second_factor_set", None),
        ("logged_in", None),
    ]
    again = world.client()
    give_password(again, "ny@test.dk")
    assert "enrol-key" not in again.get("/login/staff/code").text, "the secret is shown again"


def test_the_picture_for_the_phone_names_the_account(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    _, code = people.create_staff(world.platform, SYSTEM, NewStaff("Ny", "ny@test.dk", "Testby Kommune", "UU"))
    browser = world.client()
    browser.post("/login/welcome", {"code": code, "password": PASSWORD})
    give_password(browser, "ny@test.dk")
    seen: list[str] = []

    def picture(uri: str) -> str:
        seen.append(uri)
        return "<svg></svg>"

    monkeypatch.setattr(totp, "qr_svg", picture)
    browser.get("/login/staff/code")
    assert re.match(r"otpauth://totp/Samrum:ny(@|%40)test\.dk\?", seen[0])


def test_an_invitation_is_good_once_and_for_a_week(world: World) -> None:
    new = NewStaff("Ny", "ny@test.dk", "Testby Kommune", "UU")
    _, code = people.create_staff(world.platform, SYSTEM, new)
    browser = world.client()
    assert browser.post("/login/welcome", {"code": code, "password": PASSWORD}).status_code == 303
    used = browser.post("/login/welcome", {"code": code, "password": PASSWORD + " igen"})
    assert used.status_code == 422
    assert "Koden passer ikke eller er udløbet" in used.text
    _, late = people.create_staff(world.platform, SYSTEM, NewStaff("Sen", "sen@test.dk", "Testby Kommune", "UU"))
    world.clock.move(days=7, seconds=1)
    assert browser.post("/login/welcome", {"code": late, "password": PASSWORD}).status_code == 422


def test_two_clicks_on_the_welcome_form_choose_the_password_once(world: World) -> None:
    _, code = people.create_staff(world.platform, SYSTEM, NewStaff("Ny", "ny@test.dk", "Testby Kommune", "UU"))
    browser = world.client()
    form = {"once": browser.token("/login/welcome"), "code": code, "password": PASSWORD}
    assert [browser.post("/login/welcome", dict(form)).location for _ in range(2)] == ["/login/staff"] * 2
    assert actions(world) == [("password_set", None)]
    weak = {"once": browser.token("/login/welcome"), "code": code, "password": PASSWORD}
    assert browser.post("/login/welcome", dict(weak)).status_code == 422
    assert browser.post("/login/welcome", dict(weak)).location == "/login/welcome"


def test_a_new_password_ends_the_logins_of_the_old_one(world: World, birgit: StaffActor) -> None:
    browser = world.client()
    log_in(world, browser)
    code = people.renew_invitation(world.platform, SYSTEM, birgit.id)
    assert is_logged_in(browser), "an invitation alone ends nothing"
    world.client().post("/login/welcome", {"code": code, "password": "en helt ny lang adgangskode"})
    assert not is_logged_in(browser)
    assert give_password(world.client()).status_code == 422


def test_a_forgotten_second_factor_is_set_up_anew(world: World, birgit: StaffActor) -> None:
    browser = world.client()
    log_in(world, browser)
    people.reset_second_factor(world.platform, SYSTEM, birgit.id, Identity.IN_PERSON)
    assert not is_logged_in(browser)
    fresh = world.client()
    give_password(fresh)
    assert fresh.post("/login/staff/code", {"code": world.code()}).status_code == 422, "the old phone still counts"
    secret = enrolment_secret(fresh.get("/login/staff/code"))
    assert fresh.post("/login/staff/code", {"code": totp.code_at(secret, world.clock.now())}).status_code == 303
    assert ("second_factor_reset", None) in actions(world)
