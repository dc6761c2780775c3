"""Old rows are removed in whole sealed months, and what is left still verifies."""

import io
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import DBAPIError

from samrum.db import Database
from samrum.models import AuditReview, AuditSegment
from samrum.services import audit_check, audit_review, rooms
from samrum.services.audit import Entry, Event, append
from samrum.services.audit_export import check_export
from samrum.services.audit_retention import remove_old
from samrum.services.audit_review import Draw
from samrum.services.audit_search import Search
from samrum.services.chain import ChainBroken, Fault, Mark
from samrum.services.platform import Caller
from samrum.services.tree import Tree
from support.audit_logs import change, disarm, drop, new_log, rows
from support.household import Household
from support.world import SteppingClock, World

LATE = datetime(2026, 11, 30, 22, 59, 59, tzinfo=UTC)


@pytest.fixture(params=["sqlite", "postgresql"])
def log(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """One row for the middle and one for the last second of each month of 2026, in Danish time."""
    url = f"sqlite:///{tmp_path / 'log.sqlite'}"
    if request.param == "postgresql":
        new_database: Callable[[], str] = request.getfixturevalue("new_postgres_database")
        url = new_database()
    database = new_log(url, 0)
    with database.transaction() as session:
        for month in range(1, 12):
            middle = datetime(2026, month, 15, tzinfo=UTC)
            hour = 21 if 3 <= month <= 9 else 22  # summer time from 29 March to 25 October
            end = datetime(2026, month, 31 if month in (1, 3, 5, 7, 8, 10) else 28 if month == 2 else 30, hour, 59, 59,
                           tzinfo=UTC)  # fmt: skip
            append(session, [Entry(moment, Event.CASE_VIEWED, "staff") for moment in (middle, end)])
    yield database
    database.engine.dispose()


def mark(log: Database, sequence: int) -> Mark:
    with log.engine.connect() as connection:
        return Mark(sequence, next(row["hash"] for row in rows(connection) if row["sequence"] == sequence))


def tree_of(hashes: list[bytes]) -> Tree:
    tree = Tree()
    for one in hashes:
        tree.add(one)
    return tree


def remove(log: Database, moment: datetime, months: int) -> tuple[int, int] | None:
    removed = remove_old(log, SteppingClock(moment), months)
    return None if removed is None else (removed.first, removed.last)


def test_whole_months_go_at_the_danish_border_of_the_month_and_the_rest_verifies(log: Database) -> None:
    old, border, young = mark(log, 3), mark(log, 8), mark(log, 20)
    assert remove(log, LATE, 6) == (1, 8)  # January to April
    whole = audit_check.check(log, marks=[old, border, young])
    assert whole.rows == 22 - 8 + 1
    assert whole.unchecked == (old,)
    with log.engine.connect() as connection:
        left = rows(connection)
    assert left[0]["sequence"] == 9
    assert (left[-1]["action"], left[-1]["detail"]) == ("log_shortened", {"first": 1, "last": 8})


def test_the_tree_outlives_the_rows_that_were_removed(log: Database) -> None:
    """Checkpoints from before and after a removal are of one and the same tree, and a changed edge is noticed."""
    with log.engine.connect() as connection:
        hashes = [row["hash"] for row in rows(connection)]
    before = audit_check.check(log)
    assert before.root == tree_of(hashes).root()
    signed = [Mark(size, tree_of(hashes[:size]).root()) for size in (3, 8, 9, 22)]
    assert remove(log, LATE, 6) == (1, 8)
    assert remove(log, datetime(2026, 11, 30, 23, 0, tzinfo=UTC), 6) == (9, 10)
    whole = audit_check.check(log, marks=signed)
    assert [mark.sequence for mark in whole.unchecked] == [3, 8, 9]
    exported = io.BytesIO(b"".join(audit_check.export(log, SteppingClock(LATE))))
    assert check_export(exported, marks=signed).removed == whole.removed
    with log.engine.begin() as connection:
        disarm(connection)
        connection.execute(update(AuditSegment).where(AuditSegment.first == 9).values(edge=bytes(64)))
    with pytest.raises(ChainBroken) as broken:
        audit_check.check(log, marks=signed)
    assert broken.value.fault is Fault.REWRITTEN


def test_a_log_shortened_before_there_was_a_tree_still_verifies_by_its_old_checkpoints(log: Database) -> None:
    young = mark(log, 20)
    remove(log, LATE, 6)
    with log.engine.begin() as connection:
        disarm(connection)
        connection.execute(update(AuditSegment).values(edge=None))
    whole = audit_check.check(log, marks=[young])
    assert (whole.rows, whole.root) == (15, None)
    with pytest.raises(ChainBroken):
        audit_check.check(log, marks=[Mark(20, bytes(32))])


def test_the_next_month_joins_the_last_one_and_until_then_there_is_nothing_to_do(log: Database) -> None:
    assert remove(log, LATE, 6) == (1, 8)
    assert remove(log, LATE, 6) is None
    assert remove(log, datetime(2026, 11, 30, 23, 0, tzinfo=UTC), 6) == (9, 10)  # December in Denmark: May goes
    whole = audit_check.check(log)
    assert [(stretch.first, stretch.last) for stretch in whole.removed] == [(1, 8), (9, 10)]
    clock = SteppingClock(LATE)
    assert check_export(io.BytesIO(b"".join(audit_check.export(log, clock)))).removed == whole.removed


def test_a_log_that_is_never_shortened_unless_it_is_asked_for(log: Database) -> None:
    assert remove(log, LATE, 0) is None
    assert remove(log, LATE, 11) is None
    assert audit_check.check(log).rows == 22


def test_a_log_that_grew_old_altogether_can_go_and_goes_on(log: Database) -> None:
    assert remove(log, datetime(2040, 1, 1, tzinfo=UTC), 12) == (1, 22)
    assert audit_check.check(log).rows == 1
    with log.transaction() as session:
        append(session, [Entry(LATE, Event.CASE_VIEWED, "staff")])
    assert audit_check.check(log).end.sequence == 24


def test_a_row_that_was_tampered_with_is_not_swept_away_with_the_old_ones(log: Database) -> None:
    with log.engine.begin() as connection:
        disarm(connection)
        change(connection, 2, reason="owner")
    with pytest.raises(ChainBroken) as broken:
        remove(log, LATE, 6)
    assert (broken.value.fault, broken.value.sequence) == (Fault.CHANGED, 2)
    with log.engine.connect() as connection:
        assert len(rows(connection)) == 22


def test_rows_outside_a_sealed_month_stay_protected(log: Database) -> None:
    remove(log, LATE, 6)
    with pytest.raises(DBAPIError, match="append-only"), log.engine.begin() as connection:
        drop(connection, [9])
    assert audit_check.check(log).rows == 15


def test_an_old_row_that_was_logged_late_keeps_the_ones_behind_it(log: Database) -> None:
    """A long upload is logged with the moment it began: the order of the chain counts, so that no hole appears."""
    with log.transaction() as session:
        append(session, [Entry(datetime(2026, 1, 20, tzinfo=UTC), Event.VERSION_UPLOADED, "staff")])
    assert remove(log, LATE, 6) == (1, 8)
    assert audit_check.check(log).end.sequence == 24


def test_spot_checks_go_with_their_rows_and_the_room_shows_what_is_left(world: World) -> None:
    household = Household.make(world)
    auditor = world.staff("Rie", "Revisionen", auditor=True)
    rooms.show(world.platform, Caller(household.owner), household.case_id)
    (row,) = audit_review.sample(world.platform, Caller(auditor), Draw(1, 10**9, 5, Search()))
    audit_review.mark(world.platform, Caller(auditor), row.line.sequence, "i orden")
    world.clock.move(days=400)
    rooms.show(world.platform, Caller(household.owner), household.case_id)
    assert remove_old(world.platform.database, world.clock, 12) is not None
    with world.platform.database.transaction() as session:
        assert session.scalars(select(AuditReview)).all() == []
    log = world.client(household.youth).get(f"{household.path}/log").text
    assert log.count("Birgit åbnede rummet") == 1
    assert audit_check.check(world.platform.database).rows > 0
