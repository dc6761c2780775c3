"""Reading a stored version, from any point, verified before it is released."""

from collections.abc import Callable, Iterator
from typing import Final

from storage import cobblestone
from storage.ahead import read_ahead
from storage.cobblestone import BLOCK, SEALED_CHUNK, Expand, Opener
from storage.container import HEADER, MAGIC, check_magic
from storage.ends import Ends, EndsKept
from storage.errors import Corrupt
from storage.store import ObjectStore, Stretch

_SHORT: Final = 4 * BLOCK
"""Plaintext bytes up to which the sealed ones are fetched in one go and held: most documents are whole in them."""

_LAST: Final = (-SEALED_CHUNK, None)
"""The end of an object, in which the last chunk lies."""


class Reader:
    """A stored version whose key, place and length have been verified; made by :meth:`storage.Vault.open`."""

    def __init__(
        self,
        store: ObjectStore,
        name: str,
        expand: Expand,
        context: bytes,
        expected: range | None,
        kept: EndsKept,
        meanwhile: Callable[[], None],
    ) -> None:
        self._store, self._name = store, name
        self._held: list[tuple[int, bytes]] = []  # bytes of the object that are here already, by where they start
        self._total = -1
        stretches = _first_stretches(expected)
        is_part = len(stretches) == 3
        if is_part and (ends := kept.find(name)) is not None:
            self._agree(ends.total)
            self._held += [(0, ends.header), (ends.total - len(ends.last), ends.last)]
            stretches = stretches[2:]
        for fetched in store.fetch(name, stretches, meanwhile):
            self._agree(fetched.total)
            self._held.append((fetched.start, fetched.data))
        header = b"".join(self._fetch(0, HEADER))
        check_magic(header)
        self._opener = Opener(expand, context, header[len(MAGIC) :], self._total - len(MAGIC))
        self.size: Final = self._opener.size
        """Plaintext bytes."""
        last = b"".join(self._fetch(len(MAGIC) + self._opener.last_at, self._total))
        self._opener.open_last(last)
        if is_part:
            kept.keep(name, Ends(self._total, header, last))

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
            yield from read_ahead(blob.pieces) if stop - start > _SHORT else blob.pieces

    def _agree(self, total: int) -> None:
        if self._total not in (-1, total):
            raise Corrupt("the object is no longer what it was")
        self._total = total


def _first_stretches(expected: range | None) -> list[Stretch]:
    """What of an object is fetched at first, when the plaintext bytes ``expected`` will be read."""
    if expected is None or expected.stop <= BLOCK:
        return [(0, HEADER + BLOCK)]
    lower, upper = cobblestone.span(expected.start, expected.stop)
    if upper <= _SHORT:
        return [(0, len(MAGIC) + upper)]
    if len(expected) <= BLOCK:
        return [(0, HEADER), _LAST, (len(MAGIC) + lower, len(MAGIC) + upper)]
    return [(0, HEADER + BLOCK), _LAST]
