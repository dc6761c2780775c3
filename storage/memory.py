"""An object store in memory, for tests."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from uuid import uuid4

from storage.errors import AlreadyExists, Corrupt, NotFound, Unavailable
from storage.store import Blob, Fetched, ObjectInfo, Stretch, Unfinished, nothing

_PIECE = 100_000  # not a multiple of anything, so that callers are tested against awkward cuts


def _utc_now() -> datetime:
    return datetime.now(UTC)


class MemoryStore:
    """Keeps every object in a dictionary; ``objects`` may be read and tampered with by tests."""

    def __init__(self, clock: Callable[[], datetime] = _utc_now) -> None:
        self.objects: dict[str, bytes] = {}
        self._clock = clock
        self._modified: dict[str, datetime] = {}
        self._uploads: dict[str, tuple[str, datetime, dict[int, bytes]]] = {}
        self._lock = threading.Lock()

    def put(self, name: str, data: bytearray, meanwhile: Callable[[], None] = nothing) -> None:
        """See :class:`~storage.store.ObjectStore`."""
        with self._lock:
            self._keep(name, bytes(data))
        meanwhile()

    def begin(self, name: str) -> str:
        """See :class:`~storage.store.ObjectStore`."""
        with self._lock:
            upload = uuid4().hex
            self._uploads[upload] = (name, self._clock(), {})
            return upload

    def put_part(self, name: str, upload: str, number: int, data: bytearray) -> str:
        """See :class:`~storage.store.ObjectStore`."""
        with self._lock:
            self._parts(name, upload)[number] = bytes(data)
            return f"{number}"

    def complete(self, name: str, upload: str, tags: Sequence[str]) -> None:
        """See :class:`~storage.store.ObjectStore`."""
        with self._lock:
            parts = self._parts(name, upload)
            if [int(tag) for tag in tags] != sorted(parts):
                raise Unavailable("not the parts that were sent")
            self._keep(name, b"".join(parts[int(tag)] for tag in tags))
            del self._uploads[upload]

    def abort(self, name: str, upload: str) -> None:
        """See :class:`~storage.store.ObjectStore`."""
        with self._lock:
            if self._uploads.get(upload, ("",))[0] == name:
                del self._uploads[upload]

    @contextmanager
    def read(self, name: str, start: int, stop: int | None) -> Iterator[Blob]:
        """See :class:`~storage.store.ObjectStore`."""
        try:
            data = self.objects[name]
        except KeyError:
            raise NotFound("no such object") from None
        start = max(len(data) + start, 0) if start < 0 else start
        stop = len(data) if stop is None else min(stop, len(data))
        if start >= len(data):
            raise Corrupt("the object ends before that")
        yield Blob(start, stop, len(data), (data[i : min(i + _PIECE, stop)] for i in range(start, stop, _PIECE)))

    def fetch(self, name: str, stretches: Sequence[Stretch], meanwhile: Callable[[], None] = nothing) -> list[Fetched]:
        """See :class:`~storage.store.ObjectStore`."""
        meanwhile()
        found = []
        for start, stop in stretches:
            with self.read(name, start, stop) as blob:
                found.append(Fetched(blob.start, blob.total, b"".join(blob.pieces)))
        return found

    def delete(self, name: str) -> None:
        """See :class:`~storage.store.ObjectStore`."""
        with self._lock:
            self.objects.pop(name, None)
            self._modified.pop(name, None)

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        """See :class:`~storage.store.ObjectStore`."""
        with self._lock:
            found = sorted(name for name in self.objects if name.startswith(prefix))
            infos = [ObjectInfo(n, len(self.objects[n]), self._modified.get(n, self._clock())) for n in found]
        return iter(infos)

    def unfinished(self, prefix: str = "") -> Iterator[Unfinished]:
        """See :class:`~storage.store.ObjectStore`."""
        with self._lock:
            found = [
                Unfinished(name, upload, started)
                for upload, (name, started, _) in self._uploads.items()
                if name.startswith(prefix)
            ]
        return iter(found)

    def _parts(self, name: str, upload: str) -> dict[int, bytes]:
        held = self._uploads.get(upload)
        if held is None or held[0] != name:
            raise Unavailable("the upload is not under way any more")
        return held[2]

    def _keep(self, name: str, data: bytes) -> None:
        if self.objects.get(name, data) != data:
            raise AlreadyExists("an object of that name exists")
        self.objects[name] = data
        self._modified.setdefault(name, self._clock())
