"""A consent that runs out stands in the log: once, on time, and whether or not anybody looks."""

import threading
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from auth.age import copenhagen_day
from samrum.models import AuditRow
from samrum.services import consents, upkeep
from samrum.services.platform import Caller
from storage import Unavailable
from storage.store import ObjectStore
from support.household import Household, words
from support.world import World

DAYS = 10


@pytest.fixture
def home(world: World) -> Household:
    return running_out(world)


def running_out(world: World) -> Household:
    """Three consents that all end in ten days."""
    home = Household.make(world)
    home.everybody_consents(days=DAYS)
    return home


def logged(world: World) -> list[AuditRow]:
    with world.platform.database.transaction(writes=False) as session:
        query = select(AuditRow).where(AuditRow.action == "consent_ran_out").order_by(AuditRow.sequence)
        return list(session.scalars(query))


def last_day(world: World) -> date:
    return copenhagen_day(world.clock.now()) + timedelta(days=DAYS)


def test_nothing_is_written_on_the_last_day_and_everything_in_the_first_minute_after_it(home: Household) -> None:
    ends = last_day(home.world)
    home.world.clock.move(days=DAYS)
    assert upkeep.collect_garbage(home.world.platform).consents_run_out == 0
    while copenhagen_day(home.world.clock.now()) == ends:
        home.world.clock.move(minutes=1)
    assert upkeep.collect_garbage(home.world.platform).consents_run_out == 3
    rows = logged(home.world)
    assert {row.subject_id for row in rows} == {home.youth.id, home.mother.id, home.father.id}
    for row in rows:
        assert (row.actor_kind, row.actor_id, row.address, row.case_id) == ("system", None, None, home.case_id)
        assert row.detail["until"] == ends.isoformat()


def test_more_than_one_transaction_should_hold_are_written_in_one_night(
    home: Household, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consents, "_AT_ONCE", 2)
    home.world.clock.move(days=DAYS + 1)
    assert upkeep.collect_garbage(home.world.platform).consents_run_out == 3
    assert upkeep.collect_garbage(home.world.platform).consents_run_out == 0
    assert len(logged(home.world)) == 3


def test_a_withdrawn_consent_does_not_run_out_as_well(home: Household) -> None:
    given = home.world.consent(home.youth, home.case_id, home.colleague.unit, days=DAYS)
    consents.withdraw(home.world.platform, Caller(home.youth), home.case_id, given)
    home.world.clock.move(days=DAYS + 1)
    upkeep.collect_garbage(home.world.platform)
    assert str(given) not in [row.detail["consent"] for row in logged(home.world)]
    assert len(logged(home.world)) == 3


def test_a_store_that_does_not_answer_holds_the_log_up_no_night(
    home: Household, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(self: ObjectStore, prefix: str) -> None:
        raise Unavailable("the store is down")

    monkeypatch.setattr(type(home.world.platform.vault.store), "list", down)
    home.world.clock.move(days=DAYS + 1)
    with pytest.raises(Unavailable):
        upkeep.collect_garbage(home.world.platform)
    assert len(logged(home.world)) == 3


def test_whoever_reads_the_log_before_the_night_sees_it_and_the_night_does_not_write_it_again(home: Household) -> None:
    home.world.clock.move(days=DAYS)
    youth = home.world.client(home.youth)
    assert "udløb" not in words(youth.get(f"{home.path}/log").text)
    home.world.clock.move(days=1)
    text = words(home.world.client(home.youth).get(f"{home.path}/log").text)
    for giver in ("Sofie Lind", "Mette Lind", "Jan Lind"):
        assert f"Samtykket fra {giver} udløb" in text
    assert text.count("Til og med den 12. november 2026") == 6  # each was given, and ran out
    assert upkeep.collect_garbage(home.world.platform).consents_run_out == 0
    assert len(logged(home.world)) == 3


def test_a_stranger_who_asks_for_the_log_writes_nothing_into_it(home: Household) -> None:
    home.world.clock.move(days=DAYS + 1)
    assert home.world.client(home.colleague).get(f"{home.path}/log").status_code in (403, 404)
    assert logged(home.world) == []


def test_two_at_the_same_moment_write_it_once_on_postgresql(
    new_postgres_database: Callable[[], str], tmp_path: Path
) -> None:
    world = World.make(tmp_path, database_url=new_postgres_database())
    running_out(world)
    world.clock.move(days=DAYS + 1)
    start = threading.Barrier(4)
    counts: list[int] = []

    def night() -> None:
        start.wait()
        counts.append(consents.log_all_run_out(world.platform))

    threads = [threading.Thread(target=night) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(counts) == 3
    assert len(logged(world)) == 3
    world.platform.database.engine.dispose()
