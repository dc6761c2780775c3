"""Staff logins: invitation, password, second factor. Failures are counted per account and per address."""

import secrets
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from auth import passwords, recovery, totp
from auth.factors import Held, Outcome, ToSetUp
from samrum.models import LoginSession, Staff
from samrum.queries.people import staff_by_email, staff_by_invitation
from samrum.services import mail, notices, second_factor, sessions, step_up, throttle
from samrum.services.audit import Event
from samrum.services.errors import AlreadyDone, LoginProblem, LoginRefused
from samrum.services.platform import Act, Caller, Platform
from samrum.services.sessions import Stage
from samrum.services.throttle import Try

FAILURE_WINDOW = throttle.WINDOW
FAILURES_PER_ACCOUNT = throttle.PER_ACCOUNT
FAILURES_PER_ADDRESS = throttle.PER_ADDRESS
INVITATION_LIFE = timedelta(days=7)
ISSUER = "Samrum"


def give_password(platform: Platform, caller: Caller, email: str, password: str) -> str:
    """The first step. Returns the token of a login that still lacks the second factor. Raises ``LoginRefused``."""
    caller = replace(caller, once=None)  # giving a password twice is giving it again
    tried = throttle.count(platform, caller, throttle.by_email(email))
    with platform.database.transaction(writes=False) as session:
        staff = staff_by_email(session, email)
    known = staff if staff is not None and staff.active else None
    if not passwords.verify_password(known.password_hash if known else None, password, platform.password_cost):
        with platform.act(caller) as act:
            act.log(Event.LOGIN_FAILED, subject_id=staff.id if staff else None, reason="password")
        notices.failed(platform, tried)
        raise LoginRefused(LoginProblem.WRONG)
    assert known is not None  # noqa: S101 a password was verified, so it is somebody's
    with platform.act(caller) as act:
        row = act.session.get_one(Staff, known.id)
        if passwords.needs_rehash(row.password_hash or "", platform.password_cost):
            row.password_hash = passwords.hash_password(password, platform.password_cost)
        throttle.forget(act.session, tried)
        return sessions.begin(act, row, Stage.PASSWORD, act.now)


@dataclass(frozen=True)
class Entered:
    """A half login got further. ``is_complete`` is False where a passkey must still be made; ``set_up`` where the app
    was set up just now."""

    token: str
    is_complete: bool = True
    set_up: bool = False


@dataclass(frozen=True)
class Asked:
    """What a half login is asked for: a code of the app, or its setting up with ``new_secret``; a passkey, or (where
    ``makes_passkey``) that one is made. ``is_passkey_demanded``: a code alone does not complete the login."""

    takes_app: bool
    new_secret: str | None
    makes_passkey: bool
    is_passkey_demanded: bool


def asked(platform: Platform, caller: Caller, login_id: UUID) -> Asked:
    """What comes next. A secret for the app is the same until it is confirmed. Raises ``LoginRefused``."""
    with platform.act(replace(caller, once=None)) as act:
        half, staff = half_login(platform, act, login_id)
        held = second_factor.held(act.session, staff)
        secret = None
        if held.to_set_up() is ToSetUp.APP:
            if half.sealed_new_totp is None:
                half.sealed_new_totp = platform.fields.seal("totp", totp.new_secret().encode())
            secret = platform.fields.open("totp", half.sealed_new_totp).decode()
        return Asked(
            takes_app=held.has_app and held.by_app(act.now) is not Outcome.REFUSED,
            new_secret=secret,
            makes_passkey=may_make_passkey(half, held),
            is_passkey_demanded=held.is_passkey_demanded,
        )


def give_code(platform: Platform, caller: Caller, login_id: UUID, code: str) -> Entered:
    """The second step. Ends the half login and returns the token of the full one, or that of the half login which may
    make a passkey now. Raises ``LoginRefused``."""
    tried = throttle.count(platform, caller, throttle.by_id(caller.id))
    try:
        entered = _give_code(platform, caller, login_id, code, tried)
        mail.deliver(platform)
        return entered
    except AlreadyDone as done:
        token = token_of_first_click(platform, done, LoginProblem.WRONG_CODE)
    with platform.database.transaction() as session:
        throttle.forget(session, tried)
    return Entered(token)


def token_of_first_click(platform: Platform, done: AlreadyDone, otherwise: LoginProblem) -> str:
    """The token for the second of two clicks that ended a half login. Raises ``LoginRefused``: ``otherwise`` where the
    first click did nothing."""
    if done.result is None:
        raise LoginRefused(otherwise) from done
    token = sessions.token_for_second_click(platform, done.result)
    if token is None:
        raise LoginRefused(LoginProblem.LOGIN_ENDED) from done
    return token


def _give_code(platform: Platform, caller: Caller, login_id: UUID, code: str, tried: Try) -> Entered:
    problem = LoginProblem.WRONG_CODE
    code_id = second_factor.recovery_code(platform, caller.id, code)
    with platform.act(caller) as act:
        half, staff = half_login(platform, act, login_id)
        held = second_factor.held(act.session, staff)
        outcome, is_told = _outcome(platform, act, half, staff, held, code, code_id)
        if outcome is Outcome.COMPLETES:
            half.ended_at, half.sealed_new_totp = act.now, None
            act.log(Event.LOGGED_IN)
            throttle.forget(act.session, tried)
            notices.logged_in(platform, act, staff, is_told=is_told)
            return Entered(sessions.begin(act, staff, Stage.FULL, act.now), set_up=held.has_none)
        if outcome is Outcome.LEADS_TO_PASSKEY:
            half.enrols_at = act.now
            throttle.forget(act.session, tried)
            return Entered(step_up.renew(act, half), is_complete=False)
        act.log(Event.LOGIN_FAILED, reason="second_factor")
        if held.is_passkey_demanded and code.strip().isdigit():
            problem = LoginProblem.PASSKEY_DEMANDED
    notices.failed(platform, tried)
    raise LoginRefused(problem)


def _outcome(
    platform: Platform, act: Act, half: LoginSession, staff: Staff, held: Held, code: str, code_id: UUID | None
) -> tuple[Outcome, bool]:
    """What comes of a code, and whether its owner gets a mail about it; a wrong one is refused."""
    if held.has_none:
        is_app = held.to_set_up() is ToSetUp.APP
        return (Outcome.COMPLETES if is_app and _enrol(platform, act, half, staff, code) else Outcome.REFUSED), True
    by_app = held.by_app(act.now)
    spent = second_factor.spend(platform, act, staff, code, code_id, takes_app=by_app is not Outcome.REFUSED)
    if spent is None:
        return Outcome.REFUSED, False
    is_app = spent is second_factor.Spent.APP
    return (by_app if is_app else held.by_recovery_code()), not is_app


def may_make_passkey(half: LoginSession, held: Held) -> bool:
    """Whether this half login may make the passkey that completes it."""
    return half.enrols_at is not None or held.to_set_up() is ToSetUp.PASSKEY


def _enrol(platform: Platform, act: Act, half: LoginSession, staff: Staff, code: str) -> bool:
    """Set up the app whose secret the half login was shown, with its first code."""
    if half.sealed_new_totp is None:
        return False
    secret = platform.fields.open("totp", half.sealed_new_totp).decode()
    counter = totp.verify(secret, code, act.now, staff.totp_counter)
    if counter is None:
        return False
    staff.sealed_totp, staff.totp_counter = half.sealed_new_totp, counter
    act.log(Event.SECOND_FACTOR_SET)
    mail.notify(platform, act, staff, mail.Kind.APP_SET_UP)
    return True


def provisioning_uri(secret: str, email: str) -> str:
    return totp.provisioning_uri(secret, email, ISSUER)


def accept_invitation(platform: Platform, caller: Caller, code: str, password: str) -> list[passwords.Problem]:
    """Choose the first password with a single-use invitation code. Returns why the password may not be chosen, if so.

    Raises ``LoginRefused`` for a code that is unknown, used or run out; ``AlreadyDone`` for the second of two clicks,
    with a result where the first one set the password.
    """
    tried = throttle.count(platform, caller, None)
    problems = _choose_password(platform, caller, code, password, tried)
    if problems is None:
        raise LoginRefused(LoginProblem.WRONG_INVITATION)
    mail.deliver(platform)
    return problems


def _choose_password(
    platform: Platform, caller: Caller, code: str, password: str, tried: Try
) -> list[passwords.Problem] | None:
    """As above; None for a code that does not count."""
    with platform.act(caller) as act:
        staff = staff_by_invitation(act.session, invitation_hash(platform, code))
        if staff is None or not staff.active or staff.invited_until is None or staff.invited_until < act.now:
            act.log(Event.LOGIN_FAILED, reason="invitation")
            return None
        throttle.forget(act.session, tried)
        problems = passwords.problems(password, own_words(staff), platform.breached)
        if not problems:
            staff.password_hash = passwords.hash_password(password, platform.password_cost)
            staff.invitation_hash = staff.invited_until = None
            sessions.end_all(act, staff.id)
            mail.notify(platform, act, staff, mail.Kind.PASSWORD_CHANGED)
            act.log(Event.PASSWORD_SET, subject_id=staff.id)
            act.result = staff.id
        return problems


def own_words(staff: Staff) -> tuple[str, ...]:
    """What makes a password of this person's easy to guess: they, their workplace, this service (ASVS 5.0 V6.2.11)."""
    return staff.name, staff.email, staff.unit.name, staff.unit.organisation.name, ISSUER


def new_invitation() -> str:
    """A code that goes by mail, or is typed in: 125 random bits in groups of five. From 112 on a hash without a salt is
    enough (OWASP ASVS 5.0 V6.5.2)."""
    letters = "".join(secrets.choice(recovery.LETTERS) for _ in range(25))
    return "-".join(letters[start : start + 5] for start in range(0, 25, 5))


def invitation_hash(platform: Platform, code: str) -> bytes:
    plain = "".join(letter for letter in code.upper() if letter.isalnum())
    return platform.fields.recognise("invitation", plain.encode())


def half_login(platform: Platform, act: Act, login_id: UUID) -> tuple[LoginSession, Staff]:
    """The caller's half login, and the caller, held so that a code is good once and a reset is not passed by.

    Raises ``LoginRefused`` when it has ended.
    """
    staff = act.session.get(Staff, act.caller.id, with_for_update=True)
    half = act.session.get(LoginSession, login_id, with_for_update=True)
    if half is None or staff is None or half.staff_id != staff.id or half.stage != Stage.PASSWORD:
        raise LoginRefused(LoginProblem.LOGIN_ENDED)
    if half.ended_at is not None or not staff.active or not sessions.is_within_limits(platform, half, act.now):
        raise LoginRefused(LoginProblem.LOGIN_ENDED)
    return half, staff
