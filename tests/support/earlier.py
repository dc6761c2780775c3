"""Data as an earlier release left it: rows written by its tables, whatever today's models say."""

import warnings
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Engine, MetaData, Table, Uuid

from samrum import migrations
from support.world import NOON


class Earlier:
    """A database at ``revision``, and the way to put rows into it."""

    def __init__(self, engine: Engine, revision: str) -> None:
        migrations.upgrade(engine, revision)
        self._engine = engine
        self._tables = MetaData()
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Skipped unsupported reflection of expression-based index")
            self._tables.reflect(engine)
        for table in self._tables.tables.values():
            for column in table.columns:
                if str(column.type) == "CHAR(32)":  # what ids are in SQLite
                    column.type = Uuid()

    def add(self, table: str, **values: Any) -> UUID:
        """A row with an id of its own, unless one is given; what is needed and not told is empty."""
        row: Table = self._tables.tables[table]
        values = {"id": uuid4(), **values}
        for column in row.columns:
            if not column.nullable and column.server_default is None and column.name not in values:
                values[column.name] = _nothing(column.type.python_type)
        with self._engine.connect().execution_options(writes=True) as connection, connection.begin():
            connection.execute(row.insert(), {name: value for name, value in values.items() if name in row.columns})
        return UUID(str(values["id"]))

    def unit(self, organisation: UUID, name: str) -> UUID:
        return self.add("unit", organisation_id=organisation, name=name)

    def staff(self, unit: UUID, name: str) -> UUID:
        return self.add("staff", unit_id=unit, name=name, email=f"{name.lower()}@test.dk", active=True)

    def case(self, owner: UUID, organisation: UUID) -> UUID:
        youth = self.add("citizen", name="Sofie Lind", birth_date=NOON.date().replace(year=2009), active=True)
        levels = {"youth_access": "write", "parent_access": "none"}
        return self.add(
            "case", number="ABCD-2345", owner_id=owner, organisation_id=organisation, youth_id=youth, status="active",
            key_kek="kek", key_blob=b"key", **levels,
        )  # fmt: skip

    def document(self, case: UUID, author: UUID, versions: int, changed_at: datetime) -> UUID:
        made = self.add("document", case_id=case, kind="goal_plan", changed_at=changed_at, newest_number=versions)
        for number in range(1, versions + 1):
            at = changed_at - timedelta(days=versions - number)
            self.add(
                "version", document_id=made, number=number, staff_id=author, created_at=at, object_name=uuid4().hex
            )
        return made


def _nothing(kind: type) -> object:
    return {datetime: NOON, UUID: uuid4()}.get(kind) or kind()
