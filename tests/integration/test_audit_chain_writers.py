"""The chain under many writers at once: no gap, no fork, no row of a transaction that did not happen."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from samrum.db import Database
from samrum.services import audit_check
from samrum.services.audit import Entry, append
from support import audit_logs
from support.audit_logs import entries, new_log

WRITERS = 8
EACH = 25


class _ChangedMyMindError(Exception):
    pass


@pytest.fixture(params=["sqlite", "postgresql"])
def log(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    url = f"sqlite:///{tmp_path / 'log.sqlite'}"
    if request.param == "postgresql":
        new_database: Callable[[], str] = request.getfixturevalue("new_postgres_database")
        url = new_database()
    database = new_log(url, 0)
    yield database
    database.engine.dispose()


def _write(database: Database, writer: int) -> int:
    """Append one to three rows at a time and change one's mind now and then; how many rows stand in the end."""
    written = 0
    for turn in range(EACH):
        batch = entries(1 + turn % 3, first=1000 * writer + turn)
        try:
            with database.transaction() as session:
                append(session, batch)
                if turn % 5 == 4:
                    raise _ChangedMyMindError
        except _ChangedMyMindError:
            continue
        written += len(batch)
    return written


def test_eight_writers_at_once_leave_no_gap_and_no_fork(log: Database) -> None:
    with ThreadPoolExecutor(WRITERS) as pool:
        written = sum(pool.map(lambda writer: _write(log, writer), range(WRITERS)))
    whole = audit_check.check(log)
    assert whole.rows == whole.end.sequence == written > WRITERS * EACH
    with log.engine.connect() as connection:
        assert [row["sequence"] for row in audit_logs.rows(connection)] == list(range(1, written + 1))


def test_a_check_while_others_write_sees_a_whole_chain_and_holds_nobody_up(log: Database) -> None:
    writing = threading.Event()
    writing.set()

    def check() -> list[int]:
        lengths = []
        while writing.is_set():
            lengths.append(audit_check.check(log).rows)
        return lengths

    with ThreadPoolExecutor(5) as pool:
        checks = pool.submit(check)
        written = sum(pool.map(lambda writer: _write(log, writer), range(4)))
        writing.clear()
        lengths = checks.result()
    assert lengths == sorted(lengths)
    assert len(lengths) > 1
    assert audit_check.check(log).rows == written


def test_rows_of_one_transaction_stand_together_in_the_order_they_happened(log: Database) -> None:
    batches = [entries(3, first=10 * number) for number in range(WRITERS)]

    def write(batch: list[Entry]) -> None:
        with log.transaction() as session:
            append(session, batch)

    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(write, batches))
    with log.engine.connect() as connection:
        found = audit_logs.rows(connection)
    moments = [row["at"] for row in found]
    assert sorted(moments[index : index + 3] for index in range(0, len(found), 3)) == [
        [entry.at for entry in batch] for batch in batches
    ]


@pytest.mark.parametrize(
    "statement",
    ["UPDATE audit SET actor_id = NULL WHERE sequence = 1", "DELETE FROM audit WHERE sequence = 3", "TRUNCATE audit"],
)
def test_whoever_holds_the_connection_cannot_change_or_delete_a_row(log: Database, statement: str) -> None:
    if statement == "TRUNCATE audit" and log.engine.dialect.name == "sqlite":
        statement = "DELETE FROM audit"
    with log.transaction() as session:
        append(session, entries(3))
    with pytest.raises(DBAPIError, match="append-only"), log.engine.begin() as connection:
        connection.execute(text(statement))
    assert audit_check.check(log).rows == 3
