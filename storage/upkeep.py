"""What a sweeper and a file-system check need: what a crash left behind, and whether a stored version is whole.

Nothing here deletes: whoever calls decides, with ``ObjectStore.delete`` and ``ObjectStore.abort``.
"""

import hashlib
import hmac
from collections.abc import Callable, Collection, Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Final

from storage.container import Place
from storage.errors import Corrupt
from storage.keys import WrappedKey
from storage.store import ObjectInfo, ObjectStore, Unfinished
from storage.upload import MAX_SECONDS
from storage.vault import PREFIX, Vault

MIN_AGE: Final = timedelta(seconds=2 * MAX_SECONDS)
"""The youngest that anything may be to count as left behind: a running upload is never that old."""

_BATCH: Final = 1_000

Known = Callable[[list[str]], Collection[str]]
"""Which of these object names (a thousand at most) belong to a version that the database knows."""


def orphans(store: ObjectStore, known: Known, now: datetime, age: timedelta = MIN_AGE) -> Iterator[ObjectInfo]:
    """Objects completed longer than ``age`` before ``now`` (UTC) that no version refers to.

    ValueError for an age below :data:`MIN_AGE`. Unavailable when the store fails.
    """
    _check_age(age)
    old = (info for info in store.list(PREFIX) if info.modified < now - age)
    while batch := list(islice(old, _BATCH)):
        # asked after the object was listed: a version that is committed meanwhile is known
        kept = frozenset(known([info.name for info in batch]))
        yield from (info for info in batch if info.name not in kept)


def abandoned(store: ObjectStore, now: datetime, age: timedelta = MIN_AGE) -> Iterator[Unfinished]:
    """Multipart uploads begun longer than ``age`` before ``now`` (UTC) and never finished.

    ValueError for an age below :data:`MIN_AGE`. Unavailable when the store fails.
    """
    _check_age(age)
    return (upload for upload in store.unfinished(PREFIX) if upload.started < now - age)


def check(vault: Vault, case_key: WrappedKey, place: Place, wrapped_data_key: bytes, sha256: bytes) -> int:
    """Read a stored version from end to end, in constant memory; returns its size in plaintext bytes.

    NotFound when its object is missing; Corrupt when any of it does not open, or is not what ``sha256`` says was
    uploaded; UnknownKek or Unavailable when that can't be told now.
    """
    reader = vault.open(case_key, place, wrapped_data_key)
    found = hashlib.sha256()
    for piece in reader.read():
        found.update(piece)
    if not hmac.compare_digest(found.digest(), sha256):
        raise Corrupt("not the bytes that were uploaded")
    return reader.size


def _check_age(age: timedelta) -> None:
    if age < MIN_AGE:
        raise ValueError(f"anything younger than {MIN_AGE} may belong to an upload that is running")
