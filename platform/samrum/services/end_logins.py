"""What the operator does about logins from the command line: ending them, and letting somebody begin anew."""

from samrum.queries.factors import running_logins
from samrum.queries.logins import logins_of
from samrum.queries.people import staff_by_email
from samrum.services import people
from samrum.services.audit import Event
from samrum.services.errors import NotThere
from samrum.services.people import Identity
from samrum.services.platform import SYSTEM, Platform
from samrum.services.sessions import Stage


def end(platform: Platform, email: str | None = None) -> int:
    """End the logins of the member of staff with this e-mail; without one those of all, citizens too.

    Returns how many; each is logged. Who it was goes on by logging in again. Raises ``NotThere`` for an unknown e-mail.
    """
    with platform.act(SYSTEM) as act:
        if email is None:
            rows = running_logins(act.session)
        else:
            staff = staff_by_email(act.session, email)
            if staff is None:
                raise NotThere
            rows = logins_of(act.session, staff.id)
        for row in rows:
            row.ended_at = act.now
            if row.stage == Stage.FULL:
                act.log(Event.LOGGED_OUT, subject_id=row.staff_id or row.citizen_id, reason="operator")
        return len(rows)


def reset_factor(platform: Platform, email: str, identity: Identity) -> None:
    """Forget the second factors of the member of staff with this e-mail, as for an organisation's only administrator.

    Raises as ``people.reset_second_factor`` does, ``NotThere`` for an unknown e-mail too.
    """
    with platform.database.transaction(writes=False) as session:
        staff = staff_by_email(session, email)
    if staff is None:
        raise NotThere
    people.reset_second_factor(platform, SYSTEM, staff.id, identity)
