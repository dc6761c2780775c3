"""The whole demo as a process of its own, for tests that play people in front of it."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

from samrum.demo.children import free_ports

_START_SECONDS = 120.0
_RUN = """
import pathlib, sys
from samrum.demo.supervisor import run_demo
sys.exit(run_demo(pathlib.Path(sys.argv[1]), int(sys.argv[2])))
"""


class LiveDemo:
    """What `make run` starts, in a folder and on a port of its own.

    :param var: its data; a second demo with the same folder finds it again.
    """

    def __init__(self, var: Path, port: int | None = None) -> None:
        self.var = var
        self.port = port or free_ports(1)[0]
        self.output = var.with_name(var.name + "-output.txt")
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def base_url(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def process(self) -> subprocess.Popen[bytes]:
        assert self._process is not None
        return self._process

    @property
    def people(self) -> dict[str, Any]:
        """The demo's people: `staff` with e-mail, password and secret for codes, `people` with CPR numbers."""
        content: dict[str, Any] = json.loads((self.var / "people.json").read_text())
        return content

    def said(self) -> str:
        """What it has written to the terminal so far."""
        return self.output.read_text()

    def start(self, *, wait: bool = True) -> None:
        """Start it; with `wait`, come back when it has printed the address."""
        with self.output.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-c", _RUN, self.var, str(self.port)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env={name: value for name, value in os.environ.items() if not name.startswith("SAMRUM_")},
            )
        deadline = time.monotonic() + _START_SECONDS
        while wait and "Ctrl-C" not in self.said():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise AssertionError(f"the demo did not start:\n{self.said()}")
            time.sleep(0.1)

    def stop(self, how: signal.Signals = signal.SIGINT) -> int:
        """Ask it to stop, wait until it has, and return its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        return self.process.wait(60)

    def move_clock(self, seconds: int) -> None:
        """Set how far its clock is ahead of the real one; all of its processes follow at once."""
        fresh = self.var / "clock.new"
        fresh.write_text(str(seconds))
        fresh.replace(self.var / "clock")

    def now(self) -> datetime:
        """The moment by its clock."""
        clock = self.var / "clock"
        return datetime.now(UTC) + timedelta(seconds=int(clock.read_text()) if clock.exists() else 0)

    def get(self, path: str) -> tuple[int, bytes]:
        """Status and body of a page fetched without a login."""
        with urllib.request.urlopen(self.base_url + path, timeout=20) as answer:
            return answer.status, answer.read()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
