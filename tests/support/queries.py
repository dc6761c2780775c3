"""Which statements reach the database, whichever way they go."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import event

from samrum.services.platform import Platform


@contextmanager
def counted_queries(platform: Platform) -> Iterator[list[str]]:
    """The statements that SQLite runs within, without those that begin and end a transaction."""
    engine, statements = platform.database.engine, list[str]()

    def note(statement: str) -> None:
        if not statement.startswith(("BEGIN", "COMMIT", "ROLLBACK", "PRAGMA")):
            statements.append(statement)

    def listen(connection: sqlite3.Connection, *_: object) -> None:
        connection.set_trace_callback(note)

    event.listen(engine, "checkout", listen)
    try:
        yield statements
    finally:
        event.remove(engine, "checkout", listen)
        engine.dispose()  # the connections that come next tell nobody
