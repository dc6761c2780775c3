"""The lists against the policy: what a query finds is what the decision allows, for everybody, every case and day.

A world is one case with its people, units, grants and consents on one day; all people of its municipality are asked
about it. `SAMRUM_WORLDS` sets how many worlds are tried. `SAMRUM_SEED` repeats a run that failed.
"""

import os
import random
import secrets
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import ColumnElement, select

from auth.policy import Action, Actor, CaseFacts, CitizenActor, Reason, Sight, StaffActor, decide
from samrum.models import Case
from samrum.queries.cases import attached, parents_of
from samrum.queries.facts import listed, room
from samrum.services.platform import SYSTEM, Caller, Platform
from samrum.services.room_parts import parent_line, team
from samrum.services.rooms import RoomLine, my_rooms
from support import list_worlds
from support.list_worlds import MOMENTS, Municipality
from support.world import SteppingClock, World

WORLDS = int(os.environ.get("SAMRUM_WORLDS", "20000"))
SEED = os.environ.get("SAMRUM_SEED") or secrets.token_hex(4)
_SHARE = {"sqlite": 0.9, "postgresql": 0.1}
"""Of all worlds. On PostgreSQL one takes eight times as long."""

MOMENTS_EACH = 12
MOST_TOWNS = 20
in_as_many_worlds_as_asked_for = pytest.mark.timeout(max(180, WORLDS // 50))
on_sqlite_alone = pytest.mark.parametrize("region", ["sqlite"], indirect=True)

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


@dataclass
class Region:
    """A database into which one municipality after another is written; for a while the earlier ones stay beside it."""

    platform: Platform
    towns: list[str] = field(default_factory=list)

    def town(self, name: str) -> Town:
        people = list_worlds.make(random.Random(name))
        with self.platform.database.engine.begin() as connection:
            if len(self.towns) >= MOST_TOWNS:
                list_worlds.clear(connection)
                self.towns.clear()
            list_worlds.write(connection, people)
        self.towns.append(name)
        return Town(name, people, self.platform)


@pytest.fixture(params=["sqlite", "postgresql"])
def region(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Region]:
    url = "" if request.param == "sqlite" else request.getfixturevalue("postgres_database")
    platform = World.make(tmp_path, database_url=url).platform
    yield Region(platform)
    platform.database.engine.dispose()


def allowed(town: Town, actor: Actor, day: date) -> dict[UUID, CaseFacts]:
    """The cases that the policy lets the actor know of."""
    cases = town.people.cases
    return {key: facts for key, facts in cases.items() if decide(actor, Action.SEE_NUMBER, facts, day).allowed}


def lists_agree(town: Town, moments: list[int], condition: Condition = attached) -> int:
    """Hold every list of everybody at these moments against the policy; returns how many worlds that were."""
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
    return len(moments) * len(town.people.cases)


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


def facts_agree(town: Town, moment: int) -> None:
    """Hold the facts that the queries read for everybody against those the database was made from.

    A decision has nothing but the facts, the actor, the action and the day: where the facts agree, every decision does.
    That one viewer's facts are enough for one viewer's decisions is shown on the day of the moment.
    """
    platform, day = town.at(moment)
    for actor in [*town.people.actors, None]:
        viewer = actor.id if actor else None
        with platform.database.transaction(writes=False) as session:
            read = listed(session, viewer, Case.id.in_(list(town.people.cases)))
        assert {key: unordered(case.facts) for key, case in read.items()} == {
            key: unordered(town.people.facts_for(viewer, key)) for key in town.people.cases
        }, f"SAMRUM_SEED={SEED}: {town.name}"
        for key, case in read.items():
            for action in Action:
                assert decide(actor, action, case.facts, day) == decide(actor, action, town.people.cases[key], day), (
                    f"SAMRUM_SEED={SEED}: {town.name}, {day}, {actor}, {action}"
                )


def some_moments(name: str, count: int) -> list[int]:
    return random.Random(name).sample(range(len(MOMENTS)), count)


@in_as_many_worlds_as_asked_for
def test_what_the_lists_find_is_what_the_policy_allows_for_everybody_and_every_case_and_day(region: Region) -> None:
    tried = number = 0
    while tried < WORLDS * _SHARE[region.platform.database.engine.dialect.name]:
        name = f"{SEED}-{number}"
        town = region.town(name)
        moments = some_moments(name, MOMENTS_EACH)
        facts_agree(town, moments[0])
        tried += lists_agree(town, moments)
        number += 1


@on_sqlite_alone
def test_whom_a_room_s_page_shows_as_getting_in_is_whom_the_policy_lets_in(region: Region) -> None:
    """For everybody with a grant, the owner and the parents, in every case and on every day."""
    seen: Counter[bool] = Counter()
    for number in range(2):
        town = region.town(f"{SEED}-page-{number}")
        staff = {person.id: person for person in town.people.staff}
        for moment in some_moments(f"{SEED}-page-{number}", 4):
            platform, day = town.at(moment)
            for key, facts in town.people.cases.items():
                with platform.act(SYSTEM, writes=False) as act:
                    found = room(act.session, None, key)
                    assert found is not None
                    shown = {member.staff_id: member.gets_in for member in team(act, found)}
                    parents = [parent_line(row, found.facts, day) for row in parents_of(act.session, key)]
                tied = {grant.staff for grant in facts.grants if not grant.revoked} | {facts.owner}
                assert shown == {key: decide(staff[key], Action.READ_FILES, facts, day).allowed for key in tied}, (
                    f"SAMRUM_SEED={SEED}: {facts}, {day}"
                )
                assert not any(parent.gets_in for parent in parents), "without a CPR number nobody logs in"
                seen.update(shown.values())
    assert min(seen[True], seen[False]) > 50


@on_sqlite_alone
def test_the_random_municipalities_bring_up_every_reason_a_list_can_show(region: Region) -> None:
    seen: Counter[Reason] = Counter()
    sights: Counter[Sight] = Counter()
    for number in range(4):
        people = region.town(f"rich-enough-{number}").people
        for _, day in MOMENTS:
            for actor in people.actors:
                for facts in people.cases.values():
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


@on_sqlite_alone
@pytest.mark.parametrize(
    "wrong", [_children_only, _first_parents_then_adults, _expired_grants, _every_role, _closed_accounts]
)
def test_a_list_with_a_mistake_in_it_is_noticed(region: Region, wrong: Condition) -> None:
    with pytest.raises(AssertionError):
        lists_agree(region.town("mistaken"), list(range(len(MOMENTS))), wrong)
