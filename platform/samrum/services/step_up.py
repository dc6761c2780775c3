"""A fresh second factor before what is dangerous, and new tokens whenever a login gains or changes something."""

import secrets
from datetime import datetime, timedelta
from uuid import UUID

from samrum.models import LoginSession, Staff
from samrum.services import mail, notices, second_factor, sessions, throttle
from samrum.services.audit import Event
from samrum.services.errors import LoginProblem, LoginRefused
from samrum.services.platform import Act, Caller, Platform
from samrum.services.sessions import Stage


def is_fresh(platform: Platform, stepped_up_at: datetime | None) -> bool:
    """Whether a second factor given at that moment still counts for what asks for a fresh one."""
    life = timedelta(minutes=platform.settings.step_up_minutes)
    return stepped_up_at is not None and timedelta(0) <= platform.clock.now() - stepped_up_at < life


def with_code(platform: Platform, caller: Caller, login_id: UUID, code: str) -> str:
    """Give a code in a running login; returns the login's new token. Raises ``LoginRefused``, for every code where
    the organisation demands a passkey."""
    tried = throttle.count(platform, caller, throttle.by_id(caller.id))
    code_id = second_factor.recovery_code(platform, caller.id, code)
    token, problem = None, LoginProblem.WRONG_CODE
    with platform.act(caller) as act:
        login, staff = running(platform, act, login_id)
        if second_factor.held(act.session, staff).is_passkey_demanded:
            problem = LoginProblem.PASSKEY_DEMANDED
            throttle.forget(act.session, tried)
        elif (kind := second_factor.spend(platform, act, staff, code, code_id)) is not None:
            throttle.forget(act.session, tried)
            token = done(act, login, kind.value)
        else:
            act.log(Event.LOGIN_FAILED, reason="step_up")
    if token is None:
        if problem is LoginProblem.WRONG_CODE:
            notices.failed(platform, tried)
        raise LoginRefused(problem)
    mail.deliver(platform)
    return token


def done(act: Act, login: LoginSession, how: str) -> str:
    """A fresh second factor was given: remember when, and exchange the token."""
    login.stepped_up_at = act.now
    act.log(Event.STEPPED_UP, reason=how)
    return renew(act, login)


def renew(act: Act, login: LoginSession) -> str:
    """A new token for a login; the old one is worth nothing from now on (ASVS 5.0 V7.2.4)."""
    token = secrets.token_urlsafe(32)
    login.token_hash = sessions.token_hash(token)
    act.result = login.id
    return token


def running(platform: Platform, act: Act, login_id: UUID) -> tuple[LoginSession, Staff]:
    """The caller's own full login and the caller, held until the use case ends. Raises ``LoginRefused``."""
    staff = act.session.get(Staff, act.caller.id, with_for_update=True) if act.caller.kind == "staff" else None
    login = act.session.get(LoginSession, login_id, with_for_update=True)
    if login is None or staff is None or login.staff_id != staff.id or login.stage != Stage.FULL:
        raise LoginRefused(LoginProblem.LOGIN_ENDED)
    if login.ended_at is not None or not staff.active or not sessions.is_within_limits(platform, login, act.now):
        raise LoginRefused(LoginProblem.LOGIN_ENDED)
    return login, staff
