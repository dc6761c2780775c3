"""A file on its way into a room: sealed while it streams in, never whole in memory or on disk."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from uuid import UUID, uuid4

from auth.policy import Action
from samrum.queries import documents as queries
from samrum.queries.documents import DocumentNow
from samrum.queries.facts import KeyedCase, case_and_facts
from samrum.services.audit import Event
from samrum.services.documents import LONGEST_COMMENT, Texts
from samrum.services.errors import AlreadyDone, Denied, FilesErased, InTrash, Invalid, NotThere, Problem
from samrum.services.filetypes import Inspector, clean_name
from samrum.services.keys import case_key
from samrum.services.platform import Act, Caller, Platform
from storage import Place, StorageError, Upload


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
        self,
        platform: Platform,
        caller: Caller,
        case: KeyedCase,
        upload: Upload,
        place: Place,
        new: NewVersion,
        action: Action,
    ) -> None:
        self._platform, self._caller, self._case, self._upload = platform, caller, case, upload
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

    def finish(
        self, also: Callable[[Act, UUID], object] | None = None, *, refreshed: Callable[[], Caller] | None = None
    ) -> Kept:
        """Complete the object, ask the policy again, and commit the version; ``also`` acts in the same transaction.

        ``refreshed`` looks the sender's login up again, after an upload that may have taken hours. Raises
        ``Invalid``, ``Denied``, ``InTrash``, ``StorageError``, what ``refreshed`` raises, and ``AlreadyDone`` when the
        form was carried out before.
        """
        media_type = self._inspector.finish()
        place, new, caller = self._place, self._new, self._caller
        texts = Texts(self._platform.vault, self._case, place.version)
        sealed: list[bytes | None] = []

        def meanwhile() -> None:
            nonlocal caller
            caller = refreshed() if refreshed is not None else caller
            sealed.append(texts.seal("name", new.file_name))
            sealed.append(texts.seal("comment", new.comment) if new.comment else None)

        stored = self._upload.finish(meanwhile)
        name, comment = sealed
        try:
            with self._platform.act(caller) as act:
                case_key(act.admit(place.case, self._action))  # it may have been destroyed since
                newest = self._newest(act, place, new)
                queries.add_version(
                    act.plain,
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
                    sealed_name=name,
                    sealed_comment=comment,
                    object_name=stored.object_name,
                    wrapped_data_key=stored.wrapped_data_key,
                    restored_from=new.restored_from,
                )
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
                    also(act, place.version)
                act.result = place.document
        except (AlreadyDone, Denied, FilesErased, InTrash, Invalid, NotThere):
            with suppress(StorageError):  # the sweeper removes what stays
                self._platform.vault.delete(stored.object_name)
            raise
        came_between = newest if newest and new.based_on != newest else None
        return Kept(place.document, place.version, newest + 1, came_between)

    def _newest(self, act: Act, place: Place, new: NewVersion) -> int:
        """The number of the newest version so far, 0 in a new document; the next one is the document's newest now."""
        if new.document_id is None:
            queries.add_document(act.plain, place.document, place.case, new.kind, act.now)
            return 0
        newest = _outside_trash(queries.document_now(act.plain, place.case, place.document, lock=True), place)
        if new.based_on is not None and not 1 <= new.based_on <= newest:
            raise NotThere
        queries.move_newest(act.plain, place.document, newest + 1, act.now)
        return newest


@contextmanager
def receive(
    platform: Platform,
    caller: Caller,
    case_id: UUID,
    new: NewVersion,
    *,
    action: Action = Action.WRITE_FILES,
) -> Iterator[Incoming]:
    """Begin an upload: asks the policy before a byte is read. Left without ``finish``, nothing stays.

    Raises ``NotThere``, ``Denied``, ``InTrash``, ``Invalid``, ``StorageError``.
    """
    new = replace(new, file_name=clean_name(new.file_name), comment=new.comment.strip()[:LONGEST_COMMENT])
    with platform.database.plain(writes=False) as plain:
        found = case_and_facts(plain, caller.id, case_id)
        document = queries.document_now(plain, case_id, new.document_id) if new.document_id is not None else None
    if found is None:
        raise NotThere
    case, facts = found
    platform.demand(caller, action, case, facts)
    place = Place(case.organisation_id, case.id, new.document_id or uuid4(), uuid4())
    if new.document_id is not None:
        _outside_trash(document, place)
    Inspector(new.file_name)
    with platform.vault.upload(case_key(case), place) as upload:
        yield Incoming(platform, caller, case, upload, place, new, action)


def _outside_trash(document: DocumentNow | None, place: Place) -> int:
    """The number of a document's newest version. Raises ``NotThere`` or ``InTrash``."""
    if document is None:
        raise NotThere
    if document.trashed_at is not None:
        raise InTrash(place.case, place.document)
    return document.newest_number
