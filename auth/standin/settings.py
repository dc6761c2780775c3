"""What the stand-in provider is told, and where it refuses to run."""

from dataclasses import dataclass, field
from pathlib import Path

PERMITTED_ENVIRONMENTS = ("demo", "test")


class NotInProduction(Exception):
    """The stand-in lets anybody be anybody, so it runs only where the environment says demo or test."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StandinSettings:
    """The stand-in's own address, its one client, and its test people.

    `environment` must be "demo" or "test". `issuer` is the address it is reached at, without a slash at the end.
    `people_file` is described in `people`. `profile` is a name in `auth.oidc.PROFILES`. `client_public_key` is the PEM
    for private_key_jwt. `control_token` opens the control address for tests; without one there is none. Times are in
    seconds.
    """

    environment: str
    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    redirect_uris: tuple[str, ...]
    post_logout_redirect_uris: tuple[str, ...] = ()
    back_channel_logout_uri: str | None = None
    client_public_key: str | None = None
    client_name: str = "Samrum"
    people_file: Path | None = None
    profile: str = "nets"
    algorithm: str = "RS256"
    pushed_requests: bool = True
    require_pushed_requests: bool = False
    control_token: str | None = field(default=None, repr=False)
    code_lifetime: int = 60
    request_lifetime: int = 1800
    token_lifetime: int = 300

    def __post_init__(self) -> None:
        if self.environment not in PERMITTED_ENVIRONMENTS:
            raise NotInProduction("the stand-in login runs only where the environment says demo or test")
