"""What the owner grants staff, and the hand-over of the whole case."""

from datetime import date
from uuid import UUID

from auth.policy import Action, Level, decide
from samrum.models import Grant, Staff
from samrum.queries.cases import case_by_number, grant_in_force
from samrum.queries.people import hold_staff, staff_by_email
from samrum.services.audit import Event
from samrum.services.errors import Denied, Invalid, NotThere, Problem
from samrum.services.naming import units_come
from samrum.services.platform import Act, Caller, Platform
from samrum.services.sessions import staff_actor


def set_grant(
    platform: Platform, caller: Caller, case_id: UUID, email: str, level: Level, last_day: date | None
) -> None:
    """Grant a colleague ``read`` or ``write``, in place of what was granted before. Raises ``Invalid``."""
    with platform.act(caller) as act:
        case = act.require(case_id, Action.MANAGE, lock=True).case
        staff = hold_staff(act.session, _active(staff_by_email(act.session, email)))
        if staff.id == case.owner_id:
            raise Invalid(Problem.GRANT_TO_OWNER, "email")
        if staff.administrator or staff.auditor:
            raise Invalid(Problem.GRANT_TO_ADMINISTRATOR, "email")
        if last_day is not None and last_day < act.today:
            raise Invalid(Problem.LAST_DAY_PASSED, "last_day")
        _revoke(act, grant_in_force(act.session, case_id, staff.id))
        act.session.add(
            Grant(
                case_id=case_id,
                staff_id=staff.id,
                level=level.value,
                last_day=last_day,
                granted_by=caller.id,
                granted_at=act.now,
            )
        )
        units_come(act, staff)
        detail = {"level": level.value, "last_day": last_day.isoformat() if last_day else None}
        act.log(Event.GRANT_SET, case_id=case_id, subject_id=staff.id, detail=detail)


def revoke_grant(platform: Platform, caller: Caller, case_id: UUID, grant_id: UUID) -> None:
    """Take a grant back; it bites on the colleague's next request. Raises ``NotThere``."""
    with platform.act(caller) as act:
        act.require(case_id, Action.MANAGE, lock=True)
        grant = act.session.get(Grant, grant_id)
        if grant is None or grant.case_id != case_id:
            raise NotThere
        if grant.revoked_at is None:
            _revoke(act, grant)
            act.log(Event.GRANT_REVOKED, case_id=case_id, subject_id=grant.staff_id)


def hand_over(platform: Platform, caller: Caller, case_id: UUID, email: str, why: str | None = None) -> None:
    """Make a colleague the owner; the former owner keeps nothing. Raises ``Invalid``. ``why`` is a code for the log."""
    with platform.act(caller) as act:
        found = act.require(case_id, Action.HAND_OVER, lock=True)
        case = found.case
        receiver = _active(staff_by_email(act.session, email))
        if not decide(staff_actor(receiver), Action.RECEIVE_CASE, found.facts, act.today).allowed:
            raise Invalid(Problem.NOT_CASE_CREATOR, "email")
        _revoke(act, grant_in_force(act.session, case_id, receiver.id))
        former, case.owner_id = case.owner_id, receiver.id
        detail = {"from": str(former), "why": why} if why else {"from": str(former)}
        act.log(Event.CASE_HANDED_OVER, case_id=case_id, subject_id=receiver.id, detail=detail)


def hand_over_ownerless(platform: Platform, caller: Caller, number: str, email: str, why: str) -> None:
    """As ``hand_over``, by an administrator who has the case's number from somebody in it, for a case whose owner's
    account is closed. Raises ``Invalid``, alike for every number that is not such a case's."""
    with platform.database.transaction(writes=False) as session:
        case_id = case_by_number(session, number)
    if case_id is None:
        raise Invalid(Problem.NO_OWNERLESS_CASE, "number")
    try:
        hand_over(platform, caller, case_id, email, why)
    except Denied as denied:
        raise Invalid(Problem.NO_OWNERLESS_CASE, "number") from denied


def _active(staff: Staff | None) -> Staff:
    if staff is None or not staff.active:
        raise Invalid(Problem.UNKNOWN_STAFF, "email")
    return staff


def _revoke(act: Act, grant: Grant | None) -> None:
    if grant is not None:
        grant.revoked_at, grant.revoked_by = act.now, act.caller.id
        act.session.flush()
