"""One try at a request to S3 past boto3's machinery, over connections kept open.

That machinery (endpoint rules, serializers, hooks, parsers) takes longer than most of what a store of documents asks
for: a small object crosses the network in less. Sending and receiving are two steps, so that several requests can be
under way from one thread. What is not answered well here is for boto3 to ask again.
"""

import os
import select
import ssl
import time
import weakref
from collections import deque
from collections.abc import Iterator, Mapping
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Final
from urllib.parse import quote, urlsplit

from botocore.httpsession import get_cert_path
from botocore.utils import get_environ_proxies

from storage.errors import Unavailable
from storage.signing import Signer

_IDLE: Final = 32
"""Connections that are kept for later, at the most."""

Idle = deque[tuple[float, HTTPConnection]]
"""Connections, and since when they rest."""

_REST: Final = 60.0
"""Seconds after which one is not used again: a firewall between may have forgotten it, and would not say so."""


class Direct:
    """Requests to the objects of one bucket. ``base`` is its address; ``timeouts``: to connect and to read, in seconds.

    Safe between threads, not over a fork.
    """

    def __init__(
        self,
        base: str,
        access_key: str,
        secret_key: str,
        region: str,
        *,
        ca_bundle: str | None,
        timeouts: tuple[float, float],
    ) -> None:
        parts = urlsplit(base)
        self.base: Final = base.rstrip("/") + "/"
        self._path: Final = parts.path.rstrip("/") + "/"
        self._host, self._port = parts.hostname or "", parts.port
        trusted = ca_bundle or os.environ.get("AWS_CA_BUNDLE") or get_cert_path(True)  # as boto3 chooses them
        self._tls: Final = ssl.create_default_context(cafile=trusted) if parts.scheme == "https" else None
        self._behind_proxy: Final = bool(get_environ_proxies(base))  # whose ways boto3 knows
        implied = ":443" if parts.scheme == "https" else ":80"
        self._signer: Final = Signer(access_key, secret_key, region, parts.netloc.removesuffix(implied))
        self._timeouts: Final = timeouts
        self._idle: Final[Idle] = deque()
        weakref.finalize(self, _close_all, self._idle)

    def begin(
        self, method: str, name: str, headers: Mapping[str, str], body: bytes | bytearray = b"", query: str = ""
    ) -> "Pending | None":
        """Send a request; None when it could not be sent. ``query`` is quoted and sorted already."""
        if self._behind_proxy:
            return None
        target = self._path + quote(name) + (query and f"?{query}")
        signed = self._signer.signed(method, target, headers, body)
        connection = self._connection()
        try:
            if connection.sock is None:
                _connect(connection, self._timeouts[1])
            connection.request(method, target, body or None, signed)
        except (OSError, HTTPException):
            connection.close()
            return None
        return Pending(connection, self._idle)

    def ask(
        self, method: str, name: str, expected: int, headers: Mapping[str, str], body: bytes | bytearray = b""
    ) -> "Answer | None":
        """Send a request and receive the head of its answer; None unless it came with the ``expected`` status."""
        pending = self.begin(method, name, headers, body)
        return pending.receive(expected) if pending is not None else None

    def _connection(self) -> HTTPConnection:
        """One that was kept, or a new one that is not connected yet."""
        while self._idle:
            try:
                since, connection = self._idle.pop()
            except IndexError:  # another thread was quicker
                break
            if time.monotonic() - since < _REST and _is_quiet(connection):
                return connection
            connection.close()
        if self._tls is None:
            return HTTPConnection(self._host, self._port, timeout=self._timeouts[0])
        return HTTPSConnection(self._host, self._port, timeout=self._timeouts[0], context=self._tls)


class Pending:
    """A request that was sent and whose answer has not been received."""

    def __init__(self, connection: HTTPConnection, idle: Idle) -> None:
        self._connection, self._idle = connection, idle

    def receive(self, expected: int) -> "Answer | None":
        """The head of the answer, when its status is the ``expected`` one and its length is told; otherwise None."""
        try:
            response = self._connection.getresponse()
        except (OSError, HTTPException):
            self._connection.close()
            return None
        if response.status != expected or response.length is None:
            self._connection.close()
            return None
        return Answer(self._connection, response, self._idle)

    def abandon(self) -> None:
        """Nobody waits for the answer."""
        self._connection.close()


class Answer:
    """An answer whose body is still to be read. Closed after its end the connection is kept, closed earlier it is not:
    what is left in it belongs to nobody else."""

    def __init__(self, connection: HTTPConnection, response: HTTPResponse, idle: Idle) -> None:
        self._connection, self._response, self._idle = connection, response, idle
        self.length: Final = response.length
        """Bytes of the whole body."""

    def header(self, name: str) -> str:
        """A header's value, empty where there is none."""
        return self._response.getheader(name) or ""

    def pieces(self, size: int) -> Iterator[bytes]:
        """The body in pieces of ``size`` bytes, the last one shorter. Unavailable when it ends early."""
        while left := self._response.length:
            try:
                piece = self._response.read(min(size, left))
            except (OSError, HTTPException) as error:
                raise Unavailable(f"the store's answer broke off: {type(error).__name__}") from None
            if not piece:
                raise Unavailable("the store's answer broke off")
            yield piece

    def close(self) -> None:
        """To be called once, whatever was read."""
        reusable = self._response.length == 0 and not self._response.will_close
        self._response.close()
        if reusable and len(self._idle) < _IDLE:
            self._idle.append((time.monotonic(), self._connection))
        else:
            self._connection.close()


def _connect(connection: HTTPConnection, read_timeout: float) -> None:
    connection.connect()
    connection.sock.settimeout(read_timeout)


def _close_all(connections: Idle) -> None:
    while connections:
        connections.pop()[1].close()


def _is_quiet(connection: HTTPConnection) -> bool:
    """Whether nothing has come in: the other side's goodbye, or what no request asked for."""
    poll = select.poll()
    poll.register(connection.sock, select.POLLIN)
    return not poll.poll(0)
