"""The stand-in's memory and what it does with it. One process, many threads."""

import base64
import hashlib
import secrets
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import requests
from authlib.oidc.core.util import create_half_hash
from joserfc import jwt
from joserfc.errors import JoseError

from auth.oidc.settings import Clock
from auth.oidc.tokens import LOGOUT_EVENT
from auth.standin import misbehaviour, people
from auth.standin.claims import Login, claims_of
from auth.standin.misbehaviour import Misbehaviour
from auth.standin.people import Person
from auth.standin.settings import StandinSettings
from auth.standin.signing import KeyRing

COPENHAGEN = ZoneInfo("Europe/Copenhagen")
MOST_KEPT = 5000


@dataclass(frozen=True, slots=True)
class Grant:
    """What a code or an access token stands for: a request that was answered with a login."""

    request: Mapping[str, str]
    login: Login
    at: datetime

    @property
    def scopes(self) -> frozenset[str]:
        """The scopes asked for."""
        return frozenset(self.request.get("scope", "").split())


@dataclass(slots=True)
class Control:
    """What the tests steer: the misbehaviours switched on and the error the next login ends with."""

    active: frozenset[Misbehaviour] = frozenset()
    next_error: tuple[str, str | None] | None = None
    last_request: Mapping[str, str] = field(default_factory=dict)
    requests_seen: dict[str, int] = field(default_factory=dict)

    def misbehave(self, *members: Misbehaviour | str) -> None:
        """Behave wrongly in just these ways from now on; none of them means well."""
        self.active = frozenset(Misbehaviour(member) for member in members)


class GrantError(Exception):
    """A token request that is refused; the argument is the error word of RFC 6749 section 5.2."""


class Broker:
    """The stand-in provider without its pages."""

    def __init__(self, settings: StandinSettings, clock: Clock) -> None:
        self.settings = settings
        self.clock = clock
        self.keys = KeyRing(settings.algorithm)
        self.control = Control()
        self._lock = threading.Lock()
        self._requests: dict[str, tuple[Mapping[str, str], datetime]] = {}
        self._codes: dict[str, Grant | None] = {}
        self._tokens: dict[str, Grant] = {}
        self._sessions: dict[str, Login] = {}
        self._assertions: set[str] = set()

    def does(self, member: Misbehaviour) -> bool:
        """Whether a misbehaviour is switched on."""
        return member in self.control.active

    def count(self, what: str) -> None:
        """Remember that an address was asked, for tests of how often we ask."""
        with self._lock:
            self.control.requests_seen[what] = self.control.requests_seen.get(what, 0) + 1

    def people(self) -> list[Person]:
        """The test people of today's file."""
        return people.load(self.settings.people_file)[0]

    def person(self, person_id: str) -> Person | None:
        """One of them."""
        return next((person for person in self.people() if person.id == person_id), None)

    def keep_request(self, parameters: Mapping[str, str]) -> str:
        """Keep an authorisation request; the name to ask for it with."""
        name = secrets.token_urlsafe(24)
        with self._lock:
            _make_room(self._requests)
            self._requests[name] = (dict(parameters), self.clock.now())
        return name

    def request(self, name: str, *, spend: bool = False) -> Mapping[str, str] | None:
        """A kept request, or None when it is unknown, too old or spent."""
        with self._lock:
            kept = self._requests.pop(name, None) if spend else self._requests.get(name)
        if kept is None or self.clock.now() - kept[1] > timedelta(seconds=self.settings.request_lifetime):
            return None
        return kept[0]

    def log_in(self, person: Person) -> tuple[str, Login]:
        """A broker session for a test person, and the login it holds."""
        login = Login(person, self.clock.now(), secrets.token_hex(16), secrets.token_hex(16))
        name = secrets.token_urlsafe(32)
        with self._lock:
            _make_room(self._sessions)
            self._sessions[name] = login
        return name, login

    def session(self, name: str | None) -> Login | None:
        """The login of a broker session that is still running."""
        with self._lock:
            return self._sessions.get(name or "")

    def log_out(self, name: str | None) -> Login | None:
        """End a broker session; the login it held."""
        with self._lock:
            return self._sessions.pop(name or "", None)

    def new_code(self, request: Mapping[str, str], login: Login) -> str:
        """A code that is good once, for a minute."""
        code = secrets.token_urlsafe(32)
        with self._lock:
            _make_room(self._codes)
            self._codes[code] = Grant(request, login, self.clock.now())
        return code

    def redeem(self, form: Mapping[str, str]) -> Grant:
        """What a code stands for, if the client may have it (RFC 6749 section 4.1.3, RFC 7636 section 4.6)."""
        if form.get("grant_type") != "authorization_code":
            raise GrantError("unsupported_grant_type")
        with self._lock:
            grant = self._codes.get(form.get("code", ""))
            self._codes[form.get("code", "")] = None
        if grant is None or self.clock.now() - grant.at > timedelta(seconds=self.settings.code_lifetime):
            raise GrantError("invalid_grant")
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        if grant.request.get("code_challenge") != challenge:
            raise GrantError("invalid_grant")
        if grant.request.get("redirect_uri") != form.get("redirect_uri"):
            raise GrantError("invalid_grant")
        return grant

    def tokens(self, grant: Grant) -> dict[str, Any]:
        """The token endpoint's answer to a good code."""
        access_token = secrets.token_urlsafe(32)
        with self._lock:
            _make_room(self._tokens)
            self._tokens[access_token] = grant
        answer = {
            "id_token": self.id_token(grant, access_token),
            "access_token": access_token,
            "token_type": "Bearer",
            "expires_in": self.settings.token_lifetime,
            "scope": grant.request.get("scope", "openid"),
        }
        if self.does(Misbehaviour.NO_ID_TOKEN):
            del answer["id_token"]
        if self.does(Misbehaviour.NO_ACCESS_TOKEN):
            del answer["access_token"]
        if self.does(Misbehaviour.NO_EXPIRES_IN):
            del answer["expires_in"]
        if self.does(Misbehaviour.TOKEN_TYPE_IN_OTHER_CASE):
            answer["token_type"] = "bEARER"  # noqa: S105 a kind, no secret
        return answer

    def id_token(self, grant: Grant, access_token: str) -> str:
        """The signed ID token of a grant."""
        own, _ = self._claims(grant)
        claims = self._common() | own | {"sub": grant.login.subject(self.settings.client_id)}
        claims["at_hash"] = create_half_hash(access_token, self.settings.algorithm).decode()
        if "nonce" in grant.request:
            claims["nonce"] = grant.request["nonce"]
        misbehaviour.spoil(claims, self.control.active, misbehaviour.ANY_TOKEN, misbehaviour.ID_TOKEN)
        return self.keys.sign(claims, self.control.active, self.settings.client_secret)

    def userinfo(self, access_token: str) -> dict[str, Any] | None:
        """The userinfo claims behind an access token, or None when it is not ours or too old."""
        with self._lock:
            grant = self._tokens.get(access_token)
        if grant is None or self.clock.now() - grant.at > timedelta(seconds=self.settings.token_lifetime):
            return None
        _, claims = self._claims(grant)
        claims |= {"sub": grant.login.subject(self.settings.client_id)}
        misbehaviour.spoil(claims, self.control.active, misbehaviour.USERINFO)
        return claims

    def logout_token(self, login: Login) -> str:
        """A back-channel logout token for a login (Back-Channel Logout 1.0 section 2.4)."""
        claims = self._common() | {
            "sub": login.subject(self.settings.client_id),
            "sid": login.sid,
            "jti": secrets.token_hex(16),
            "events": {LOGOUT_EVENT: {}},
        }
        misbehaviour.spoil(claims, self.control.active, misbehaviour.ANY_TOKEN, misbehaviour.LOGOUT_TOKEN)
        return self.keys.sign(claims, self.control.active, self.settings.client_secret, "logout+jwt")

    def tell_client(self, logins: Iterable[Login]) -> list[int]:
        """Send the client a logout token for each login; the HTTP status of each, 0 where nobody answered."""
        address = self.settings.back_channel_logout_uri
        statuses = []
        for login in logins if address else ():
            try:
                answer = requests.post(str(address), data={"logout_token": self.logout_token(login)}, timeout=3)
                statuses.append(answer.status_code)
            except requests.RequestException:
                statuses.append(0)
        return statuses

    def log_out_person(self, person_id: str) -> list[int]:
        """End every broker session of a person and tell the client; the statuses of `tell_client`."""
        with self._lock:
            names = [name for name, login in self._sessions.items() if login.person.id == person_id]
            ended = [self._sessions.pop(name) for name in names]
        return self.tell_client(ended)

    def is_our_token(self, token: str) -> bool:
        """Whether an ID token was signed here, however long ago."""
        try:
            return jwt.decode(token, self.keys.current, algorithms=[self.settings.algorithm]).claims.get("iss") == (
                self.settings.issuer
            )
        except (JoseError, ValueError):
            return False

    def spend_assertion(self, name: str) -> bool:
        """Whether a client assertion's name is new here; it is not the next time."""
        with self._lock:
            if name in self._assertions:
                return False
            self._assertions.add(name)
            return True

    def _common(self) -> dict[str, Any]:
        now = int(self.clock.now().timestamp())
        return {
            "iss": self.settings.issuer,
            "aud": self.settings.client_id,
            "iat": now,
            "nbf": now,
            "exp": now + self.settings.token_lifetime,
        }

    def _claims(self, grant: Grant) -> tuple[dict[str, Any], dict[str, Any]]:
        today = self.clock.now().astimezone(COPENHAGEN).date()
        both = claims_of(self.settings.profile, grant.login, grant.scopes, today)
        for claims in both:
            for name in {"dk.cpr", "cprNumberIdentifier", "nin"} & claims.keys():
                if self.does(Misbehaviour.MALFORMED_CPR):
                    claims[name] = "010190-123"
                if self.does(Misbehaviour.NO_CPR):
                    del claims[name]
        return both


def _make_room(kept: dict[str, Any]) -> None:
    while len(kept) >= MOST_KEPT:
        del kept[next(iter(kept))]
