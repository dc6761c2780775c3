"""Reading a stored version, from any point, verified before it is released."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Final

from storage import cobblestone
from storage.cobblestone import BLOCK, SEALED_CHUNK, Expand, Opener
from storage.container import HEADER, MAGIC, check_magic
from storage.errors import Corrupt
from storage.store import ObjectStore

_FIRST: Final = HEADER + BLOCK
"""What is fetched when a version is opened: most documents are there whole, in one request."""


class Reader:
    """A stored version whose key, place and length have been verified; made by :meth:`storage.Vault.open`."""

    def __init__(
        self, store: ObjectStore, name: str, expand: Expand, context: bytes, expected: range | None = None
    ) -> None:
        self._store, self._name = store, name
        self._held: list[tuple[int, bytes]] = []  # bytes of the object that are here already, by where they start
        self._total = -1
        if expected is not None and expected.stop > BLOCK and len(expected) <= BLOCK:
            self._prepare(expected)
        else:
            self._agree(self._hold(0, _FIRST))
        head = b"".join(self._fetch(0, HEADER))
        check_magic(head)
        self._opener = Opener(expand, context, head[len(MAGIC) :], self._total - len(MAGIC))
        self.size: Final = self._opener.size
        """Plaintext bytes."""
        self._opener.open_last(b"".join(self._fetch(len(MAGIC) + self._opener.last_at, self._total)))

    def read(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """The plaintext bytes ``start`` up to ``stop`` (default: the end), in pieces of at most 256 KiB.

        ValueError for a range outside the version. Corrupt or Unavailable in the middle: the pieces never simply
        end short.
        """
        stop = self.size if stop is None else stop
        if not 0 <= start <= stop <= self.size:
            raise ValueError("not a range of this version")
        return self._read(start, stop)

    def _read(self, start: int, stop: int) -> Iterator[bytes]:
        if start == stop:
            return
        lower, upper = self._opener.span(start, stop)
        sealed = self._fetch(len(MAGIC) + lower, len(MAGIC) + upper)
        yield from self._opener.open_range(sealed, start, stop)

    def _prepare(self, expected: range) -> None:
        """Header, last chunk and the chunks of a short range at once: one answer's time instead of three."""
        lower, upper = cobblestone.span(expected.start, expected.stop)
        with ThreadPoolExecutor(3, "samrum-read") as pool:
            needed = [pool.submit(self._hold, 0, HEADER), pool.submit(self._hold, -SEALED_CHUNK, None)]
            hoped = pool.submit(self._hold, len(MAGIC) + lower, len(MAGIC) + upper)
            for fetched in needed:
                self._agree(fetched.result())
            with suppress(Corrupt):  # what was expected may lie beyond the end, where nobody will read
                self._agree(hoped.result())

    def _hold(self, start: int, stop: int | None) -> int:
        with self._store.read(self._name, start, stop) as blob:
            self._held.append((blob.start, b"".join(blob.pieces)))
            return blob.total

    def _fetch(self, start: int, stop: int) -> Iterator[bytes]:
        """Bytes of the object: what is held where it starts there, the rest in one request."""
        for at, held in self._held:
            if at <= start < at + len(held):
                yield held[start - at : stop - at]
                start = at + len(held)
                break
        if start >= stop:
            return
        with self._store.read(self._name, start, stop) as blob:
            self._agree(blob.total)
            yield from blob.pieces

    def _agree(self, total: int) -> None:
        if self._total not in (-1, total):
            raise Corrupt("the object is no longer what it was")
        self._total = total
