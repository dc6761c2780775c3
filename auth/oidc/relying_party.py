"""A citizen's login through an OpenID Connect broker, from our side.

No web framework and no memory of its own besides the provider's metadata and keys: the caller keeps a `LoginAttempt`
on the server, bound to the browser that began it, and hands it in once.
"""

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import requests

from auth.oidc.errors import (
    AssuranceTooLow,
    AttemptExpired,
    Cancelled,
    LoginRequired,
    OidcError,
    ProviderUnavailable,
    Refusal,
    Refused,
)
from auth.oidc.identity import CitizenIdentity, ClaimReader
from auth.oidc.profiles import PROFILES, BrokerProfile
from auth.oidc.provider import Metadata, Provider
from auth.oidc.requests_out import authenticated_form, authorisation_parameters, shortened_reference, signing_key
from auth.oidc.settings import ClientAuthentication, Clock, ProviderSettings
from auth.oidc.tokens import TokenVerifier
from auth.oidc.transport import Transport

_LOGIN_AGAIN = ("login_required", "interaction_required", "account_selection_required", "consent_required")
_LATER = ("temporarily_unavailable", "server_error")


@dataclass(frozen=True, slots=True)
class LoginAttempt:
    """What the server remembers between sending a citizen away and having them back. Use it once, then delete it.

    `reference` is the text the citizen saw in MitID, shortened as it was sent; None where none could be shown.
    """

    state: str = field(repr=False)
    nonce: str = field(repr=False)
    code_verifier: str = field(repr=False)
    created_at: datetime
    issuer: str
    fresh: bool
    reference: str | None = field(default=None, repr=False)


class LoggedOut(NamedTuple):
    """Whom a back-channel logout names: a subject (all their sessions), a session of theirs, or both."""

    subject: str | None
    sid: str | None


class RelyingParty:
    """Logins with one broker. Safe to share between threads; every failure is an `OidcError`."""

    def __init__(
        self,
        settings: ProviderSettings,
        clock: Clock,
        profile: BrokerProfile | None = None,
        http: requests.Session | None = None,
    ) -> None:
        """`profile` is the settings' named one unless given; `http` is a session for tests. ValueError for bad keys."""
        if settings.authentication is ClientAuthentication.PRIVATE_KEY_JWT:
            signing_key(settings.credential)
        self.settings = settings
        self.profile = profile or PROFILES[settings.profile]
        self._clock = clock
        self._transport = Transport(settings, http)
        self._provider = Provider(settings, self._transport, clock)
        self._tokens = TokenVerifier(settings, self._provider, clock)

    def begin(
        self, reference_text: str | None = None, *, fresh: bool = False, language: str | None = None
    ) -> tuple[str, LoginAttempt]:
        """Where to send the citizen, and what to remember.

        `reference_text` is shown to the citizen in MitID; name no person in it, for it may travel in the address.
        `fresh` asks for a new login even where the broker still knows the citizen (prompt=login), as for a consent.
        `language` is the broker's page language, "da" or "en".
        """
        reference = None
        if reference_text and self.profile.reference:
            reference = shortened_reference(reference_text, self.profile.reference)
        attempt = LoginAttempt(
            state=secrets.token_urlsafe(32),
            nonce=secrets.token_urlsafe(32),
            code_verifier=secrets.token_urlsafe(48),
            created_at=self._clock.now(),
            issuer=self.settings.issuer,
            fresh=fresh,
            reference=reference,
        )
        parameters = authorisation_parameters(
            self.settings,
            self.profile,
            state=attempt.state,
            nonce=attempt.nonce,
            code_verifier=attempt.code_verifier,
            fresh=fresh,
            reference=reference,
            language=language,
        )
        metadata = self._provider.metadata()
        if metadata.pushed_request_endpoint and (self.settings.pushed_requests or metadata.pushed_requests_required):
            parameters = self._push(metadata, metadata.pushed_request_endpoint, parameters)
        return _with_query(metadata.authorization_endpoint, parameters), attempt

    def finish(self, attempt: LoginAttempt, query: Mapping[str, str] | str) -> CitizenIdentity:
        """The citizen who came back with this query (the raw query string, or its parameters).

        Cancelled, AttemptExpired, LoginRequired, AssuranceTooLow and ProviderUnavailable are for the citizen to read;
        Refused is for the log. The attempt is spent whatever comes of it.
        """
        metadata = self._provider.metadata()
        code = self._code(metadata, attempt, _parameters(query))
        id_token, access_token = self._redeem(metadata, attempt, code)
        claims = self._tokens.id_token(
            id_token, nonce=attempt.nonce, access_token=access_token, not_before=attempt.created_at
        )
        reader = ClaimReader(self.profile, claims, self._userinfo(metadata, access_token, str(claims["sub"])))
        assurance = reader.assurance()
        if assurance is None or not assurance.reaches(self.settings.least_assurance):
            raise AssuranceTooLow(assurance)
        if attempt.fresh:
            logged_in = reader.auth_time()
            if logged_in is None or logged_in < attempt.created_at - timedelta(seconds=self.settings.leeway + 1):
                raise Refused(Refusal.NOT_A_FRESH_LOGIN)
        return reader.identity(self.settings.issuer, id_token, assurance)

    def logout_url(self, id_token: str | None, state: str | None = None) -> str | None:
        """Where to send the browser so that the broker's session ends too, or None where the broker offers nothing.

        OpenID Connect RP-Initiated Logout 1.0; without the hint some brokers ignore the address to return to.
        """
        endpoint = self._provider.metadata().end_session_endpoint
        if endpoint is None:
            return None
        parameters = {"client_id": self.settings.client_id}
        if id_token and self.profile.logout_hint:
            parameters["id_token_hint"] = id_token
        if self.settings.post_logout_redirect_uri:
            parameters["post_logout_redirect_uri"] = self.settings.post_logout_redirect_uri
            if state:
                parameters["state"] = state
        return _with_query(endpoint, parameters)

    def back_channel_logout(self, logout_token: str) -> LoggedOut:
        """Whom the broker logged out (OpenID Connect Back-Channel Logout 1.0). Refused for a token not to believe."""
        claims = self._tokens.logout_token(logout_token)
        subject, sid = claims.get("sub"), claims.get("sid")
        return LoggedOut(str(subject) if subject else None, str(sid) if sid else None)

    def _push(self, metadata: Metadata, endpoint: str, parameters: Mapping[str, str]) -> dict[str, str]:
        form, headers = authenticated_form(
            self.settings, metadata.token_endpoint, endpoint, parameters, self._clock.now()
        )
        answer = self._transport.post(endpoint, form, headers)
        request_uri = answer.body.get("request_uri")
        if answer.status not in (200, 201) or not isinstance(request_uri, str):
            raise Refused(_token_refusal(answer.body.get("error")))
        return {"client_id": self.settings.client_id, "request_uri": request_uri}

    def _code(self, metadata: Metadata, attempt: LoginAttempt, parameters: Mapping[str, str]) -> str:
        if attempt.issuer != self.settings.issuer:
            raise Refused(Refusal.ATTEMPT_OF_ANOTHER_PROVIDER)
        if not hmac.compare_digest(parameters.get("state", "").encode(), attempt.state.encode()):
            raise Refused(Refusal.STATE_MISMATCH)
        # RFC 9207 section 2.4: a provider that announces the parameter sends it always, in errors too.
        issuer = parameters.get("iss")
        if issuer is None and metadata.names_itself_in_responses:
            raise Refused(Refusal.RESPONSE_ISSUER_MISSING)
        if issuer not in (None, self.settings.issuer):
            raise Refused(Refusal.RESPONSE_ISSUER_MISMATCH)
        if "error" in parameters:
            raise self._error(parameters["error"], parameters.get("error_description"))
        age = self._clock.now() - attempt.created_at
        if not timedelta(0) <= age < timedelta(seconds=self.settings.attempt_lifetime):
            raise AttemptExpired
        if not parameters.get("code"):
            raise Refused(Refusal.RESPONSE_MALFORMED)
        return parameters["code"]

    def _error(self, error: str, description: str | None) -> OidcError:
        for pairs, kind in ((self.profile.retry, LoginRequired), (self.profile.cancelled, Cancelled)):
            if (error, description) in pairs or (error, None) in pairs:
                return kind()
        if error in _LOGIN_AGAIN:
            return LoginRequired()
        if error in _LATER:
            return ProviderUnavailable(error)
        return Refused(Refusal.PROVIDER_ERROR)

    def _redeem(self, metadata: Metadata, attempt: LoginAttempt, code: str) -> tuple[str, str | None]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.settings.redirect_uri,
            "code_verifier": attempt.code_verifier,
        }
        endpoint = metadata.token_endpoint
        body, headers = authenticated_form(self.settings, endpoint, endpoint, form, self._clock.now())
        answer = self._transport.post(endpoint, body, headers)
        if answer.status != 200:
            raise Refused(_token_refusal(answer.body.get("error")))
        id_token, access_token = answer.body.get("id_token"), answer.body.get("access_token")
        if not isinstance(id_token, str) or not id_token:
            raise Refused(Refusal.ID_TOKEN_MISSING)
        bearer = str(answer.body.get("token_type", "")).lower() == "bearer"
        return id_token, access_token if bearer and isinstance(access_token, str) and access_token else None

    def _userinfo(self, metadata: Metadata, access_token: str | None, subject: str) -> Mapping[str, object]:
        if not self.profile.userinfo or metadata.userinfo_endpoint is None:
            return {}
        if access_token is None:
            raise Refused(Refusal.ACCESS_TOKEN_MISSING)
        answer = self._transport.get(metadata.userinfo_endpoint, {"Authorization": f"Bearer {access_token}"})
        if answer.status != 200:
            raise Refused(Refusal.USERINFO_MALFORMED)
        # Core 1.0 section 5.3.2: the sub MUST be verified to match the ID token's exactly.
        if answer.body.get("sub") != subject:
            raise Refused(Refusal.USERINFO_SUBJECT_MISMATCH)
        return answer.body


def _parameters(query: Mapping[str, str] | str) -> Mapping[str, str]:
    if not isinstance(query, str):
        return query
    pairs = parse_qsl(query, keep_blank_values=True)
    parameters = dict(pairs)
    # RFC 6749 section 3.1: parameters MUST NOT be included more than once.
    if len(parameters) != len(pairs):
        raise Refused(Refusal.RESPONSE_MALFORMED)
    return parameters


def _token_refusal(error: object) -> Refusal:
    known = {"invalid_grant": Refusal.CODE_REFUSED, "invalid_client": Refusal.CLIENT_REFUSED}
    return known.get(str(error), Refusal.PROVIDER_ERROR)


def _with_query(endpoint: str, parameters: Mapping[str, str]) -> str:
    parts = urlsplit(endpoint)
    query = "&".join(part for part in (parts.query, urlencode(parameters)) if part)
    return urlunsplit(parts._replace(query=query))
