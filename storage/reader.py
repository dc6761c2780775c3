"""Reading a stored version, from any point, verified before it is released."""

from collections.abc import Iterator
from typing import Final

from storage.cobblestone import BLOCK, Expand, Opener
from storage.container import HEADER, MAGIC, check_magic
from storage.errors import Corrupt
from storage.store import ObjectStore

_FIRST: Final = HEADER + BLOCK
"""What is fetched when a version is opened: most documents are there whole, in one request."""


class Reader:
    """A stored version whose key, place and length have been verified; made by :meth:`storage.Vault.open`."""

    def __init__(self, store: ObjectStore, name: str, expand: Expand, context: bytes) -> None:
        self._store, self._name = store, name
        with store.read(name, 0, _FIRST) as blob:
            total, self._held = blob.total, b"".join(blob.pieces)
        check_magic(self._held)
        self._opener = Opener(expand, context, self._held[len(MAGIC) : HEADER], total - len(MAGIC))
        self._total = total
        self.size: Final = self._opener.size
        """Plaintext bytes."""
        self._opener.open_last(b"".join(self._fetch(len(MAGIC) + self._opener.last_at, total)))

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

    def _fetch(self, start: int, stop: int) -> Iterator[bytes]:
        """Bytes of the object: what is held from the opening, then the rest in one request."""
        if start < len(self._held):
            yield self._held[start:stop]
            start = len(self._held)
        if start >= stop:
            return
        with self._store.read(self._name, start, stop) as blob:
            if (blob.start, blob.stop, blob.total) != (start, stop, self._total):
                raise Corrupt("the object is no longer what it was")
            yield from blob.pieces
