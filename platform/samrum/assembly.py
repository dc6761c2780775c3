"""The parts of a running Samrum, put together from its settings."""

from auth.oidc import ClientAuthentication, ProviderSettings, RelyingParty
from samrum.clock import Clock, ShiftedClock, SystemClock
from samrum.config import Settings, SettingsError
from samrum.db import Database
from samrum.fieldkeys import FieldKeyError, FieldKeys
from samrum.mail import Security, SmtpMailer
from samrum.services.platform import Platform
from storage import KeyFile, S3Store, StorageError, Vault


def make_platform(settings: Settings) -> Platform:
    """Build the platform. Raises ``SettingsError`` when a key file or an address cannot be used."""
    clock: Clock = ShiftedClock(settings.demo_clock_file) if settings.demo_clock_file else SystemClock()
    base_url = settings.base_url.rstrip("/")
    try:
        keys = KeyFile.load(settings.key_file)
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
            ca_bundle=str(settings.oidc_ca_bundle) if settings.oidc_ca_bundle else None,
        )
        relying_party = RelyingParty(provider, clock)
    except StorageError as error:
        raise SettingsError(f"SAMRUM_KEY_FILE: {error}") from error
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
    )


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
