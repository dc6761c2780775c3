"""Staff, units and citizens."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from samrum.models import Citizen, CitizenLogin, Organisation, Staff, Unit


def staff_by_email(session: Session, email: str) -> Staff | None:
    query = select(Staff).options(joinedload(Staff.unit).joinedload(Unit.organisation))
    return session.scalars(query.where(func.lower(Staff.email) == email.strip().lower())).one_or_none()


def staff_by_invitation(session: Session, invitation_hash: bytes) -> Staff | None:
    """The member of staff with this invitation, held until the transaction ends: a code is good once."""
    query = select(Staff).where(Staff.invitation_hash == invitation_hash)
    return session.scalars(query.with_for_update()).one_or_none()


def staff_by_id(session: Session, ids: Collection[UUID]) -> dict[UUID, Staff]:
    """The staff with these ids, units and organisations loaded."""
    query = select(Staff).options(joinedload(Staff.unit).joinedload(Unit.organisation)).where(Staff.id.in_(list(ids)))
    return {staff.id: staff for staff in session.scalars(query)}


def hold_staff(session: Session, staff: Staff) -> Staff:
    """The same member of staff in the unit of this moment, who is not moved until the transaction ends."""
    session.refresh(staff, ["unit_id", "unit"], with_for_update={"of": Staff})
    return staff


def staff_of_organisation(session: Session, organisation_id: UUID, *, after: str, limit: int) -> list[Staff]:
    """Staff in the order of their e-mail addresses, from the one behind ``after``."""
    query = (
        select(Staff)
        .join(Unit)
        .options(joinedload(Staff.unit))
        .where(Unit.organisation_id == organisation_id, func.lower(Staff.email) > after.lower())
        .order_by(func.lower(Staff.email))
        .limit(limit)
    )
    return list(session.scalars(query))


def citizen_by_cpr(session: Session, cpr_index: bytes) -> Citizen | None:
    return session.scalars(select(Citizen).where(Citizen.cpr_index == cpr_index)).one_or_none()


def citizen_by_login(session: Session, issuer: str, subject: str) -> Citizen | None:
    query = select(Citizen).join(CitizenLogin, CitizenLogin.citizen_id == Citizen.id)
    return session.scalars(query.where(CitizenLogin.issuer == issuer, CitizenLogin.subject == subject)).one_or_none()


def organisation_by_name(session: Session, name: str) -> Organisation | None:
    return session.scalars(select(Organisation).where(Organisation.name == name)).one_or_none()


def units_of_organisation(session: Session, organisation_id: UUID) -> list[Unit]:
    return list(session.scalars(select(Unit).where(Unit.organisation_id == organisation_id).order_by(Unit.name)))


def unit_by_name(session: Session, organisation_id: UUID, name: str) -> Unit | None:
    query = select(Unit).where(Unit.organisation_id == organisation_id, Unit.name == name)
    return session.scalars(query).one_or_none()


def units_by_id(session: Session, ids: Collection[UUID]) -> dict[UUID, Unit]:
    """The units with these ids, organisations loaded."""
    query = select(Unit).options(joinedload(Unit.organisation)).where(Unit.id.in_(list(ids)))
    return {unit.id: unit for unit in session.scalars(query)}
