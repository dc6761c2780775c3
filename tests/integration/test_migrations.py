"""Migrations: from an empty database to today's tables, on SQLite and PostgreSQL alike."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import CheckConstraint, Engine, inspect, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from samrum import migrations
from samrum.db import Database
from samrum.models import AuditHead, Base, Organisation, Staff, Unit
from samrum.queries.naming import units_in_order
from support.earlier import Earlier
from support.world import NOON, World


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An empty database on each of the two."""
    if request.param == "sqlite":
        address = f"sqlite:///{tmp_path / 'empty.sqlite'}"
    else:
        new: Callable[[], str] = request.getfixturevalue("new_postgres_database")
        address = new()
    found = Database(address).engine
    yield found
    found.dispose()


def test_an_empty_database_is_brought_to_today(engine: Engine) -> None:
    assert not migrations.is_current(engine)
    migrations.upgrade(engine)
    assert migrations.is_current(engine)
    assert set(inspect(engine).get_table_names()) == {"alembic_version", *Base.metadata.tables}


def test_migrating_again_changes_nothing(engine: Engine) -> None:
    migrations.upgrade(engine)
    with Session(engine) as session, session.begin():
        session.add(Organisation(name="Testby"))
    migrations.upgrade(engine)
    with engine.connect() as connection:
        assert connection.scalars(text("SELECT name FROM organisation")).all() == ["Testby"]
        assert connection.scalars(select(AuditHead.sequence)).all() == [0]


@pytest.mark.filterwarnings("ignore:.*expression-based index")
def test_the_migrations_make_the_tables_that_the_models_describe(engine: Engine) -> None:
    migrations.upgrade(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True, "include_object": _comparable}
        )
        assert compare_metadata(context, Base.metadata) == []


def test_the_migrations_make_the_checks_that_the_models_describe(engine: Engine) -> None:
    """Alembic does not compare these."""
    migrations.upgrade(engine)
    found = inspect(engine)
    for table in Base.metadata.sorted_tables:
        described = {str(one.name) for one in table.constraints if isinstance(one, CheckConstraint)}
        assert {one["name"] for one in found.get_check_constraints(table.name)} == described, table.name


def _comparable(_object: object, name: str | None, _kind: str, _reflected: bool, _compared: object) -> bool:
    """An index over an expression cannot be read back from SQLite; a test of its own holds it."""
    return name != "uq_staff_email"


def test_two_accounts_never_share_an_e_mail_in_whatever_letters(engine: Engine) -> None:
    migrations.upgrade(engine)
    database = Database(engine.url.render_as_string(hide_password=False))
    with database.transaction() as session:
        organisation = Organisation(name="Testby")
        session.add(organisation)
        session.flush()
        unit = Unit(organisation_id=organisation.id, name="UU")
        session.add(unit)
        session.flush()
        unit_id = unit.id
        session.add(Staff(unit_id=unit_id, name="Ulla", email="ulla@test.dk", created_at=NOON))
    with pytest.raises(IntegrityError), database.transaction() as session:
        session.add(Staff(unit_id=unit_id, name="En anden", email="ULLA@test.dk", created_at=NOON))
    database.engine.dispose()


def test_a_migration_that_fails_leaves_nothing_half_done(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    create_index = Operations.create_index

    def until(self: Operations, name: str, *args: object, **options: object) -> None:
        if name == "uq_staff_email":  # one of the last things that the first migration does
            raise RuntimeError("the power went")
        create_index(self, name, *args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Operations, "create_index", until)
    with pytest.raises(RuntimeError, match="the power went"):
        migrations.upgrade(engine)
    assert inspect(engine).get_table_names() == []
    monkeypatch.undo()
    migrations.upgrade(engine)
    assert migrations.is_current(engine)


def test_the_use_cases_run_on_postgresql_too(tmp_path: Path, postgres_database: str) -> None:
    world = World.make(tmp_path, database_url=postgres_database)
    owner = world.staff("Birgit", "Børn og Unge", case_creator=True)
    case_id = world.case(owner)
    counsellor = world.staff("Ulla", "UU")
    world.grant(owner, case_id, "ulla@test.dk")
    assert world.client(counsellor).get("/rooms").status_code == 200
    assert world.client(owner).get(f"/rooms/{case_id}").status_code == 200
    world.platform.database.engine.dispose()


def test_rooms_from_before_keep_the_numbers_of_their_places(engine: Engine) -> None:
    """They were numbered by when the first of a unit was let in; 0002 writes that down."""
    before = Earlier(engine, "0001")
    organisation = before.add("organisation", name="Testby", staff_shown_as="name")
    owner = before.staff(before.unit(organisation, "Børn og Unge"), "Birgit")
    case_id = before.case(owner, organisation)
    uu, solgaarden = before.unit(organisation, "UU"), before.unit(organisation, "Solgården")
    for minute, (name, unit) in enumerate((("Ulla", uu), ("Lone", solgaarden), ("Uffe", uu))):
        granted = {"level": "read", "granted_by": owner, "granted_at": NOON + timedelta(minutes=minute)}
        before.add("grant", case_id=case_id, staff_id=before.staff(unit, name), **granted)
    migrations.upgrade(engine)
    with Session(engine) as session:
        assert [unit for unit, _organisation in units_in_order(session, case_id)] == [uu, solgaarden]
