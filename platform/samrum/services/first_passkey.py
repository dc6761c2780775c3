"""The passkey that completes a login, where the organisation lets nobody in with less."""

from dataclasses import replace
from uuid import UUID

from samrum.models import LoginSession, Staff
from samrum.queries.factors import end_other_logins
from samrum.services import mail, notices, passkeys, second_factor, sessions
from samrum.services.audit import Event
from samrum.services.errors import AlreadyDone, LoginProblem, LoginRefused
from samrum.services.platform import Act, Caller, Platform
from samrum.services.sessions import Stage
from samrum.services.staff_login import half_login, may_make_passkey, token_of_first_click


def options(platform: Platform, caller: Caller, login_id: UUID) -> str:
    """What the browser needs to make the passkey, as JSON. Raises ``NotThere``, or ``LoginRefused`` for a half login
    that has not given what it takes."""
    with platform.act(replace(caller, once=None)) as act:
        return passkeys.new_options(platform, act, *_allowed(platform, act, login_id))


def make(platform: Platform, caller: Caller, login_id: UUID, name: str, answer: str) -> str:
    """Keep the passkey, end the half login and every other one, and return the token of the full one.

    Raises as ``options`` does, and ``LoginRefused`` for an answer that is not believed.
    """
    try:
        token = _make(platform, caller, login_id, name, answer)
    except AlreadyDone as done:
        return token_of_first_click(platform, done, LoginProblem.WRONG_PASSKEY)
    if token is None:
        raise LoginRefused(LoginProblem.WRONG_PASSKEY)
    mail.deliver(platform)
    return token


def _make(platform: Platform, caller: Caller, login_id: UUID, name: str, answer: str) -> str | None:
    with platform.act(caller) as act:
        half, staff = _allowed(platform, act, login_id)
        if not passkeys.keep(platform, act, half, staff, name, answer):
            return None
        staff.invitation_hash = staff.invited_until = None
        half.ended_at = act.now
        end_other_logins(act.session, staff.id, half.id, act.now)
        mail.notify(platform, act, staff, mail.Kind.PASSKEY_ADDED)
        act.log(Event.LOGGED_IN, reason=second_factor.Spent.PASSKEY.value)
        notices.logged_in(platform, act, staff, is_told=True)
        return sessions.begin(act, staff, Stage.FULL, act.now)


def _allowed(platform: Platform, act: Act, login_id: UUID) -> tuple[LoginSession, Staff]:
    """The caller's half login, if it may make a passkey. Raises ``LoginRefused``."""
    half, staff = half_login(platform, act, login_id)
    if not may_make_passkey(half, second_factor.held(act.session, staff)):
        raise LoginRefused(LoginProblem.LOGIN_ENDED)
    return half, staff
