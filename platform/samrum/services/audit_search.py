"""The audit log for an organisation's auditor, searched and taken along: numbers and roles, never a citizen's name.

An auditor sees the rows of the own organisation's cases and of its own staff. Own staff are named; of a professional
from elsewhere the unit is told, and of a citizen only what the person is to the case. No row names a file.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy.orm import Session

from auth.age import COPENHAGEN
from auth.policy import StaffActor
from samrum.models import AuditRow, Staff
from samrum.queries import audit_search as queries
from samrum.queries.audit_search import Terms
from samrum.queries.cases import case_by_number
from samrum.queries.people import staff_by_email, staff_by_id
from samrum.services.audit import Event
from samrum.services.errors import NotThere
from samrum.services.platform import Caller, Platform

PAGE = 50
_BATCH = 500
_BEFORE_ANY_ROW, _AFTER_ANY_ROW = date(2000, 1, 1), date(9000, 1, 1)


class Role(StrEnum):
    """What somebody in a row is."""

    STAFF = "staff"
    YOUTH = "youth"
    PARENT = "parent"
    CITIZEN = "citizen"
    SYSTEM = "system"
    NOBODY = "nobody"


@dataclass(frozen=True)
class Person:
    """Somebody in a row. ``name`` is there for the organisation's own staff, ``unit`` for all staff."""

    role: Role
    id: UUID | None = None
    name: str = ""
    unit: str = ""


@dataclass(frozen=True)
class Line:
    """A row as the auditor may see it. ``hash`` finds it again in an export of the whole log."""

    sequence: int
    at: datetime
    action: str
    actor: Person
    case_number: str | None
    case_id: UUID | None
    document_id: UUID | None
    version_id: UUID | None
    subject: Person | None
    reason: str | None
    address: str | None
    detail: dict[str, str | int | bool | None]
    hash: bytes


@dataclass(frozen=True)
class Search:
    """What is looked for; None stands for any. Days are Danish calendar days, both included."""

    case_id: UUID | None = None
    actor_id: UUID | None = None
    action: str | None = None
    first: date | None = None
    last: date | None = None


@dataclass(frozen=True)
class Found:
    """A page of rows, the newest first, and the words for what was looked for. ``older`` begins the next page."""

    lines: list[Line]
    older: int | None
    number: str
    email: str


def case_id_of(platform: Platform, caller: Caller, number: str) -> UUID | None:
    """The case with this number, where the auditor's organisation has one. Raises ``NotThere``."""
    auditor = auditor_of(caller)
    with platform.database.transaction(writes=False) as session:
        found = case_by_number(session, number)
        return found if found is not None and queries.number_of(session, auditor.organisation, found) else None


def staff_id_of(platform: Platform, caller: Caller, email: str) -> UUID | None:
    """The colleague with this e-mail address, where the auditor's organisation has one. Raises ``NotThere``."""
    auditor = auditor_of(caller)
    with platform.database.transaction(writes=False) as session:
        found = staff_by_email(session, email)
        return found.id if found is not None and found.unit.organisation_id == auditor.organisation else None


def search(platform: Platform, caller: Caller, wanted: Search, *, before: int | None = None) -> Found:
    """A page of the log. That it was searched is logged. Raises ``NotThere``."""
    auditor = auditor_of(caller)
    with platform.act(caller) as act:
        rows = queries.rows_matching(act.session, terms_for(auditor, wanted), before=before, limit=PAGE + 1)
        lines = lines_for(act.session, auditor, rows[:PAGE])
        number, email = _named(act.session, auditor, wanted)
        act.log(Event.LOG_SEARCHED, case_id=wanted.case_id if number else None, detail=_detail(wanted))
    return Found(lines, lines[-1].sequence if len(rows) > PAGE else None, number, email)


def export(platform: Platform, caller: Caller, wanted: Search) -> Iterator[Line]:
    """Every row that matches, the newest first. That they are taken along is logged first. Raises ``NotThere``."""
    auditor = auditor_of(caller)
    with platform.act(caller) as act:
        number, _ = _named(act.session, auditor, wanted)
        act.log(Event.LOG_EXPORTED, case_id=wanted.case_id if number else None, detail=_detail(wanted))
    return _every_line(platform, auditor, wanted)


def _every_line(platform: Platform, auditor: StaffActor, wanted: Search) -> Iterator[Line]:
    before: int | None = None
    while True:
        with platform.database.transaction(writes=False) as session:
            rows = queries.rows_matching(session, terms_for(auditor, wanted), before=before, limit=_BATCH)
            lines = lines_for(session, auditor, rows)
        yield from lines
        if len(rows) < _BATCH:
            return
        before = rows[-1].sequence


def auditor_of(caller: Caller) -> StaffActor:
    """The auditor who asks. Raises ``NotThere`` for everybody else."""
    actor = caller.actor
    if not isinstance(actor, StaffActor) or not actor.auditor or not actor.active:
        raise NotThere
    return actor


def terms_for(auditor: StaffActor, wanted: Search) -> Terms:
    """What an auditor looks for, within the own organisation."""
    return Terms(
        auditor.organisation,
        wanted.case_id,
        wanted.actor_id,
        wanted.action,
        _midnight(wanted.first) if wanted.first is not None and wanted.first > _BEFORE_ANY_ROW else None,
        _midnight(wanted.last + timedelta(days=1))
        if wanted.last is not None and wanted.last < _AFTER_ANY_ROW
        else None,
    )


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, COPENHAGEN)


def _named(session: Session, auditor: StaffActor, wanted: Search) -> tuple[str, str]:
    """The number of the case and the e-mail address of the colleague that are looked for, where they are the own."""
    number = queries.number_of(session, auditor.organisation, wanted.case_id) if wanted.case_id else None
    staff = staff_by_id(session, [wanted.actor_id]).get(wanted.actor_id) if wanted.actor_id else None
    is_own = staff is not None and staff.unit.organisation_id == auditor.organisation
    return number or "", staff.email if staff is not None and is_own else ""


def _detail(wanted: Search) -> dict[str, str | int | bool | None]:
    given = {
        "actor": wanted.actor_id,
        "action": wanted.action,
        "first": wanted.first.isoformat() if wanted.first else None,
        "last": wanted.last.isoformat() if wanted.last else None,
    }
    return {name: str(value) for name, value in given.items() if value is not None}


def lines_for(session: Session, auditor: StaffActor, rows: list[AuditRow]) -> list[Line]:
    """The rows as the auditor may see them."""
    people = {key for row in rows for key in (row.actor_id, row.subject_id) if key is not None}
    staff = staff_by_id(session, people)
    cases = queries.cases_by_id(session, {row.case_id for row in rows if row.case_id is not None})

    def person(key: UUID | None, kind: str, youth_id: UUID | None) -> Person | None:
        if key is None:
            return None
        if kind != "citizen" and key in staff:
            return _colleague(auditor, staff[key])
        if key == youth_id:
            return Person(Role.YOUTH, key)
        return Person(Role.PARENT if youth_id is not None else Role.CITIZEN, key)

    lines = []
    for row in rows:
        number, youth_id = cases.get(row.case_id, (None, None)) if row.case_id else (None, None)
        is_ours = row.actor_kind == "system" or row.address is None
        nobody = Person(Role.SYSTEM if is_ours else Role.NOBODY)
        lines.append(
            Line(
                sequence=row.sequence,
                at=row.at,
                action=row.action,
                actor=person(row.actor_id, row.actor_kind, youth_id) or nobody,
                case_number=number,
                case_id=row.case_id,
                document_id=row.document_id,
                version_id=row.version_id,
                subject=person(row.subject_id, "", youth_id) if row.subject_id in staff or number else None,
                reason=row.reason,
                address=row.address,
                detail=row.detail,
                hash=row.hash,
            )
        )
    return lines


def _colleague(auditor: StaffActor, staff: Staff) -> Person:
    unit = staff.unit
    if unit.organisation_id == auditor.organisation:
        return Person(Role.STAFF, staff.id, staff.name, unit.name)
    return Person(Role.STAFF, staff.id, "", f"{unit.name}, {unit.organisation.name}")
