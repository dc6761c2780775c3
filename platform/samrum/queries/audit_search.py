"""Searching the audit log of one organisation."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from samrum.models import AuditReview, AuditRow, Case, Staff, Unit


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
    wanted = _wanted(terms)
    if before is not None:
        wanted.append(AuditRow.sequence < before)
    return list(session.scalars(select(AuditRow).where(*wanted).order_by(AuditRow.sequence.desc()).limit(limit)))


def sequences_matching(session: Session, terms: Terms, actions: Collection[str], upto: int) -> Iterator[int]:
    """The numbers of the rows up to ``upto`` in which staff did one of ``actions``, a few thousand in memory."""
    query = select(AuditRow.sequence).where(
        *_wanted(terms), AuditRow.sequence <= upto, AuditRow.actor_kind == "staff", AuditRow.action.in_(list(actions))
    )
    with session.scalars(query.order_by(AuditRow.sequence).execution_options(yield_per=5000)) as found:
        yield from found


def rows_by_sequence(session: Session, terms: Terms, sequences: Collection[int]) -> list[AuditRow]:
    """Those of these rows that match, in their order."""
    query = select(AuditRow).where(*_wanted(terms), AuditRow.sequence.in_(list(sequences)))
    return list(session.scalars(query.order_by(AuditRow.sequence)))


def reviews_of(session: Session, sequences: Collection[int]) -> dict[int, tuple[AuditReview, str]]:
    """The spot checks of these rows, each with the name of who made it."""
    query = select(AuditReview, Staff.name).join(Staff, Staff.id == AuditReview.staff_id)
    found = session.execute(query.where(AuditReview.sequence.in_(list(sequences))))
    return {review.sequence: (review, name) for review, name in found}


def cases_by_id(session: Session, ids: Collection[UUID]) -> dict[UUID, tuple[str, UUID]]:
    """The number and the young person's id of each of these cases."""
    query = select(Case.id, Case.number, Case.youth_id).where(Case.id.in_(list(ids)))
    return {key: (number, youth_id) for key, number, youth_id in session.execute(query)}


def number_of(session: Session, organisation_id: UUID, case_id: UUID) -> str | None:
    """The number of a case of this organisation."""
    query = select(Case.number).where(Case.id == case_id, Case.organisation_id == organisation_id)
    return session.scalars(query).one_or_none()


def _wanted(terms: Terms) -> list[ColumnElement[bool]]:
    wanted = [_of_organisation(terms.organisation_id)]
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
    return wanted


def _of_organisation(organisation_id: UUID) -> ColumnElement[bool]:
    """Rows about the organisation's cases; of those about no case, the ones of or about its staff."""
    cases = select(Case.id).where(Case.organisation_id == organisation_id)
    staff = select(Staff.id).join(Unit, Unit.id == Staff.unit_id).where(Unit.organisation_id == organisation_id)
    about_staff = or_(AuditRow.actor_id.in_(staff), AuditRow.subject_id.in_(staff))
    return or_(AuditRow.case_id.in_(cases), and_(AuditRow.case_id.is_(None), about_staff))
