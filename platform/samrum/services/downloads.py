"""Handing out a version: decided and logged before the first byte, and asked again as long as bytes flow."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from auth.age import copenhagen_day
from auth.policy import Action, decide
from samrum.db import DatabaseUnavailable
from samrum.queries.documents import version_of
from samrum.queries.facts import room
from samrum.services.audit import Event
from samrum.services.documents import name_of
from samrum.services.errors import Denied, NotThere
from samrum.services.keys import case_key
from samrum.services.platform import Caller, Platform
from storage import Corrupt, Place, Reader, StorageError, WrappedKey

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


class Download:
    """A version, opened and its opening logged."""

    def __init__(
        self, platform: Platform, caller: Caller, case_id: UUID, sight: Sight, reader: Reader, asked: float
    ) -> None:
        self._platform, self._caller, self._case_id = platform, caller, case_id
        self._reader, self._asked = reader, asked
        self.sight: Final = sight

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


def see_version(
    platform: Platform, caller: Caller, case_id: UUID, document_id: UUID, number: int, *, log: bool = False
) -> Sight:
    """What a version is called and how large it is. Raises ``NotThere``, ``Denied``, ``StorageError``."""
    return _find(platform, caller, case_id, document_id, number, Event.DOCUMENT_VIEWED if log else None)[0]


def open_version(
    platform: Platform,
    caller: Caller,
    case_id: UUID,
    document_id: UUID,
    number: int,
    *,
    expected: tuple[int, int] | None = None,
    in_zip: bool = False,
) -> Download:
    """Open a version for reading; ``expected`` is the part that will be read, if only one. ``in_zip``: among all files.

    No audit row, no bytes. Raises ``NotThere``, ``Denied``, ``StorageError``.
    """
    # the storage is asked between two transactions: one that waited for it would hold everybody up
    asked = time.monotonic()
    sight, place, case_key, data_key = _find(platform, caller, case_id, document_id, number, None)
    reader = platform.vault.open(case_key, place, data_key, range(*expected) if expected else None)
    if reader.size != sight.size:
        raise Corrupt("not as long as when it was stored")
    with platform.act(caller) as act:
        act.log(
            Event.VERSION_DOWNLOADED,
            case_id=case_id,
            document_id=document_id,
            version_id=sight.version_id,
            detail={"zip": True} if in_zip else {},
        )
    return Download(platform, caller, case_id, sight, reader, asked)


def may_still_read(platform: Platform, caller: Caller, case_id: UUID) -> bool:
    """Asked again and again while a download runs; what it says is not logged."""
    with platform.database.transaction(writes=False) as session:
        found = room(session, caller.id, case_id)
    today = copenhagen_day(platform.clock.now())
    has_key = found is not None and found.case.key_blob is not None
    return found is not None and has_key and decide(caller.actor, Action.READ_FILES, found.facts, today).allowed


def _find(
    platform: Platform, caller: Caller, case_id: UUID, document_id: UUID, number: int, event: Event | None
) -> tuple[Sight, Place, WrappedKey, bytes]:
    with platform.act(caller, writes=event is not None) as act:
        case = act.require(case_id, Action.READ_FILES).case
        version = version_of(act.session, case_id, document_id, number, authors=False)
        if version is None:
            raise NotThere
        sight = Sight(name_of(platform, case, version), version.media_type, version.id, version.size)
        if event is not None:
            act.log(event, case_id=case_id, document_id=document_id, version_id=version.id)
    place = Place(case.organisation_id, case.id, document_id, version.id)
    return sight, place, case_key(case), version.wrapped_data_key
