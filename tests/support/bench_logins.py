"""How many logins a second the set argon2 cost allows, and what the session check costs each request."""

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from os import cpu_count
from pathlib import Path
from tempfile import TemporaryDirectory

from auth.passwords import Cost, hash_password, verify_password
from samrum.models import Staff
from samrum.services import sessions
from samrum.services.platform import SYSTEM
from samrum.services.sessions import Stage
from support.queries import counted_queries
from support.world import World

_LOGINS = 24
_CHECKS = 500


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
        with counted_queries(world.platform) as seen:
            begun = time.perf_counter()
            for _ in range(_CHECKS):
                sessions.look_up(world.platform, token)
            seconds = time.perf_counter() - begun
        world.platform.database.engine.dispose()
    sys.stdout.write(
        f"session     {1000 * seconds / _CHECKS:6.2f} ms a request, {len(seen) / _CHECKS:.2f} queries (SQLite)\n"
    )
