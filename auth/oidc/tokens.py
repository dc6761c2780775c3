"""Believing a token: the checks of OpenID Connect Core 1.0 section 3.1.3.7 and Back-Channel Logout 1.0 section 2.6.

Authlib's own check of an ID token runs last. What stands before it is what Authlib leaves to us: the algorithm, the
single audience, an empty subject, the age of a token and a leeway of seconds.
"""

from collections.abc import Mapping
from datetime import datetime

from authlib.oidc.core import CodeIDToken
from joserfc import jws, jwt
from joserfc.errors import ClaimError, JoseError
from joserfc.jwk import Key

from auth.oidc.errors import Refusal, Refused
from auth.oidc.provider import Provider
from auth.oidc.settings import Clock, ProviderSettings

LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
LOGOUT_TOKEN_LIFETIME = 300
LONGEST_SUBJECT = 255
LATEST_MOMENT = 253_402_300_800  # the year 10000, and short of infinity

_AUTHLIB_REFUSALS = {
    "nonce": Refusal.NONCE_MISMATCH,
    "at_hash": Refusal.ACCESS_TOKEN_HASH_MISMATCH,
    "azp": Refusal.AUDIENCE_MISMATCH,
}

Claims = Mapping[str, object]


class TokenVerifier:
    """Checks the tokens of one provider. Every failure is a Refused with its code."""

    def __init__(self, settings: ProviderSettings, provider: Provider, clock: Clock) -> None:
        self._settings = settings
        self._provider = provider
        self._clock = clock

    def id_token(self, token: str, *, nonce: str, access_token: str | None, not_before: datetime) -> Claims:
        """The claims of an ID token that answers our own request: its nonce, issued no earlier than `not_before`."""
        header, claims = self._signed(token, {"JWT"})
        now = self._check_common(claims)
        subject = claims.get("sub")
        if not isinstance(subject, str) or not subject.strip() or len(subject) > LONGEST_SUBJECT:
            raise Refused(Refusal.SUBJECT_MISSING)
        if _moment(claims, "iat", Refusal.ISSUED_AT_MISSING) < not_before.timestamp() - self._settings.leeway - 1:
            raise Refused(Refusal.ISSUED_TOO_LONG_AGO)
        checked = CodeIDToken(
            # A broker may write the time of the login as a string, which Authlib refuses; it is read elsewhere.
            {name: value for name, value in claims.items() if name != "auth_time"},
            header,
            {"iss": {"essential": True, "value": self._settings.issuer}},
            {"nonce": nonce, "client_id": self._settings.client_id, "access_token": access_token},
        )
        try:
            checked.validate(int(now), self._settings.leeway)
        except ClaimError as error:
            raise Refused(_AUTHLIB_REFUSALS.get(error.claim, Refusal.CLAIM_INVALID)) from error
        return claims

    def logout_token(self, token: str) -> Claims:
        """The claims of a back-channel logout token: whom (`sub`) or which session (`sid`) the provider has ended."""
        untyped = {"JWT"} if self._settings.untyped_logout_tokens else set()
        _, claims = self._signed(token, {"LOGOUT+JWT"} | untyped)
        now = self._check_common(claims)
        if _moment(claims, "iat", Refusal.ISSUED_AT_MISSING) < now - LOGOUT_TOKEN_LIFETIME - self._settings.leeway:
            raise Refused(Refusal.ISSUED_TOO_LONG_AGO)
        events = claims.get("events")
        if not isinstance(events, dict) or not isinstance(events.get(LOGOUT_EVENT), dict):
            raise Refused(Refusal.LOGOUT_EVENT_MISSING)
        if "nonce" in claims:
            raise Refused(Refusal.LOGOUT_WITH_NONCE)
        if not isinstance(claims.get("jti"), str):
            raise Refused(Refusal.CLAIM_INVALID)
        named = [claims[name] for name in ("sub", "sid") if name in claims]
        if not named or not all(isinstance(value, str) and value for value in named):
            raise Refused(Refusal.LOGOUT_OF_NOBODY)
        return claims

    def _signed(self, token: str, types: set[str]) -> tuple[dict[str, object], Claims]:
        try:
            header = jws.extract_compact(token.encode("ascii")).headers()
        except (JoseError, ValueError, TypeError, AttributeError) as error:
            raise Refused(Refusal.TOKEN_MALFORMED) from error
        algorithm = header.get("alg")
        if algorithm not in self._provider.metadata().algorithms:
            raise Refused(Refusal.ALGORITHM_REFUSED)
        if str(header.get("typ", "JWT")).upper().removeprefix("APPLICATION/") not in types:
            raise Refused(Refusal.TOKEN_TYPE)
        return header, self._provider.verify_with_keys(header, lambda key: _claims(token, key, str(algorithm)))

    def _check_common(self, claims: Claims) -> float:
        settings, now = self._settings, self._clock.now().timestamp()
        if claims.get("iss") != settings.issuer:
            raise Refused(Refusal.ISSUER_MISMATCH)
        # Stricter than Core 1.0, which lets other audiences stand beside ours: nobody else is ours to trust.
        if claims.get("aud") not in (settings.client_id, [settings.client_id]):
            raise Refused(Refusal.AUDIENCE_MISMATCH)
        if _moment(claims, "exp", Refusal.EXPIRY_MISSING) <= now - settings.leeway:
            raise Refused(Refusal.EXPIRED)
        if _moment(claims, "iat", Refusal.ISSUED_AT_MISSING) > now + settings.leeway:
            raise Refused(Refusal.ISSUED_IN_THE_FUTURE)
        if "nbf" in claims and _moment(claims, "nbf", Refusal.CLAIM_INVALID) > now + settings.leeway:
            raise Refused(Refusal.NOT_YET_VALID)
        return now


def _moment(claims: Claims, name: str, otherwise: Refusal) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < LATEST_MOMENT:
        raise Refused(otherwise)
    return value


def _claims(token: str, key: Key, algorithm: str) -> Claims:
    try:
        return jwt.decode(token, key, algorithms=[algorithm]).claims
    except (JoseError, ValueError, TypeError) as error:
        raise Refused(Refusal.SIGNATURE_INVALID) from error
