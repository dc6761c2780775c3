from collections.abc import Iterator

import psycopg
import pytest

from support.hermetic import Forbidden, nothing_outside


def _no_postgres(*_: object, **__: object) -> None:
    raise Forbidden("a unit test reached for PostgreSQL; such a test goes in integration/")


@pytest.fixture(autouse=True)
def hermetic(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No network, no database, no other program; the mark `programs` allows the last one."""
    if request.node.get_closest_marker("programs"):
        yield
        return
    monkeypatch.setattr(psycopg, "connect", _no_postgres)
    monkeypatch.setattr(psycopg.Connection, "connect", _no_postgres)  # libpq opens its sockets unseen by Python
    with nothing_outside():
        yield
