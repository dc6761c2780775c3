"""The parts of a running Samrum, put together from its settings."""

import importlib
from collections.abc import Container

from auth.breached import BreachedFileError, BreachedPasswords
from auth.oidc import ClientAuthentication, ProviderSettings, RelyingParty
from samrum.clock import Clock, ShiftedClock, SystemClock
from samrum.config import Settings, SettingsError
from samrum.db import Database
from samrum.fieldkeys import FieldKeyError, FieldKeys
from samrum.mail import Security, SmtpMailer
from samrum.services.platform import Platform
from storage import KeyFile, KeyWrapper, S3Store, StorageError, Vault


def make_platform(settings: Settings) -> Platform:
    """Build the platform. Raises ``SettingsError`` when keys or an address cannot be used."""
    clock: Clock = ShiftedClock(settings.demo_clock_file) if settings.demo_clock_file else SystemClock()
    base_url = settings.base_url.rstrip("/")
    try:
        keys = make_keys(settings)
        fields = FieldKeys.load(settings.field_key_file)
        provider = ProviderSettings(
            issuer=settings.oidc_issuer,
            client_id=settings.oidc_client_id,
            credential=_credential(settings),
            redirect_uri=f"{base_url}/login/citizen/callback",
            post_logout_redirect_uri=f"{base_url}/login/out",
            authentication=ClientAuthentication(settings.oidc_authentication),
            key_id=settings.oidc_client_key_id,
            algorithms=settings.oidc_algorithm_names,
            profile=settings.oidc_profile,
            untyped_logout_tokens=settings.oidc_untyped_logout,
            ca_bundle=str(settings.oidc_ca_bundle) if settings.oidc_ca_bundle else None,
        )
        relying_party = RelyingParty(provider, clock)
    except FieldKeyError as error:
        raise SettingsError(f"SAMRUM_FIELD_KEY_FILE: {error}") from error
    except OSError as error:
        raise SettingsError(f"SAMRUM_OIDC_CLIENT_KEY_FILE: {error.strerror}") from error
    except (ValueError, KeyError) as error:
        raise SettingsError(f"SAMRUM_OIDC_…: {error}") from error
    return Platform(
        settings=settings,
        clock=clock,
        database=Database(settings.database_url.get_secret_value()),
        vault=Vault(make_store(settings), keys),
        fields=fields,
        relying_party=relying_party,
        mailer=make_mailer(settings),
        breached=make_breached(settings),
    )


def make_keys(settings: Settings) -> KeyWrapper:
    """The key-encryption keys: a file's or a hardware security module's. Raises ``SettingsError``."""
    if settings.key_file is not None:
        try:
            return KeyFile.load(settings.key_file)
        except StorageError as error:
            raise SettingsError(f"SAMRUM_KEY_FILE: {error}") from error
    if settings.pkcs11_pin_file is None or settings.pkcs11_token is None:
        raise SettingsError("SAMRUM_PKCS11_TOKEN and SAMRUM_PKCS11_PIN_FILE are needed")
    try:
        if settings.pkcs11_pin_file.stat().st_mode & 0o027:
            raise SettingsError("SAMRUM_PKCS11_PIN_FILE: open to others: chmod 600 (or 640 for its group to read)")
        pin = settings.pkcs11_pin_file.read_text().strip()
    except OSError as error:
        raise SettingsError(f"SAMRUM_PKCS11_PIN_FILE: {error.strerror}") from error
    try:
        hsm = importlib.import_module("storage.pkcs11")  # its library is there with the extra hsm only
    except ImportError as error:
        raise SettingsError("SAMRUM_PKCS11_MODULE: install Samrum with the extra hsm") from error
    keys: KeyWrapper = hsm.HsmKeys(str(settings.pkcs11_module), settings.pkcs11_token, pin, settings.pkcs11_label)
    return keys


def _credential(settings: Settings) -> str:
    """The client secret, or for private_key_jwt the private key in PEM. Raises ``OSError``."""
    if settings.oidc_authentication == "private_key_jwt" and settings.oidc_client_key_file is not None:
        return settings.oidc_client_key_file.read_text()
    return settings.oidc_client_secret.get_secret_value() if settings.oidc_client_secret is not None else ""


def make_mailer(settings: Settings) -> SmtpMailer | None:
    """The way to the mail server; None where none is set. Raises ``SettingsError``."""
    if settings.smtp_host is None or settings.smtp_sender is None:
        return None
    try:
        return SmtpMailer(
            host=settings.smtp_host,
            port=settings.smtp_port,
            security=Security(settings.smtp_security),
            sender=settings.smtp_sender,
            user=settings.smtp_user,
            password=settings.smtp_password.get_secret_value() if settings.smtp_password is not None else None,
            ca_bundle=settings.smtp_ca_bundle,
        )
    except (OSError, ValueError) as error:
        raise SettingsError(f"SAMRUM_SMTP_…: {error}") from error


def make_breached(settings: Settings) -> Container[str]:
    """The operator's list of breached passwords; nothing where none is set. Raises ``SettingsError``."""
    if settings.breached_passwords is None:
        return ()
    try:
        return BreachedPasswords(settings.breached_passwords)
    except BreachedFileError as error:
        raise SettingsError(f"SAMRUM_BREACHED_PASSWORDS: {error}") from error


def make_store(settings: Settings) -> S3Store:
    return S3Store(
        endpoint_url=settings.s3_endpoint,
        bucket=settings.s3_bucket,
        access_key=settings.s3_access_key.get_secret_value(),
        secret_key=settings.s3_secret_key.get_secret_value(),
        region=settings.s3_region,
        path_style=settings.s3_path_style,
        ca_bundle=str(settings.s3_ca_bundle) if settings.s3_ca_bundle else None,
    )
