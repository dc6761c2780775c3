"""The settings: typed, from the environment alone, safe in production by default.

Every setting is the environment variable ``SAMRUM_`` plus its name in capitals; the README lists them all.
"""

import ipaddress
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

MIB = 1024 * 1024
DEMO_KEY_LINE = "# demo key: never for real people"


class SettingsError(Exception):
    """The settings cannot be used; the message has a line for each setting that is wrong, and what to do."""


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_demo_key(path: Path) -> bool:
    """Demo key files say so themselves, in a line of their own."""
    try:
        return DEMO_KEY_LINE in path.read_text().splitlines()
    except (OSError, ValueError):
        return False


class Settings(BaseSettings):
    """What an installation can choose. ``Field(description=...)`` is the text of the README's table."""

    model_config = SettingsConfigDict(env_prefix="SAMRUM_", extra="forbid", frozen=True)

    env: Literal["production", "demo"] = Field("production", description="`production` or `demo`.")
    base_url: str = Field(description="The address people type, such as `https://samrum.example.dk`.")
    database_url: SecretStr = Field(description="SQLAlchemy address of the database: PostgreSQL (psycopg) or SQLite.")
    key_file: Path = Field(description="File with the key-encryption keys (`samrum keys create`).")
    field_key_file: Path = Field(description="File with the key for CPR numbers and form tokens.")
    s3_endpoint: str = Field(description="Address of the S3-compatible store.")
    s3_bucket: str = Field("samrum", description="The bucket that holds the encrypted versions.")
    s3_region: str = Field("us-east-1", description="Region the requests are signed for.")
    s3_access_key: SecretStr = Field(description="S3 access key.")
    s3_secret_key: SecretStr = Field(description="S3 secret key.")
    s3_path_style: bool = Field(True, description="Path-style addresses (`false`: the bucket in the host name).")
    s3_ca_bundle: Path | None = Field(None, description="Own certificate authority for S3, as a PEM file.")
    oidc_issuer: str = Field(description="Issuer of the citizen login, exactly as the broker states it.")
    oidc_client_id: str = Field(description="Client id at the broker.")
    oidc_client_secret: SecretStr = Field(description="Client secret at the broker.")
    oidc_profile: str = Field("nets", description="Broker profile: `nets`, `idura`, `signicat` or `generic`.")
    oidc_ca_bundle: Path | None = Field(None, description="Own certificate authority for the broker, as a PEM file.")
    bind: str = Field("127.0.0.1:8000", description="Address and port the web server listens on.")
    workers: int = Field(2, ge=1, le=64, description="Worker processes.")
    threads: int = Field(8, ge=1, le=256, description="Threads in each worker.")
    trusted_proxies: int = Field(
        0, ge=0, le=5, description="Reverse proxies in front whose `X-Forwarded-*` headers are believed."
    )
    secure_cookies: bool = Field(True, description="Cookies travel over TLS only. Must be on in production.")
    upload_limit_mib: int = Field(250, ge=1, le=10240, description="Largest file, in MiB.")
    session_idle_minutes: int = Field(30, ge=1, le=720, description="A login ends after this long without use.")
    session_hours: int = Field(10, ge=1, le=24, description="A login ends after this long in any case.")
    recheck_seconds: float = Field(
        1.0, gt=0, le=5, description="How often a running download asks again whether it is still allowed."
    )
    orphan_hours: int = Field(24, ge=1, description="`samrum gc` removes what no version needs after this long.")
    debug: bool = Field(False, description="Flask's debug mode. Refused in production.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="How much is logged.")
    demo_clock_file: Path | None = Field(None, description="Demo only: a file with seconds to move the clock by.")
    demo_people_file: Path | None = Field(None, description="Demo only: the people the stand-in login offers.")

    @property
    def is_production(self) -> bool:
        return self.env == "production"

    @property
    def upload_limit(self) -> int:
        """Largest file, in bytes."""
        return self.upload_limit_mib * MIB

    @model_validator(mode="after")
    def _production_is_safe(self) -> Self:
        if not self.is_production:
            return self
        database = self.database_url.get_secret_value()
        sqlite_path = database.partition(":///")[2].partition("?")[0] if database.startswith("sqlite") else None
        wrong = {
            "SAMRUM_DEBUG must be off": self.debug,
            "SAMRUM_BASE_URL must begin with https://": not self.base_url.startswith("https://"),
            "SAMRUM_SECURE_COOKIES must be on, or a login can be read off the network": not self.secure_cookies,
            "SAMRUM_KEY_FILE is a demo key; make one with `samrum keys create`": _is_demo_key(self.key_file),
            "SAMRUM_FIELD_KEY_FILE is a demo key; make one with `samrum keys create-field-key`": _is_demo_key(
                self.field_key_file
            ),
            "SAMRUM_OIDC_ISSUER must begin with https:// and not be the stand-in login on this machine": (
                not self.oidc_issuer.startswith("https://") or _is_loopback(self.oidc_issuer)
            ),
            "SAMRUM_DATABASE_URL names an SQLite file that is not kept: give an absolute path outside temporary"
            " folders, or PostgreSQL": sqlite_path is not None
            and (not sqlite_path.startswith("/") or sqlite_path.startswith(("/tmp/", "/var/tmp/", "/dev/", "/run/"))),  # noqa: S108
            "SAMRUM_DEMO_CLOCK_FILE is for demonstrations": self.demo_clock_file is not None,
            "SAMRUM_DEMO_PEOPLE_FILE is for demonstrations": self.demo_people_file is not None,
        }
        lines = [line for line, is_wrong in wrong.items() if is_wrong]
        if lines:
            raise ValueError("\n".join(lines))
        return self


def load_settings(**overrides: object) -> Settings:
    """Read the environment. Raises ``SettingsError`` naming what is missing or wrong, never a value."""
    try:
        return Settings(**overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        lines = []
        for problem in error.errors():
            name = "SAMRUM_" + "_".join(str(part) for part in problem["loc"]).upper() if problem["loc"] else ""
            text = problem["msg"].removeprefix("Value error, ")
            lines.append(f"{name}: {text}" if name else text)
        raise SettingsError("Samrum cannot start with these settings:\n" + "\n".join(lines)) from None
