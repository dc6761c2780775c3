"""Documents and their versions, as the pages show them."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from auth.policy import Action
from samrum.models import Case, Document, Version
from samrum.queries import documents as queries
from samrum.queries.facts import KeyedCase, Room, VersionRow
from samrum.services.audit import Event
from samrum.services.errors import InTrash, NotThere
from samrum.services.keys import case_key
from samrum.services.naming import Naming, Shown, naming
from samrum.services.platform import Act, Caller, Platform
from storage import TextPlace, Vault

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


def name_of(platform: Platform, case: Case | KeyedCase, version: Version | VersionRow) -> str:
    """The file name of a version, for somebody who may read the case's files."""
    return Texts(platform.vault, case, version.id).open("name", version.sealed_name)


class Texts:
    """Seals and opens the texts of one version."""

    def __init__(self, vault: Vault, case: Case | KeyedCase, version_id: UUID) -> None:
        self._vault = vault
        self._key = case_key(case)
        self._place = TextPlace(case.organisation_id, case.id, version_id)

    def seal(self, purpose: str, text: str) -> bytes:
        return self._vault.seal_text(self._key, self._place, purpose, text)

    def open(self, purpose: str, sealed: bytes) -> str:
        return self._vault.open_text(self._key, self._place, purpose, sealed)


def _view(platform: Platform, case: Case, row: Version, shown: Naming) -> VersionView:
    texts = Texts(platform.vault, case, row.id)
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
