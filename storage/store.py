"""The contract of an object store: named, immutable blobs. S3 is the one that ships; tests also use memory.

Every implementation passes ``tests/contract/test_object_store.py``. Its methods raise only
:class:`~storage.errors.NotFound`, :class:`~storage.errors.Corrupt`, :class:`~storage.errors.AlreadyExists` and
:class:`~storage.errors.Unavailable`.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """What a listing tells of an object: size in bytes, and when it was completed (UTC)."""

    name: str
    size: int
    modified: datetime


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A multipart upload that was begun (UTC) and neither completed nor aborted."""

    name: str
    upload: str
    started: datetime


@dataclass(frozen=True, slots=True)
class Blob:
    """Bytes ``start`` to ``stop`` of an object of ``total`` bytes.

    ``pieces`` yields them cut anywhere, and raises Unavailable rather than ending early. Reading it to the end
    gives the connection back for reuse.
    """

    start: int
    stop: int
    total: int
    pieces: Iterator[bytes]


@dataclass(frozen=True, slots=True)
class Fetched:
    """Bytes of an object of ``total`` bytes, from ``start`` on, in memory."""

    start: int
    total: int
    data: bytes


Stretch = tuple[int, int | None]
"""Bytes of an object, from and up to, as :meth:`ObjectStore.read` takes them."""


def nothing() -> None:
    """There is nothing to do."""


class ObjectStore(Protocol):
    """Named, immutable blobs."""

    def put(self, name: str, data: bytearray, meanwhile: Callable[[], None] = nothing) -> None:
        """Store a whole object. AlreadyExists when the name is taken by other bytes; nothing is overwritten.

        ``meanwhile`` is done while the store is at it; what it raises is raised here, once the store has answered.
        """

    def begin(self, name: str) -> str:
        """Start a multipart upload; returns its id. Nothing is visible under the name until it is completed."""

    def put_part(self, name: str, upload: str, number: int, data: bytearray) -> str:
        """Send part ``number`` (from 1; at least 5 MiB but for the last); returns its tag. Safe from many threads.

        Unavailable when the upload is not under way (any more), here and for :meth:`complete`.
        """

    def complete(self, name: str, upload: str, tags: Sequence[str]) -> None:
        """Make the parts, in order of their numbers, the object. AlreadyExists when the name is taken."""

    def abort(self, name: str, upload: str) -> None:
        """Forget a multipart upload and its parts. No error when there is no such upload (any more)."""

    def read(self, name: str, start: int, stop: int | None) -> AbstractContextManager[Blob]:
        """Bytes ``start`` up to ``stop`` (or the end, if that comes first); a negative ``start`` counts from the end.

        NotFound without the object; Corrupt when the object ends before ``start``.
        """

    def fetch(self, name: str, stretches: Sequence[Stretch], meanwhile: Callable[[], None] = nothing) -> list[Fetched]:
        """Short stretches of one object, asked for at once. Raises what :meth:`read` raises for any of them.

        ``meanwhile`` is done once they have been asked for; what it raises is raised here, and nothing is fetched.
        """

    def delete(self, name: str) -> None:
        """Remove an object. No error when there is none."""

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        """Every object whose name starts with ``prefix``, in order of their names."""

    def unfinished(self, prefix: str = "") -> Iterator[Unfinished]:
        """Every multipart upload that is neither completed nor aborted."""
