"""Documents and their versions: a file streams in, sealed on its way, never whole in memory or on disk."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID, uuid4

from auth.policy import Action
from samrum.models import Case, Document, Version
from samrum.queries import documents as queries
from samrum.queries.facts import Room, VersionRow
from samrum.services.audit import Event
from samrum.services.errors import AlreadyDone, Denied, InTrash, Invalid, NotThere, Problem
from samrum.services.filetypes import Inspector, clean_name
from samrum.services.keys import case_key
from samrum.services.naming import Naming, Shown, naming
from samrum.services.platform import Act, Caller, Platform
from storage import Place, StorageError, TextPlace, Upload, Vault

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
    """What comes with a file: its document (None: a new one of ``kind``), and the version it was made from.

    ``restored_from``: it is the content of that older version again."""

    file_name: str
    kind: str | None = None
    document_id: UUID | None = None
    based_on: int | None = None
    comment: str = ""
    restored_from: int | None = None


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

    def finish(self, also: Callable[[Act, Room, UUID], object] | None = None, *, caller: Caller | None = None) -> Kept:
        """Complete the object, ask the policy again, and commit the version; ``also`` acts in the same transaction.

        ``caller`` is who sends the file as looked up now, after an upload that may have taken hours. Raises
        ``Invalid``, ``Denied``, ``InTrash``, ``StorageError``, and ``AlreadyDone`` when the form was carried out
        before.
        """
        caller = caller or self._caller
        media_type = self._inspector.finish()
        stored = self._upload.finish()
        place, new = self._place, self._new
        try:
            with self._platform.act(caller) as act:
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
                        staff_id=caller.id if caller.kind == "staff" else None,
                        citizen_id=caller.id if caller.kind == "citizen" else None,
                        created_at=act.now,
                        size=stored.size,
                        sha256=stored.sha256,
                        media_type=media_type,
                        sealed_name=seal.seal("name", new.file_name),
                        sealed_comment=seal.seal("comment", new.comment) if new.comment else None,
                        object_name=stored.object_name,
                        wrapped_data_key=stored.wrapped_data_key,
                        restored_from=new.restored_from,
                    )
                )
                act.session.flush()
                detail: dict[str, int | None] = {"number": newest + 1, "based_on": new.based_on}
                if new.restored_from is not None:
                    detail["restored_from"] = new.restored_from
                act.log(
                    Event.VERSION_UPLOADED if new.restored_from is None else Event.VERSION_RESTORED,
                    case_id=place.case,
                    document_id=place.document,
                    version_id=place.version,
                    detail=detail,
                )
                if also is not None:
                    also(act, found, place.version)
                act.result = place.document
        except (AlreadyDone, Denied, InTrash, Invalid, NotThere):
            with suppress(StorageError):  # the sweeper removes what stays
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
        found = outside_trash(act, place.case, place.document, lock=True)
        if new.based_on is not None and not 1 <= new.based_on <= found.newest_number:
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

    Raises ``NotThere``, ``Denied``, ``InTrash``, ``Invalid``, ``StorageError``.
    """
    new = replace(new, file_name=clean_name(new.file_name), comment=new.comment.strip()[:LONGEST_COMMENT])
    with platform.act(replace(caller, once=None), writes=False) as act:
        found = act.require(case_id, action)
        if new.document_id is not None:
            outside_trash(act, case_id, new.document_id)
        if check is not None:
            check(act, found)
        case = found.case
    place = Place(case.organisation_id, case.id, new.document_id or uuid4(), uuid4())
    Inspector(new.file_name)
    with platform.vault.upload(case_key(case), place) as upload:
        yield Incoming(platform, caller, upload, place, new, action)


def outside_trash(act: Act, case_id: UUID, document_id: UUID, *, lock: bool = False) -> Document:
    """A document of the case that takes new versions. Raises ``NotThere`` or ``InTrash``."""
    found = queries.document_of(act.session, case_id, document_id, lock=lock)
    if found is None:
        raise NotThere
    if found.trashed_at is not None:
        raise InTrash(case_id, document_id)
    return found


@dataclass(frozen=True)
class VersionView:
    """What the pages show of a version. ``restored_from``: the older version whose content it is."""

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
    author: Shown
    author_unit: Shown
    by_citizen: bool
    restored_from: int | None

    @property
    def came_between(self) -> bool:
        """Whether somebody else's version came between this one and the one it was made from."""
        return self.number > 1 and self.based_on != self.number - 1


def list_documents(
    platform: Platform, act: Act, found: Room, *, before: tuple[datetime, UUID] | None = None, limit: int = 50
) -> list[VersionView]:
    """The newest version of each document, within a use case that has asked the policy."""
    return show_versions(
        platform, act, found, queries.newest_versions(act.session, found.case.id, before=before, limit=limit)
    )


def show_versions(platform: Platform, act: Act, found: Room, rows: list[Version]) -> list[VersionView]:
    """How these versions are shown to the caller, within a use case that has asked the policy."""
    shown = naming(act, found.case)
    return [_view(platform, found.case, row, shown) for row in rows]


@dataclass(frozen=True)
class UploadPage:
    """What the page that asks for a file shows: whose room it is, and the version that would be built on.

    ``warns_of_places``: parents must not learn from the file where the young person is.
    """

    youth_name: str
    is_youth: bool
    newest: VersionView | None
    warns_of_places: bool


def before_upload(platform: Platform, caller: Caller, case_id: UUID, document_id: UUID | None = None) -> UploadPage:
    """What is shown before a file is chosen; ``document_id`` for a new version. Logged as a view.

    Raises ``NotThere``, ``Denied``, ``InTrash`` or ``FilesErased``.
    """
    with platform.act(replace(caller, once=None)) as act:
        found = act.require(case_id, Action.WRITE_FILES)
        case_key(found.case)  # nobody chooses a file in vain
        newest = None
        if document_id is not None:
            document = outside_trash(act, case_id, document_id)
            row = queries.version_of(act.session, case_id, document_id, document.newest_number)
            if row is None:
                raise NotThere
            newest = _view(platform, found.case, row, naming(act, found.case))
        case = found.case
        act.log(Event.DOCUMENT_VIEWED if document_id else Event.CASE_VIEWED, case_id=case_id, document_id=document_id)
        # a parent is not told that there is something to hide
        warns = case.protected_address and act.decide(Action.SEE_CASE, found.facts).allowed
        return UploadPage(case.youth_name, caller.id == case.youth_id, newest, warns)


@dataclass(frozen=True)
class History:
    """All versions of a document, the newest first, and whether the viewer may add one.

    ``trashed_at`` is when it was moved to the trash, if it lies there.
    """

    youth_name: str
    is_youth: bool
    may_write: bool
    trashed_at: datetime | None
    versions: list[VersionView]


def document_history(platform: Platform, caller: Caller, case_id: UUID, document_id: UUID) -> History:
    """What a document's page shows. Logged. Raises ``NotThere`` or ``Denied``."""
    with platform.act(caller) as act:
        found = act.require(case_id, Action.READ_FILES)
        rows = queries.versions_of(act.session, case_id, document_id)
        if not rows:
            raise NotThere
        act.log(Event.DOCUMENT_VIEWED, case_id=case_id, document_id=document_id)
        return History(
            found.case.youth_name,
            caller.id == found.case.youth_id,
            act.decide(Action.WRITE_FILES, found.facts).allowed,
            rows[0].document.trashed_at,
            show_versions(platform, act, found, rows),
        )


def name_of(platform: Platform, case: Case, version: Version) -> str:
    """The file name of a version, for somebody who may read the case's files."""
    return _Texts(platform.vault, case, version.id).open("name", version.sealed_name)


def name_in(platform: Platform, row: VersionRow) -> str:
    """Likewise, of a version and its case in one row."""
    place = TextPlace(row.organisation_id, row.case_id, row.version_id)
    return platform.vault.open_text(case_key(row), place, "name", row.sealed_name)


class _Texts:
    """Seals and opens the texts of one version."""

    def __init__(self, vault: Vault, case: Case, version_id: UUID) -> None:
        self._vault = vault
        self._key = case_key(case)
        self._place = TextPlace(case.organisation_id, case.id, version_id)

    def seal(self, purpose: str, text: str) -> bytes:
        return self._vault.seal_text(self._key, self._place, purpose, text)

    def open(self, purpose: str, sealed: bytes) -> str:
        return self._vault.open_text(self._key, self._place, purpose, sealed)


def _view(platform: Platform, case: Case, row: Version, shown: Naming) -> VersionView:
    texts = _Texts(platform.vault, case, row.id)
    author: Shown
    unit: Shown
    if row.staff is not None:
        author, unit = shown.person(row.staff)
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
        restored_from=row.restored_from,
    )
