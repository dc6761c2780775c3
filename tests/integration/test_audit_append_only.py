"""What was logged or stored stays as it is, whoever holds the connection."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from samrum.models import AuditRow
from samrum.services import audit_check
from samrum.services.incoming import NewVersion, receive
from samrum.services.platform import Caller
from support.world import World


@pytest.fixture(params=["sqlite", "postgresql"])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """A world with a room and a version in it, on each of the two databases."""
    address = ""
    if request.param == "postgresql":
        new: Callable[[], str] = request.getfixturevalue("new_postgres_database")
        address = new()
    world = World.make(tmp_path, database_url=address)
    owner = world.staff("Birgit", "Børn og Unge", case_creator=True)
    case_id = world.case(owner)
    new_version = NewVersion(kind="goal_plan", file_name="plan.txt", comment="", based_on=None)
    with receive(world.platform, Caller(owner), case_id, new_version) as incoming:
        incoming.write(b"et maal")
        incoming.finish()
    yield world
    world.platform.database.engine.dispose()


@pytest.mark.parametrize("table", ["audit", "version"])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE {table} SET {column} = {column}",
        "UPDATE {table} SET {key} = NULL",
        "DELETE FROM {table}",
        "DELETE FROM {table} WHERE {key} IN (SELECT {key} FROM {table} LIMIT 1)",
        "TRUNCATE {table} CASCADE",
        "INSERT OR REPLACE INTO {table} SELECT * FROM {table}",
        "REPLACE INTO {table} SELECT * FROM {table} LIMIT 1",
        "INSERT INTO {table} SELECT * FROM {table} WHERE true ON CONFLICT DO UPDATE SET {column} = excluded.{column}",
        "INSERT INTO {table} SELECT * FROM {table} ON CONFLICT ({key}) DO UPDATE SET {column} = excluded.{column}",
    ],
)
def test_no_statement_changes_what_is_there(kept: World, table: str, statement: str) -> None:
    column, key = ("hash", "sequence") if table == "audit" else ("sha256", "id")
    before = _content(kept, table)
    assert before
    with pytest.raises(DBAPIError), kept.platform.database.engine.begin() as connection:
        connection.exec_driver_sql(statement.format(table=table, column=column, key=key))
    assert _content(kept, table) == before
    assert audit_check.check(kept.platform.database).rows == len(_content(kept, "audit"))


def _content(world: World, table: str) -> list[object]:
    with world.platform.database.engine.connect() as connection:
        rows = connection.execute(text(f"SELECT * FROM {table} ORDER BY 1")).all()
    return [tuple(row) for row in rows]


def test_a_row_is_added_all_the_same(kept: World) -> None:
    before = len(_content(kept, "audit"))
    kept.staff("Ulla", "UU")
    assert len(_content(kept, "audit")) == before + 1
    with kept.platform.database.transaction() as session:
        assert session.get(AuditRow, before + 1) is not None
