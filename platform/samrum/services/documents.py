"""Uploading and opening documents: a file streams through, sealed on its way, never whole in memory or on disk."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID, uuid4

from auth.age import copenhagen_day
from auth.policy import Action, decide
from samrum.models import Case, Document, Version
from samrum.queries import documents as queries
from samrum.queries.facts import Room, room
from samrum.services.audit import Event
from samrum.services.errors import AlreadyDone, Denied, Invalid, NotThere, Problem
from samrum.services.filetypes import Inspector, clean_name
from samrum.services.platform import Act, Caller, Platform
from storage import Place, Reader, TextPlace, Upload, Vault, WrappedKey

KINDS = (
    "goal_plan",
    "consent_form",
    "network_map",
    "network_overview",
    "support_overview",
    "dialogue_form",
    "meeting_checklist",
    "meeting_note",
    "action_plan",
    "other",
)
LONGEST_COMMENT = 500


@dataclass(frozen=True)
class NewVersion:
    """What comes with a file: its document (None: a new one of ``kind``), and the version it was made from."""

    file_name: str
    kind: str | None = None
    document_id: UUID | None = None
    based_on: int | None = None
    comment: str = ""


@dataclass(frozen=True)
class Kept:
    """A version that is safely stored. ``came_between`` is the newest version when it was not the one built on."""

    document_id: UUID
    version_id: UUID
    number: int
    came_between: int | None


class Incoming:
    """A file on its way in. ``write`` the bytes, then ``finish``."""

    def __init__(
        self, platform: Platform, caller: Caller, upload: Upload, place: Place, new: NewVersion, action: Action
    ) -> None:
        self._platform, self._caller, self._upload = platform, caller, upload
        self._place, self._new, self._action = place, new, action
        self._inspector = Inspector(new.file_name)
        self._size = 0

    def write(self, chunk: bytes) -> None:
        """Take the next bytes. Raises ``Invalid`` or ``StorageError``."""
        self._size += len(chunk)
        if self._size > self._platform.settings.upload_limit:
            raise Invalid(Problem.FILE_TOO_LARGE, "file")
        self._inspector.feed(chunk)
        self._upload.write(chunk)

    def finish(self, also: Callable[[Act, Room, UUID], object] | None = None) -> Kept:
        """Complete the object, ask the policy again, and commit the version; ``also`` acts in the same transaction.

        Raises ``Invalid``, ``Denied``, ``StorageError``, and ``AlreadyDone`` when the form was carried out before.
        """
        media_type = self._inspector.finish()
        stored = self._upload.finish()
        place, new = self._place, self._new
        try:
            with self._platform.act(self._caller) as act:
                found = act.require(place.case, self._action, lock=True)
                document = self._document(act, place, new)
                newest = document.newest_number
                seal = _Texts(self._platform.vault, found.case, place.version)
                document.newest_number, document.changed_at = newest + 1, act.now
                act.session.add(
                    Version(
                        id=place.version,
                        document_id=place.document,
                        number=newest + 1,
                        based_on=new.based_on,
                        staff_id=self._caller.id if self._caller.kind == "staff" else None,
                        citizen_id=self._caller.id if self._caller.kind == "citizen" else None,
                        created_at=act.now,
                        size=stored.size,
                        sha256=stored.sha256,
                        media_type=media_type,
                        sealed_name=seal.seal("name", new.file_name),
                        sealed_comment=seal.seal("comment", new.comment) if new.comment else None,
                        object_name=stored.object_name,
                        wrapped_data_key=stored.wrapped_data_key,
                    )
                )
                act.session.flush()
                act.log(
                    Event.VERSION_UPLOADED,
                    case_id=place.case,
                    document_id=place.document,
                    version_id=place.version,
                    detail={"number": newest + 1, "based_on": new.based_on},
                )
                if also is not None:
                    also(act, found, place.version)
                act.result = place.document
        except (AlreadyDone, Denied, Invalid, NotThere):
            self._platform.vault.delete(stored.object_name)
            raise
        came_between = newest if newest and new.based_on != newest else None
        return Kept(place.document, place.version, newest + 1, came_between)

    def _document(self, act: Act, place: Place, new: NewVersion) -> Document:
        if new.document_id is None:
            document = Document(
                id=place.document,
                case_id=place.case,
                kind=new.kind,
                created_at=act.now,
                changed_at=act.now,
                newest_number=0,
            )
            act.session.add(document)
            return document
        found = queries.document_of(act.session, place.case, place.document, lock=True)
        if found is None:
            raise NotThere
        return found


@contextmanager
def receive(
    platform: Platform,
    caller: Caller,
    case_id: UUID,
    new: NewVersion,
    *,
    action: Action = Action.WRITE_FILES,
    check: Callable[[Act, Room], object] | None = None,
) -> Iterator[Incoming]:
    """Begin an upload: asks the policy before a byte is read. Left without ``finish``, nothing stays.

    Raises ``NotThere``, ``Denied``, ``Invalid``, ``StorageError``.
    """
    new = replace(new, file_name=clean_name(new.file_name), comment=new.comment.strip()[:LONGEST_COMMENT])
    with platform.act(replace(caller, once=None)) as act:
        found = act.require(case_id, action)
        if new.document_id is not None and queries.document_of(act.session, case_id, new.document_id) is None:
            raise NotThere
        if check is not None:
            check(act, found)
        case = found.case
    place = Place(case.organisation_id, case.id, new.document_id or uuid4(), uuid4())
    Inspector(new.file_name)
    with platform.vault.upload(WrappedKey(case.key_kek, case.key_blob), place) as upload:
        yield Incoming(platform, caller, upload, place, new, action)


@dataclass(frozen=True)
class VersionView:
    """What the pages show of a version."""

    id: UUID
    document_id: UUID
    kind: str
    number: int
    is_newest: bool
    based_on: int | None
    name: str
    comment: str
    media_type: str
    size: int
    sha256: str
    created_at: datetime
    author: str
    author_unit: str
    by_citizen: bool

    @property
    def came_between(self) -> bool:
        """Whether somebody else's version came between this one and the one it was made from."""
        return self.number > 1 and self.based_on != self.number - 1


@dataclass(frozen=True)
class Download:
    """A version, opened and its opening logged."""

    name: str
    media_type: str
    version_id: UUID
    reader: Reader


def open_version(platform: Platform, caller: Caller, case_id: UUID, document_id: UUID, number: int) -> Download:
    """Open a version for reading. No audit row, no bytes. Raises ``NotThere``, ``Denied``, ``StorageError``."""
    with platform.act(caller) as act:
        case = act.require(case_id, Action.READ_FILES).case
        version = queries.version_of(act.session, case_id, document_id, number)
        if version is None:
            raise NotThere
        place = Place(case.organisation_id, case.id, document_id, version.id)
        reader = platform.vault.open(WrappedKey(case.key_kek, case.key_blob), place, version.wrapped_data_key)
        name = _Texts(platform.vault, case, version.id).open("name", version.sealed_name)
        act.log(Event.VERSION_DOWNLOADED, case_id=case_id, document_id=document_id, version_id=version.id)

    return Download(name, version.media_type, version.id, reader)


def may_still_read(platform: Platform, caller: Caller, case_id: UUID) -> bool:
    """Asked again and again while a download runs; what it says is not logged."""
    with platform.database.transaction(writes=False) as session:
        found = room(session, caller.id, case_id)
    today = copenhagen_day(platform.clock.now())
    return found is not None and decide(caller.actor, Action.READ_FILES, found.facts, today).allowed


def list_documents(
    platform: Platform, act: Act, found: Room, *, before: tuple[datetime, UUID] | None = None, limit: int = 50
) -> list[VersionView]:
    """The newest version of each document, within a use case that has asked the policy."""
    rows = queries.newest_versions(act.session, found.case.id, before=before, limit=limit)
    return [_view(platform, found.case, row) for row in rows]


def document_history(platform: Platform, caller: Caller, case_id: UUID, document_id: UUID) -> list[VersionView]:
    """All versions of a document, the newest first. Raises ``NotThere`` or ``Denied``."""
    with platform.act(caller) as act:
        found = act.require(case_id, Action.READ_FILES)
        if queries.document_of(act.session, case_id, document_id) is None:
            raise NotThere
        rows = queries.versions_of(act.session, document_id)
        act.log(Event.DOCUMENT_VIEWED, case_id=case_id, document_id=document_id)
        return [_view(platform, found.case, row) for row in rows]


class _Texts:
    """Seals and opens the texts of one version."""

    def __init__(self, vault: Vault, case: Case, version_id: UUID) -> None:
        self._vault = vault
        self._key = WrappedKey(case.key_kek, case.key_blob)
        self._place = TextPlace(case.organisation_id, case.id, version_id)

    def seal(self, purpose: str, text: str) -> bytes:
        return self._vault.seal_text(self._key, self._place, purpose, text)

    def open(self, purpose: str, sealed: bytes) -> str:
        return self._vault.open_text(self._key, self._place, purpose, sealed)


def _view(platform: Platform, case: Case, row: Version) -> VersionView:
    texts = _Texts(platform.vault, case, row.id)
    if row.staff is not None:
        author, unit = row.staff.name, row.staff.unit.name
    elif row.citizen_id == case.youth_id:
        author, unit = case.youth_name, ""
    else:
        author, unit = row.citizen.name if row.citizen else "", ""
    return VersionView(
        id=row.id,
        document_id=row.document_id,
        kind=row.document.kind,
        number=row.number,
        is_newest=row.number == row.document.newest_number,
        based_on=row.based_on,
        name=texts.open("name", row.sealed_name),
        comment=texts.open("comment", row.sealed_comment) if row.sealed_comment else "",
        media_type=row.media_type,
        size=row.size,
        sha256=row.sha256.hex(),
        created_at=row.created_at,
        author=author,
        author_unit=unit,
        by_citizen=row.citizen_id is not None,
    )
