"""Two people at the same moment, on the database that really lets them: nobody passes by a change, nothing breaks."""

import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import func, select

from auth.policy import Action, StaffActor
from samrum.cpr import Cpr
from samrum.models import Case, Citizen, Grant, Unit
from samrum.services import cases, grants, people
from samrum.services.cases import MasterData, NewCase, NewParent
from samrum.services.errors import Denied, Invalid
from samrum.services.people import NewStaff
from samrum.services.platform import Caller
from support.household import Household
from support.world import World, wait_until

EXPECTED = (Invalid, Denied)


@pytest.fixture
def world(tmp_path: Path, postgres_database: str) -> Iterator[World]:
    made = World.make(tmp_path, database_url=postgres_database)
    yield made
    made.platform.database.engine.dispose()


@pytest.fixture
def home(world: World) -> Household:
    return Household.make(world)


def at_once(*acts: Callable[[], object]) -> list[object]:
    """What each of them gives, or what it was refused with, when all begin together."""
    start = threading.Barrier(len(acts))
    results: dict[int, object] = {}

    def run(place: int, act: Callable[[], object]) -> None:
        start.wait()
        try:
            results[place] = act()
        except Exception as error:  # noqa: BLE001 the test looks at it
            results[place] = error

    threads = [threading.Thread(target=run, args=(place, act)) for place, act in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return list(results.values())


def surprises(results: list[object]) -> list[object]:
    return [result for result in results if isinstance(result, Exception) and not isinstance(result, EXPECTED)]


def waits_for_a_lock(world: World) -> bool:
    with world.platform.database.engine.connect() as connection:
        query = "select count(*) from pg_locks where not granted"
        return bool(connection.exec_driver_sql(query).scalar_one())


def test_a_decision_that_waited_for_a_revocation_has_seen_it(home: Household) -> None:
    """Its statement began before the revocation was there, and ends after it."""
    home.everybody_consents()
    decided: list[object] = []

    def write() -> None:
        try:
            with home.world.platform.act(Caller(home.colleague)) as act:
                decided.append(act.require(home.case_id, Action.WRITE_FILES, lock=True))
        except Denied as denied:
            decided.append(denied.decision.reason.value)

    writer = threading.Thread(target=write)
    with home.world.platform.act(Caller(home.owner)) as act:
        act.require(home.case_id, Action.MANAGE, lock=True)
        writer.start()
        wait_until(lambda: waits_for_a_lock(home.world))
        act.session.scalars(select(Grant)).one().revoked_at = act.now
    writer.join()
    assert decided == ["no_grant"]


def test_a_room_handed_over_twice_at_once_is_handed_over_once(world: World, home: Household) -> None:
    world.staff("Bent", "Børn og Unge", case_creator=True)
    for _ in range(3):
        results = at_once(
            *[partial(grants.hand_over, world.platform, Caller(home.owner), home.case_id, "bent@test.dk")] * 2
        )
        assert surprises(results) == []
        assert any(isinstance(result, Denied) for result in results)
        back(home)


def back(home: Household) -> None:
    with home.world.platform.database.transaction() as session:
        session.get_one(Case, home.case_id).owner_id = home.owner.id


def test_one_person_entered_by_two_at_once_is_one_citizen(home: Household) -> None:
    world = home.world
    other = world.staff("Bent", "Børn og Unge", case_creator=True)
    second = world.case(other, cpr="7508095999", name="Anton Berg")
    for serial in range(4):
        parent = NewParent("Kim Lind", Cpr.parse(f"610381{6000 + serial}"), False)
        rooms = ((home.owner, home.case_id), (other, second))
        add = [partial(cases.add_parent, world.platform, Caller(who), room, parent) for who, room in rooms]
        assert surprises(at_once(*add)) == []
    assert count(world, Citizen) == 2 + 2 + 4


def test_one_young_person_gets_one_room_from_two_at_once(home: Household) -> None:
    world = home.world
    creators = [home.owner, world.staff("Bent", "Børn og Unge", case_creator=True)]
    for serial in range(4):
        cpr = Cpr.parse(f"750809{5000 + serial}")
        if serial % 2:
            known(world, home.owner, home.case_id, cpr)
        new = NewCase(MasterData("Anton Berg", "Birgit", "home"), cpr)
        make = [partial(cases.create_case, world.platform, Caller(who), new) for who in creators]
        results = at_once(*make)
        assert surprises(results) == []
        assert sum(isinstance(result, Invalid) for result in results) == 1


def known(world: World, owner: StaffActor, case_id: UUID, cpr: Cpr) -> None:
    """Have a person registered already, as somebody's parent."""
    cases.add_parent(world.platform, Caller(owner), case_id, NewParent("Anton Berg", cpr, False))


def test_one_unit_and_one_address_entered_by_two_at_once_are_one(world: World) -> None:
    administrator = world.staff("Anne", "Administrationen", administrator=True)

    def make(email: str, unit: str) -> object:
        return people.create_staff(world.platform, Caller(administrator), NewStaff("Kim", email, "", unit))

    for number in range(4):
        unit, new = f"Enhed {number}", f"Ny {number}"
        results = at_once(partial(make, f"kim{number}@test.dk", unit), partial(make, f"bo{number}@test.dk", unit))
        assert surprises(results) == []
        results = at_once(*[partial(make, f"ida{number}@test.dk", new)] * 2)
        assert surprises(results) == []
        assert sum(isinstance(result, Invalid) for result in results) == 1
    assert count(world, Unit) == 1 + 4 + 4


def count(world: World, table: type[Citizen] | type[Unit]) -> int:
    with world.platform.database.transaction(writes=False) as session:
        return session.scalar(select(func.count()).select_from(table)) or 0
