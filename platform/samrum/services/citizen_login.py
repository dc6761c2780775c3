"""Citizen logins through the broker, tied to the browser that began them and to a registered person."""

import dataclasses
import hmac
import json
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from urllib.parse import parse_qsl

from auth.oidc import AttemptExpired, CitizenIdentity, LoginAttempt, OidcError, Refused
from samrum.cpr import Cpr, InvalidCpr
from samrum.models import Citizen, CitizenLogin
from samrum.models import LoginAttempt as AttemptRow
from samrum.queries.logins import attempt
from samrum.queries.people import citizen_by_cpr, citizen_by_login
from samrum.services import sessions
from samrum.services.audit import Event
from samrum.services.errors import LoginProblem, LoginRefused
from samrum.services.platform import Act, Caller, Platform
from samrum.services.sessions import Stage


@dataclass(frozen=True)
class Arrival:
    """A citizen back from the broker. ``purpose`` is what the login was begun for, as it was handed to ``begin``."""

    token: str
    citizen: Citizen
    identity: CitizenIdentity
    purpose: dict[str, str]


def begin(platform: Platform, browser: str, purpose: dict[str, str], *, reference_text: str | None = None) -> str:
    """Start a login; returns the broker's address to go to. A reference text is shown to the citizen in MitID.

    ``browser`` is a random value in a cookie. Raises ``OidcError``.
    """
    # Always fresh: on a shared computer the broker may still know whoever sat there before.
    url, begun = platform.relying_party.begin(reference_text, fresh=True)
    content = {"attempt": dataclasses.asdict(begun), "purpose": purpose}
    with platform.database.transaction() as session:
        session.add(
            AttemptRow(
                state_hash=_hash(begun.state),
                browser_hash=_hash(browser),
                sealed=platform.fields.seal("login attempt", json.dumps(content, default=_iso).encode()),
                created_at=platform.clock.now(),
            )
        )
    return url


def finish(platform: Platform, caller: Caller, browser: str, query: str) -> Arrival:
    """Carry a login through, with the raw query string of the citizen's return.

    Raises ``OidcError``, or ``LoginRefused`` when the login is nobody's here; both are logged. An attempt counts once.
    """
    try:
        return _finish(platform, caller, browser, query)
    except LoginRefused as refused:
        _log_failure(platform, caller, refused.problem.value)
        raise
    except OidcError as error:
        _log_failure(platform, caller, error.code.value if isinstance(error, Refused) else type(error).__name__)
        raise


def _finish(platform: Platform, caller: Caller, browser: str, query: str) -> Arrival:
    with platform.database.transaction() as session:
        row = attempt(session, _hash(dict(parse_qsl(query)).get("state", "")))
        if row is not None:
            session.delete(row)
    if row is None:
        raise AttemptExpired
    if not hmac.compare_digest(row.browser_hash, _hash(browser)):
        raise LoginRefused(LoginProblem.OTHER_BROWSER)
    content = json.loads(platform.fields.open("login attempt", row.sealed))
    begun = content["attempt"]
    begun["created_at"] = datetime.fromisoformat(begun["created_at"])
    identity = platform.relying_party.finish(LoginAttempt(**begun), query)
    with platform.act(caller) as act:
        citizen = _registered(platform, act, identity)
        token = sessions.begin(
            act,
            citizen,
            Stage.FULL,
            act.now,
            platform.fields.seal("id token", identity.id_token.encode()),
            identity.sid,
        )
        act.log(Event.LOGGED_IN, actor_kind="citizen", actor_id=citizen.id)
    return Arrival(token, citizen, identity, content["purpose"])


def _log_failure(platform: Platform, caller: Caller, reason: str) -> None:
    """Write the audit row of a login that led nowhere; ``reason`` is a code. Who ran a login before is not meant."""
    with platform.act(replace(caller, actor=None)) as act:
        act.log(Event.LOGIN_FAILED, reason=reason[:40])


def _registered(platform: Platform, act: Act, identity: CitizenIdentity) -> Citizen:
    """The person this login is: by (issuer, subject), or the first time by CPR number. Fails closed."""
    try:
        cpr = Cpr.parse(identity.cpr) if identity.cpr else None
    except InvalidCpr:
        cpr = None
    index = platform.fields.index_cpr(cpr) if cpr else None
    citizen = citizen_by_login(act.session, identity.issuer, identity.subject)
    if citizen is None and index is not None:
        citizen = citizen_by_cpr(act.session, index)
        if citizen is not None:
            link = CitizenLogin(
                citizen_id=citizen.id, issuer=identity.issuer, subject=identity.subject, linked_at=act.now
            )
            if act.add_first(link):
                act.log(Event.CITIZEN_LINKED, actor_kind="citizen", actor_id=citizen.id)
            else:
                citizen = citizen_by_login(act.session, identity.issuer, identity.subject)
    if citizen is None:
        raise LoginRefused(LoginProblem.UNKNOWN_CITIZEN)
    if index is not None and citizen.cpr_index != index:
        raise LoginRefused(LoginProblem.OTHER_PERSON)
    if not citizen.active:
        raise LoginRefused(LoginProblem.ACCOUNT_INACTIVE)
    return citizen


def _hash(value: str) -> bytes:
    return sha256(value.encode()).digest()


def _iso(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(type(value).__name__)
