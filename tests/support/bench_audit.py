"""How many rows a second join the audit log from eight writers at once, and how long a million rows take to check."""

import os
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

from samrum.clock import SystemClock
from samrum.db import Database
from samrum.services import audit_check
from samrum.services.audit import append
from samrum.services.audit_export import check_export
from support.audit_logs import entries, new_log
from support.postgres import TestPostgres

_WRITERS = 8
_SECONDS = 4.0
_ROWS = 100_000
_MILLION = 1_000_000


def measure() -> None:
    """Print both, on PostgreSQL; a row is durable before the next transaction begins, as in production."""
    durable = ("max_connections=60", "shared_buffers=64MB")
    with TestPostgres(durable) as server, tempfile.TemporaryDirectory(prefix="samrum-bench-") as folder:
        database = new_log(server.new_database(), 0)
        _print("appended by 8 writers", f"{_appends(database):6.0f} rows/s", "goal 500")
        database.engine.dispose()
        database = new_log(server.new_database(), _ROWS)
        begun = time.perf_counter()
        audit_check.check(database)
        _print("checked in the database", f"{_for_a_million(begun):6.1f} s for 1 million rows", "goal 60")
        export = Path(folder) / "log.jsonl"
        begun = time.perf_counter()
        with export.open("wb") as file:
            file.writelines(audit_check.export(database, SystemClock()))
        _print("exported", f"{_for_a_million(begun):6.1f} s for 1 million rows")
        begun = time.perf_counter()
        with export.open("rb") as file:
            check_export(file)
        _print("checked in the export", f"{_for_a_million(begun):6.1f} s for 1 million rows", "goal 60")
        database.engine.dispose()


def _appends(database: Database) -> float:
    """Rows a second from eight threads, each row in a transaction of its own."""
    end = time.monotonic() + _SECONDS

    def write(writer: int) -> int:
        for written in count():
            if time.monotonic() >= end:
                return written
            with database.transaction() as session:
                append(session, entries(1, first=writer))
        return 0

    with ThreadPoolExecutor(_WRITERS) as pool:
        return sum(pool.map(write, range(_WRITERS))) / _SECONDS


def _for_a_million(begun: float) -> float:
    return (time.perf_counter() - begun) * _MILLION / _ROWS


def _print(what: str, figure: str, goal: str = "") -> None:
    sys.stdout.write(f"audit log {what:<24}{figure}{f'   ({goal})' if goal else ''}\n")


if __name__ == "__main__":
    sys.stdout.write(f"load before: {os.getloadavg()[0]:.1f}\n")
    measure()
