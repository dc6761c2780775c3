"""What is good once is good once, also for those who come at the same moment; on both databases."""

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import select

from auth.policy import StaffActor
from samrum.models import AuditRow, LoginSession, Organisation, Staff
from samrum.services import first_passkey, people, sessions, staff_login
from samrum.services.errors import AlreadyDone, LoginRefused
from samrum.services.people import Identity, NewStaff
from samrum.services.platform import SYSTEM, Caller
from samrum.services.sessions import token_hash
from support.passkeys import device
from support.world import PASSWORD, World

AT_ONCE = 6


@pytest.fixture(params=["sqlite", "postgresql"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    address = ""
    if request.param == "postgresql":
        new: Callable[[], str] = request.getfixturevalue("new_postgres_database")
        address = new()
    made = World.make(tmp_path, database_url=address)
    yield made
    made.platform.database.engine.dispose()


def all_at_once(acts: list[Callable[[], object]]) -> list[object]:
    """What each act gave or raised, all of them begun at the same moment."""
    gate = Barrier(len(acts))

    def run(act: Callable[[], object]) -> object:
        gate.wait(10)
        try:
            return act()
        except (LoginRefused, AlreadyDone) as refused:
            return refused

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def half_login(world: World, staff: StaffActor, number: int) -> Callable[[str], object]:
    """A login that lacks the second factor, and how its code is given."""
    caller = Caller(None, f"10.0.0.{number}")
    token = staff_login.give_password(world.platform, caller, "birgit@test.dk", PASSWORD)
    with world.platform.database.transaction() as session:
        wanted = select(LoginSession.id).where(LoginSession.token_hash == token_hash(token))
        login_id = session.scalars(wanted).one()
    return lambda code: staff_login.give_code(world.platform, Caller(staff, caller.address), login_id, code)


def actions(world: World, action: str) -> int:
    with world.platform.database.transaction() as session:
        return len(session.scalars(select(AuditRow).where(AuditRow.action == action)).all())


def test_a_code_given_by_several_at_once_lets_one_in(world: World) -> None:
    birgit = world.staff("Birgit", "UU")
    logins = [half_login(world, birgit, number) for number in range(AT_ONCE)]
    code = world.code()
    found = all_at_once([lambda give=give: give(code) for give in logins])  # type: ignore[misc]
    assert sorted(type(one).__name__ for one in found) == ["Entered", *["LoginRefused"] * (AT_ONCE - 1)]
    assert actions(world, "logged_in") == 1


def test_a_recovery_code_given_by_several_at_once_lets_one_in(world: World) -> None:
    birgit = world.staff("Birgit", "UU")
    browser = world.client(birgit)
    code = re.findall(r"<code>([^<]+)</code>", browser.post("/login/mine/codes").text)[0]
    logins = [half_login(world, birgit, number) for number in range(AT_ONCE)]
    found = all_at_once([lambda give=give: give(code) for give in logins])  # type: ignore[misc]
    assert sorted(type(one).__name__ for one in found) == ["Entered", *["LoginRefused"] * (AT_ONCE - 1)]
    assert actions(world, "recovery_code_used") == 1


def test_passkeys_made_by_several_at_once_with_one_password_are_one(world: World) -> None:
    """After a reset, where the organisation demands passkeys: whoever is first has it, and the others are out."""
    birgit = world.staff("Birgit", "UU")
    people.reset_second_factor(world.platform, SYSTEM, birgit.id, Identity.IN_PERSON)
    with world.platform.database.transaction() as session:
        session.scalars(select(Organisation)).one().passkeys_demanded_at = world.clock.now()
    makes = []
    for number in range(AT_ONCE):
        caller = Caller(None, f"10.0.0.{number}")
        token = staff_login.give_password(world.platform, caller, "birgit@test.dk", PASSWORD)
        login = sessions.look_up(world.platform, token)
        assert login is not None
        who = Caller(birgit, caller.address)
        answer = device().create(first_passkey.options(world.platform, who, login.id))
        makes.append((who, login.id, answer))
    found = all_at_once(
        [
            lambda one=one: first_passkey.make(world.platform, one[0], one[1], "Telefon", one[2])  # type: ignore[misc]
            for one in makes
        ]
    )
    assert sorted(type(one).__name__ for one in found) == [*["LoginRefused"] * (AT_ONCE - 1), "str"]
    assert actions(world, "passkey_added") == 1


def test_an_invitation_used_by_several_at_once_sets_one_password(world: World) -> None:
    staff_id, code = people.create_staff(world.platform, SYSTEM, NewStaff("Ny", "ny@test.dk", "Testby", "UU"))
    passwords = [f"{PASSWORD} nummer {number}" for number in range(AT_ONCE)]
    found = all_at_once(
        [
            lambda chosen=chosen: staff_login.accept_invitation(  # type: ignore[misc]
                world.platform, Caller(None, "10.0.0.1"), code, chosen
            )
            for chosen in passwords
        ]
    )
    (winner,) = [number for number, one in enumerate(found) if not isinstance(one, LoginRefused)]
    assert actions(world, "password_set") == 1
    with world.platform.database.transaction() as session:
        assert session.get_one(Staff, staff_id).invitation_hash is None
    staff_login.give_password(world.platform, Caller(None, "10.0.0.1"), "ny@test.dk", passwords[winner])


def test_a_form_sent_several_times_at_once_is_carried_out_once(world: World) -> None:
    anne = world.staff("Anne", "Ledelsen", administrator=True)
    caller = Caller(anne, "10.0.0.1", once=b"the same form")
    new = NewStaff("Ny", "ny@test.dk", "", "UU")
    found = all_at_once([lambda: people.create_staff(world.platform, caller, new) for _ in range(AT_ONCE)])
    (made,) = [one for one in found if isinstance(one, tuple)]
    assert {one.result for one in found if isinstance(one, AlreadyDone)} == {made[0]}
    assert actions(world, "staff_created") == 2


def test_failures_that_come_at_once_all_count(world: World) -> None:
    world.staff("Birgit", "UU")

    def guess(number: int) -> object:
        return staff_login.give_password(world.platform, Caller(None, f"10.0.0.{number}"), "birgit@test.dk", "forkert")

    all_at_once([lambda number=number: guess(number) for number in range(AT_ONCE)])  # type: ignore[misc]
    all_at_once([lambda number=number: guess(number) for number in range(AT_ONCE)])  # type: ignore[misc]
    with pytest.raises(LoginRefused, match="too_many"):
        staff_login.give_password(world.platform, Caller(None, "10.0.0.99"), "birgit@test.dk", PASSWORD)
