"""What a guesser at the login pages finds out, and how often they may try."""

import re

import pytest
from argon2 import PasswordHasher

from auth.policy import StaffActor
from samrum.services import people, staff_login
from samrum.services.errors import LoginRefused
from samrum.services.people import NewStaff
from samrum.services.platform import SYSTEM, Caller
from support.logins import actions, give_password
from support.world import PASSWORD, World


@pytest.fixture
def birgit(world: World) -> StaffActor:
    return world.staff("Birgit", "Børn og Unge", case_creator=True)


@pytest.mark.parametrize(
    ("email", "password"),
    [("birgit@test.dk", "forkert kodeord"), ("findes.ikke@test.dk", PASSWORD), ("carl@test.dk", PASSWORD)],
    ids=["wrong password", "nobody", "closed account"],
)
def test_nothing_tells_which_accounts_there_are(world: World, birgit: StaffActor, email: str, password: str) -> None:
    people.deactivate_staff(world.platform, SYSTEM, world.staff("Carl", "UU").id)
    answer = give_password(world.client(), email, password)
    assert answer.status_code == 422
    assert "E-mail eller adgangskode passer ikke" in answer.text
    normal = re.sub(r'value="[^"]*"', "", answer.text)
    other = re.sub(r'value="[^"]*"', "", give_password(world.client(), "slet.ingen@test.dk", "noget helt andet").text)
    assert normal == other
    assert actions(world)[-2:] == [("login_failed", "password")] * 2


def test_nobody_is_refused_with_as_much_work_as_somebody(
    world: World, birgit: StaffActor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the time taken would tell which accounts there are."""
    people.create_staff(world.platform, SYSTEM, NewStaff("Ny", "ny@test.dk", "Testby Kommune", "UU"))
    hashes: list[str] = []
    verify = PasswordHasher.verify

    def counted(hasher: PasswordHasher, stored: str, given: bytes) -> bool:
        hashes.append(stored)
        return bool(verify(hasher, stored, given))

    monkeypatch.setattr(PasswordHasher, "verify", counted)
    for email in ("birgit@test.dk", "ingen@test.dk", "ny@test.dk"):
        give_password(world.client(), email, "forkert")
    costs = {stored.rsplit("$", 2)[0] for stored in hashes}
    assert len(hashes) == 3
    assert len(costs) == 1


def test_the_eighth_failure_closes_the_account_for_a_quarter_of_an_hour(world: World, birgit: StaffActor) -> None:
    for number in range(8):
        assert give_password(world.client(), password=f"forkert {number}").status_code == 422
    answer = give_password(world.client())
    assert answer.status_code == 429
    assert "for mange forsøg" in answer.text
    assert actions(world)[-1] == ("login_failed", "too_many")
    world.clock.move(minutes=16)
    assert give_password(world.client()).status_code == 303


def test_an_account_that_is_not_there_closes_just_the_same(world: World) -> None:
    for _ in range(8):
        give_password(world.client(), "ingen@test.dk")
    assert give_password(world.client(), "ingen@test.dk").status_code == 429


def test_failures_are_remembered_by_a_service_started_again(world: World, birgit: StaffActor) -> None:
    for _ in range(8):
        give_password(world.client(), password="forkert")
    restarted = World(
        world.platform, world.clock, __import__("samrum").create_app(world.platform.settings, world.platform)
    )
    assert give_password(restarted.client()).status_code == 429


def test_many_accounts_from_one_address_close_the_address(world: World, birgit: StaffActor) -> None:
    for number in range(60):
        with pytest.raises(LoginRefused):
            staff_login.give_password(world.platform, Caller(None, "127.0.0.1"), f"nr{number}@test.dk", "x")
    assert give_password(world.client()).status_code == 429
    staff_login.give_password(world.platform, Caller(None, "192.0.2.7"), "birgit@test.dk", PASSWORD)


def test_codes_are_throttled_like_passwords(world: World, birgit: StaffActor) -> None:
    browser = world.client()
    give_password(browser)
    for number in range(8):
        assert browser.post("/login/staff/code", {"code": f"00000{number}"}).status_code == 422
    assert browser.post("/login/staff/code", {"code": world.code()}).status_code == 429


def test_success_forgets_nothing_of_the_failures_before_it(world: World, birgit: StaffActor) -> None:
    for _ in range(7):
        give_password(world.client(), password="forkert")
    assert give_password(world.client()).status_code == 303
    give_password(world.client(), password="forkert")
    assert give_password(world.client()).status_code == 429


def test_guessing_invitations_is_throttled(world: World) -> None:
    browser = world.client()
    answers = [
        browser.post("/login/welcome", {"code": "AAAAA-BBBBB-CCCCC-DDDDD-EEEEE", "password": PASSWORD}).status_code
        for _ in range(61)
    ]
    assert answers == [422] * 60 + [429]
