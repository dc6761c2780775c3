"""Lists of cases, and what a case's pages show beside the documents."""

from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, exists, false, or_, select, union
from sqlalchemy.orm import Session, aliased, joinedload

from auth.age import latest_adult_birth_date
from auth.policy import Actor, StaffActor
from samrum.models import Case, CaseParent, Citizen, Consent, Grant, Staff, Unit

_OTHER_CASE = aliased(Case)  # to make one anew at every request costs more than the query


def attached(viewer: Actor, today: date) -> ColumnElement[bool]:
    """The cases that ``viewer`` may at least know of today: agrees with the policy's ``SEE_NUMBER``.

    A union, because each half has an index of its own: the cost follows the viewer's cases and not everybody's.
    """
    if not viewer.active:
        return false()
    if isinstance(viewer, StaffActor):
        if viewer.never_sees_files:
            return false()
        own = select(_OTHER_CASE.id).where(_OTHER_CASE.owner_id == viewer.id)
        others = select(Grant.case_id).where(
            Grant.staff_id == viewer.id,
            Grant.revoked_at.is_(None),
            or_(Grant.last_day.is_(None), Grant.last_day >= today),
        )
    else:
        own = select(_OTHER_CASE.id).where(_OTHER_CASE.youth_id == viewer.id)
        a_minor = Citizen.birth_date > latest_adult_birth_date(today)
        theirs = select(CaseParent.case_id).join(_OTHER_CASE, _OTHER_CASE.id == CaseParent.case_id)
        with_age = theirs.join(Citizen, Citizen.id == _OTHER_CASE.youth_id)
        others = with_age.where(CaseParent.citizen_id == viewer.id, a_minor)
    return Case.id.in_(union(own, others))


def grants_of_staff(session: Session, staff_id: UUID) -> list[Grant]:
    """What a member of staff is granted anywhere, run out or not, held until the transaction ends."""
    query = select(Grant).where(Grant.staff_id == staff_id, Grant.revoked_at.is_(None)).order_by(Grant.granted_at)
    return list(session.scalars(query.with_for_update()))


def owns_a_case(session: Session, staff_id: UUID) -> bool:
    """Whether somebody owns a case, closed ones too."""
    return session.scalars(select(Case.id).where(Case.owner_id == staff_id).limit(1)).one_or_none() is not None


def case_by_number(session: Session, number: str) -> UUID | None:
    """The case with this neutral number, however it is spaced."""
    plain = "".join(letter for letter in number.upper() if letter.isalnum())
    return session.scalars(select(Case.id).where(Case.number == f"{plain[:4]}-{plain[4:]}")).one_or_none()


def case_of_youth(session: Session, organisation_id: UUID, youth_id: UUID) -> UUID | None:
    query = select(Case.id).where(Case.organisation_id == organisation_id, Case.youth_id == youth_id)
    return session.scalars(query).one_or_none()


def parents_of(session: Session, case_id: UUID) -> list[CaseParent]:
    query = select(CaseParent).options(joinedload(CaseParent.citizen)).where(CaseParent.case_id == case_id)
    return list(session.scalars(query.order_by(CaseParent.custody_holder.desc(), CaseParent.name)))


def grants_of(session: Session, case_id: UUID) -> list[Grant]:
    """The grants that are not revoked, staff, unit and organisation loaded."""
    query = (
        select(Grant)
        .join(Staff, Staff.id == Grant.staff_id)
        .options(joinedload(Grant.staff).joinedload(Staff.unit).joinedload(Unit.organisation))
        .where(Grant.case_id == case_id, Grant.revoked_at.is_(None))
    )
    return list(session.scalars(query.order_by(Staff.name)))


def grant_in_force(session: Session, case_id: UUID, staff_id: UUID) -> Grant | None:
    query = select(Grant).where(Grant.case_id == case_id, Grant.staff_id == staff_id, Grant.revoked_at.is_(None))
    return session.scalars(query).one_or_none()


def team_units(session: Session, case_id: UUID) -> list[Unit]:
    """The units whose staff hold a grant in the case: those a consent may name."""
    query = (
        select(Unit)
        .options(joinedload(Unit.organisation))
        .where(
            exists().where(
                Grant.case_id == case_id,
                Grant.revoked_at.is_(None),
                Grant.staff_id == Staff.id,
                Staff.unit_id == Unit.id,
            )
        )
    )
    return list(session.scalars(query.order_by(Unit.name)))


def consents_of(session: Session, case_id: UUID) -> list[Consent]:
    """All consents of a case, the newest first, with the units they name."""
    query = select(Consent).options(
        joinedload(Consent.units).joinedload(Unit.organisation),
        joinedload(Consent.giver),
        joinedload(Consent.scan),
        joinedload(Consent.receipt),
    )
    query = query.where(Consent.case_id == case_id).order_by(Consent.given_at.desc())
    return list(session.scalars(query).unique())


def consents_run_out(session: Session, today: date, limit: int, case_id: UUID | None = None) -> list[Consent]:
    """Consents whose last day has passed and of which the log does not say so yet, held until the transaction ends;
    of one case, or of all."""
    query = select(Consent).where(
        Consent.until_day < today, Consent.withdrawn_at.is_(None), Consent.run_out_logged.is_(False)
    )
    if case_id is not None:
        query = query.where(Consent.case_id == case_id)
    return list(session.scalars(query.order_by(Consent.until_day, Consent.id).limit(limit).with_for_update()))
