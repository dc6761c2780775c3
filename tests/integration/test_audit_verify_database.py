"""What somebody who owns the database can do to the log, and which row the check names."""

from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import insert

from samrum.db import Database
from samrum.models import AuditSegment
from samrum.services import audit_check
from samrum.services.audit import Entry, Event, append
from samrum.services.chain import ChainBroken, Fault, Mark
from support import audit_logs
from support.audit_logs import START, chained, change, disarm, drop, move_head, new_log, replace_all, rows

COUNT = 12


def _unguarded(url: str) -> Iterator[Database]:
    """A log of twelve rows whose guards the attacker has taken away."""
    database = new_log(url, COUNT)
    with database.engine.begin() as connection:
        disarm(connection)
    yield database
    database.engine.dispose()


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Database]:
    yield from _unguarded(f"sqlite:///{tmp_path / 'log.sqlite'}")


@pytest.fixture
def postgres_log(new_postgres_database: Callable[[], str]) -> Iterator[Database]:
    yield from _unguarded(new_postgres_database())


def fault(log: Database, *marks: Mark) -> tuple[Fault, int, int | None]:
    with pytest.raises(ChainBroken) as broken:
        audit_check.check(log, marks=marks)
    return broken.value.fault, broken.value.sequence, broken.value.until


def mark(log: Database, sequence: int) -> Mark:
    """The place in the chain that a checkpoint signed there would hold."""
    with log.engine.connect() as connection:
        return Mark(sequence, next(row["hash"] for row in rows(connection) if row["sequence"] == sequence))


def test_an_untouched_log_is_whole(log: Database) -> None:
    whole = audit_check.check(log, marks=[mark(log, 1), mark(log, 5), mark(log, COUNT)])
    assert (whole.rows, whole.end) == (COUNT, mark(log, COUNT))


def test_an_empty_log_is_whole(tmp_path: Path) -> None:
    database = new_log(f"sqlite:///{tmp_path / 'empty.sqlite'}", 0)
    assert audit_check.check(database).rows == 0
    database.engine.dispose()


@pytest.mark.parametrize(
    "field", ["at", "action", "actor_kind", "actor_id", "case_id", "document_id", "version_id", "subject_id", "reason",
              "address", "detail", "previous_hash", "hash"],
)  # fmt: skip
def test_a_row_changed_in_any_field_is_named(log: Database, field: str) -> None:
    others: dict[str, object] = {
        "at": START, "detail": {"number": 6}, "previous_hash": b"x" * 32, "hash": b"x" * 32,
        **{name: UUID(int=99) for name in ("actor_id", "case_id", "document_id", "version_id", "subject_id")},
    }  # fmt: skip
    with log.engine.begin() as connection:
        change(connection, 6, **{field: others.get(field, "other")})
    assert fault(log) == (Fault.CHANGED, 6, None)


@pytest.mark.parametrize("sequence", [1, 2, 7, COUNT])
def test_a_changed_row_whose_own_hash_was_made_anew_is_named(log: Database, sequence: int) -> None:
    with log.engine.begin() as connection:
        row = rows(connection)[sequence - 1]
        after = (sequence - 1, row["previous_hash"])
        forged = chained([{**row, "actor_id": None}], after=after)[0]
        change(connection, sequence, actor_id=None, hash=forged["hash"])
    assert fault(log) == (Fault.CHANGED, sequence, None)


def test_a_row_hung_up_somewhere_else_is_named_and_not_the_row_before_it(log: Database) -> None:
    with log.engine.begin() as connection:
        forged = chained([rows(connection)[6]], after=(6, b"x" * 32))[0]
        change(connection, 7, previous_hash=forged["previous_hash"], hash=forged["hash"])
    assert fault(log) == (Fault.CHANGED, 7, None)


@pytest.mark.parametrize("sequence", [1, 6, COUNT])
def test_a_dropped_row_is_named(log: Database, sequence: int) -> None:
    with log.engine.begin() as connection:
        drop(connection, [sequence])
    assert fault(log) == (Fault.DROPPED, sequence, None)


def test_a_row_put_in_by_moving_the_later_ones_is_found(log: Database) -> None:
    with log.engine.begin() as connection:
        log_rows = rows(connection)
        put_in = chained([{**log_rows[5], "actor_id": None}], after=(5, log_rows[4]["hash"]))
        later = [{**row, "sequence": row["sequence"] + 1} for row in log_rows[5:]]
        replace_all(connection, [*log_rows[:5], *put_in, *later])
    assert fault(log) == (Fault.CHANGED, 7, None)


def test_a_row_put_in_behind_the_end_is_named(log: Database) -> None:
    with log.engine.begin() as connection:
        log_rows = rows(connection)
        connection.execute(insert(audit_logs.ROWS), chained([log_rows[2]], after=(COUNT, log_rows[-1]["hash"])))
    assert fault(log) == (Fault.INSERTED, COUNT + 1, None)


def test_two_rows_that_changed_places_are_found_at_the_first(log: Database) -> None:
    with log.engine.begin() as connection:
        log_rows = rows(connection)
        log_rows[3], log_rows[7] = {**log_rows[7], "sequence": 4}, {**log_rows[3], "sequence": 8}
        replace_all(connection, log_rows)
    assert fault(log) == (Fault.CHANGED, 4, None)


def test_a_tail_rewritten_with_every_hash_is_found_by_a_checkpoint_alone(log: Database) -> None:
    marks = [mark(log, 4), mark(log, 9)]
    with log.engine.begin() as connection:
        log_rows = rows(connection)
        forged = [{**log_rows[6], "actor_id": None}, *log_rows[7:]]
        replace_all(connection, [*log_rows[:6], *chained(forged, after=(6, log_rows[5]["hash"]))])
    assert audit_check.check(log).rows == COUNT
    assert fault(log, *marks) == (Fault.REWRITTEN, 5, 9)


def test_a_log_begun_anew_does_not_pass_for_the_old_one(log: Database) -> None:
    before = mark(log, 3)
    with log.engine.begin() as connection:
        replace_all(connection, chained(rows(connection)[1:]))
    assert audit_check.check(log).rows == COUNT - 1
    assert fault(log, before) == (Fault.REWRITTEN, 1, 3)


def test_a_tail_dropped_together_with_the_memory_of_it_is_found_by_a_checkpoint_alone(log: Database) -> None:
    before = mark(log, 10)
    with log.engine.begin() as connection:
        drop(connection, range(8, COUNT + 1))
        move_head(connection, 7, rows(connection)[-1]["hash"])
    assert audit_check.check(log).rows == 7
    assert fault(log, before) == (Fault.DROPPED, 8, None)


def test_a_log_emptied_completely_is_found_by_a_checkpoint(log: Database) -> None:
    before = mark(log, 10)
    with log.engine.begin() as connection:
        replace_all(connection, [])
    assert audit_check.check(log).rows == 0
    assert fault(log, before) == (Fault.DROPPED, 1, None)


def _seal(
    log: Database, first: int, last: int, previous_hash: bytes, last_hash: bytes, *, is_told: bool = True
) -> None:
    with log.engine.begin() as connection:
        connection.execute(
            insert(AuditSegment),
            {"first": first, "last": last, "previous_hash": previous_hash, "last_hash": last_hash, "removed_at": START},
        )
        drop(connection, range(first, last + 1))
    if is_told:
        with log.transaction() as session:
            append(session, [Entry(START, Event.LOG_SHORTENED, "system", detail={"first": first, "last": last})])


def test_a_sealed_stretch_that_was_removed_leaves_the_rest_verifiable(log: Database) -> None:
    old, young = mark(log, 2), mark(log, 8)
    border = mark(log, 5)
    _seal(log, 1, 5, bytes(32), border.hash)
    whole = audit_check.check(log, marks=[old, border, young])
    assert whole.rows == COUNT - 5 + 1
    assert [(stretch.first, stretch.last) for stretch in whole.removed] == [(1, 5)]
    assert whole.unchecked == (old,)
    with log.engine.begin() as connection:
        change(connection, 9, reason=None)
    assert fault(log) == (Fault.CHANGED, 9, None)


def test_rows_that_somebody_sealed_and_removed_by_hand_without_a_word_are_found(
    log: Database, postgres_log: Database
) -> None:
    """The database lets a sealed row go, so whoever may write there could make away with all that no checkpoint is
    behind: the log has to say so itself."""
    for one in (log, postgres_log):
        _seal(one, 1, 5, bytes(32), mark(one, 5).hash, is_told=False)
        assert fault(one, mark(one, 8)) == (Fault.UNTOLD, 1, 5)


def test_more_rows_removed_than_were_sealed_is_found(log: Database) -> None:
    _seal(log, 1, 5, bytes(32), mark(log, 5).hash)
    with log.engine.begin() as connection:
        drop(connection, [6])
    assert fault(log) == (Fault.DROPPED, 6, None)


def test_a_removed_stretch_that_does_not_join_up_is_found(log: Database) -> None:
    _seal(log, 1, 5, bytes(32), mark(log, 4).hash)
    assert fault(log) == (Fault.CHANGED, 6, None)


def test_a_stretch_removed_from_the_middle_is_found(log: Database) -> None:
    _seal(log, 2, 5, mark(log, 1).hash, mark(log, 5).hash)
    assert fault(log) == (Fault.DROPPED, 1, None)


def test_the_same_is_found_on_postgresql(postgres_log: Database) -> None:
    whole = audit_check.check(postgres_log, marks=[mark(postgres_log, 1), mark(postgres_log, COUNT)])
    assert whole.rows == COUNT
    before = mark(postgres_log, 9)
    with postgres_log.engine.begin() as connection:
        log_rows = rows(connection)
        forged = [{**log_rows[6], "actor_id": None}, *log_rows[7:]]
        replace_all(connection, [*log_rows[:6], *chained(forged, after=(6, log_rows[5]["hash"]))])
    assert fault(postgres_log, before) == (Fault.REWRITTEN, 1, 9)
    with postgres_log.engine.begin() as connection:
        drop(connection, [11])
    assert fault(postgres_log) == (Fault.DROPPED, 11, None)
    with postgres_log.engine.begin() as connection:
        change(connection, 3, reason="owner")
    assert fault(postgres_log) == (Fault.CHANGED, 3, None)
