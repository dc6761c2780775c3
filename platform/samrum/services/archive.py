"""All files of a room as one ZIP file, made while it is sent: nothing of it is ever whole in memory or on a disk.

Each file in it is a download of its own: decided and logged before a byte of it flows, its name included, and asked
about again as long as it does. Whatever fails on the way breaks the whole off.
"""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from zipstream import ZipStream

from auth.policy import Action
from samrum.db import DatabaseUnavailable
from samrum.queries.documents import every_newest_version
from samrum.services.audit import Event
from samrum.services.documents import name_of
from samrum.services.downloads import CutOff, Download, open_version
from samrum.services.errors import Denied, FilesErased, Invalid, NotThere, Problem
from samrum.services.platform import Caller, Platform
from samrum.services.zipnames import zip_names
from storage import StorageError

_log = logging.getLogger("samrum.downloads")


@dataclass(frozen=True)
class Member:
    """A file of the archive: the version that it is, its path inside, and its size in bytes."""

    document_id: UUID
    number: int
    path: str
    size: int


@dataclass(frozen=True)
class Contents:
    """What the archive of a room will hold, as of now. ``number`` is the room's."""

    number: str
    members: list[Member]

    @property
    def size(self) -> int:
        """Bytes of the whole ZIP file."""
        measured = ZipStream(sized=True)
        for member in self.members:
            measured.add(iter(()), member.path, size=member.size)
        return len(measured)


class Archive:
    """A room's files, the first of them open."""

    def __init__(self, platform: Platform, case_id: UUID, contents: Contents, first: Download) -> None:
        self._platform, self._case_id, self._first = platform, case_id, first
        self.contents: Final = contents

    def pieces(self, refreshed: Callable[[], Caller | None]) -> Iterator[bytes]:
        """The bytes of the ZIP file. ``refreshed`` looks the caller's login up again.

        Raises ``CutOff`` when caller or storage fail in the middle: the pieces never simply end short.
        """
        stream = ZipStream()
        opened = self._first
        for place, member in enumerate(self.contents.members):
            if place:
                opened = self._open(member, refreshed)
            stream.add(opened.pieces(0, member.size, refreshed), member.path, size=member.size)
            yield from stream.all_files()
        yield from stream.footer()

    def _open(self, member: Member, refreshed: Callable[[], Caller | None]) -> Download:
        try:
            caller = refreshed()
            if caller is not None:
                return _open(self._platform, caller, self._case_id, member)
            why = "login ended"
        except (Denied, NotThere):
            why = "refused"
        except (DatabaseUnavailable, FilesErased, StorageError) as error:
            why = type(error).__name__
        _log.info("download cut", extra={"why": why})
        raise CutOff


def see_files(
    platform: Platform, caller: Caller, case_id: UUID, folder: Callable[[str], str], *, log: bool = False
) -> Contents:
    """What an archive of the room would hold: the newest version of every document that is not in the trash.

    ``folder`` names the folder for a kind of document. ``log`` logs it as a view. Raises ``NotThere``, ``Denied``,
    ``FilesErased``, or ``Invalid`` when there is no file.
    """
    with platform.act(caller, writes=log) as act:
        case = act.require(case_id, Action.READ_FILES).case
        versions = every_newest_version(act.session, case_id)
        if not versions:
            raise Invalid(Problem.NO_FILES)
        paths = zip_names((folder(row.document.kind), name_of(platform, case, row)) for row in versions)
        if log:
            act.log(Event.CASE_VIEWED, case_id=case_id)
        members = [
            Member(row.document_id, row.number, path, row.size) for row, path in zip(versions, paths, strict=True)
        ]
        return Contents(case.number, members)


def open_archive(platform: Platform, caller: Caller, case_id: UUID, folder: Callable[[str], str]) -> Archive:
    """Open the archive: its first file is found and logged, so that what fails at once is said in words.

    Raises what ``see_files`` raises, and ``StorageError``.
    """
    contents = see_files(platform, caller, case_id, folder)
    return Archive(platform, case_id, contents, _open(platform, caller, case_id, contents.members[0]))


def _open(platform: Platform, caller: Caller, case_id: UUID, member: Member) -> Download:
    return open_version(platform, caller, case_id, member.document_id, member.number, in_zip=True)
