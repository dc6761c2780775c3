"""Opening a closed account again, for the same person: nothing of the access it had comes back."""

from dataclasses import dataclass
from uuid import UUID

from samrum.queries.cases import grants_of_staff, owns_a_case
from samrum.queries.people import hold_staff
from samrum.services import people, second_factor, sessions
from samrum.services.audit import Event
from samrum.services.errors import Invalid, Problem
from samrum.services.platform import Caller, Platform
from samrum.services.staff_login import INVITATION_LIFE, invitation_hash, new_invitation


@dataclass(frozen=True)
class Roles:
    """What the account can do from now on, whatever it could before."""

    case_creator: bool = False
    administrator: bool = False
    auditor: bool = False


def reopen(platform: Platform, caller: Caller, staff_id: UUID, roles: Roles) -> str:
    """Open a closed account of the administrator's own organisation; returns a single-use invitation code.

    Password, factors, logins, grants and roles of before are gone, so that whoever reads the mailbox today does not get
    what somebody had in their day. Raises ``NotThere``, or ``Invalid``: for an account that is open, for roles that
    clash, and while it owns rooms, which go to somebody else first.
    """
    code = new_invitation()
    people.check_roles(case_creator=roles.case_creator, administrator=roles.administrator, auditor=roles.auditor)
    with platform.act(caller) as act:
        staff = hold_staff(act.session, people.administered(act.session, caller, staff_id))
        act.session.refresh(staff, ["active"])
        if staff.active:
            raise Invalid(Problem.ACCOUNT_OPEN)
        if owns_a_case(act.session, staff.id):
            raise Invalid(Problem.STILL_OWNS)
        for grant in grants_of_staff(act.session, staff.id):
            grant.revoked_at, grant.revoked_by = act.now, caller.id
            act.log(Event.GRANT_REVOKED, case_id=grant.case_id, subject_id=staff.id, detail={"why": "account_reopened"})
        second_factor.forget_all(act, staff)
        sessions.end_all(act, staff.id)
        staff.password_hash = None
        staff.case_creator, staff.administrator, staff.auditor = roles.case_creator, roles.administrator, roles.auditor
        staff.active = True
        staff.invitation_hash = invitation_hash(platform, code)
        staff.invited_until = act.now + INVITATION_LIFE
        act.log(Event.STAFF_REOPENED, subject_id=staff.id)
        act.result = staff.id
    return code
