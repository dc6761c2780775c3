"""What the migrations do to the accounts and logins of the release before, on SQLite and PostgreSQL alike."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from samrum import migrations
from samrum.db import Database
from samrum.models import LoginSession, Organisation, RecoveryCode, WaitingLetter
from samrum.services import mail
from support.earlier import Earlier
from support.world import NOON


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


def test_nobody_is_asked_for_a_passkey_who_was_not_before_and_running_logins_go_on(engine: Engine) -> None:
    before = Earlier(engine, "0002")
    organisation = before.add("organisation", name="Testby", staff_shown_as="name")
    ulla = before.staff(before.unit(organisation, "UU"), "Ulla")
    login = before.add("login_session", staff_id=ulla, stage="full", created_at=NOON, last_seen_at=NOON)
    migrations.upgrade(engine)
    with Session(engine) as session:
        assert session.get_one(Organisation, organisation).passkeys_demanded_at is None
        running = session.get_one(LoginSession, login)
        assert (running.stage, running.ended_at, running.enrols_at) == ("full", None, None)


def test_recovery_codes_of_before_are_void_and_their_owners_are_told(engine: Engine) -> None:
    """They were kept in a way that cannot be turned into today's."""
    before = Earlier(engine, "0002")
    unit = before.unit(before.add("organisation", name="Testby", staff_shown_as="name"), "UU")
    with_some, with_none_left, never, gone = (before.staff(unit, name) for name in ("Ulla", "Uffe", "Lone", "Gerd"))
    for number, (who, used) in enumerate(((with_some, None), (with_some, None), (with_none_left, NOON), (gone, None))):
        before.add("recovery_code", staff_id=who, code_hash=bytes([number]) * 32, used_at=used)
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        connection.execute(text("UPDATE staff SET active = :no WHERE name = 'Gerd'"), {"no": False})
    migrations.upgrade(engine)
    with Session(engine) as session:
        assert session.scalars(select(RecoveryCode)).all() == []
        letters = session.scalars(select(WaitingLetter)).all()
        assert [(letter.staff_id, letter.kind) for letter in letters] == [(with_some, "codes_void")]
        assert mail.Kind(letters[0].kind) is mail.Kind.CODES_VOID
    assert never not in {letter.staff_id for letter in letters}
