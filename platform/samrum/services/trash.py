"""The trash of a room: where documents go that nobody needs in front of them. Nothing in it is destroyed.

Who may read the files sees the trash and opens what lies there; who may write moves documents there and brings them
back (access-rules.md: the trash follows the document).
"""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from auth.policy import Action
from samrum.models import Document
from samrum.queries import documents as queries
from samrum.queries.facts import Room
from samrum.services.audit import Event
from samrum.services.documents import VersionView, show_versions
from samrum.services.errors import NotThere
from samrum.services.naming import Naming, Shown, naming
from samrum.services.platform import Act, Caller, Platform

FILES_PER_PAGE = 50
_PLAN = "goal_plan"


class LastPlan(Exception):
    """It is the room's last mål- og aftaleskema, and nobody has said that it shall go all the same."""


@dataclass(frozen=True)
class TrashedFile:
    """The newest version of a document in the trash, when it was moved there, and by whom."""

    version: VersionView
    trashed_at: datetime
    trashed_by: Shown
    trashed_by_unit: Shown


@dataclass(frozen=True)
class TrashPage:
    """A page of the trash, what was moved there last first. ``older`` is where the next page begins."""

    youth_name: str
    is_youth: bool
    may_write: bool
    files: list[TrashedFile]
    older: tuple[datetime, UUID] | None


@dataclass(frozen=True)
class BeforeTrash:
    """What is shown before a document goes; ``is_last_plan``: the room has no other mål- og aftaleskema."""

    youth_name: str
    is_youth: bool
    newest: VersionView
    is_last_plan: bool


def show_trash(
    platform: Platform, caller: Caller, case_id: UUID, *, before: tuple[datetime, UUID] | None = None
) -> TrashPage:
    """What lies in the trash, in a fixed number of queries. Logged.

    Raises ``NotThere``, ``Denied`` or ``FilesErased``.
    """
    with platform.act(caller) as act:
        found = act.require(case_id, Action.READ_FILES)
        rows = queries.trashed_versions(act.session, case_id, before=before, limit=FILES_PER_PAGE + 1)
        has_more, rows = len(rows) > FILES_PER_PAGE, rows[:FILES_PER_PAGE]
        act.log(Event.TRASH_VIEWED, case_id=case_id)
        shown = naming(act, found.case)
        files = [
            _file(found, view, row.document, shown)
            for view, row in zip(show_versions(platform, act, found, rows), rows, strict=True)
        ]
        return TrashPage(
            found.case.youth_name,
            caller.id == found.case.youth_id,
            act.decide(Action.WRITE_FILES, found.facts).allowed,
            files,
            (files[-1].trashed_at, files[-1].version.document_id) if has_more else None,
        )


def before_trash(platform: Platform, caller: Caller, case_id: UUID, document_id: UUID) -> BeforeTrash:
    """The document that would go. Logged as a view. Raises ``NotThere``, ``Denied``, ``FilesErased``."""
    with platform.act(replace(caller, once=None)) as act:
        found = act.require(case_id, Action.WRITE_FILES)
        document = _document(act, case_id, document_id)
        newest = queries.version_of(act.session, case_id, document_id, document.newest_number)
        if newest is None:
            raise NotThere
        act.log(Event.DOCUMENT_VIEWED, case_id=case_id, document_id=document_id)
        (view,) = show_versions(platform, act, found, [newest])
        is_youth = caller.id == found.case.youth_id
        return BeforeTrash(found.case.youth_name, is_youth, view, _is_last_plan(act, document))


def move_to_trash(
    platform: Platform, caller: Caller, case_id: UUID, document_id: UUID, *, although_last: bool = False
) -> None:
    """Move a document to the trash; one that lies there stays as it is. Logged.

    Raises ``NotThere``, ``Denied``, and ``LastPlan`` unless ``although_last``.
    """
    with platform.act(caller) as act:
        act.require(case_id, Action.WRITE_FILES, lock=True)
        document = _document(act, case_id, document_id, lock=True)
        if document.trashed_at is not None:
            return
        if not although_last and _is_last_plan(act, document):
            raise LastPlan
        document.trashed_at = act.now
        document.trashed_staff_id = caller.id if caller.kind == "staff" else None
        document.trashed_citizen_id = caller.id if caller.kind == "citizen" else None
        act.log(Event.DOCUMENT_TRASHED, case_id=case_id, document_id=document_id)


def bring_back(platform: Platform, caller: Caller, case_id: UUID, document_id: UUID) -> None:
    """Take a document out of the trash, to where it was in the room; one that is there stays. Logged.

    Raises ``NotThere`` or ``Denied``.
    """
    with platform.act(caller) as act:
        act.require(case_id, Action.WRITE_FILES, lock=True)
        document = _document(act, case_id, document_id, lock=True)
        if document.trashed_at is None:
            return
        document.trashed_at = document.trashed_staff_id = document.trashed_citizen_id = None
        act.log(Event.DOCUMENT_UNTRASHED, case_id=case_id, document_id=document_id)


def _document(act: Act, case_id: UUID, document_id: UUID, *, lock: bool = False) -> Document:
    found = queries.document_of(act.session, case_id, document_id, lock=lock)
    if found is None:
        raise NotThere
    return found


def _is_last_plan(act: Act, document: Document) -> bool:
    is_there = document.kind == _PLAN and document.trashed_at is None
    return is_there and not queries.has_another(act.session, document)


def _file(found: Room, view: VersionView, document: Document, shown: Naming) -> TrashedFile:
    if document.trashed_at is None:
        raise NotThere
    who: Shown
    unit: Shown
    if document.trashed_staff is not None:
        who, unit = shown.person(document.trashed_staff)
    elif document.trashed_citizen_id == found.case.youth_id:
        who, unit = found.case.youth_name, ""
    else:
        who, unit = document.trashed_citizen.name if document.trashed_citizen else "", ""
    return TrashedFile(view, document.trashed_at, who, unit)
