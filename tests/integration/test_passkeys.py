"""Passkeys at the pages: a whole login, a fresh factor, and what is refused."""

from pathlib import Path

import pytest

from auth.policy import StaffActor
from samrum.services import second_factor
from samrum.services.platform import Caller
from support.authenticator import SoftAuthenticator
from support.logins import actions, is_logged_in
from support.passkeys import asked, log_in_with, make_passkey
from support.world import Browser, World

PAGE = "/login/mine/codes"


@pytest.fixture
def birgit(world: World) -> StaffActor:
    return world.staff("Birgit", "Børn og Unge", case_creator=True)


@pytest.fixture
def ulla(world: World) -> StaffActor:
    return world.staff("Ulla", "UU")


@pytest.fixture
def browser(world: World, birgit: StaffActor) -> Browser:
    return world.client(birgit)


def test_a_passkey_logs_in_and_steps_up(world: World, birgit: StaffActor, browser: Browser) -> None:
    device = make_passkey(browser)
    fresh = world.client()
    answer = fresh.post("/login/passkey?next=/login/mine", {"answer": device.get(asked(fresh))}, page="/login/staff")
    assert (answer.status_code, answer.location) == (303, "/login/mine")
    assert is_logged_in(fresh)
    world.clock.move(minutes=11)
    stepped = fresh.post("/login/again?next=/login/mine", {"answer": device.get(asked(fresh, "/login/again"))})
    assert (stepped.status_code, stepped.location) == (303, "/login/mine")
    assert ("logged_in", "passkey") in actions(world)
    assert ("stepped_up", "passkey") in actions(world)


def test_an_answer_from_another_browser_or_a_second_time_is_refused(
    world: World, birgit: StaffActor, browser: Browser
) -> None:
    device = make_passkey(browser)
    here, elsewhere = world.client(), world.client()
    answer = device.get(asked(here))
    assert elsewhere.post("/login/passkey", {"answer": answer}, page="/login/staff").status_code == 422
    assert here.post("/login/passkey", {"answer": answer}, page="/login/staff").status_code == 422, "spent by then"
    again = device.get(asked(here))
    assert here.post("/login/passkey", {"answer": again}, page="/login/staff").status_code == 303
    assert world.client().post("/login/passkey", {"answer": again}, page="/login/staff").status_code == 422


def test_a_challenge_is_good_for_five_minutes(world: World, birgit: StaffActor, browser: Browser) -> None:
    device = make_passkey(browser)
    fresh = world.client()
    answer = device.get(asked(fresh))
    world.clock.move(minutes=5)
    assert fresh.post("/login/passkey", {"answer": answer}, page="/login/staff").status_code == 422


def test_two_clicks_log_in_once_more(world: World, birgit: StaffActor, browser: Browser) -> None:
    device = make_passkey(browser)
    fresh = world.client()
    once, answer = fresh.token("/login/staff"), device.get(asked(fresh))
    visitor = fresh.client.get_cookie("samrum-visitor")
    assert fresh.post("/login/passkey", {"once": once, "answer": answer}).status_code == 303
    assert visitor is not None
    fresh.client.delete_cookie("samrum-login")
    assert fresh.post("/login/passkey", {"once": once, "answer": answer}).status_code == 303
    assert is_logged_in(fresh)


def test_a_passkey_of_a_closed_account_or_a_reset_one_opens_nothing(
    world: World, birgit: StaffActor, browser: Browser
) -> None:
    device = make_passkey(browser)
    ulla = world.staff("Ulla", "UU")
    hers = make_passkey(world.client(ulla))
    admin = world.client(world.staff("Anna", "It", administrator=True))
    admin.post(f"/people/{birgit.id}/reset", {"identity": "leader"})
    admin.post(f"/people/{ulla.id}/deactivate")
    assert not is_logged_in(browser)
    assert [log_in_with(world, phone) for phone in (device, hers)] == [422, 422]
    assert second_factor.own(world.platform, Caller(birgit)).passkeys == []


def test_somebody_else_s_passkey_does_not_step_up(
    world: World, birgit: StaffActor, browser: Browser, ulla: StaffActor
) -> None:
    device = make_passkey(browser)
    other = world.client(ulla)
    world.clock.move(minutes=11)
    answer = device.get(asked(other, "/login/again"))
    assert other.post("/login/again", {"answer": answer}).status_code == 422
    assert other.get(PAGE).status_code == 302


def test_a_passkey_is_only_its_owner_s_to_remove(
    world: World, birgit: StaffActor, browser: Browser, ulla: StaffActor
) -> None:
    make_passkey(browser)
    (row,) = second_factor.own(world.platform, Caller(birgit)).passkeys
    page = f"/login/mine/passkey/{row.id}/remove"
    assert world.client(ulla).get(page).status_code == 404
    assert world.client(ulla).post(page, page="/login/mine").status_code == 404
    assert browser.post(page).status_code == 303
    assert second_factor.own(world.platform, Caller(birgit)).passkeys == []


def test_a_passkey_cannot_be_made_from_another_login_s_challenge(
    world: World, birgit: StaffActor, browser: Browser
) -> None:
    device = SoftAuthenticator("http://localhost", "localhost")
    other = world.client(birgit)
    once = other.token("/login/mine/passkey")
    options = other.post("/login/mine/passkey/options", {"once": once}).text
    form = {"name": "Telefon", "answer": device.create(options)}
    assert browser.post("/login/mine/passkey", form).status_code == 422
    assert other.post("/login/mine/passkey", form).status_code == 303


def test_where_the_address_is_a_number_there_are_no_passkeys(tmp_path: Path) -> None:
    world = World.make(tmp_path, base_url="https://10.20.30.40")
    birgit = world.staff("Birgit", "UU")
    browser = world.client(birgit)
    assert "adgangsnøgle" not in browser.get("/login/staff").text
    assert browser.get("/login/mine/passkey").status_code == 404
