"""What one changes about one's own login: recovery codes, the app, the password. Every other login of one's ends."""

from uuid import UUID

from auth import passwords, totp
from samrum.models import LoginSession, Staff
from samrum.queries.factors import end_other_logins
from samrum.services import mail, notices, second_factor, step_up, throttle
from samrum.services.audit import Event
from samrum.services.errors import LoginProblem, LoginRefused
from samrum.services.platform import Act, Caller, Platform
from samrum.services.staff_login import own_words


def new_codes(platform: Platform, caller: Caller, login_id: UUID) -> tuple[str, list[str]]:
    """Ten new recovery codes, to be shown once, in place of the earlier ones; and the login's new token.

    Raises ``LoginRefused``, or ``AlreadyDone`` for the second of two clicks: codes are not kept to be shown again.
    """
    codes = second_factor.make_codes(platform)
    with platform.act(caller) as act:
        login, staff = step_up.running(platform, act, login_id)
        second_factor.replace_codes(platform, act, staff, codes)
        act.log(Event.RECOVERY_CODES_MADE)
        token = changed(platform, act, login, staff, mail.Kind.CODES_MADE)
    mail.deliver(platform)
    return token, [str(code) for code in codes]


def new_app(platform: Platform, caller: Caller, login_id: UUID) -> str:
    """The secret of the app to move to, the same until it is confirmed. Raises ``LoginRefused``."""
    with platform.act(_again(caller)) as act:
        login, _ = step_up.running(platform, act, login_id)
        if login.sealed_new_totp is None:
            login.sealed_new_totp = platform.fields.seal("totp", totp.new_secret().encode())
        return platform.fields.open("totp", login.sealed_new_totp).decode()


def confirm_new_app(platform: Platform, caller: Caller, login_id: UUID, code: str) -> str:
    """Move to the new app with a code of it; returns the login's new token. Raises ``LoginRefused``."""
    tried = throttle.count(platform, caller, throttle.by_id(caller.id))
    token = None
    with platform.act(caller) as act:
        login, staff = step_up.running(platform, act, login_id)
        sealed = login.sealed_new_totp
        secret = platform.fields.open("totp", sealed).decode() if sealed is not None else None
        counter = totp.verify(secret, code, act.now, None) if secret is not None else None
        if counter is not None:
            staff.sealed_totp, staff.totp_counter = sealed, counter
            login.sealed_new_totp = None
            act.log(Event.SECOND_FACTOR_CHANGED)
            throttle.forget(act.session, tried)
            token = changed(platform, act, login, staff, mail.Kind.APP_CHANGED)
        else:
            act.log(Event.LOGIN_FAILED, reason="new_app")
    if token is None:
        notices.failed(platform, tried)
        raise LoginRefused(LoginProblem.WRONG_CODE)
    mail.deliver(platform)
    return token


def change_password(
    platform: Platform, caller: Caller, login_id: UUID, old: str, new: str
) -> str | list[passwords.Problem]:
    """Choose another password; returns the login's new token, or why the new password may not be chosen.

    Raises ``LoginRefused`` when the old password is not right.
    """
    tried = throttle.count(platform, caller, throttle.by_id(caller.id))
    with platform.database.transaction(writes=False) as session:
        staff = session.get(Staff, caller.id)
        stored = staff.password_hash if staff is not None else None
        words = own_words(staff) if staff is not None else ()
    if staff is None or not passwords.verify_password(stored, old, platform.password_cost):
        with platform.act(_again(caller)) as act:
            act.log(Event.LOGIN_FAILED, reason="password")
        notices.failed(platform, tried)
        raise LoginRefused(LoginProblem.WRONG)
    problems = passwords.problems(new, words, platform.breached)
    hashed = passwords.hash_password(new, platform.password_cost) if not problems else ""
    with platform.act(_again(caller) if problems else caller) as act:
        throttle.forget(act.session, tried)
        if problems:
            return problems
        login, staff = step_up.running(platform, act, login_id)
        staff.password_hash = hashed
        act.log(Event.PASSWORD_SET, subject_id=staff.id)
        token = changed(platform, act, login, staff, mail.Kind.PASSWORD_CHANGED)
    mail.deliver(platform)
    return token


def changed(platform: Platform, act: Act, login: LoginSession, staff: Staff, kind: mail.Kind) -> str:
    """What a person logs in with has changed: their other logins end, this one's token is new, and they are told."""
    staff.invitation_hash = staff.invited_until = None
    end_other_logins(act.session, staff.id, login.id, act.now)
    mail.notify(platform, act, staff, kind)
    return step_up.renew(act, login)


def _again(caller: Caller) -> Caller:
    return Caller(caller.actor, caller.address, None, caller.device)
