"""Senders who never finish: none of them holds a thread of the server for long."""

import socket
import threading
from collections.abc import Iterator

import pytest

from samrum import deadlines
from samrum.deadlines import Deadlines


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """The server's and the sender's end of a connection."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        sender = socket.create_connection(listening.getsockname())
        server, _address = listening.accept()
        with sender, server:
            yield server, sender


def test_a_reader_finds_the_end_when_the_time_is_up_and_can_still_answer(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    server, sender = pair
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(server.recv(100)))
    reader.start()
    watch = Deadlines(every=0.05)
    watch.give(server, 0.1)
    reader.join(5)
    assert read == [b""]
    server.sendall(b"too slow")
    assert sender.recv(100) == b"too slow"


def test_a_sender_who_goes_on_is_waited_for(pair: tuple[socket.socket, socket.socket]) -> None:
    server, sender = pair
    watch = Deadlines(every=3600)
    watch.give(server, -1)
    watch.give(server, 60)
    watch.close_late()
    sender.sendall(b"more")
    assert server.recv(100) == b"more"


def test_an_answered_request_is_forgotten(pair: tuple[socket.socket, socket.socket]) -> None:
    server, sender = pair
    watch = Deadlines(every=3600)
    watch.give(server, -1)
    watch.forget(server)
    watch.close_late()
    sender.sendall(b"the next request")
    assert server.recv(100) == b"the next request"


def test_a_connection_that_is_gone_already_is_no_error(pair: tuple[socket.socket, socket.socket]) -> None:
    watch = Deadlines(every=3600)
    watch.give(pair[0], -1)
    pair[0].close()
    watch.close_late()


def test_nobody_is_given_more_than_two_minutes_for_a_piece() -> None:
    assert deadlines.REQUEST_SECONDS <= 60
    assert deadlines.CHUNK_SECONDS <= 120
