"""Organisations, units, staff accounts, and citizens by CPR number."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy.orm import Session

from auth.policy import StaffActor
from samrum.cpr import Cpr
from samrum.models import Citizen, Organisation, Staff, Unit
from samrum.queries import people
from samrum.queries.factors import holders_of_passkeys
from samrum.services import mail, second_factor, sessions
from samrum.services.audit import Event
from samrum.services.errors import Invalid, NotThere, Problem
from samrum.services.naming import units_come
from samrum.services.platform import Act, Caller, Platform
from samrum.services.staff_login import INVITATION_LIFE, invitation_hash, new_invitation

_SAME_CLICK = timedelta(minutes=1)


class Identity(StrEnum):
    """How an administrator made sure who asked for a new second factor (OWASP ASVS 5.0 V6.4.4); kept in the log."""

    IN_PERSON = "in_person"
    VIDEO = "video"
    LEADER = "leader"


@dataclass(frozen=True)
class NewStaff:
    """A professional to create; organisation and unit are made when they are not there yet.

    What an administrator creates belongs to the administrator's own organisation, whatever ``organisation`` says.
    """

    name: str
    email: str
    organisation: str
    unit: str
    case_creator: bool = False
    administrator: bool = False
    auditor: bool = False


@dataclass(frozen=True)
class StaffRow:
    """An account, as the administrator sees it. ``has_password`` is False until the invitation was accepted."""

    id: UUID
    name: str
    email: str
    unit: str
    active: bool
    case_creator: bool
    administrator: bool
    auditor: bool
    has_password: bool
    has_app: bool
    has_passkey: bool
    is_self: bool

    @property
    def has_second_factor(self) -> bool:
        return self.has_app or self.has_passkey


def create_staff(platform: Platform, caller: Caller, new: NewStaff) -> tuple[UUID, str]:
    """Create an account; returns its id and the single-use invitation code. Raises ``NotThere`` or ``Invalid``."""
    code = new_invitation()
    with platform.act(caller) as act:
        organisation = _organisation(act, new.organisation)
        if not new.name.strip():
            raise Invalid(Problem.NAME_MISSING, "name")
        if not new.unit.strip():
            raise Invalid(Problem.UNIT_MISSING, "unit")
        check_roles(case_creator=new.case_creator, administrator=new.administrator, auditor=new.auditor)
        if people.staff_by_email(act.session, new.email) is not None:
            raise Invalid(Problem.EMAIL_TAKEN, "email")
        unit = _unit(act, organisation, new.unit)
        staff = Staff(
            unit_id=unit.id,
            name=new.name.strip(),
            email=new.email.strip().lower(),
            case_creator=new.case_creator,
            administrator=new.administrator,
            auditor=new.auditor,
            created_at=act.now,
            invitation_hash=invitation_hash(platform, code),
            invited_until=act.now + INVITATION_LIFE,
        )
        if not act.add_first(staff):
            raise Invalid(Problem.EMAIL_TAKEN, "email")
        act.log(Event.STAFF_CREATED, subject_id=staff.id)
        act.result = staff.id
        return staff.id, code


def check_roles(*, case_creator: bool, administrator: bool, auditor: bool) -> None:
    """Raises ``Invalid`` for roles that nobody has together."""
    if case_creator and (administrator or auditor):
        raise Invalid(Problem.ROLES_CLASH, "roles")


def renew_invitation(platform: Platform, caller: Caller, staff_id: UUID) -> str:
    """A new single-use code in place of an earlier one, also for who forgot the password. Raises ``NotThere``,
    ``Invalid``. The old password stands until the code is used."""
    code = new_invitation()
    with platform.act(caller) as act:
        staff = _active(act, staff_id)
        staff.invitation_hash = invitation_hash(platform, code)
        staff.invited_until = act.now + INVITATION_LIFE
        act.log(Event.STAFF_INVITED, subject_id=staff.id)
        act.result = staff.id
    return code


def invitation_for_second_click(platform: Platform, caller: Caller, staff_id: UUID) -> str | None:
    """A new code where one was made a moment ago and its page was never seen; None when that is longer ago."""
    with platform.database.transaction(writes=False) as session:
        until = administered(session, caller, staff_id).invited_until
    if until is None or platform.clock.now() - (until - INVITATION_LIFE) > _SAME_CLICK:
        return None
    return renew_invitation(platform, caller, staff_id)


def reset_second_factor(platform: Platform, caller: Caller, staff_id: UUID, identity: Identity) -> None:
    """Forget somebody's second factors, as when a phone is lost; the logins end, and the person is told.

    ``identity``: how the administrator knows who asked.

    A code for a new password that is still out is worth nothing any more: with the factor gone it would be enough by
    itself. Raises ``NotThere`` or ``Invalid``.
    """
    with platform.act(caller) as act:
        staff = _active(act, staff_id)
        second_factor.forget_all(act, staff)
        staff.invitation_hash = staff.invited_until = None
        sessions.end_all(act, staff.id)
        mail.notify(platform, act, staff, mail.Kind.FACTOR_RESET)
        act.log(Event.SECOND_FACTOR_RESET, subject_id=staff.id, detail={"identity": identity.value})
    mail.deliver(platform)


def move_staff(platform: Platform, caller: Caller, staff_id: UUID, unit_name: str) -> None:
    """Put somebody into another unit of the same organisation, which is made when it is not there yet.

    Logins go on, grants stand, and every decision from the next request on is taken with the new unit: consents name
    units, so that what the old one was covered for stays behind. Raises ``NotThere`` or ``Invalid``.
    """
    with platform.act(caller) as act:
        staff = people.hold_staff(act.session, _active(act, staff_id))
        left = staff.unit
        unit = _unit(act, left.organisation, unit_name)
        if unit.id == left.id:
            raise Invalid(Problem.UNIT_SAME, "unit")
        staff.unit = unit
        units_come(act, staff)
        act.log(Event.STAFF_MOVED, subject_id=staff.id, detail={"from": str(left.id), "to": str(unit.id)})


def deactivate_staff(platform: Platform, caller: Caller, staff_id: UUID) -> None:
    """Close an account of the administrator's own organisation; its logins end at once. Raises ``NotThere``, or
    ``Invalid`` for one's own account: so that every organisation keeps an administrator."""
    with platform.act(caller) as act:
        staff = _active(act, staff_id)
        staff.active = False
        staff.invitation_hash = staff.invited_until = None
        sessions.end_all(act, staff.id)
        act.log(Event.STAFF_DEACTIVATED, subject_id=staff.id)


def list_staff(platform: Platform, caller: Caller, *, after: UUID | None = None, limit: int = 50) -> list[StaffRow]:
    """A page of the staff of the administrator's own organisation, behind ``after``. Raises ``NotThere``."""
    actor = caller.actor
    if not isinstance(actor, StaffActor) or not actor.administrator:
        raise NotThere
    with platform.database.transaction(writes=False) as session:
        behind = administered(session, caller, after).email if after else ""
        rows = people.staff_of_organisation(session, actor.organisation, after=behind, limit=limit)
        with_passkey = holders_of_passkeys(session, [row.id for row in rows])
        return [_row(row, caller, has_passkey=row.id in with_passkey) for row in rows]


def person(platform: Platform, caller: Caller, staff_id: UUID) -> StaffRow:
    """One account of the administrator's own organisation. Raises ``NotThere``."""
    with platform.database.transaction(writes=False) as session:
        staff = administered(session, caller, staff_id)
        return _row(staff, caller, has_passkey=bool(holders_of_passkeys(session, [staff.id])))


def units(platform: Platform, caller: Caller) -> list[str]:
    """The units of the administrator's own organisation. Raises ``NotThere``."""
    actor = caller.actor
    if not isinstance(actor, StaffActor) or not actor.administrator:
        raise NotThere
    with platform.database.transaction(writes=False) as session:
        return [unit.name for unit in people.units_of_organisation(session, actor.organisation)]


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
    if act.add_first(new):
        return new
    found = people.citizen_by_cpr(act.session, index) if index else None
    if found is None:
        raise NotThere
    return found


def _row(staff: Staff, caller: Caller, *, has_passkey: bool) -> StaffRow:
    return StaffRow(
        id=staff.id,
        name=staff.name,
        email=staff.email,
        unit=staff.unit.name,
        active=staff.active,
        case_creator=staff.case_creator,
        administrator=staff.administrator,
        auditor=staff.auditor,
        has_password=staff.password_hash is not None,
        has_app=staff.sealed_totp is not None,
        has_passkey=has_passkey,
        is_self=staff.id == caller.id,
    )


def _organisation(act: Act, name: str) -> Organisation:
    """The administrator's own organisation; for the command line the one with this name, made when it is new."""
    actor = act.caller.actor
    if isinstance(actor, StaffActor) and actor.administrator:
        return act.session.get_one(Organisation, actor.organisation)
    if actor is not None or act.caller.address is not None:
        raise NotThere
    organisation = people.organisation_by_name(act.session, name)
    if organisation is None:
        organisation = Organisation(name=name)
        act.session.add(organisation)
        act.session.flush()
    return organisation


def _unit(act: Act, organisation: Organisation, name: str) -> Unit:
    """The unit with this name, made when it is new. Raises ``Invalid`` where there is no name."""
    name = name.strip()
    if not name:
        raise Invalid(Problem.UNIT_MISSING, "unit")
    found = people.unit_by_name(act.session, organisation.id, name)
    if found is not None:
        return found
    unit = Unit(organisation_id=organisation.id, name=name)
    found = unit if act.add_first(unit) else people.unit_by_name(act.session, organisation.id, name)
    if found is None:
        raise NotThere
    return found


def administered(session: Session, caller: Caller, staff_id: UUID) -> Staff:
    """An account of the administrator's own organisation. Raises ``NotThere``."""
    staff = people.staff_by_id(session, [staff_id]).get(staff_id)
    if staff is None or not _administers(caller, staff.unit.organisation_id):
        raise NotThere
    return staff


def _active(act: Act, staff_id: UUID) -> Staff:
    """Somebody else's account that is in use. Raises ``NotThere`` or ``Invalid``."""
    staff = administered(act.session, act.caller, staff_id)
    if staff.id == act.caller.id:
        raise Invalid(Problem.OWN_ACCOUNT)
    if not staff.active:
        raise Invalid(Problem.ACCOUNT_CLOSED)
    return staff


def _administers(caller: Caller, organisation_id: UUID) -> bool:
    """Whether the caller is an administrator of this organisation; the command line on the server always is one."""
    actor = caller.actor
    if actor is None:
        return caller.address is None
    return isinstance(actor, StaffActor) and actor.administrator and actor.organisation == organisation_id
