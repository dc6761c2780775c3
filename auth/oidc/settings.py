"""What one relying party needs to know about its provider."""

import ipaddress
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from urllib.parse import urlsplit

from auth.oidc.profiles import Assurance


class Clock(Protocol):
    """Where the time comes from."""

    def now(self) -> datetime:
        """The present moment, timezone-aware."""
        ...


class ClientAuthentication(StrEnum):
    """How the service proves itself at the provider's token endpoint (OpenID Connect Core 1.0, section 9)."""

    SECRET_BASIC = "client_secret_basic"  # noqa: S105 the name of a method
    SECRET_POST = "client_secret_post"  # noqa: S105 likewise
    PRIVATE_KEY_JWT = "private_key_jwt"


def is_loopback(url: str) -> bool:
    """Whether an address leads to this very machine."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def is_secure(url: str, *, loopback: bool = True) -> bool:
    """Whether an address is https; plain http passes on this very machine alone, where `loopback` allows it."""
    try:
        parts = urlsplit(url)
        port_is_valid = parts.port is None or parts.port > 0
    except ValueError:
        return False
    if not parts.hostname or not port_is_valid or parts.username or parts.password or parts.fragment:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and loopback and is_loopback(url))


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderSettings:
    """One broker and our registration with it. Times are in seconds.

    `credential`: the client secret, or for private_key_jwt the private key as PEM; `key_id` its name at the broker.
    `assertion_audience`: whom a private_key_jwt is addressed to; the token endpoint unless given.
    `profile`: a name in `profiles.PROFILES`. `algorithms`: the signature algorithms believed; `none` and the symmetric
    ones never. `ca_bundle`: a file of certificate authorities instead of the usual ones; `proxy`: an outgoing proxy.
    `untyped_logout_tokens`: the broker types its logout tokens as `JWT`, or not at all; otherwise only `logout+jwt` is
    believed (Back-Channel Logout 1.0 section 2.4 recommends it, OWASP ASVS 5.0 V10.5.5 demands it).
    ValueError for an address that is neither https nor loopback, or for something missing.
    """

    issuer: str
    client_id: str
    credential: str = field(repr=False)
    redirect_uri: str
    post_logout_redirect_uri: str | None = None
    authentication: ClientAuthentication = ClientAuthentication.SECRET_BASIC
    key_id: str | None = None
    assertion_audience: str | None = None
    profile: str = "nets"
    algorithms: tuple[str, ...] = ("RS256", "ES256", "PS256")
    least_assurance: Assurance = Assurance.SUBSTANTIAL
    pushed_requests: bool = True
    untyped_logout_tokens: bool = False
    leeway: int = 5
    attempt_lifetime: int = 900
    metadata_lifetime: int = 3600
    keys_lifetime: int = 300
    keys_refresh_pause: int = 30
    connect_timeout: float = 5.0
    read_timeout: float = 10.0
    ca_bundle: str | None = None
    proxy: str | None = None

    def __post_init__(self) -> None:
        for url in (self.issuer, self.redirect_uri, self.post_logout_redirect_uri):
            if url is not None and not is_secure(url):
                raise ValueError(f"not an https address: {url}")
        if not self.client_id or not self.credential:
            raise ValueError("a client id and a credential are needed")
        weak = [name for name in self.algorithms if name == "none" or name.startswith("HS")]
        if weak or not self.algorithms:
            raise ValueError(f"signature algorithms that prove nothing: {weak}")
        if not 0 <= self.leeway <= 60:
            raise ValueError("the leeway is a few seconds")
