"""What one decision costs, and what the list of my cases costs beside other people's cases."""

import random
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from uuid import UUID

from auth.policy import Action, CaseFacts, Consent, Grant, Level, Parent, StaffActor, Status, decide
from samrum.db import Database
from samrum.services.platform import Caller
from samrum.services.rooms import my_rooms
from support import list_worlds
from support.list_worlds import Municipality
from support.policy_worlds import Choices, actor, world
from support.postgres import TestPostgres
from support.world import World

_FEW, _MANY, _MINE = 1_000, 50_000, 400
_DECISIONS = 20_000
_ROUNDS = 25
_YEARS = date(2025, 6, 1), date(2028, 12, 31)


def measure() -> None:
    """Print both; the list on SQLite and on PostgreSQL."""
    dice = random.Random(1)
    worlds = [(world(Choices(dice.randbytes(160))), actor(Choices(dice.randbytes(8)))) for _ in range(2000)]
    begun = time.perf_counter()
    for number in range(_DECISIONS):
        (facts, today), who = worlds[number % len(worlds)]
        decide(who, Action.READ_FILES, facts, today)
    _print("one decision", f"{(time.perf_counter() - begun) / _DECISIONS * 1e6:6.1f} µs   (goal 20)")
    with tempfile.TemporaryDirectory(prefix="samrum-bench-") as folder, TestPostgres() as server:
        for name, address in (("SQLite", _sqlite(Path(folder))), ("PostgreSQL", lambda _name: server.new_database())):
            few, many = _lists(Path(folder), name, address)
            _print(
                f"my 400 cases, {name}",
                f"{few * 1e3:6.1f} ms of {_FEW}, {many * 1e3:6.1f} ms of {_MANY}: {many / few:.2f} times   (goal 1.3)",
            )


def _sqlite(folder: Path) -> Callable[[str], str]:
    return lambda name: f"sqlite:///{folder / name}.sqlite"


def _lists(folder: Path, name: str, address: Callable[[str], str]) -> tuple[float, float]:
    """Seconds for the list of 400 cases, half of them the viewer's own, among few cases and among many.

    The two take turns, so that what else the machine does meets both alike.
    """
    made = [_made(folder / f"{name}-{size}", address(f"{name}-{size}"), size) for size in (_FEW, _MANY)]
    best = [float("inf"), float("inf")]
    for _ in range(_ROUNDS):
        for number, (here, viewer) in enumerate(made):
            begun = time.perf_counter()
            assert len(my_rooms(here.platform, Caller(viewer))) == _MINE
            best[number] = min(best[number], time.perf_counter() - begun)
    for here, _ in made:
        here.platform.database.engine.dispose()
    return best[0], best[1]


def _made(folder: Path, url: str, size: int) -> tuple[World, StaffActor]:
    folder.mkdir()
    here = World.make(folder, database_url=url)
    town, viewer = _town(size)
    with here.platform.database.engine.begin() as connection:
        list_worlds.write(connection, town)
    analyze(here.platform.database)
    return here, viewer


def analyze(database: Database) -> None:
    """Let the database count its rows, as it does by itself in time."""
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")


def _town(size: int) -> tuple[Municipality, StaffActor]:
    dice = random.Random(size)
    base = list_worlds.make(dice, cases=1)
    template = next(iter(base.cases.values()))
    ids = [UUID(int=dice.getrandbits(128), version=4) for _ in range(2 * size + 60)]
    organisation, unit = base.staff[0].organisation, base.staff[0].unit
    staff = [StaffActor(ids[number], unit, organisation) for number in range(60)]
    viewer, others = staff[0], staff[1:]
    youths = ids[60 : 60 + size]
    cases: dict[UUID, CaseFacts] = {}
    for number, (case_id, youth) in enumerate(zip(ids[60 + size :], youths, strict=True)):
        owner = viewer if number < _MINE // 2 else others[number % len(others)]
        guest = viewer if _MINE // 2 <= number < _MINE else others[(number + 1) % len(others)]
        given = tuple(Consent(youth, frozenset({unit}), *_YEARS) for _ in range(2))
        cases[case_id] = replace(
            template, owner=owner.id, owner_unit=unit, organisation=organisation, youth=youth, status=Status.ACTIVE,
            parents=(Parent(youth, custody_holder=True),), consents=given, grants=(Grant(guest.id, Level.READ),),
            owner_has_left=False,
        )  # fmt: skip
    citizens = [replace(base.citizens[0], id=youth, active=True) for youth in youths]
    births: dict[UUID, date | None] = dict.fromkeys(youths, date(2010, 6, 15))
    return Municipality(staff, citizens, births, cases), viewer


def _print(what: str, figure: str) -> None:
    sys.stdout.write(f"{what:<34}{figure}\n")


if __name__ == "__main__":
    measure()
