"""Searching the audit log of one organisation."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from samrum.models import AuditRow, Case, Staff, Unit


@dataclass(frozen=True)
class Terms:
    """What rows are looked for; None stands for any. ``since`` and ``until`` are moments, the second one excluded."""

    organisation_id: UUID
    case_id: UUID | None = None
    actor_id: UUID | None = None
    action: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def rows_matching(session: Session, terms: Terms, *, before: int | None, limit: int) -> list[AuditRow]:
    """The newest rows that match, from ``before`` (a sequence number) backwards."""
    wanted: list[ColumnElement[bool]] = [_of_organisation(terms.organisation_id)]
    if before is not None:
        wanted.append(AuditRow.sequence < before)
    if terms.case_id is not None:
        wanted.append(AuditRow.case_id == terms.case_id)
    if terms.actor_id is not None:
        wanted.append(AuditRow.actor_id == terms.actor_id)
    if terms.action is not None:
        wanted.append(AuditRow.action == terms.action)
    if terms.since is not None:
        wanted.append(AuditRow.at >= terms.since)
    if terms.until is not None:
        wanted.append(AuditRow.at < terms.until)
    return list(session.scalars(select(AuditRow).where(*wanted).order_by(AuditRow.sequence.desc()).limit(limit)))


def cases_by_id(session: Session, ids: Collection[UUID]) -> dict[UUID, tuple[str, UUID]]:
    """The number and the young person's id of each of these cases."""
    query = select(Case.id, Case.number, Case.youth_id).where(Case.id.in_(list(ids)))
    return {key: (number, youth_id) for key, number, youth_id in session.execute(query)}


def number_of(session: Session, organisation_id: UUID, case_id: UUID) -> str | None:
    """The number of a case of this organisation."""
    query = select(Case.number).where(Case.id == case_id, Case.organisation_id == organisation_id)
    return session.scalars(query).one_or_none()


def _of_organisation(organisation_id: UUID) -> ColumnElement[bool]:
    """Rows about the organisation's cases; of those about no case, the ones of or about its staff."""
    cases = select(Case.id).where(Case.organisation_id == organisation_id)
    staff = select(Staff.id).join(Unit, Unit.id == Staff.unit_id).where(Unit.organisation_id == organisation_id)
    about_staff = or_(AuditRow.actor_id.in_(staff), AuditRow.subject_id.in_(staff))
    return or_(AuditRow.case_id.in_(cases), and_(AuditRow.case_id.is_(None), about_staff))
