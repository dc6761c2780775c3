"""The web service as a process of its own, on a world's database and a running S3 server."""

import dataclasses
import http.client
import re
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil

from auth.policy import CitizenActor, StaffActor
from samrum.clock import ShiftedClock, SystemClock
from samrum.demo.children import free_ports, spawn, stop
from samrum.demo.weed import EmbeddedS3
from storage import S3Store
from support.command import environment_of
from support.uploads import CONTENT_TYPE, Parcel
from support.world import NOON, World

_START_SECONDS = 60.0


class Service:
    """`samrum serve`, and the world it serves: what the test does in the world, the service finds.

    Both go by a clock that runs from ``support.world.NOON`` on; or by the clock of everybody, ``in_our_time``.
    """

    def __init__(
        self, folder: Path, s3: EmbeddedS3, bucket: str, *, in_our_time: bool = False, **settings: Any
    ) -> None:
        self.port = free_ports(1)[0]
        self.output = folder / "service.log"
        clock_file = folder / "clock"
        clock_file.write_text(str(int((NOON - datetime.now(UTC)).total_seconds())))
        store = S3Store(s3.endpoint_url, bucket, s3.access_key, s3.secret_key)
        store.ensure_bucket()
        world = World.make(
            folder,
            store=store,
            **{
                "bind": f"127.0.0.1:{self.port}",
                "base_url": f"http://127.0.0.1:{self.port}",
                "s3_endpoint": s3.endpoint_url,
                "s3_bucket": bucket,
                "s3_access_key": s3.access_key,
                "s3_secret_key": s3.secret_key,
                "demo_clock_file": None if in_our_time else clock_file,
                "workers": 2,  # each of them takes its time to start
                "threads": 8,
                **settings,
            },
        )
        platform = dataclasses.replace(world.platform, clock=SystemClock() if in_our_time else ShiftedClock(clock_file))
        self.world = World(platform, world.clock, world.app)
        self._process: subprocess.Popen[bytes] | None = None
        self._clients: list[Client] = []

    def __enter__(self) -> Self:
        environment = environment_of(self.world.platform.settings)
        with self.output.open("wb") as output:
            self._process = spawn([sys.executable, "-m", "samrum.cli", "serve"], output=output, env=environment)
        deadline = time.monotonic() + _START_SECONDS
        while not self.answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.__exit__(None, None, None)
                raise AssertionError(f"the service did not start:\n{self.output.read_text()}")
            time.sleep(0.1)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for client in self._clients:
            client.connection.close()
        if self._process is not None:
            stop(self._process, patience=5)

    def client(self, person: StaffActor | CitizenActor) -> "Client":
        """Somebody with a login of their own."""
        cookie = self.world.client(person).client.get_cookie("samrum-login")
        assert cookie is not None
        self._clients.append(Client(self.port, f"samrum-login={cookie.value}"))
        return self._clients[-1]

    def requests(self) -> int:
        """How many requests the clients have made."""
        return sum(client.requests for client in self._clients)

    def memory(self) -> int:
        """Bytes that the workers hold for themselves."""
        assert self._process is not None
        family = [psutil.Process(self._process.pid), *psutil.Process(self._process.pid).children(recursive=True)]
        return sum(process.memory_full_info().uss for process in family)

    def workers(self) -> list[psutil.Process]:
        """The processes that answer."""
        assert self._process is not None
        return psutil.Process(self._process.pid).children()

    def kill_workers(self) -> None:
        """End the processes that answer, as when memory runs out; the service starts new ones."""
        for worker in self.workers():
            worker.kill()

    def answers(self) -> bool:
        """Whether somebody answers, and finds database and storage in order."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", "/health")
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


@dataclasses.dataclass(frozen=True)
class Answer:
    """What came back, whole."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


class Client:
    """A browser's side of HTTP, on one connection that is kept as long as both sides like."""

    def __init__(self, port: int, cookie: str) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=90)
        self.cookie = cookie
        self.requests = 0

    def start(self, path: str, headers: Mapping[str, str] | None = None) -> http.client.HTTPResponse:
        """Ask for a page and come back when its headers are there, its body unread."""
        self.requests += 1
        self.connection.request("GET", path, headers={"Cookie": self.cookie, **(headers or {})})
        return self.connection.getresponse()

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        return _whole(self.start(path, headers))

    def token(self, page: str) -> str:
        """The form token of a page."""
        found = re.search(r'name="once" value="([^"]+)"', self.get(page).text)
        assert found is not None, f"no form on {page}"
        return found[1]

    def post(self, path: str, form: str) -> Answer:
        """Send a form that is encoded already."""
        self.requests += 1
        headers = {"Cookie": self.cookie, "Content-Type": "application/x-www-form-urlencoded"}
        self.connection.request("POST", path, body=form.encode(), headers=headers)
        return _whole(self.connection.getresponse())

    def upload(
        self,
        path: str,
        file_name: str,
        content: bytes | Iterable[bytes],
        *,
        size: int = -1,
        chunked: bool = False,
        fields: Mapping[str, object] | None = None,
        token: str = "",
    ) -> Answer:
        """Send a file as the form at ``path`` does, with that form's token where no ``token`` is given. ``chunked``:
        without telling its length."""
        told = {"once": token or self.token(path), "kind": "other", **(fields or {})}
        parcel = Parcel(told, file_name, content, size)
        headers = {"Cookie": self.cookie, "Content-Type": CONTENT_TYPE}
        if not chunked:
            headers["Content-Length"] = str(parcel.length)
        self.requests += 1
        self.connection.request("POST", path, body=parcel, headers=headers, encode_chunked=chunked)
        return _whole(self.connection.getresponse())


def _whole(response: http.client.HTTPResponse) -> Answer:
    return Answer(response.status, dict(response.headers), response.read())
