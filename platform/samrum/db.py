"""The database: one engine a process, short transactions, SQLite and PostgreSQL alike."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

from sqlalchemy import Engine, PoolProxiedConnection, create_engine, event, exc
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session

from samrum.plain import BUSY_SECONDS, Plain


class DatabaseUnavailable(Exception):
    """The database does not answer; nothing was changed."""


def make_engine(url: str) -> Engine:
    """An engine for ``url``. SQLite gets WAL, foreign keys, full synchronisation and write transactions that queue."""
    if not url.startswith("sqlite"):
        engine = create_engine(
            url, hide_parameters=True, pool_pre_ping=True, pool_size=8, max_overflow=8, pool_timeout=5
        )

        @event.listens_for(engine, "connect")
        def _tell_the_planner(connection: Any, _record: object) -> None:
            # PostgreSQL reckons with a disk that turns, and would rather read all cases there are than look up
            # hundreds by their keys; what is asked for at every request lies in memory.
            with connection.cursor() as cursor:
                cursor.execute("SET random_page_cost = 1.1")
            connection.commit()

        return engine
    engine = create_engine(
        url, hide_parameters=True, connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False}
    )

    @event.listens_for(engine, "connect")
    def _on_connect(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            f"busy_timeout={1000 * BUSY_SECONDS}",
            "secure_delete=FAST",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Any) -> None:
        # A transaction that reads first and writes later would fail when another writer came between.
        writes = bool(connection.get_execution_options().get("writes"))
        Plain(connection.connection, engine.dialect).begin(writes=writes)

    return engine


class Database:
    """Hands out transactions. Raises ``DatabaseUnavailable`` in place of the driver's errors."""

    def __init__(self, url: str) -> None:
        self.engine = make_engine(url)

    def settle(self) -> None:
        """Leave no copy of what was overwritten: SQLite keeps older pages in its log until that is emptied."""
        if self.engine.dialect.name == "sqlite":
            with self.engine.connect() as connection:
                connection.exec_driver_sql("COMMIT")  # a checkpoint runs outside transactions only
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")

    @contextmanager
    def transaction(self, *, writes: bool = True) -> Iterator[Session]:
        """A transaction that commits at the end, or rolls back when anything is raised."""
        with _own_errors(), Session(self.engine, expire_on_commit=False) as session:
            session.connection(execution_options={"writes": writes})
            yield session
            session.commit()

    @contextmanager
    def plain(self, *, writes: bool) -> Iterator[Plain]:
        """A transaction the short way, for the few statements that very many requests need. Rolls back when anything
        is raised, and when it only reads."""
        with _own_errors(), closing(self._connection()) as connection:
            plain = Plain(connection, self.engine.dialect)
            plain.begin(writes=writes)
            yield plain
            if writes:
                plain.commit()

    def _connection(self) -> PoolProxiedConnection:
        try:
            return self.engine.raw_connection()
        except self.engine.dialect.loaded_dbapi.Error as error:
            raise DatabaseUnavailable from error


@contextmanager
def _own_errors() -> Iterator[None]:
    try:
        yield
    except (OperationalError, exc.TimeoutError) as error:
        raise DatabaseUnavailable from error
    except DBAPIError as error:
        if error.connection_invalidated:
            raise DatabaseUnavailable from error
        raise
