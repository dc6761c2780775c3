"""Handing out a version: decided and logged before the first byte, and asked again as long as bytes flow."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from auth.age import copenhagen_day
from auth.policy import Action, decide
from samrum.db import DatabaseUnavailable
from samrum.queries.facts import KeyedCase, VersionRow, room, version_and_facts
from samrum.services.audit import Event
from samrum.services.documents import name_of
from samrum.services.errors import Denied, NotThere
from samrum.services.keys import case_key
from samrum.services.platform import Caller, Platform
from storage import Corrupt, Place, Reader, StorageError

_SLICE: Final = 32 * 1024
_SLOW: Final = 0.1
"""A receiver who takes longer than these seconds for a piece gets small ones of ``_SLICE`` bytes: between two of them
the right to the rest is asked about."""

_log = logging.getLogger("samrum.downloads")


class CutOff(BrokenPipeError):
    """The rest of a download is withheld. An error of the connection, so that no server takes it for the end."""


@dataclass(frozen=True)
class Sight:
    """What is told of a version before its bytes: enough to answer a range or a HEAD request."""

    name: str
    media_type: str
    version_id: UUID
    size: int


@dataclass(frozen=True)
class Found:
    """A version that the caller may read, as was decided at ``asked``, in seconds of the monotonic clock."""

    sight: Sight
    case: KeyedCase
    row: VersionRow
    document_id: UUID
    asked: float


class Download:
    """A version, opened and its opening logged."""

    def __init__(self, platform: Platform, caller: Caller, found: Found, reader: Reader) -> None:
        self._platform, self._caller, self._case_id = platform, caller, found.case.id
        self._reader, self._asked = reader, found.asked
        self.sight: Final = found.sight

    def pieces(self, start: int, stop: int, refreshed: Callable[[], Caller | None] = lambda: None) -> Iterator[bytes]:
        """The bytes ``start`` up to ``stop``. ``refreshed`` looks the caller's login up again.

        Raises ``CutOff`` when caller or storage fail in the middle: the pieces never simply end short.
        """
        every, taken = self._platform.settings.recheck_seconds, 0.0
        try:
            for piece in self._reader.read(start, stop):
                step = _SLICE if taken > _SLOW else len(piece)
                for at in range(0, len(piece), step):
                    if time.monotonic() - self._asked >= every:
                        self._ask_again(refreshed())
                        self._asked = time.monotonic()
                    handed = time.monotonic()
                    yield piece[at : at + step]
                    taken = max(time.monotonic() - handed, taken if at else 0.0)
        except (StorageError, DatabaseUnavailable) as error:
            _log.warning("download cut", extra={"why": type(error).__name__})
            raise CutOff from error

    def _ask_again(self, caller: Caller | None) -> None:
        if caller is not None and may_still_read(self._platform, caller, self._case_id):
            return
        if caller is not None:
            # asked as a new request would be, so that the refusal stands in the log with its reason
            with suppress(Denied, NotThere), self._platform.act(caller) as act:
                act.require(self._case_id, Action.READ_FILES)
        _log.info("download cut", extra={"why": "login ended" if caller is None else "refused"})
        raise CutOff


def find_version(platform: Platform, caller: Caller, case_id: UUID, document_id: UUID, number: int) -> Found:
    """Decide whether the caller may read a version. Nothing is logged but a refusal. Raises ``NotThere``, ``Denied``
    or ``FilesErased``."""
    asked = time.monotonic()
    with platform.database.plain(writes=False) as plain:
        found = version_and_facts(plain, caller.id, case_id, document_id, number)
    if found is None:
        raise NotThere
    case, facts, row = found
    platform.demand(caller, Action.READ_FILES, case, facts)
    if row is None:
        raise NotThere
    sight = Sight(name_of(platform, case, row), row.media_type, row.id, row.size)
    return Found(sight, case, row, document_id, asked)


def see_version(platform: Platform, caller: Caller, case_id: UUID, document_id: UUID, number: int) -> Sight:
    """What a version is called and how large it is, for a look that is logged. Raises what ``find_version`` does."""
    found = find_version(platform, caller, case_id, document_id, number)
    _record(platform, caller, Event.DOCUMENT_VIEWED, found)
    return found.sight


def open_version(
    platform: Platform, caller: Caller, case_id: UUID, document_id: UUID, number: int, *, in_zip: bool = False
) -> Download:
    """Open a version for reading the whole of it. Raises what ``find_version`` and ``open_found`` do."""
    return open_found(platform, caller, find_version(platform, caller, case_id, document_id, number), in_zip=in_zip)


def open_found(
    platform: Platform, caller: Caller, found: Found, expected: range | None = None, *, in_zip: bool = False
) -> Download:
    """Open a version for reading the ``expected`` bytes of it, or the whole. ``in_zip``: among all files.

    No audit row, no bytes. The row is written while the storage looks for them; one more says so where it fails.
    Raises ``FilesErased`` or ``StorageError``.
    """
    case, sight = found.case, found.sight
    place = Place(case.organisation_id, case.id, found.document_id, sight.version_id)
    is_logged = False

    def log() -> None:
        nonlocal is_logged
        _record(platform, caller, Event.VERSION_DOWNLOADED, found, detail={"zip": True} if in_zip else {})
        is_logged = True

    try:
        wanted = expected or range(sight.size)
        reader = platform.vault.open(case_key(case), place, found.row.wrapped_data_key, wanted, log)
        if reader.size != sight.size:
            raise Corrupt("not as long as when it was stored")
    except StorageError:
        if is_logged:
            _record(platform, caller, Event.DOWNLOAD_FAILED, found)
        raise
    return Download(platform, caller, found, reader)


def _record(platform: Platform, caller: Caller, event: Event, found: Found, **more: Any) -> None:
    ids = {"case_id": found.case.id, "document_id": found.document_id, "version_id": found.sight.version_id}
    platform.record(caller, event, **ids, **more)


def may_still_read(platform: Platform, caller: Caller, case_id: UUID) -> bool:
    """Asked again and again while a download runs; what it says is not logged."""
    with platform.database.transaction(writes=False) as session:
        found = room(session, caller.id, case_id)
    today = copenhagen_day(platform.clock.now())
    has_key = found is not None and found.case.key_blob is not None
    return found is not None and has_key and decide(caller.actor, Action.READ_FILES, found.facts, today).allowed
