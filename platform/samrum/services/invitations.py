"""Codes that go by mail: the administrator's invitation, and a person's own new password.

Where a mail server is set nobody but the person sees the code, so that no administrator can log in as somebody else.
"""

import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from samrum.db import DatabaseUnavailable
from samrum.mail import MailUnavailable
from samrum.models import Staff
from samrum.queries.people import staff_by_email
from samrum.services import mail, people, reopening, second_factor, throttle
from samrum.services.audit import Event
from samrum.services.people import NewStaff
from samrum.services.platform import Caller, Platform
from samrum.services.reopening import Roles
from samrum.services.staff_login import invitation_hash, new_invitation

RESET_LIFE = timedelta(minutes=10)  # OWASP ASVS 5.0 V6.5.5
_RESETS = 3
_RESETS_WITHIN = timedelta(hours=1)

_log = logging.getLogger("samrum.mail")


@dataclass(frozen=True)
class Invited:
    """What became of an invitation: sent by mail, or not taken by the mail server; ``code`` is to be handed over
    where there is no mail server."""

    staff_id: UUID
    sent: bool
    code: str | None = None


def create(platform: Platform, caller: Caller, new: NewStaff) -> Invited:
    """Create an account and invite its owner. Raises as ``people.create_staff`` does.

    The account exists also when the mail server did not take the invitation: it can be sent again.
    """
    staff_id, code = people.create_staff(platform, caller, new)
    return _hand_out(platform, staff_id, code)


def renew(platform: Platform, caller: Caller, staff_id: UUID) -> Invited:
    """Send a new code in place of an earlier one. Raises as ``people.renew_invitation`` does."""
    return _hand_out(platform, staff_id, people.renew_invitation(platform, caller, staff_id))


def reopen(platform: Platform, caller: Caller, staff_id: UUID, roles: Roles) -> Invited:
    """Open a closed account again and invite its owner anew. Raises as ``reopening.reopen`` does."""
    return _hand_out(platform, staff_id, reopening.reopen(platform, caller, staff_id, roles))


def go_by_mail(platform: Platform) -> bool:
    return platform.mailer is not None


def ask_for_reset(platform: Platform, caller: Caller, email: str) -> None:
    """Send a code for a new password to whoever has this address. Raises ``LoginRefused`` or ``MailUnavailable``.

    It takes the same time and says the same whether there is such an account or not: what differs happens afterwards.
    """
    caller = replace(caller, once=None)
    throttle.count(platform, caller, f"reset {email.strip().lower()}", most=_RESETS, window=_RESETS_WITHIN)
    if platform.mailer is None:
        raise MailUnavailable("no mail server is set")
    platform.mailer.check()
    platform.later(lambda: _send_reset(platform, caller, email))


def _send_reset(platform: Platform, caller: Caller, email: str) -> None:
    code = new_invitation()
    try:
        prepared = _prepare_reset(platform, caller, email, code)
        if prepared is not None:
            # To the address that the administrator wrote, never to what was typed.
            mail.send_code(platform, mail.Kind.RESET, prepared[0], code, prepared[1])
    except (MailUnavailable, DatabaseUnavailable) as error:
        _log.warning("a code for a new password was not sent", extra={"why": type(error).__name__})


def _prepare_reset(platform: Platform, caller: Caller, email: str, code: str) -> tuple[str, datetime] | None:
    """Make the code count, for an account that is in use and has a second factor that stands when the password falls.

    A person without one is invited anew by an administrator: a mailbox alone must never be a way in.
    """
    with platform.act(caller) as act:
        found = staff_by_email(act.session, email)
        staff = act.session.get(Staff, found.id, with_for_update=True) if found is not None else None
        is_stranger = staff is None or not staff.active or staff.password_hash is None
        if staff is None or is_stranger or second_factor.held(act.session, staff).has_none:
            act.log(Event.LOGIN_FAILED, subject_id=staff.id if staff else None, reason="password_reset")
            return None
        staff.invitation_hash = invitation_hash(platform, code)
        staff.invited_until = act.now + RESET_LIFE
        act.log(Event.PASSWORD_RESET_ASKED, subject_id=staff.id)
        return staff.email, staff.invited_until


def _hand_out(platform: Platform, staff_id: UUID, code: str) -> Invited:
    if platform.mailer is None:
        return Invited(staff_id, sent=False, code=code)
    with platform.database.transaction(writes=False) as session:
        staff = session.get_one(Staff, staff_id)
        until = staff.invited_until
    if until is None:
        return Invited(staff_id, sent=False)
    try:
        mail.send_code(platform, mail.Kind.INVITATION, staff.email, code, until)
    except MailUnavailable as error:
        _log.warning("an invitation was not sent", extra={"why": str(error)})
        return Invited(staff_id, sent=False)
    return Invited(staff_id, sent=True)
