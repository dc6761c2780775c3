"""Organisations, units, staff accounts, and citizens by CPR number."""

from dataclasses import dataclass
from uuid import UUID

from auth.policy import StaffActor
from samrum.cpr import Cpr
from samrum.models import Citizen, Organisation, Staff, Unit
from samrum.queries import people
from samrum.services import sessions
from samrum.services.audit import Event
from samrum.services.errors import Invalid, NotThere, Problem
from samrum.services.platform import Act, Caller, Platform
from samrum.services.staff_login import INVITATION_LIFE, invitation_hash, new_invitation


@dataclass(frozen=True)
class NewStaff:
    """A professional to create; organisation and unit are made when they are not there yet."""

    name: str
    email: str
    organisation: str
    unit: str
    case_creator: bool = False
    administrator: bool = False
    auditor: bool = False


@dataclass(frozen=True)
class StaffRow:
    """A line of the administrator's list."""

    id: UUID
    name: str
    email: str
    unit: str
    active: bool
    case_creator: bool
    administrator: bool
    auditor: bool


def create_staff(platform: Platform, caller: Caller, new: NewStaff) -> tuple[UUID, str]:
    """Create an account; returns its id and the single-use invitation code. Raises ``Invalid``."""
    code = new_invitation()
    with platform.act(caller) as act:
        if not new.name.strip():
            raise Invalid(Problem.NAME_MISSING, "name")
        if people.staff_by_email(act.session, new.email) is not None:
            raise Invalid(Problem.EMAIL_TAKEN, "email")
        organisation = people.organisation_by_name(act.session, new.organisation)
        if organisation is None:
            organisation = Organisation(name=new.organisation)
            act.session.add(organisation)
            act.session.flush()
        unit = people.unit_by_name(act.session, organisation.id, new.unit)
        if unit is None:
            unit = Unit(organisation_id=organisation.id, name=new.unit)
            act.session.add(unit)
            act.session.flush()
        staff = Staff(
            unit_id=unit.id,
            name=new.name.strip(),
            email=new.email.strip(),
            case_creator=new.case_creator,
            administrator=new.administrator,
            auditor=new.auditor,
            created_at=act.now,
            invitation_hash=invitation_hash(platform, code),
            invited_until=act.now + INVITATION_LIFE,
        )
        act.session.add(staff)
        act.session.flush()
        act.log(Event.STAFF_CREATED, subject_id=staff.id)
        return staff.id, code


def deactivate_staff(platform: Platform, caller: Caller, staff_id: UUID) -> None:
    """Close an account of the administrator's own organisation; its logins end at once. Raises ``NotThere``."""
    with platform.act(caller) as act:
        staff = people.staff_by_id(act.session, [staff_id]).get(staff_id)
        if staff is None or not _administers(caller, staff.unit.organisation_id):
            raise NotThere
        staff.active = False
        sessions.end_all(act, staff.id)
        act.log(Event.STAFF_DEACTIVATED, subject_id=staff.id)


def list_staff(platform: Platform, caller: Caller, *, after: str = "", limit: int = 50) -> list[StaffRow]:
    """A page of the staff of the administrator's own organisation. Raises ``NotThere``."""
    actor = caller.actor
    if not isinstance(actor, StaffActor) or not actor.administrator:
        raise NotThere
    with platform.database.transaction(writes=False) as session:
        return [
            StaffRow(
                row.id, row.name, row.email, row.unit.name, row.active, row.case_creator, row.administrator, row.auditor
            )
            for row in people.staff_of_organisation(session, actor.organisation, after=after, limit=limit)
        ]


def citizen(platform: Platform, act: Act, name: str, cpr: Cpr | None) -> Citizen:
    """The citizen with this CPR number, registered now if unknown; without a number always a new one."""
    index = platform.fields.index_cpr(cpr) if cpr else None
    found = people.citizen_by_cpr(act.session, index) if index else None
    if found is not None:
        return found
    new = Citizen(
        name=name,
        birth_date=cpr.birth_date if cpr else None,
        sealed_cpr=platform.fields.seal_cpr(cpr) if cpr else None,
        cpr_index=index,
    )
    act.session.add(new)
    act.session.flush()
    return new


def _administers(caller: Caller, organisation_id: UUID) -> bool:
    """Whether the caller is an administrator of this organisation; the command line on the server always is one."""
    actor = caller.actor
    if actor is None:
        return caller.address is None
    return isinstance(actor, StaffActor) and actor.administrator and actor.organisation == organisation_id
