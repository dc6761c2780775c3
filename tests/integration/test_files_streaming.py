"""A file streams through: it is never whole in memory, and its plaintext never on a disk."""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ClassVar
from urllib.parse import urlencode

import pytest

from samrum.config import MIB
from samrum.demo.weed import EmbeddedS3
from support.papers import Papers
from support.service import Service
from support.uploads import pdf
from support.world import World

MARK = b"KENDETEGN-9f3b1c"
EXTRA = 48 * MIB


class _Watch:
    """The files that Python opens for writing while it is on. An audit hook cannot be taken off again."""

    on = False
    hooked = False
    opened: ClassVar[list[str]] = []

    @classmethod
    def hook(cls, event: str, arguments: tuple[object, ...]) -> None:
        if cls.on and event == "open":
            path, mode, flags = arguments
            writes = isinstance(mode, str) and set(mode) & set("wax+")
            if writes or (isinstance(flags, int) and flags & 0o3):
                cls.opened.append(str(path))
        elif cls.on and event in ("tempfile.mkstemp", "tempfile.mkdtemp"):
            cls.opened.append(str(arguments[0]))


@pytest.fixture
def written() -> Iterator[list[str]]:
    """The names of files opened for writing during the test."""
    if not _Watch.hooked:
        sys.addaudithook(_Watch.hook)
        _Watch.hooked = True
    _Watch.opened, _Watch.on = [], True
    yield _Watch.opened
    _Watch.on = False


def test_the_watch_sees_a_file_that_is_written(written: list[str], tmp_path: Path) -> None:
    written.clear()
    (tmp_path / "seen").write_bytes(b"x")
    assert written == [str(tmp_path / "seen")]


def test_plaintext_never_touches_the_disk(world_on_s3: World, tmp_path: Path, written: list[str]) -> None:
    papers = Papers.make(world_on_s3)
    written.clear()
    content = pdf(40 * MIB, MARK)
    document_id = papers.document(content, comment=MARK.decode())
    assert papers.browser().get(f"{papers.url}/files/{document_id}/1").data == content
    papers.send(pdf(mark=b"newer "), document_id=document_id, based_on="1")
    assert papers.browser().post(f"{papers.url}/files/{document_id}/1/restore", {"seen": "2"}).status_code == 303
    assert content in papers.browser().get(f"{papers.url}/files/all").data
    assert written == []
    for file in tmp_path.rglob("*"):
        assert not file.is_file() or MARK not in file.read_bytes(), f"plaintext in {file.name}"


def _peak_during(service: Service, work: Callable[[], None]) -> int:
    """By how many bytes the service grows at most while ``work`` runs."""
    before = service.memory()
    peak = before
    done = threading.Event()

    def sample() -> None:
        nonlocal peak
        while not done.is_set():
            peak = max(peak, service.memory())
            time.sleep(0.02)

    sampler = threading.Thread(target=sample)
    sampler.start()
    try:
        work()
    finally:
        done.set()
        sampler.join()
    return peak - before


@pytest.mark.slow
def test_memory_does_not_grow_with_the_file(tmp_path: Path, s3_server: EmbeddedS3, s3_bucket: str) -> None:
    with Service(tmp_path, s3_server, s3_bucket, workers=1) as service:
        papers = Papers.make(service.world)
        client = service.client(papers.owner)
        page = f"{papers.url}/files/new"

        def content(mebibytes: int) -> Iterator[bytes]:
            yield b"%PDF-1.7\n".ljust(MIB)
            for _ in range(mebibytes - 1):
                yield bytes(MIB)

        def upload(mebibytes: int) -> None:
            assert client.upload(page, "Stor.pdf", content(mebibytes), size=mebibytes * MIB).status == 303

        def download(path: str) -> None:
            response = client.start(f"{papers.url}/files/{path}")
            count = 0
            while piece := response.read(MIB):
                count += len(piece)
            assert count >= 240 * MIB

        def restore() -> None:
            form = urlencode({"once": client.token(f"{papers.url}/files/{large}/1/restore"), "seen": "2"})
            assert client.post(f"{papers.url}/files/{large}/1/restore", form).status == 303

        upload(1)  # so that what is loaded once is loaded
        assert _peak_during(service, lambda: upload(240)) < EXTRA
        large = papers.documents()[-1]
        assert _peak_during(service, lambda: download(f"{large}/1")) < EXTRA
        newer = {"based_on": "1"}
        assert client.upload(f"{papers.url}/files/{large}/new", "Ny.pdf", pdf(), fields=newer).status == 303
        assert _peak_during(service, restore) < EXTRA
        assert _peak_during(service, lambda: download("all")) < EXTRA
