"""The worker's threads: one stays a moment with the connection it has served, unless somebody waits."""

import socket
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from gunicorn.config import Config
from gunicorn.workers.gthread import ThreadWorker

from samrum.cli.server import Worker

Pair = tuple[socket.socket, socket.socket]


class Connection:
    """A browser's connection, as the worker holds it."""

    def __init__(self, sock: Any = None) -> None:
        self.sock = sock


@pytest.fixture
def pair() -> Iterator[Pair]:
    ours, theirs = socket.socketpair()
    yield ours, theirs
    ours.close()
    theirs.close()


Make = Callable[[int], Worker]


@pytest.fixture
def served() -> list[bytes]:
    return []


@pytest.fixture
def worker(served: list[bytes], monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    """Call it for a worker with so many threads, which serves connections by noting what comes, and keeps them."""
    made: list[Worker] = []

    def note(_worker: ThreadWorker, connection: Connection) -> bool:
        served.append(connection.sock.recv(9))
        return True

    def make(threads: int) -> Worker:
        configuration = Config()
        configuration.set("threads", threads)
        made.append(Worker(1, 1, [], None, 30, configuration, SimpleNamespace(debug=print)))
        return made[-1]

    monkeypatch.setattr(ThreadWorker, "handle", note)
    monkeypatch.setattr("samrum.cli.server._NEXT_MS", 0)
    yield make
    for one in made:
        one.tmp.close()


def test_a_request_that_follows_at_once_is_served_by_the_same_thread(
    pair: Pair, worker: Make, served: list[bytes]
) -> None:
    pair[1].send(b"123456789abc")
    assert worker(4).handle(Connection(pair[0])) is True
    assert served == [b"123456789", b"abc"]


def test_a_connection_is_given_back_when_somebody_waits_for_a_thread(
    pair: Pair, worker: Make, served: list[bytes]
) -> None:
    serve = worker(4)
    serve.tpool = SimpleNamespace(submit=lambda *_: SimpleNamespace(add_done_callback=lambda _: None))
    serve.enqueue_req(Connection())
    pair[1].send(b"123456789abc")
    assert serve.handle(Connection(pair[0])) is True
    assert served == [b"123456789"]


def test_a_worker_with_a_single_thread_stays_with_nobody(pair: Pair, worker: Make, served: list[bytes]) -> None:
    pair[1].send(b"123456789abc")
    assert worker(1).handle(Connection(pair[0])) is True
    assert served == [b"123456789"]


def test_a_worker_that_is_stopping_gives_every_connection_back(pair: Pair, worker: Make, served: list[bytes]) -> None:
    serve = worker(4)
    serve.alive = False
    pair[1].send(b"123456789abc")
    assert serve.handle(Connection(pair[0])) is True
    assert served == [b"123456789"]
