"""The short way to the database: it says what SQLAlchemy says, finds what it finds, and fails as it fails."""

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    LargeBinary,
    MetaData,
    String,
    Table,
    Uuid,
    bindparam,
    insert,
    select,
    text,
    update,
)

from samrum.db import Database, DatabaseUnavailable
from samrum.models.base import UtcDateTime
from samrum.plain import Prepared

THINGS = Table(
    "thing",
    MetaData(),
    Column("id", Uuid, primary_key=True),
    Column("at", UtcDateTime),
    Column("day", Date),
    Column("holds", Boolean),
    Column("count", BigInteger),
    Column("words", String(40)),
    Column("sealed", LargeBinary),
    Column("detail", JSON),
)
ADD = Prepared(insert(THINGS))
FIND = Prepared(select(THINGS).where(THINGS.c.id == bindparam("thing")))
RENAME = Prepared(update(THINGS).where(THINGS.c.id == bindparam("thing")).values(words=bindparam("name")))


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    is_sqlite = request.param == "sqlite"
    url = f"sqlite:///{tmp_path}/plain.sqlite" if is_sqlite else request.getfixturevalue("postgres_database")
    database = Database(url)
    THINGS.create(database.engine)
    yield database
    database.engine.dispose()


def something(chance: random.Random) -> dict[str, object]:
    """A row, any of whose values but its id may be missing."""
    row: dict[str, object] = {
        "at": datetime(2024, 2, 29, tzinfo=UTC) + timedelta(microseconds=chance.randrange(10**15)),
        "day": date(2000, 1, 1) + timedelta(days=chance.randrange(20_000)),
        "holds": chance.random() < 0.5,
        "count": chance.randrange(-(2**63), 2**63),
        "words": "".join(chance.choices("æøå ':%s(x)\"\\–", k=12)),
        "sealed": chance.randbytes(9),
        "detail": {"number": chance.randrange(9), "why": "død'"},
    }
    return {"id": uuid4()} | {name: value if chance.random() < 0.8 else None for name, value in row.items()}


def test_what_goes_in_and_comes_out_is_what_sqlalchemy_makes_of_it(database: Database) -> None:
    chance = random.Random(7)
    rows = [something(chance) for _ in range(60)]
    with database.plain(writes=True) as plain:
        plain.run(ADD, *rows[:30])
    with database.engine.begin() as connection:
        connection.execute(insert(THINGS), rows[30:])
    with database.engine.connect() as connection:
        expected = {row.id: tuple(row) for row in connection.execute(select(THINGS))}
    assert len(expected) == len(rows)
    with database.plain(writes=False) as plain:
        for row in rows:
            assert plain.rows(FIND, {"thing": row["id"]}) == [expected[row["id"]]]


def test_what_was_not_committed_is_rolled_back(database: Database) -> None:
    row = something(random.Random(1))

    def fail_halfway() -> None:
        with database.plain(writes=True) as plain:
            plain.run(ADD, row)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_halfway()
    with database.plain(writes=False) as plain:
        plain.run(ADD, row)  # nobody says that it writes
    with database.plain(writes=False) as plain:
        assert plain.rows(FIND, {"thing": row["id"]}) == []


def test_a_statement_is_carried_out_within_a_use_case_too(database: Database) -> None:
    row = something(random.Random(2))
    with database.plain(writes=True) as plain:
        plain.run(ADD, row)
        plain.run(RENAME, {"thing": row["id"], "name": "nyt"})
        assert plain.rows(FIND, {"thing": row["id"]})[0][5] == "nyt"
    with database.engine.connect() as connection:
        assert connection.scalar(select(THINGS.c.words)) == "nyt"


def test_an_error_carries_no_values(database: Database) -> None:
    row = something(random.Random(3)) | {"words": "Mikkel"}
    with pytest.raises(Exception, match="thing") as failed, database.plain(writes=True) as plain:
        plain.run(ADD, row, row)
    assert type(failed.value).__name__ == "IntegrityError"
    assert "Mikkel" not in str(failed.value)


def test_a_statement_that_differs_from_time_to_time_is_refused(database: Database) -> None:
    differing = Prepared(select(THINGS).where(THINGS.c.id.in_(bindparam("ids", expanding=True))))
    with database.plain(writes=False) as plain, pytest.raises(TypeError):
        plain.rows(differing, {"ids": [uuid4()]})


def test_a_lost_connection_is_told_as_such_and_the_next_one_works(postgres_database: str) -> None:
    database = Database(postgres_database)
    THINGS.create(database.engine)

    def be_cut_off() -> None:
        with database.plain(writes=True) as plain:
            plain.run(ADD, something(random.Random(4)))
            with database.engine.connect() as other:
                other.execute(
                    text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
                )
            plain.run(ADD, something(random.Random(5)))

    with pytest.raises(DatabaseUnavailable):
        be_cut_off()
    with database.plain(writes=False) as plain:
        assert plain.rows(FIND, {"thing": uuid4()}) == []
    database.engine.dispose()


def test_a_database_that_nobody_answers_for_is_unavailable() -> None:
    database = Database("postgresql+psycopg://nobody@127.0.0.1:1/nothing")
    with pytest.raises(DatabaseUnavailable), database.plain(writes=False):
        raise AssertionError("it answered")


@pytest.fixture
def lonely(tmp_path: Path) -> Iterator[Database]:
    """SQLite, where one writes at a time."""
    database = Database(f"sqlite:///{tmp_path}/plain.sqlite")
    THINGS.create(database.engine)
    yield database
    database.engine.dispose()


def test_a_writer_who_waits_in_vain_is_told(lonely: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("samrum.plain.BUSY_SECONDS", 0)
    with lonely.plain(writes=True):
        with pytest.raises(DatabaseUnavailable), lonely.plain(writes=True):
            raise AssertionError("two wrote at once")
        with pytest.raises(DatabaseUnavailable), lonely.transaction():
            raise AssertionError("two wrote at once")


def test_writers_take_turns_and_none_is_lost(lonely: Database) -> None:
    chance = random.Random(6)
    rows = [something(chance) for _ in range(40)]

    def write(row: dict[str, object]) -> None:
        with lonely.plain(writes=True) as plain:
            plain.run(ADD, row)

    with ThreadPoolExecutor(8) as writers:
        for done in [writers.submit(write, row) for row in rows]:
            done.result()
    with lonely.plain(writes=False) as plain:
        assert all(plain.rows(FIND, {"thing": row["id"]}) for row in rows)
