"""What an owner and an administrator must see to, in as many queries however long it is.

An owner's cases are found by ``ix_case_owner_id``; grants and parents then by the case (``uq_grant_in_force``,
``uq_case_parent_case_id_citizen_id``), for as many cases as one owner has.
"""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session, joinedload

from samrum.models import Case, CaseParent, Grant, Staff, Unit


def owned(staff_id: UUID) -> ColumnElement[bool]:
    """The active cases of an owner."""
    return and_(Case.owner_id == staff_id, Case.status == "active")


def grants_of(session: Session, case_ids: Collection[UUID]) -> list[Grant]:
    """The grants in these cases that are not revoked, staff, unit and organisation loaded."""
    query = (
        select(Grant)
        .options(joinedload(Grant.staff).joinedload(Staff.unit).joinedload(Unit.organisation))
        .where(Grant.case_id.in_(list(case_ids)), Grant.revoked_at.is_(None))
    )
    return list(session.scalars(query))


def parents_of(session: Session, case_ids: Collection[UUID]) -> list[CaseParent]:
    """The parents in these cases."""
    return list(session.scalars(select(CaseParent).where(CaseParent.case_id.in_(list(case_ids)))))


def ownerless(session: Session, organisation_id: UUID, limit: int) -> tuple[int, list[str]]:
    """How many cases of the organisation have an owner who has left, and the first of their neutral numbers.

    It goes from the few closed accounts to their cases (``ix_case_owner_id``), never through all cases.
    """
    gone = select(Staff.id).where(Staff.active.is_(False))
    condition = and_(Case.organisation_id == organisation_id, Case.owner_id.in_(gone))
    count = session.scalars(select(func.count()).select_from(Case).where(condition)).one()
    numbers = session.scalars(select(Case.number).where(condition).order_by(Case.number).limit(limit))
    return count, list(numbers)
