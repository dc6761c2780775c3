"""The settings: typed, from the environment alone, safe in production by default.

Every setting is the environment variable ``SAMRUM_`` plus its name in capitals; the README lists them all.
"""

import ipaddress
from os.path import normpath
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

MIB = 1024 * 1024
_NOT_KEPT = ("/tmp/", "/var/tmp/", "/dev/", "/run/", "/var/run/")  # noqa: S108 they are refused
DEMO_KEY_LINE = "# demo key: never for real people"


class SettingsError(Exception):
    """The settings cannot be used; the message has a line for each setting that is wrong, and what to do."""


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def _is_not_kept(database_url: str) -> bool:
    """Whether the address is that of an SQLite database that a restart or a tidy machine would lose."""
    if not database_url.startswith("sqlite"):
        return False
    path = normpath(database_url.partition(":///")[2].partition("?")[0])
    return not path.startswith("/") or path.startswith(_NOT_KEPT)


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
    key_file: Path | None = Field(
        None, description="File with the key-encryption keys (`samrum keys create`), unless an HSM holds them."
    )
    pkcs11_module: Path | None = Field(
        None, description="The HSM's PKCS#11 library, in place of a key file. Needs the extra `hsm`."
    )
    pkcs11_token: str | None = Field(None, description="Label of the token in the HSM.")
    pkcs11_pin_file: Path | None = Field(None, description="File with the token's PIN, for its owner's eyes only.")
    pkcs11_label: str = Field("samrum", description="Label of the key-encryption keys in the token.")
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
    oidc_authentication: Literal["client_secret_basic", "client_secret_post", "private_key_jwt"] = Field(
        "client_secret_basic",
        description="How Samrum proves itself to the broker; `private_key_jwt` needs a key instead of a secret.",
    )
    oidc_client_secret: SecretStr | None = Field(None, description="Client secret at the broker.")
    oidc_client_key_file: Path | None = Field(
        None, description="Private RSA or P-256 key for `private_key_jwt`, as a PEM file."
    )
    oidc_client_key_id: str | None = Field(None, description="The name of that key at the broker.")
    oidc_algorithms: str = Field(
        "RS256,ES256,PS256", description="Signature algorithms believed in the broker's tokens, with commas."
    )
    oidc_profile: str = Field("nets", description="Broker profile: `nets`, `idura`, `signicat` or `generic`.")
    oidc_untyped_logout: bool = Field(
        False, description="The broker does not type its logout tokens `logout+jwt`; believe them all the same."
    )
    oidc_ca_bundle: Path | None = Field(None, description="Own certificate authority for the broker, as a PEM file.")
    smtp_host: str | None = Field(
        None, description="Mail server for invitations and notices to staff. Needed in production."
    )
    smtp_port: int = Field(587, ge=1, le=65535, description="Its port.")
    smtp_security: Literal["starttls", "tls", "none"] = Field(
        "starttls", description="`starttls`, `tls` from the first byte (port 465), or `none` on this machine only."
    )
    smtp_user: str | None = Field(None, description="User at the mail server, where it asks for one.")
    smtp_password: SecretStr | None = Field(None, description="Password at the mail server.")
    smtp_sender: str | None = Field(None, description="Address the mails come from, such as `samrum@example.dk`.")
    smtp_ca_bundle: Path | None = Field(None, description="Own certificate authority for the mail server, as PEM.")
    breached_passwords: Path | None = Field(
        None,
        description="List of breached passwords kept offline: lines of SHA-1 in hex, a colon and a number, sorted.",
    )
    bind: str = Field("127.0.0.1:8000", description="Address and port the web server listens on.")
    workers: int = Field(4, ge=1, le=64, description="Worker processes.")
    threads: int = Field(4, ge=1, le=256, description="Threads in each worker.")
    trusted_proxies: int = Field(
        0, ge=0, le=5, description="Reverse proxies in front whose `X-Forwarded-*` headers are believed."
    )
    secure_cookies: bool = Field(True, description="Cookies travel over TLS only. Must be on in production.")
    upload_limit_mib: int = Field(250, ge=1, le=10240, description="Largest file, in MiB.")
    session_idle_minutes: int = Field(30, ge=1, le=720, description="A login ends after this long without use.")
    session_hours: int = Field(10, ge=1, le=24, description="A login ends after this long in any case.")
    step_up_minutes: int = Field(
        10, ge=1, le=60, description="How long a second factor counts for what asks for a fresh one."
    )
    recheck_seconds: float = Field(
        1.0, gt=0, le=5, description="How often a running download asks again whether it is still allowed."
    )
    orphan_hours: int = Field(24, ge=12, description="`samrum gc` removes what no version needs after this long.")
    checkpoint_bucket: str | None = Field(
        None, description="A bucket for signed checkpoints of the audit log, best with object lock."
    )
    checkpoint_endpoint: str | None = Field(None, description="The store it is in, where that is another one.")
    checkpoint_access_key: SecretStr | None = Field(None, description="Its own access key, where it has one.")
    checkpoint_secret_key: SecretStr | None = Field(None, description="Its own secret key.")
    checkpoint_days: int = Field(
        3660, ge=1, le=36600, description="So long nobody can remove a checkpoint from a bucket with object lock."
    )
    audit_months: int = Field(
        0, ge=0, le=1200, description="`samrum audit remove-old` removes rows of this age, in months; `0`: never."
    )
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

    @property
    def oidc_algorithm_names(self) -> tuple[str, ...]:
        return tuple(name.strip() for name in self.oidc_algorithms.split(",") if name.strip())

    @model_validator(mode="after")
    def _what_belongs_together_is_there(self) -> Self:
        missing = {
            "SAMRUM_KEY_FILE or SAMRUM_PKCS11_MODULE is needed, and not both": (
                (self.key_file is None) == (self.pkcs11_module is None)
            ),
            "SAMRUM_PKCS11_TOKEN and SAMRUM_PKCS11_PIN_FILE are needed with SAMRUM_PKCS11_MODULE": (
                self.pkcs11_module is not None and (not self.pkcs11_token or self.pkcs11_pin_file is None)
            ),
            "SAMRUM_OIDC_CLIENT_SECRET is needed, unless SAMRUM_OIDC_AUTHENTICATION is private_key_jwt": (
                self.oidc_authentication != "private_key_jwt" and self.oidc_client_secret is None
            ),
            "SAMRUM_OIDC_CLIENT_KEY_FILE is needed for private_key_jwt": (
                self.oidc_authentication == "private_key_jwt" and self.oidc_client_key_file is None
            ),
            "SAMRUM_SMTP_SENDER is needed with SAMRUM_SMTP_HOST": self.smtp_host is not None and not self.smtp_sender,
            "SAMRUM_SMTP_PASSWORD is needed with SAMRUM_SMTP_USER": (
                self.smtp_user is not None and self.smtp_password is None
            ),
        }
        lines = [line for line, is_missing in missing.items() if is_missing]
        if lines:
            raise ValueError("\n".join(lines))
        return self

    @model_validator(mode="after")
    def _production_is_safe(self) -> Self:
        if not self.is_production:
            return self
        wrong = {
            "SAMRUM_DEBUG must be off": self.debug,
            "SAMRUM_BASE_URL must begin with https://": not self.base_url.startswith("https://"),
            "SAMRUM_SECURE_COOKIES must be on, or a login can be read off the network": not self.secure_cookies,
            "SAMRUM_KEY_FILE is a demo key; make one with `samrum keys create`": self.key_file is not None
            and _is_demo_key(self.key_file),
            "SAMRUM_FIELD_KEY_FILE is a demo key; make one with `samrum keys create-field-key`": _is_demo_key(
                self.field_key_file
            ),
            "SAMRUM_OIDC_ISSUER must begin with https:// and not be the stand-in login on this machine": (
                not self.oidc_issuer.startswith("https://") or _is_loopback(self.oidc_issuer)
            ),
            "SAMRUM_DATABASE_URL names an SQLite file that is not kept: give an absolute path outside temporary"
            " folders, or PostgreSQL": _is_not_kept(self.database_url.get_secret_value()),
            "SAMRUM_SMTP_HOST is needed: codes go by mail alone, or an administrator could log in as somebody else": (
                self.smtp_host is None
            ),
            "SAMRUM_SMTP_SECURITY must be starttls or tls unless the mail server is on this machine": (
                self.smtp_security == "none" and not _is_loopback(f"//{self.smtp_host}")
            ),
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
