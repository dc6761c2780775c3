"""A fresh second factor before what is dangerous, and new tokens whenever a login gains or changes something."""

import secrets
from datetime import datetime, timedelta
from uuid import UUID

from auth import passwords
from samrum.models import LoginSession, Staff
from samrum.services import mail, notices, second_factor, sessions, throttle
from samrum.services.audit import Event
from samrum.services.errors import LoginProblem, LoginRefused
from samrum.services.platform import Act, Caller, Platform
from samrum.services.sessions import Login, Stage


def is_fresh(platform: Platform, stepped_up_at: datetime | None) -> bool:
    """Whether a second factor given at that moment still counts for what asks for a fresh one."""
    life = timedelta(minutes=platform.settings.step_up_minutes)
    return stepped_up_at is not None and timedelta(0) <= platform.clock.now() - stepped_up_at < life


def may_end_others(platform: Platform, login: Login) -> bool:
    """Whether a factor was given lately, in whatever way: enough to end other logins of one's own (OWASP ASVS 5.0
    V7.5.2). Who has just logged in to end a stranger's is asked for nothing more."""
    return any(is_fresh(platform, moment) for moment in (login.begun_at, login.stepped_up_at, login.proved_at))


def with_password(platform: Platform, caller: Caller, login_id: UUID, password: str) -> str:
    """Give the password in a running login, which is one factor; returns its new token. Raises ``LoginRefused``."""
    tried = throttle.count(platform, caller, throttle.by_id(caller.id))
    stored = _right_password(platform, caller, password)
    token = None
    with platform.act(caller) as act:
        login, staff = running(platform, act, login_id)
        if stored is not None and staff.password_hash == stored:
            throttle.forget(act.session, tried)
            act.log(Event.STEPPED_UP, reason="password")
            token = renew(act, login)
        else:
            act.log(Event.LOGIN_FAILED, reason="password")
    if token is None:
        notices.failed(platform, tried)
        raise LoginRefused(LoginProblem.WRONG)
    return token


def with_code(platform: Platform, caller: Caller, login_id: UUID, code: str, password: str | None = None) -> str:
    """Give a code in a running login; returns the login's new token. With the password as well it counts as all of what
    the person logs in with. Raises ``LoginRefused``, for every code where the organisation demands a passkey.

    A code is neither tried nor spent beside a wrong password.
    """
    tried = throttle.count(platform, caller, throttle.by_id(caller.id))
    stored = _right_password(platform, caller, password) if password is not None else None
    code_id = second_factor.recovery_code(platform, caller.id, code)
    token, problem = None, LoginProblem.WRONG_CODE
    with platform.act(caller) as act:
        login, staff = running(platform, act, login_id)
        if second_factor.held(act.session, staff).is_passkey_demanded:
            problem = LoginProblem.PASSKEY_DEMANDED
            throttle.forget(act.session, tried)
        elif password is not None and (stored is None or staff.password_hash != stored):
            problem = LoginProblem.WRONG
            act.log(Event.LOGIN_FAILED, reason="password")
        elif (kind := second_factor.spend(platform, act, staff, code, code_id)) is not None:
            throttle.forget(act.session, tried)
            token = done(act, login, kind.value, is_whole=password is not None)
        else:
            act.log(Event.LOGIN_FAILED, reason="step_up")
    if token is None:
        if problem is not LoginProblem.PASSKEY_DEMANDED:
            notices.failed(platform, tried)
        raise LoginRefused(problem)
    mail.deliver(platform)
    return token


def done(act: Act, login: LoginSession, how: str, *, is_whole: bool) -> str:
    """A fresh second factor was given: remember when, and exchange the token. ``is_whole``: and all else besides."""
    login.stepped_up_at = act.now
    if is_whole:
        login.proved_at = act.now
    act.log(Event.STEPPED_UP, reason=how)
    return renew(act, login)


def renew(act: Act, login: LoginSession) -> str:
    """A new token for a login; the old one is worth nothing from now on (ASVS 5.0 V7.2.4)."""
    token = secrets.token_urlsafe(32)
    login.token_hash = sessions.token_hash(token)
    act.result = login.id
    return token


def _right_password(platform: Platform, caller: Caller, password: str) -> str | None:
    """The hash that the caller's password fits, read and tried ahead of the use case; None for a wrong one."""
    with platform.database.transaction(writes=False) as session:
        staff = session.get(Staff, caller.id) if caller.kind == "staff" else None
        stored = staff.password_hash if staff is not None else None
    return stored if passwords.verify_password(stored, password, platform.password_cost) else None


def running(platform: Platform, act: Act, login_id: UUID) -> tuple[LoginSession, Staff]:
    """The caller's own full login and the caller, held until the use case ends. Raises ``LoginRefused``."""
    staff = act.session.get(Staff, act.caller.id, with_for_update=True) if act.caller.kind == "staff" else None
    login = act.session.get(LoginSession, login_id, with_for_update=True)
    if login is None or staff is None or login.staff_id != staff.id or login.stage != Stage.FULL:
        raise LoginRefused(LoginProblem.LOGIN_ENDED)
    if login.ended_at is not None or not staff.active or not sessions.is_within_limits(platform, login, act.now):
        raise LoginRefused(LoginProblem.LOGIN_ENDED)
    return login, staff
