"""Passkeys of staff: a whole login by themselves, and the quickest fresh second factor."""

import hmac
import json
from base64 import b64decode, b64encode
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

from auth import passkeys
from auth.passkeys import Answer, PasskeyRefused, Site
from samrum.fieldkeys import FieldKeyError
from samrum.models import LoginSession, Passkey, PasskeyChallenge, Staff
from samrum.queries import factors
from samrum.services import mail, notices, recovery, second_factor, sessions, step_up, throttle
from samrum.services.audit import Event
from samrum.services.errors import AlreadyDone, Invalid, LoginProblem, LoginRefused, NotThere, Problem
from samrum.services.platform import Act, Caller, Platform
from samrum.services.second_factor import Spent
from samrum.services.sessions import Stage

MOST = 20
_CHALLENGE_LIFE = timedelta(seconds=passkeys.CHALLENGE_SECONDS)


def site(platform: Platform) -> Site | None:
    """Where passkeys are good; None where this installation's address allows none."""
    return Site.of(platform.settings.base_url)


def options_to_add(platform: Platform, caller: Caller, login_id: UUID) -> str:
    """What the browser needs to make a passkey, as JSON. Raises ``NotThere`` or ``LoginRefused``."""
    with platform.act(replace(caller, once=None)) as act:
        return new_options(platform, act, *step_up.running(platform, act, login_id))


def new_options(platform: Platform, act: Act, login: LoginSession, staff: Staff) -> str:
    """The same within a use case, for a login that may make one. Raises ``NotThere``."""
    place = _site(platform)
    challenge = passkeys.new_challenge()
    known = [row.credential_id for row in factors.passkeys_of(act.session, staff.id)]
    content = {"challenge": b64encode(challenge).decode(), "at": act.now.isoformat()}
    login.sealed_challenge = platform.fields.seal("passkey challenge", json.dumps(content).encode())
    return passkeys.registration_options(
        place, challenge, user_id=staff.id.bytes, account=staff.email, name=staff.name, known=known
    )


def add(platform: Platform, caller: Caller, login_id: UUID, name: str, answer: str) -> str:
    """Keep the passkey that the browser made; returns the login's new token. Raises ``NotThere`` or ``LoginRefused``.

    A challenge is good for one answer, right or wrong.
    """
    token = None
    with platform.act(caller) as act:
        login, staff = step_up.running(platform, act, login_id)
        if keep(platform, act, login, staff, name, answer):
            token = recovery.changed(platform, act, login, staff, mail.Kind.PASSKEY_ADDED)
    if token is None:
        raise LoginRefused(LoginProblem.WRONG_PASSKEY)
    mail.deliver(platform)
    return token


def keep(platform: Platform, act: Act, login: LoginSession, staff: Staff, name: str, answer: str) -> bool:
    """Keep the passkey that answers this login's challenge, within a use case; False for an answer that does not.

    The challenge is spent either way. Raises ``NotThere`` where there can be no passkeys.
    """
    place = _site(platform)
    try:
        new = passkeys.verify_registration(place, _challenge_of(platform, login, act.now), answer)
        _check_new(act, staff, new.credential_id)
    except PasskeyRefused:
        act.log(Event.LOGIN_FAILED, reason="new_passkey")
        return False
    finally:
        login.sealed_challenge = None
    row = Passkey(
        staff_id=staff.id,
        name=name.strip()[:80],
        credential_id=new.credential_id,
        public_key=platform.fields.seal(_purpose(staff.id, new.credential_id), new.public_key),
        sign_count=new.sign_count,
        created_at=act.now,
    )
    act.session.add(row)
    act.session.flush()
    act.log(Event.PASSKEY_ADDED, subject_id=row.id)
    return True


def revoke(platform: Platform, caller: Caller, login_id: UUID, passkey_id: UUID) -> str:
    """Take a passkey of one's own out of use; returns the login's new token. Raises ``NotThere``, ``LoginRefused``, or
    ``Invalid`` for the last thing that completes a login: else the password alone would let somebody set up another."""
    with platform.act(caller) as act:
        login, staff = step_up.running(platform, act, login_id)
        row = act.session.get(Passkey, passkey_id, with_for_update=True)
        if row is None or row.staff_id != staff.id or row.revoked_at is not None:
            raise NotThere
        if not second_factor.held(act.session, staff).may_lose_a_passkey():
            raise Invalid(Problem.LAST_PASSKEY)
        row.revoked_at = act.now
        act.log(Event.PASSKEY_REVOKED, subject_id=row.id)
        token = recovery.changed(platform, act, login, staff, mail.Kind.PASSKEY_REVOKED)
    mail.deliver(platform)
    return token


def options(platform: Platform, caller: Caller, browser: str) -> str:
    """What the browser needs to use a passkey, as JSON; for somebody logged in, one of their own.

    ``browser`` is a random value in a cookie: the answer counts from the same browser only. Raises ``NotThere``, or
    ``LoginRefused`` when too many were asked for.
    """
    place = _site(platform)
    tried = throttle.count(platform, replace(caller, once=None), None)
    challenge = passkeys.new_challenge()
    with platform.database.transaction() as session:
        throttle.forget(session, tried)
        known = []
        if caller.kind == "staff" and caller.id is not None:
            known = [row.credential_id for row in factors.passkeys_of(session, caller.id)]
        session.add(
            PasskeyChallenge(
                challenge_hash=sha256(challenge).digest(),
                browser_hash=sha256(browser.encode()).digest(),
                created_at=platform.clock.now(),
            )
        )
    return passkeys.authentication_options(place, challenge, known)


def log_in(platform: Platform, caller: Caller, browser: str, text: str) -> str:
    """A whole login with a passkey; returns the token. Raises ``NotThere`` or ``LoginRefused``, the same for all."""
    place = _site(platform)
    tried = throttle.count(platform, caller, None)
    token = None
    try:
        with platform.act(replace(caller, actor=None)) as act:
            staff = _believed(platform, act, place, browser, text)
            if staff is None:
                act.log(Event.LOGIN_FAILED, reason="passkey")
            else:
                throttle.forget(act.session, tried)
                act.log(Event.LOGGED_IN, actor_kind="staff", actor_id=staff.id, reason=Spent.PASSKEY.value)
                notices.logged_in(platform, act, staff)
                token = sessions.begin(act, staff, Stage.FULL, act.now)
    except AlreadyDone as done:
        token = sessions.token_for_second_click(platform, done.result) if done.result else None
    if token is None:
        raise LoginRefused(LoginProblem.WRONG_PASSKEY)
    mail.deliver(platform)
    return token


def give_again(platform: Platform, caller: Caller, login_id: UUID, browser: str, text: str) -> str:
    """A fresh second factor by passkey in a running login; returns its new token. Raises as ``log_in`` does."""
    place = _site(platform)
    tried = throttle.count(platform, caller, throttle.by_id(caller.id))
    token = None
    with platform.act(caller) as act:
        login, staff = step_up.running(platform, act, login_id)
        found = _believed(platform, act, place, browser, text)
        if found is not None and found.id == staff.id:
            throttle.forget(act.session, tried)
            token = step_up.done(act, login, Spent.PASSKEY.value, is_whole=True)
        else:
            act.log(Event.LOGIN_FAILED, reason="step_up")
    if token is None:
        notices.failed(platform, tried)
        raise LoginRefused(LoginProblem.WRONG_PASSKEY)
    return token


def _site(platform: Platform) -> Site:
    place = site(platform)
    if place is None:
        raise NotThere
    return place


def _believed(platform: Platform, act: Act, place: Site, browser: str, text: str) -> Staff | None:
    """Whose passkey answered rightly, held until the use case ends; None for nobody's. The challenge is spent."""
    try:
        answer = passkeys.read_answer(text)
        if not _spend_challenge(act, answer, browser):
            return None
        row = factors.passkey_by_credential(act.session, answer.credential_id)
        staff = act.session.get(Staff, row.staff_id, with_for_update=True) if row is not None else None
        if row is None or row.revoked_at is not None or staff is None or not staff.active:
            return None
        row.sign_count = passkeys.verify_authentication(
            place,
            answer.challenge,
            answer,
            user_id=staff.id.bytes,
            public_key=platform.fields.open(_purpose(staff.id, row.credential_id), row.public_key),
            sign_count=row.sign_count,
        )
    except (PasskeyRefused, FieldKeyError):
        return None
    row.last_used_at = act.now
    return staff


def _purpose(staff_id: UUID, credential_id: bytes) -> str:
    """What a public key is sealed for: put into another row, or written there by hand, it does not open."""
    return f"passkey {staff_id} {credential_id.hex()}"


def _spend_challenge(act: Act, answer: Answer, browser: str) -> bool:
    """Whether the challenge was given to this browser a moment ago; it is gone now."""
    row = factors.challenge(act.session, sha256(answer.challenge).digest())
    if row is None:
        return False
    act.session.delete(row)
    act.session.flush()
    is_same_browser = hmac.compare_digest(row.browser_hash, sha256(browser.encode()).digest())
    return is_same_browser and act.now - row.created_at < _CHALLENGE_LIFE


def _challenge_of(platform: Platform, login: LoginSession, now: datetime) -> bytes:
    """The challenge that this login's next passkey answers. Raises ``PasskeyRefused``."""
    if login.sealed_challenge is None:
        raise PasskeyRefused("no challenge")
    content = json.loads(platform.fields.open("passkey challenge", login.sealed_challenge))
    if now - datetime.fromisoformat(content["at"]) >= _CHALLENGE_LIFE:
        raise PasskeyRefused("challenge too old")
    return b64decode(content["challenge"])


def _check_new(act: Act, staff: Staff, credential_id: bytes) -> None:
    """Raises ``PasskeyRefused`` for a passkey that is known already, or one too many."""
    if factors.passkey_by_credential(act.session, credential_id) is not None:
        raise PasskeyRefused("known")
    if len(factors.passkeys_of(act.session, staff.id)) >= MOST:
        raise PasskeyRefused("too many")
