"""The running web service beside boto3 on the same S3 server. What is measured how: storage/BENCHMARKS.md.

The service is `samrum serve` with its default settings on SQLite; its clients are logged in and keep their connection.
"""

import io
import multiprocessing
import os
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import boto3
from botocore.config import Config

from samrum.config import Settings
from samrum.demo.weed import EmbeddedS3
from support.bench_rclone import put, rclone_webdav
from support.papers import Papers
from support.service import Client, Service
from support.uploads import CONTENT_TYPE, Parcel

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

_MIB = 1024 * 1024
_SMALL = 200 * 1024
_CLIENTS = 8
_RANGES = 60
_HEAD = b"%PDF-1.7\n"
_BUCKET = "bench"

Row = tuple[str, str, str, str]


class Scale(Protocol):
    """How much is measured; see `support.bench.Scale`."""

    @property
    def rounds(self) -> int: ...
    @property
    def files(self) -> int: ...
    @property
    def seconds(self) -> float: ...
    @property
    def large(self) -> int: ...
    @property
    def huge(self) -> int: ...


class Bench:
    """A service with one room, a client in it, and boto3 with its default settings on the same server."""

    def __init__(self, service: Service, s3: EmbeddedS3, papers: Papers, folder: Path) -> None:
        self.service, self.s3, self.papers, self.folder = service, s3, papers, folder
        self.url = papers.url
        self.client = service.client(papers.owner)
        self.boto = boto_client(s3.endpoint_url, s3.access_key, s3.secret_key)
        self._number = 0
        self._very_large = ""

    def connect(self) -> None:
        """Begin a new connection, with a new login."""
        self.client = self.service.client(self.papers.owner)

    def tokens(self, count: int) -> list[str]:
        """Form tokens, as the pages carry them."""
        return [self.client.token(f"{self.url}/files/new") for _ in range(count)]

    def upload(self, token: str, content: "Content") -> None:
        """Send the form as a browser does, and read the answer."""
        parcel = Parcel({"once": token, "kind": "other", "comment": ""}, "plan.pdf", content, content.size)
        headers = {"Cookie": self.client.cookie, "Content-Type": CONTENT_TYPE, "Content-Length": str(parcel.length)}
        connection = self.client.connection
        connection.request("POST", f"{self.url}/files/new", body=parcel, headers=headers)
        answer = connection.getresponse()
        answer.read()
        if answer.status != 303:
            raise RuntimeError(f"the upload was answered with {answer.status}")

    def store(self, content: "Content") -> str:
        """Upload a file; returns the address of its download."""
        before = set(self.papers.documents())
        self.upload(self.tokens(1)[0], content)
        (document,) = set(self.papers.documents()) - before
        return f"{self.url}/files/{document}/1"

    def very_large(self, mebibytes: int) -> str:
        """The address of the file that several rows read from."""
        if not self._very_large:
            self._very_large = self.store(Content(mebibytes * _MIB))
        return self._very_large

    def download(self, address: str) -> int:
        return drain(self.client, address)

    def key(self) -> str:
        """A new name in boto3's bucket."""
        self._number += 1
        return f"object-{self._number}"


class Content:
    """A file of ``size`` bytes that begins as a PDF file does; the rest is random, a mebibyte again and again."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._piece = os.urandom(min(size, _MIB))

    def __iter__(self) -> Iterator[bytes]:
        yield _HEAD
        left = self.size - len(_HEAD)
        while left:
            yield self._piece if left >= len(self._piece) else self._piece[:left]
            left -= min(left, len(self._piece))

    def whole(self) -> bytes:
        return b"".join(self)


def boto_client(endpoint: str, access: str, secret: str) -> "S3Client":
    """boto3 as it comes; path-style addresses are all it is told."""
    style = Config(s3={"addressing_style": "path"})
    return boto3.session.Session().client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id=access,
        aws_secret_access_key=secret,
        config=style,
    )


def drain(client: Client, address: str) -> int:
    """Download to the end; returns how many bytes came."""
    answer = client.start(address)
    if answer.status != 200:
        raise RuntimeError(f"the download was answered with {answer.status}")
    buffer, count = memoryview(bytearray(_MIB)), 0
    while read := answer.readinto(buffer):
        count += read
    return count


def drain_object(boto: "S3Client", key: str) -> int:
    """get_object, read to the end in pieces of a mebibyte."""
    body, count = boto.get_object(Bucket=_BUCKET, Key=key)["Body"], 0
    while piece := body.read(_MIB):
        count += len(piece)
    return count


def rows(scale: Scale, wanted: Callable[[str], bool]) -> Iterator[Row]:
    """A row for each comparison: name and goal, what was measured, what stands beside it, the ratio."""
    measures = {
        f"upload of {scale.large} MiB, beside upload_fileobj | ≥ 1.0": _large_upload,
        f"download of {scale.large} MiB, beside get_object | ≥ 0.80": _large_download,
        f"download of {scale.large} MiB, beside rclone's WebDAV | ≥ 1.2": _download_beside_rclone,
        f"{scale.files} uploads of 200 KiB, beside put_object | ≥ 0.60": _small_uploads,
        f"{scale.files} downloads of 200 KiB, beside get_object | ≥ 0.60": _small_downloads,
        "eight clients, 200 KiB, beside get_object | ≥ 0.50, p95 ≤ 50 ms": _eight_clients,
        f"memory for an upload of {scale.huge} MiB | ≤ 48 MiB": _memory_of_upload,
        f"memory for a download of {scale.huge} MiB | ≤ 48 MiB": _memory_of_download,
        f"1 KiB out of {scale.huge} MiB, beside get_object of 1 KiB | ≤ 3": _short_range,
    }
    chosen = {name: measure for name, measure in measures.items() if wanted(name)}
    if not chosen:
        return
    with _running(scale) as bench:
        for name, measure in chosen.items():
            bench.connect()  # the service lets an idle connection go
            yield (name, *measure(bench, scale))


@contextmanager
def _running(scale: Scale) -> Iterator[Bench]:
    with (
        tempfile.TemporaryDirectory(prefix="samrum-bench-") as folder,
        EmbeddedS3(Path(folder) / "s3", None, "bench", "bench-secret-" + "0" * 27) as s3,
    ):
        as_it_comes = {name: Settings.model_fields[name].default for name in ("workers", "threads")}
        service = Service(
            Path(folder),
            s3,
            "samrum",
            in_our_time=True,
            recheck_seconds=1.0,
            upload_limit_mib=scale.huge + 1,
            **as_it_comes,
        )
        papers = Papers.make(service.world)
        with service:
            bench = Bench(service, s3, papers, Path(folder))
            bench.boto.create_bucket(Bucket=_BUCKET)
            for _ in range(4):  # both workers have loaded everything, and every bucket has its volume
                bench.download(bench.store(Content(20 * _MIB)))
            bench.boto.upload_fileobj(io.BytesIO(Content(20 * _MIB).whole()), _BUCKET, bench.key())
            yield bench


def _beside(scale: Scale, ours: Callable[[], Any], theirs: Callable[[], Any]) -> tuple[float, float, float]:
    """Seconds of ours and of theirs, and how many times as fast ours is: medians of rounds in turn."""
    times = [(_seconds(ours), _seconds(theirs)) for _ in range(scale.rounds)]
    middle = statistics.median
    return middle(our for our, _ in times), middle(their for _, their in times), middle(b / a for a, b in times)


def _seconds(work: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _large_upload(bench: Bench, scale: Scale) -> tuple[str, str, str]:
    content = Content(scale.large * _MIB)
    whole = content.whole()
    tokens = bench.tokens(scale.rounds)
    ours, theirs, ratio = _beside(
        scale,
        lambda: bench.upload(tokens.pop(), content),
        lambda: bench.boto.upload_fileobj(io.BytesIO(whole), _BUCKET, bench.key()),
    )
    return f"{scale.large / ours:.0f} MiB/s", f"{scale.large / theirs:.0f} MiB/s", f"{ratio:.2f}"


def _large_download(bench: Bench, scale: Scale) -> tuple[str, str, str]:
    content = Content(scale.large * _MIB)
    address, key = bench.store(content), bench.key()
    bench.boto.upload_fileobj(io.BytesIO(content.whole()), _BUCKET, key)
    ours, theirs, ratio = _beside(scale, lambda: bench.download(address), lambda: drain_object(bench.boto, key))
    return f"{scale.large / ours:.0f} MiB/s", f"{scale.large / theirs:.0f} MiB/s", f"{ratio:.2f}"


def _download_beside_rclone(bench: Bench, scale: Scale) -> tuple[str, str, str]:
    content = Content(scale.large * _MIB)
    with rclone_webdav(bench.folder, bench.s3) as rclone:
        if rclone is None:
            return "", "rclone is not installed", "–"
        put(rclone, "/file", content.size, content)
        address = bench.store(content)
        ours, theirs, ratio = _beside(scale, lambda: bench.download(address), lambda: drain(rclone, "/file"))
    return f"{scale.large / ours:.0f} MiB/s", f"{scale.large / theirs:.0f} MiB/s", f"{ratio:.2f}"


def _small_uploads(bench: Bench, scale: Scale) -> tuple[str, str, str]:
    content = Content(_SMALL)
    whole = content.whole()
    tokens = bench.tokens(scale.rounds * scale.files)

    def ours() -> None:
        for _ in range(scale.files):
            bench.upload(tokens.pop(), content)

    def theirs() -> None:
        for _ in range(scale.files):
            bench.boto.put_object(Bucket=_BUCKET, Key=bench.key(), Body=whole)

    our, their, ratio = _beside(scale, ours, theirs)
    return f"{scale.files / our:.0f} a second", f"{scale.files / their:.0f} a second", f"{ratio:.2f}"


def _small_downloads(bench: Bench, scale: Scale) -> tuple[str, str, str]:
    content = Content(_SMALL)
    addresses = [bench.store(content) for _ in range(20)]
    keys = [bench.key() for _ in addresses]
    for key in keys:
        bench.boto.put_object(Bucket=_BUCKET, Key=key, Body=content.whole())

    def ours() -> None:
        for number in range(scale.files):
            bench.download(addresses[number % len(addresses)])

    def theirs() -> None:
        for number in range(scale.files):
            drain_object(bench.boto, keys[number % len(keys)])

    our, their, ratio = _beside(scale, ours, theirs)
    return f"{scale.files / our:.0f} a second", f"{scale.files / their:.0f} a second", f"{ratio:.2f}"


def _eight_clients(bench: Bench, scale: Scale) -> tuple[str, str, str]:
    content = Content(_SMALL)
    address, key = bench.store(content), bench.key()
    bench.boto.put_object(Bucket=_BUCKET, Key=key, Body=content.whole())
    cookies = [bench.service.client(bench.papers.owner).cookie for _ in range(_CLIENTS)]
    ours = _crowd(scale, [(_service_times, (bench.service.port, cookie, address)) for cookie in cookies])
    where = (bench.s3.endpoint_url, bench.s3.access_key, bench.s3.secret_key, key)
    theirs = _crowd(scale, [(_object_times, where)] * _CLIENTS)

    def said(times: list[float]) -> str:
        return f"{len(times) / scale.seconds:.0f} a second, p95 {1000 * sorted(times)[int(len(times) * 0.95)]:.0f} ms"

    return said(ours), said(theirs), f"{len(ours) / len(theirs):.2f}"


def _crowd(scale: Scale, clients: list[tuple[Callable[..., list[float]], tuple[Any, ...]]]) -> list[float]:
    """Let clients work at once, each a process of its own; returns the seconds of every request."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(len(clients)) as pool:
        begin = time.time() + 3  # all have been started by then
        pending = [pool.apply_async(work, (begin, scale.seconds, *arguments)) for work, arguments in clients]
        return [seconds for times in pending for seconds in times.get()]


def _service_times(begin: float, seconds: float, port: int, cookie: str, address: str) -> list[float]:
    client = Client(port, cookie)
    return _again_and_again(begin, seconds, lambda: drain(client, address))


def _object_times(begin: float, seconds: float, endpoint: str, access: str, secret: str, key: str) -> list[float]:
    boto = boto_client(endpoint, access, secret)
    return _again_and_again(begin, seconds, lambda: drain_object(boto, key))


def _again_and_again(begin: float, seconds: float, work: Callable[[], int]) -> list[float]:
    work()
    time.sleep(max(0.0, begin - time.time()))
    times, end = [], time.perf_counter() + seconds
    while time.perf_counter() < end:
        times.append(_seconds(work))
    return times


def _memory_of_upload(bench: Bench, scale: Scale) -> tuple[str, str, str]:
    (token,) = bench.tokens(1)
    return _growth(bench, lambda: bench.upload(token, Content(scale.huge * _MIB)))


def _memory_of_download(bench: Bench, scale: Scale) -> tuple[str, str, str]:
    address = bench.very_large(scale.huge)
    return _growth(bench, lambda: bench.download(address))


def _growth(bench: Bench, work: Callable[[], Any]) -> tuple[str, str, str]:
    """How far the memory of all workers together rises above what it was before."""
    before = bench.service.memory()
    most, done = [before], threading.Event()

    def watch() -> None:
        while not done.wait(0.1):
            most[0] = max(most[0], bench.service.memory())

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        work()
    finally:
        done.set()
        watcher.join()
    return f"{(most[0] - before) / _MIB:.0f} MiB more", f"{before / _MIB:.0f} MiB before", ""


def _short_range(bench: Bench, scale: Scale) -> tuple[str, str, str]:
    address, key = bench.very_large(scale.huge), bench.key()
    bench.boto.put_object(Bucket=_BUCKET, Key=key, Body=os.urandom(1024))
    places = [(number + 1) * scale.huge * _MIB // (_RANGES + 2) for number in range(_RANGES)]

    def ours(place: int) -> float:
        return _seconds(lambda: bench.client.get(address, {"Range": f"bytes={place}-{place + 1023}"}))

    times = [(ours(place), _seconds(lambda: drain_object(bench.boto, key))) for place in places]
    our, their = statistics.median(a for a, _ in times), statistics.median(b for _, b in times)
    return f"{1000 * our:.1f} ms", f"{1000 * their:.1f} ms", f"{our / their:.2f}"
