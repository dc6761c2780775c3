"""A stand-in broker for the tests of one file, that behaves again after each of them."""

from collections.abc import Iterator

import pytest

from support.standin import Standin, running_standin


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standin]:
    with running_standin(tmp_path_factory.mktemp("standin")) as standin:
        yield standin


@pytest.fixture
def standin(running: Standin) -> Iterator[Standin]:
    running.broker.control.requests_seen.clear()
    yield running
    running.misbehave()
    running.broker.control.next_error = None
