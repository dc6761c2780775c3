"""How many logins a second the set argon2 cost allows, and what the session check costs each request."""

import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from os import cpu_count
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Connection, event

from auth.passwords import Cost, hash_password, verify_password
from samrum.models import Staff
from samrum.services import sessions
from samrum.services.platform import SYSTEM, Platform
from samrum.services.sessions import Stage
from support.world import World

_LOGINS = 24
_CHECKS = 500


@contextmanager
def statements(platform: Platform) -> Iterator[list[str]]:
    """The statements that reach the database meanwhile, without those that begin and end a transaction."""
    seen: list[str] = []

    def remember(_connection: Connection, _cursor: object, statement: str, *_: object) -> None:
        if not statement.startswith(("BEGIN", "PRAGMA")):
            seen.append(statement)

    event.listen(platform.database.engine, "before_cursor_execute", remember)
    try:
        yield seen
    finally:
        event.remove(platform.database.engine, "before_cursor_execute", remember)


def token_of_somebody(world: World) -> str:
    """The token of a full login."""
    who = world.staff("Birgit", "UU")
    with world.platform.act(SYSTEM) as act:
        return sessions.begin(act, act.session.get_one(Staff, who.id), Stage.FULL, act.now)


def measure() -> None:
    """Print both."""
    cost = Cost()
    stored = hash_password("fire tilfældige kloge ord", cost)
    threads = cpu_count() or 1

    def one(_number: int) -> bool:
        return verify_password(stored, "et forkert gæt", cost)

    begun = time.perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(one, range(_LOGINS)))
    rate = _LOGINS / (time.perf_counter() - begun)
    sys.stdout.write(
        f"passwords   {rate:6.1f} a second, {threads} at a time "
        f"(argon2id, {cost.memory_kib // 1024} MiB, {cost.passes} passes, {cost.lanes} lanes)\n"
    )
    with TemporaryDirectory(prefix="samrum-bench-") as folder:
        world = World.make(Path(folder))
        token = token_of_somebody(world)
        with statements(world.platform) as seen:
            begun = time.perf_counter()
            for _ in range(_CHECKS):
                sessions.look_up(world.platform, token)
            seconds = time.perf_counter() - begun
        world.platform.database.engine.dispose()
    sys.stdout.write(
        f"session     {1000 * seconds / _CHECKS:6.2f} ms a request, {len(seen) / _CHECKS:.2f} queries (SQLite)\n"
    )
