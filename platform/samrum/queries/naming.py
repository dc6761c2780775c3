"""Which units a case has had in its team."""

from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from samrum.models import CaseUnit, Grant, Unit


def units_in_order(session: Session, case_id: UUID) -> list[tuple[UUID, UUID]]:
    """(unit, organisation) of everybody who was ever granted anything in the case, the first to come first.

    Rows are never deleted, so that a place in this order stays the unit's own.
    """
    query = (
        select(Unit.id, Unit.organisation_id)
        .join(CaseUnit, CaseUnit.unit_id == Unit.id)
        .where(CaseUnit.case_id == case_id)
        .order_by(CaseUnit.since, Unit.id)
    )
    return [(unit, organisation) for unit, organisation in session.execute(query)]


def cases_new_to(session: Session, staff_id: UUID, unit_id: UUID) -> list[UUID]:
    """The cases this member of staff is let into in which nobody of the unit has been yet."""
    is_known = exists().where(CaseUnit.case_id == Grant.case_id, CaseUnit.unit_id == unit_id)
    query = select(Grant.case_id).where(Grant.staff_id == staff_id, Grant.revoked_at.is_(None), ~is_known)
    return list(session.scalars(query))
