"""Keeping unit tests away from the network and from databases.

An audit hook sees what Python code opens, also in libraries. It cannot be taken off again, so it asks a switch.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

_FORBIDDEN = {
    "socket.connect": "the network",
    "socket.getaddrinfo": "the network",
    "socket.gethostbyname": "the network",
    "sqlite3.connect": "a database",
    "subprocess.Popen": "another program",
}


class Forbidden(AssertionError):
    """A unit test reached for something that only the other kinds of tests may use."""


class _Switch:
    on = False
    hooked = False


def _hook(event: str, _arguments: tuple[object, ...]) -> None:
    if _Switch.on and event in _FORBIDDEN:
        raise Forbidden(f"a unit test reached for {_FORBIDDEN[event]} ({event}); such a test goes in integration/")


@contextmanager
def nothing_outside() -> Iterator[None]:
    """Within it, connections, look-ups, SQLite and new programs raise `Forbidden`."""
    if not _Switch.hooked:
        sys.addaudithook(_hook)
        _Switch.hooked = True
    _Switch.on = True
    try:
        yield
    finally:
        _Switch.on = False
