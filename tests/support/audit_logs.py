"""Audit logs for tests: rows without a service around them, and the hands of somebody who owns the database."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, delete, insert, select, text, update

from samrum import migrations
from samrum.db import Database
from samrum.models import AuditRow
from samrum.services.audit import Entry, Event, append
from samrum.services.chain import BEGINNING, link

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
ROWS, HEAD = (AuditRow.metadata.tables[name] for name in ("audit", "audit_head"))


def entries(count: int, *, first: int = 0) -> list[Entry]:
    """Things that happened, a second apart, to twenty cases; with letters that JSON writes in several ways."""
    return [
        Entry(
            START + timedelta(seconds=number, microseconds=number),
            Event.VERSION_DOWNLOADED if number % 3 else Event.DENIED,
            "staff",
            UUID(int=number % 7, version=4),
            UUID(int=number % 20, version=4),
            UUID(int=number, version=4) if number % 3 else None,
            reason="granted" if number % 3 else "no_grant",
            address="2001:db8::1",
            detail={"number": number, "level": "læse/\u2028", "ok": True, "last_day": None} if number % 2 else {},
        )
        for number in range(first, first + count)
    ]


def new_log(url: str, count: int) -> Database:
    """A new database with a log of so many rows, written a few at a time."""
    database = Database(url)
    migrations.upgrade(database.engine)
    for first in range(0, count, 5000):
        with database.transaction() as session:
            append(session, entries(min(5000, count - first), first=first))
    return database


def disarm(connection: Connection) -> None:
    """What only the owner of the tables can do: take away what keeps the log's rows as they are."""
    if connection.dialect.name == "sqlite":
        for trigger in connection.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
            connection.exec_driver_sql(f"DROP TRIGGER {trigger}")
    else:
        for table in ("audit", "audit_segment"):
            connection.exec_driver_sql(f"ALTER TABLE {table} DISABLE TRIGGER ALL")


def rows(connection: Connection) -> list[dict[str, Any]]:
    return [dict(row._mapping) for row in connection.execute(select(ROWS).order_by(ROWS.c.sequence))]


def change(connection: Connection, sequence: int, **values: object) -> None:
    connection.execute(update(ROWS).where(ROWS.c.sequence == sequence).values(**values))


def drop(connection: Connection, sequences: Iterable[int]) -> None:
    connection.execute(delete(ROWS).where(ROWS.c.sequence.in_(list(sequences))))


def move_head(connection: Connection, sequence: int, row_hash: bytes) -> None:
    connection.execute(update(HEAD).values(sequence=sequence, hash=row_hash))


def chained(log: list[dict[str, Any]], *, after: tuple[int, bytes] = BEGINNING) -> list[dict[str, Any]]:
    """The same rows, numbered and chained anew: what a forger with all the time in the world makes."""
    sequence, last_hash = after
    made = []
    for row in log:
        sequence += 1
        fields = {name: value for name, value in row.items() if name not in ("previous_hash", "hash")}
        fields["sequence"] = sequence
        row_hash = link(last_hash, fields)
        made.append({**fields, "previous_hash": last_hash, "hash": row_hash})
        last_hash = row_hash
    return made


def replace_all(connection: Connection, log: list[dict[str, Any]]) -> None:
    """Put other rows in place of all, and the end of the chain where they end."""
    connection.execute(delete(ROWS))
    if log:
        connection.execute(insert(ROWS), log)
    move_head(connection, log[-1]["sequence"] if log else 0, log[-1]["hash"] if log else bytes(32))
