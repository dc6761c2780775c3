"""The short way to the database, for the few statements that very many requests need.

They are compiled once for each kind of database and handed to its driver as they are: SQLAlchemy knows what to say, and
is not asked again at every request.
"""

import sqlite3
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Dialect, PoolProxiedConnection, Select
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.dml import UpdateBase

BUSY_SECONDS: Final = 15
"""How long a transaction waits for another that writes."""

_TURN: Final = 0.0005
"""Seconds between two looks whether SQLite is free: less than most transactions take."""


class Prepared:
    """A statement whose values are bound by their names. No expanding lists."""

    def __init__(self, statement: "Select[*tuple[Any, ...]] | UpdateBase") -> None:
        self._statement: Final = statement
        self._compiled: Final[dict[str, _Compiled]] = {}

    def for_dialect(self, dialect: Dialect) -> "_Compiled":
        """The statement in the words of one database; two threads may both put it together the first time."""
        compiled = self._compiled.get(dialect.name)
        if compiled is None:
            compiled = self._compiled[dialect.name] = _Compiled(self._statement, dialect)
        return compiled


class _Compiled:
    """SQL as a driver takes it, and how values are converted on their way in and out."""

    def __init__(self, statement: "Select[*tuple[Any, ...]] | UpdateBase", dialect: Dialect) -> None:
        compiled: Any = statement.compile(dialect=dialect)
        if compiled.post_compile_params or compiled.literal_execute_params:
            raise TypeError("a statement that differs from one execution to the next")
        self.sql: Final = str(compiled)
        order = compiled.positiontup if compiled.positional else list(compiled.binds)
        self._is_positional: Final[bool] = compiled.positional
        self._given: Final = [
            (name, compiled.binds[name].value, _type(compiled.binds[name], dialect).bind_processor(dialect))
            for name in order
        ]
        columns = statement.exported_columns
        converts = [_type(column, dialect).result_processor(dialect, None) for column in columns]
        self._taken: Final = [(place, convert) for place, convert in enumerate(converts) if convert is not None]

    def values(self, given: Mapping[str, Any]) -> Any:
        """What the driver is handed."""
        found = [
            (name, given.get(name, own) if convert is None else convert(given.get(name, own)))
            for name, own, convert in self._given
        ]
        return [value for _, value in found] if self._is_positional else dict(found)

    def row(self, taken: Sequence[Any]) -> tuple[Any, ...]:
        """What the driver has handed out."""
        row = list(taken)
        for place, convert in self._taken:
            row[place] = convert(row[place])
        return tuple(row)


def _type(element: Any, dialect: Dialect) -> Any:
    return element.type.dialect_impl(dialect)


def begin_transaction(cursor: DBAPICursor, *, writes: bool) -> None:
    """Begin a transaction of SQLite; one that writes waits for its turn, and raises ``sqlite3.OperationalError`` when
    that has not come.

    SQLite itself sleeps longer from try to try, up to a tenth of a second, while others come and go.
    """
    if not writes:
        cursor.execute("BEGIN")
        return
    cursor.execute("PRAGMA busy_timeout=0")
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            cursor.execute("BEGIN IMMEDIATE")
            break
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
        time.sleep(_TURN)
    cursor.execute(f"PRAGMA busy_timeout={1000 * BUSY_SECONDS}")


class Plain:
    """A transaction in which prepared statements run. Raises SQLAlchemy's errors, without the values."""

    def __init__(self, connection: PoolProxiedConnection, dialect: Dialect) -> None:
        self._connection: Final = connection
        self._cursor: Final = connection.cursor()
        self._driver: Final = dialect.loaded_dbapi
        self.dialect: Final = dialect

    def begin(self, *, writes: bool) -> None:
        """What SQLite wants to be told; PostgreSQL's driver begins by itself."""
        if self.dialect.name != "sqlite":
            return
        try:
            begin_transaction(self._cursor, writes=writes)
        except self._driver.Error as error:
            raise self._told("BEGIN", error) from error

    def commit(self) -> None:
        try:
            self._connection.commit()
        except self._driver.Error as error:
            raise self._told("COMMIT", error) from error

    def rows(self, prepared: Prepared, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """All rows that a query finds."""
        compiled = prepared.for_dialect(self.dialect)
        self._do(compiled.sql, compiled.values(values))
        return [compiled.row(row) for row in self._cursor.fetchall()]

    def run(self, prepared: Prepared, *values: Mapping[str, Any]) -> None:
        """Change rows, once for each set of values."""
        compiled = prepared.for_dialect(self.dialect)
        for each in values:
            self._do(compiled.sql, compiled.values(each))

    def _do(self, sql: str, values: Any = ()) -> None:
        try:
            self._cursor.execute(sql, values)
        except self._driver.Error as error:
            raise self._told(sql, error) from error

    def _told(self, sql: str, error: Any) -> BaseException:
        is_lost = self.dialect.is_disconnect(error, self._connection, self._cursor)
        if is_lost:
            self._connection.invalidate(error)
        told: BaseException = DBAPIError.instance(
            sql,
            None,
            error,
            self._driver.Error,
            hide_parameters=True,
            connection_invalidated=is_lost,
            dialect=self.dialect,
        )
        return told
