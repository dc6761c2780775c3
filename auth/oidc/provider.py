"""What the provider says about itself: its metadata and its signing keys, both kept for a while."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, JWKRegistry, Key, OKPKey, RSAKey

from auth.oidc.errors import ProviderUnavailable, Refusal, Refused
from auth.oidc.settings import Clock, ProviderSettings
from auth.oidc.transport import Transport

SMALLEST_RSA_BITS = 2048
_EC_CURVES = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521", "ES256K": "secp256k1"}
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Metadata:
    """The part of the provider's metadata that is used (OpenID Connect Discovery 1.0, RFC 9126, RFC 9207)."""

    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None
    end_session_endpoint: str | None
    pushed_request_endpoint: str | None
    pushed_requests_required: bool
    names_itself_in_responses: bool
    algorithms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Kept(Generic[T]):
    value: T
    at: datetime


class Provider:
    """Metadata and keys of one provider. Safe to share between threads."""

    def __init__(self, settings: ProviderSettings, transport: Transport, clock: Clock) -> None:
        self._settings = settings
        self._transport = transport
        self._clock = clock
        self._lock = threading.Lock()
        self._metadata: _Kept[Metadata] | None = None
        self._keys: _Kept[tuple[Key, ...]] | None = None
        self._refreshed_at: datetime | None = None

    def metadata(self) -> Metadata:
        """The provider's metadata, at most `metadata_lifetime` old."""
        kept = self._metadata
        if kept is None or self._older(kept.at, self._settings.metadata_lifetime):
            kept = self._metadata = _Kept(self._fetch_metadata(), self._clock.now())
        return kept.value

    def verify_with_keys(self, header: Mapping[str, object], verify: Callable[[Key], T]) -> T:
        """What `verify` returns for the signing key that a token's header names.

        Keys that are unknown or do not fit are fetched again once, though not more often than `keys_refresh_pause`
        allows: a key rotates under a new name or under the same one, and nobody may make us ask without end.
        `verify` raises Refused(SIGNATURE_INVALID) for a key that does not fit.
        """
        try:
            return _first_fit(header, self._current_keys(), verify)
        except Refused as refused:
            if refused.code not in (Refusal.KEY_UNKNOWN, Refusal.SIGNATURE_INVALID) or not self._may_refresh():
                raise
        self._keys = _Kept(self._fetch_keys(), self._clock.now())
        return _first_fit(header, self._keys.value, verify)

    def _older(self, moment: datetime, seconds: int) -> bool:
        return not timedelta(0) <= self._clock.now() - moment < timedelta(seconds=seconds)

    def _may_refresh(self) -> bool:
        with self._lock:
            last = self._refreshed_at
            if last is not None and not self._older(last, self._settings.keys_refresh_pause):
                return False
            self._refreshed_at = self._clock.now()
            return True

    def _current_keys(self) -> tuple[Key, ...]:
        kept = self._keys
        if kept is None or self._older(kept.at, self._settings.keys_lifetime):
            kept = self._keys = _Kept(self._fetch_keys(), self._clock.now())
        return kept.value

    def _fetch_keys(self) -> tuple[Key, ...]:
        answer = self._transport.get(self.metadata().jwks_uri)
        entries = answer.body.get("keys")
        if answer.status != 200 or not isinstance(entries, list):
            raise Refused(Refusal.KEYS_MALFORMED)
        return tuple(key for entry in entries if (key := _signing_key(entry)) is not None)

    def _fetch_metadata(self) -> Metadata:
        answer = self._transport.get(self._settings.issuer.rstrip("/") + "/.well-known/openid-configuration")
        if answer.status != 200:
            raise ProviderUnavailable(f"HTTP {answer.status}")
        body = answer.body
        # Discovery 1.0 section 4.3: the issuer returned MUST be identical to the one the metadata was fetched for.
        if body.get("issuer") != self._settings.issuer:
            raise Refused(Refusal.METADATA_ISSUER_MISMATCH)
        offered = body.get("id_token_signing_alg_values_supported")
        allowed = self._settings.algorithms
        if isinstance(offered, list):
            allowed = tuple(name for name in allowed if name in offered)
        return Metadata(
            authorization_endpoint=self._endpoint(body, "authorization_endpoint"),
            token_endpoint=self._endpoint(body, "token_endpoint"),
            jwks_uri=self._endpoint(body, "jwks_uri"),
            userinfo_endpoint=self._optional_endpoint(body, "userinfo_endpoint"),
            end_session_endpoint=self._optional_endpoint(body, "end_session_endpoint"),
            pushed_request_endpoint=self._optional_endpoint(body, "pushed_authorization_request_endpoint"),
            pushed_requests_required=body.get("require_pushed_authorization_requests") is True,
            names_itself_in_responses=body.get("authorization_response_iss_parameter_supported") is True,
            algorithms=allowed,
        )

    def _endpoint(self, body: Mapping[str, object], name: str) -> str:
        url = self._optional_endpoint(body, name)
        if url is None:
            raise Refused(Refusal.METADATA_MALFORMED)
        return url

    def _optional_endpoint(self, body: Mapping[str, object], name: str) -> str | None:
        url = body.get(name)
        if url is None:
            return None
        if not isinstance(url, str):
            raise Refused(Refusal.METADATA_MALFORMED)
        if not self._transport.allows(url):
            raise Refused(Refusal.INSECURE_ENDPOINT)
        return url


def _signing_key(entry: object) -> Key | None:
    if not isinstance(entry, dict) or entry.get("kty") == "oct" or entry.get("use", "sig") != "sig":
        return None
    try:
        key = JWKRegistry.import_key(entry)
    except (JoseError, ValueError, TypeError, KeyError):
        return None
    if isinstance(key, RSAKey) and key.public_key.key_size < SMALLEST_RSA_BITS:
        return None
    return key


def _fits(key: Key, algorithm: str) -> bool:
    if key.get("alg") not in (None, algorithm):
        return False
    if isinstance(key, RSAKey):
        return algorithm[:2] in ("RS", "PS")
    if isinstance(key, ECKey):
        return key.curve_name == _EC_CURVES.get(algorithm)
    return isinstance(key, OKPKey) and algorithm in ("EdDSA", "Ed25519", "Ed448")


def _first_fit(header: Mapping[str, object], keys: tuple[Key, ...], verify: Callable[[Key], T]) -> T:
    algorithm, name = str(header.get("alg")), header.get("kid")
    fitting = [key for key in keys if _fits(key, algorithm) and (name is None or key.kid == name)]
    if not fitting:
        raise Refused(Refusal.KEY_UNKNOWN)
    # Core 1.0 section 10.1: with several keys in the set, the token MUST say which one signed it.
    if name is None and len(fitting) > 1:
        raise Refused(Refusal.KEY_AMBIGUOUS)
    for key in fitting[:-1]:
        try:
            return verify(key)
        except Refused:
            continue
    return verify(fitting[-1])
