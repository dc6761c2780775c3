"""The log of a room in the words its reader needs: who has opened and done what."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from auth.policy import Action
from samrum.models import AuditRow
from samrum.queries import audit as audit_queries
from samrum.queries import cases as case_queries
from samrum.queries import documents as document_queries
from samrum.queries import people as people_queries
from samrum.queries.facts import Room
from samrum.services import consents
from samrum.services.audit import Event
from samrum.services.documents import name_of
from samrum.services.naming import Shown, naming
from samrum.services.platform import Act, Caller, Platform
from samrum.services.room_parts import citizen_names

PAGE = 50
_SEEING = (
    Event.CASE_VIEWED,
    Event.DOCUMENT_VIEWED,
    Event.VERSION_DOWNLOADED,
    Event.DOWNLOAD_FAILED,
    Event.TRASH_VIEWED,
    Event.LOG_VIEWED,
    Event.LOG_SEARCHED,
    Event.LOG_EXPORTED,
)


@dataclass(frozen=True)
class NamedVersion:
    """The version that a row is about; of a document looked at as a whole the newest, without a number."""

    name: str
    kind: str
    number: int | None


@dataclass(frozen=True)
class LogLine:
    """A row of the log: who, what, when, and about whom or which version.

    ``who`` and ``subject`` are empty for somebody whom the case names no more; ``is_system``: nobody did it.
    ``version`` is there only for a reader who may read the files.
    """

    sequence: int
    at: datetime
    action: str
    who: Shown
    unit: Shown
    is_me: bool
    is_system: bool
    reason: str | None
    subject: Shown
    by_subject: bool
    document_id: UUID | None
    version: NamedVersion | None
    detail: dict[str, str | int | bool | None]


@dataclass(frozen=True)
class LogPage:
    """A page of the log. ``older`` is where the next page begins; ``is_youth``: the reader's own room."""

    number: str
    youth_name: str
    is_youth: bool
    lines: list[LogLine]
    older: int | None


def show_log(
    platform: Platform, caller: Caller, case_id: UUID, *, before: int | None = None, only_seen: bool = False
) -> LogPage:
    """Who has opened and done what in the room, the newest first; ``only_seen``: what others have opened and fetched,
    and nothing else. Raises ``NotThere`` or ``Denied``."""
    with platform.act(caller) as act:
        found = act.require(case_id, Action.SEE_LOG)
        if consents.log_run_out(act, case_id):  # the nightly upkeep has not been here yet
            act.finish()
        actions = [event.value for event in _SEEING] if only_seen else None
        rows = audit_queries.rows_of_case(
            act.session, case_id, before=before, limit=PAGE + 1, actions=actions, but_by=caller.id
        )
        has_more, rows = len(rows) > PAGE, rows[:PAGE]
        lines = _lines(platform, act, found, rows)
        act.log(Event.LOG_VIEWED, case_id=case_id)
        case = found.case
        is_youth = caller.id == case.youth_id
        return LogPage(case.number, case.youth_name, is_youth, lines, rows[-1].sequence if has_more else None)


def _lines(platform: Platform, act: Act, found: Room, rows: list[AuditRow]) -> list[LogLine]:
    names: dict[UUID, Shown] = dict(citizen_names(found.case, case_queries.parents_of(act.session, found.case.id)))
    ids = {row.actor_id for row in rows} | {row.subject_id for row in rows}
    staff = people_queries.staff_by_id(act.session, [key for key in ids if key is not None])
    shown = naming(act, found.case)
    people = {key: shown.person(person) for key, person in staff.items()}
    who = names | {key: name for key, (name, _unit) in people.items()}
    versions = _versions(platform, found, act, rows) if _names_files(act, found) else {}
    return [
        LogLine(
            sequence=row.sequence,
            at=row.at,
            action=row.action,
            who=who.get(row.actor_id, "") if row.actor_id else "",
            unit=people[row.actor_id][1] if row.actor_id in people else "",
            is_me=row.actor_id is not None and row.actor_id == act.caller.id,
            is_system=row.actor_id is None,
            reason=row.reason,
            subject=who.get(row.subject_id, "") if row.subject_id else "",
            by_subject=row.subject_id is not None and row.subject_id == row.actor_id,
            document_id=row.document_id,
            version=versions.get(row.version_id or row.document_id),
            detail=row.detail,
        )
        for row in rows
    ]


def _names_files(act: Act, found: Room) -> bool:
    """Whether the reader may see the files, and their names can still be read."""
    return found.case.key_blob is not None and act.decide(Action.READ_FILES, found.facts).allowed


def _versions(platform: Platform, found: Room, act: Act, rows: list[AuditRow]) -> dict[UUID | None, NamedVersion]:
    """What the rows are about, by the id of the version, or of the document where a row names no version."""
    ids = {row.version_id for row in rows if row.version_id is not None}
    whole = {row.document_id for row in rows if row.document_id is not None and row.version_id is None}
    named: dict[UUID | None, NamedVersion] = {}
    for version in document_queries.versions_named(act.session, found.case.id, ids, whole):
        name = name_of(platform, found.case, version)
        if version.id in ids:
            named[version.id] = NamedVersion(name, version.document.kind, version.number)
        if version.document_id in whole and version.number == version.document.newest_number:
            named[version.document_id] = NamedVersion(name, version.document.kind, None)
    return named
