"""From plaintext pieces to a finished object, in one pass, with constant memory and nothing on disk."""

import hashlib
import logging
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

from storage.cobblestone import CHUNK, SEALED_CHUNK, Sealer
from storage.container import MAGIC
from storage.errors import StorageError, Unavailable
from storage.store import ObjectStore, nothing

PART: Final = 8 * 1024 * 1024
MAX_PARTS: Final = 10_000  # the limit of S3
MAX_SECONDS: Final = 6 * 3600
"""An upload that takes longer fails. A sweeper that spares twice this age never touches one that is running."""

_SMALL: Final = 512 * 1024  # most documents fit, and do not wait for a whole part to be set aside
_IN_FLIGHT: Final = 3  # parts on their way while the next one is being filled: 32 MiB in all

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Stored:
    """A finished version: ``size`` in plaintext bytes and their SHA-256, to be kept beside the wrapped data key."""

    size: int
    sha256: bytes
    wrapped_data_key: bytes
    object_name: str


class Upload:
    """Takes plaintext through :meth:`write` and stores it sealed; made by :meth:`storage.Vault.upload`.

    Leaving the ``with`` block without :meth:`finish`, by whatever way, leaves nothing behind. Use from one thread.
    """

    def __init__(self, store: ObjectStore, name: str, sealer: Sealer, wrapped_data_key: bytes) -> None:
        self._store, self._name, self._sealer, self._wrapped = store, name, sealer, wrapped_data_key
        self._deadline = time.monotonic() + MAX_SECONDS
        self._hash = hashlib.sha256()
        self._size = 0
        self._rest = bytearray()  # plaintext short of a whole chunk
        self._part = bytearray(_SMALL)
        self._filled = 0
        self._number = 0
        self._upload: str | None = None
        self._pool: ThreadPoolExecutor | None = None
        self._flying: deque[Future[str]] = deque()
        self._tags: list[str] = []
        self._over = False
        self._unwanted = False
        self._append(MAGIC + sealer.header)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._over:
            self._abort()

    @property
    def size(self) -> int:
        """Plaintext bytes written so far."""
        return self._size

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Take the next plaintext bytes, any number of them.

        Unavailable when the store fails, or the whole takes too long; the upload is over then.
        """
        with self._undone_on_failure():
            if time.monotonic() > self._deadline:
                raise Unavailable("the upload took too long")
            self._take(memoryview(data).cast("B"))

    def finish(self, meanwhile: Callable[[], None] = nothing) -> Stored:
        """Seal the end and complete the object: once this returns, the version is stored for good.

        ``meanwhile`` is done while the store is at it. Unavailable, or AlreadyExists when the place has an object
        already, or what ``meanwhile`` raises; the upload is over then.
        """
        with self._undone_on_failure():
            self._append(self._sealer.seal_last(self._rest))
            del self._part[self._filled :]
            if self._upload is None:
                self._store.put(self._name, self._part, self._wanted_after(meanwhile))
            else:
                meanwhile()
                if self._part:
                    self._send()
                self._land(0)
                self._store.complete(self._name, self._upload, self._tags)
        self._over = True
        self._close()
        return Stored(self._size, self._hash.digest(), self._wrapped, self._name)

    def _wanted_after(self, meanwhile: Callable[[], None]) -> Callable[[], None]:
        """What is done while the object is put, noting whether nobody wants it any more."""

        def do() -> None:
            self._unwanted = True
            meanwhile()
            self._unwanted = False

        return do

    @contextmanager
    def _undone_on_failure(self) -> Iterator[None]:
        # a part that failed is lost: going on after the error must not make an object without it
        if self._over:
            raise ValueError("the upload is over")
        try:
            yield
        except BaseException:
            self._abort()
            raise

    def _take(self, view: memoryview) -> None:
        self._hash.update(view)
        self._size += len(view)
        if self._rest:
            missing = CHUNK - len(self._rest)
            self._rest += view[:missing]
            view = view[missing:]
            if len(self._rest) < CHUNK:
                return
            self._seal(memoryview(self._rest))
            self._rest = bytearray()
        whole = len(view) - len(view) % CHUNK
        self._seal(view[:whole])
        self._rest += view[whole:]

    def _seal(self, plain: memoryview) -> None:
        """Seal whole chunks straight into the part; only the chunk that crosses into the next part is copied."""
        while plain:
            fitting = (PART - self._filled) // SEALED_CHUNK * CHUNK
            here, plain = plain[:fitting], plain[fitting:]
            self._make_room(len(here) // CHUNK * SEALED_CHUNK)
            self._filled += self._sealer.seal_chunks(here, memoryview(self._part)[self._filled :])
            if plain:
                crossing = bytearray(SEALED_CHUNK)
                self._sealer.seal_chunks(plain[:CHUNK], memoryview(crossing))
                self._append(crossing)
                plain = plain[CHUNK:]

    def _append(self, sealed: bytes | bytearray) -> None:
        view = memoryview(sealed)
        while view:
            if self._filled == PART:
                self._send()
            here = view[: PART - self._filled]
            self._make_room(len(here))
            self._part[self._filled : self._filled + len(here)] = here
            self._filled += len(here)
            view = view[len(here) :]

    def _make_room(self, size: int) -> None:
        if self._filled + size > len(self._part):
            self._part += bytes(PART - len(self._part))

    def _send(self) -> None:
        """Put the part in flight, once one of those before has landed, and start an empty one."""
        if self._number == MAX_PARTS:
            raise StorageError("larger than an object can be")
        if self._upload is None or self._pool is None:
            self._upload = self._store.begin(self._name)
            self._pool = ThreadPoolExecutor(_IN_FLIGHT, "samrum-upload")
        self._land(_IN_FLIGHT - 1)
        self._number += 1
        self._flying.append(self._pool.submit(self._store.put_part, self._name, self._upload, self._number, self._part))
        self._part, self._filled = bytearray(PART), 0

    def _land(self, still_flying: int) -> None:
        while len(self._flying) > still_flying:
            self._tags.append(self._flying.popleft().result())

    def _abort(self) -> None:
        self._over = True
        self._close()  # a part that arrives after the abort could stay behind in the store
        try:
            if self._upload is not None:
                self._store.abort(self._name, self._upload)
            if self._unwanted:
                self._store.delete(self._name)
        except StorageError:
            log.warning("an unfinished upload could not be aborted; the sweeper will remove it")

    def _close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
        self._flying.clear()
        self._part = bytearray()
