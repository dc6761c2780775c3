"""Which units a case has had in its team."""

from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from samrum.models import Grant, Staff, Unit


def units_in_order(session: Session, case_id: UUID) -> list[tuple[UUID, UUID]]:
    """(unit, organisation) of everybody who was ever granted anything in the case, the first to come first.

    Grants are never deleted, so that a place in this order stays the unit's own.
    """
    query = (
        select(Unit.id, Unit.organisation_id)
        .join(Staff, Staff.unit_id == Unit.id)
        .join(Grant, Grant.staff_id == Staff.id)
        .where(Grant.case_id == case_id)
        .group_by(Unit.id, Unit.organisation_id)
        .order_by(func.min(Grant.granted_at), Unit.id)
    )
    return [(unit, organisation) for unit, organisation in session.execute(query)]
