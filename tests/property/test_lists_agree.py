"""The lists against the policy: what a query finds is what the decision allows, for everybody, every case and day.

`SAMRUM_WORLDS` sets how many combinations of actor, case and day are tried. `SAMRUM_SEED` repeats a run that failed.
"""

import os
import random
import secrets
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import ColumnElement, select

from auth.policy import Action, Actor, CaseFacts, CitizenActor, Reason, Sight, StaffActor, decide
from samrum import migrations
from samrum.db import Database
from samrum.models import Case
from samrum.queries.cases import attached
from samrum.queries.facts import listed
from samrum.services.platform import Caller, Platform
from samrum.services.rooms import RoomLine, my_rooms
from support import list_worlds
from support.list_worlds import MOMENTS, Municipality
from support.world import SteppingClock, World

WORLDS = int(os.environ.get("SAMRUM_WORLDS", "20000"))
SEED = os.environ.get("SAMRUM_SEED") or secrets.token_hex(4)
MOMENTS_EACH = 12
in_as_many_worlds_as_asked_for = pytest.mark.timeout(max(180, WORLDS // 200))

Condition = Callable[[Actor, date], ColumnElement[bool]]
Unordered = tuple[CaseFacts, Counter[object], Counter[object], Counter[object]]


@dataclass(frozen=True)
class Town:
    """A municipality that stands in a database, and the running Samrum that looks at it."""

    name: str
    people: Municipality
    platform: Platform

    def at(self, moment: int) -> tuple[Platform, date]:
        """The platform with its clock at one of the moments, and the day it is then in Denmark."""
        when, day = MOMENTS[moment]
        return replace(self.platform, clock=SteppingClock(when)), day


def build(name: str, platform: Platform, url: str) -> Iterator[Town]:
    people = list_worlds.make(random.Random(name))
    database = Database(url)
    try:
        with database.engine.begin() as connection:
            list_worlds.write(connection, people)
        yield Town(name, people, replace(platform, database=database))
    finally:
        database.engine.dispose()


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> tuple[Platform, Path]:
    """A platform, and a migrated SQLite database without anybody in it, to be copied."""
    folder = tmp_path_factory.mktemp("lists")
    platform = World.make(folder).platform
    platform.database.engine.dispose()
    return platform, folder / "samrum.sqlite"


@pytest.fixture
def town(empty: tuple[Platform, Path], tmp_path: Path) -> Callable[[str], Iterator[Town]]:
    platform, template = empty

    def new(name: str) -> Iterator[Town]:
        copy = tmp_path / f"{name}.sqlite"
        shutil.copyfile(template, copy)
        yield from build(name, platform, f"sqlite:///{copy}")
        copy.unlink()

    return new


def allowed(town: Town, actor: Actor, day: date) -> dict[UUID, CaseFacts]:
    """The cases that the policy lets the actor know of."""
    cases = town.people.cases
    return {key: facts for key, facts in cases.items() if decide(actor, Action.SEE_NUMBER, facts, day).allowed}


def lists_agree(town: Town, moments: list[int], condition: Condition = attached) -> int:
    """Hold every list of everybody at these moments against the policy; returns how many combinations that were."""
    for moment in moments:
        platform, day = town.at(moment)
        with platform.database.transaction(writes=False) as session:
            found = {
                actor: set(session.scalars(select(Case.id).where(condition(actor, day))))
                for actor in town.people.actors
            }
        for actor, ids in found.items():
            expected = allowed(town, actor, day)
            assert ids == expected.keys(), f"SAMRUM_SEED={SEED}: {town.name}, {day}, {actor}"
            lines = my_rooms(platform, Caller(actor))
            assert sorted(lines, key=_by_id) == [
                line(town.people, actor, key, facts, day) for key, facts in sorted(expected.items())
            ], f"SAMRUM_SEED={SEED}: {town.name}, {day}, {actor}"
    return len(moments) * len(town.people.actors) * len(town.people.cases)


def _by_id(line: RoomLine) -> UUID:
    return line.id


def line(people: Municipality, actor: Actor, key: UUID, facts: CaseFacts, day: date) -> RoomLine:
    """The line that the policy gives the actor for a case: with a name only where one may be told."""
    knows = decide(actor, Action.SEE_NUMBER, facts, day)
    reads = decide(actor, Action.READ_FILES, facts, day)
    number = people.number(key)
    name = f"Ung {number}" if knows.sight in (Sight.OWN_CONSENT, Sight.CASE) else None
    return RoomLine(key, number, name, facts.status.value == "closed", reads.reason, reads.allowed)


def unordered(facts: CaseFacts) -> Unordered:
    rest = replace(facts, parents=(), grants=(), consents=())
    return rest, Counter(facts.parents), Counter(facts.grants), Counter(facts.consents)


def facts_agree(town: Town) -> None:
    with town.platform.database.transaction(writes=False) as session:
        for viewer in [*(actor.id for actor in town.people.actors), None]:
            read = listed(session, viewer, Case.id.is_not(None))
            assert {key: unordered(case.facts) for key, case in read.items()} == {
                key: unordered(town.people.facts_for(viewer, key)) for key in town.people.cases
            }, f"SAMRUM_SEED={SEED}: {town.name}"


def some_moments(name: str, count: int) -> list[int]:
    return random.Random(name).sample(range(len(MOMENTS)), count)


@in_as_many_worlds_as_asked_for
def test_what_the_lists_find_is_what_the_policy_allows_for_everybody_and_every_case_and_day(
    town: Callable[[str], Iterator[Town]],
) -> None:
    tried = number = 0
    while tried < WORLDS:
        name = f"{SEED}-{number}"
        for made in town(name):
            tried += lists_agree(made, some_moments(name, MOMENTS_EACH))
        number += 1


@in_as_many_worlds_as_asked_for
def test_the_facts_read_from_the_database_are_those_it_was_built_from(town: Callable[[str], Iterator[Town]]) -> None:
    for number in range(max(4, WORLDS // 20_000)):
        for made in town(f"{SEED}-facts-{number}"):
            facts_agree(made)


def test_lists_and_facts_agree_on_postgresql_too(
    empty: tuple[Platform, Path], new_postgres_database: Callable[[], str]
) -> None:
    url = new_postgres_database()
    database = Database(url)
    migrations.upgrade(database.engine)
    database.engine.dispose()
    name = f"{SEED}-postgresql"
    for made in build(name, empty[0], url):
        facts_agree(made)
        assert lists_agree(made, some_moments(name, 4)) > 2000


def test_the_random_municipalities_bring_up_every_reason_a_list_can_show(
    town: Callable[[str], Iterator[Town]],
) -> None:
    seen: Counter[Reason] = Counter()
    sights: Counter[Sight] = Counter()
    for number in range(4):
        for made in town(f"rich-enough-{number}"):
            for _, day in MOMENTS:
                for actor in made.people.actors:
                    for facts in made.people.cases.values():
                        for action in (Action.READ_FILES, Action.WRITE_FILES):
                            decision = decide(actor, action, facts, day)
                            seen[decision.reason] += 1
                            sights[decision.sight] += 1
    not_of_files = {Reason.OWNER_HAS_LEFT, Reason.CASE_CREATOR}
    assert {reason: seen[reason] for reason in Reason if reason not in not_of_files and seen[reason] < 5} == {}
    assert all(sights[sight] > 20 for sight in Sight)


def _children_only(viewer: Actor, today: date) -> ColumnElement[bool]:
    return attached(viewer, today) if isinstance(viewer, StaffActor) else Case.youth_id == viewer.id


def _first_parents_then_adults(viewer: Actor, today: date) -> ColumnElement[bool]:
    return attached(viewer, today - timedelta(days=1)) if isinstance(viewer, CitizenActor) else attached(viewer, today)


def _expired_grants(viewer: Actor, today: date) -> ColumnElement[bool]:
    return attached(viewer, today - timedelta(days=1)) if isinstance(viewer, StaffActor) else attached(viewer, today)


def _every_role(viewer: Actor, today: date) -> ColumnElement[bool]:
    if isinstance(viewer, StaffActor):
        viewer = replace(viewer, administrator=False, auditor=False)
    return attached(viewer, today)


def _closed_accounts(viewer: Actor, today: date) -> ColumnElement[bool]:
    return attached(replace(viewer, active=True), today)


@pytest.mark.parametrize(
    "wrong", [_children_only, _first_parents_then_adults, _expired_grants, _every_role, _closed_accounts]
)
def test_a_list_with_a_mistake_in_it_is_noticed(town: Callable[[str], Iterator[Town]], wrong: Condition) -> None:
    for made in town("mistaken"):
        with pytest.raises(AssertionError):
            lists_agree(made, list(range(len(MOMENTS))), wrong)
