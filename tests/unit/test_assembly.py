"""The parts that the settings make."""

from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from auth.oidc import ClientAuthentication
from samrum.assembly import make_platform
from samrum.config import Settings, SettingsError
from samrum.fieldkeys import FieldKeys
from samrum.mail import SmtpMailer
from samrum.services.platform import Platform
from storage import KeyFile

Make = Callable[..., Platform]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """A platform of the settings that matter here."""
    KeyFile.create(tmp_path / "kek")
    FieldKeys.create(tmp_path / "fields")

    def made(**settings: object) -> Platform:
        needed: dict[str, object] = {
            "env": "demo",
            "base_url": "http://localhost",
            "database_url": "sqlite://",
            "key_file": tmp_path / "kek",
            "field_key_file": tmp_path / "fields",
            "s3_endpoint": "http://127.0.0.1:9",
            "s3_access_key": "unused",
            "s3_secret_key": "unused",
            "oidc_issuer": "https://broker.example.dk",
            "oidc_client_id": "samrum",
        }
        return make_platform(Settings(**{**needed, **settings}))  # type: ignore[arg-type]

    return made


@pytest.mark.parametrize("how", ["client_secret_basic", "client_secret_post"])
def test_the_broker_is_shown_the_secret_in_the_way_that_is_set(make: Make, how: str) -> None:
    settings = make(oidc_authentication=how, oidc_client_secret="hemmelig").relying_party.settings
    assert settings.authentication is ClientAuthentication(how)
    assert settings.credential == "hemmelig"


def test_the_broker_is_shown_a_key_instead(make: Make, tmp_path: Path) -> None:
    pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (tmp_path / "client.pem").write_bytes(pem)
    settings = make(
        oidc_authentication="private_key_jwt", oidc_client_key_file=tmp_path / "client.pem", oidc_client_key_id="key 1"
    ).relying_party.settings
    assert settings.authentication is ClientAuthentication.PRIVATE_KEY_JWT
    assert settings.credential == pem.decode()
    assert settings.key_id == "key 1"


def test_a_key_that_is_none_or_not_there_is_refused_by_the_setting_s_name(make: Make, tmp_path: Path) -> None:
    path = tmp_path / "client.pem"
    with pytest.raises(SettingsError, match="SAMRUM_OIDC_CLIENT_KEY_FILE"):
        make(oidc_authentication="private_key_jwt", oidc_client_key_file=path)
    path.write_text("no key")
    with pytest.raises(SettingsError, match="SAMRUM_OIDC"):
        make(oidc_authentication="private_key_jwt", oidc_client_key_file=path)


def test_only_the_algorithms_that_are_set_are_believed(make: Make) -> None:
    party = make(oidc_client_secret="hemmelig", oidc_algorithms="PS256, ES256").relying_party
    assert party.settings.algorithms == ("PS256", "ES256")


@pytest.mark.parametrize("weak", ["none", "HS256", "RS256,none", ""])
def test_algorithms_that_prove_nothing_are_refused(make: Make, weak: str) -> None:
    with pytest.raises(SettingsError, match="SAMRUM_OIDC"):
        make(oidc_client_secret="hemmelig", oidc_algorithms=weak)


def test_there_is_mail_where_a_mail_server_is_set(make: Make) -> None:
    assert make(oidc_client_secret="hemmelig").mailer is None
    mailer = make(oidc_client_secret="hemmelig", smtp_host="mail.example.dk", smtp_sender="samrum@example.dk").mailer
    assert isinstance(mailer, SmtpMailer)


def test_a_sender_or_a_certificate_that_is_none_is_refused(make: Make, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="SAMRUM_SMTP"):
        make(oidc_client_secret="hemmelig", smtp_host="mail.example.dk", smtp_sender="nobody")
    with pytest.raises(SettingsError, match="SAMRUM_SMTP"):
        make(
            oidc_client_secret="hemmelig",
            smtp_host="mail.example.dk",
            smtp_sender="samrum@example.dk",
            smtp_ca_bundle=tmp_path / "missing.pem",
        )


def test_a_list_of_breached_passwords_is_used_and_one_that_is_none_stops_the_start(make: Make, tmp_path: Path) -> None:
    path = tmp_path / "breached.txt"
    path.write_text("9AF8F4D8E0E8E1A0F8E2F6C6AA2C1C1B9D0F0B1E:3\r\n")
    settings: dict[str, object] = {"oidc_client_secret": "unused"}
    assert "et kodeord" not in make(breached_passwords=path, **settings).breached
    assert make(**settings).breached == ()
    path.write_text("password\n123456\n")
    with pytest.raises(SettingsError, match="SAMRUM_BREACHED_PASSWORDS: a line is not SHA-1") as refused:
        make(breached_passwords=path, **settings)
    assert "123456" not in str(refused.value)
    with pytest.raises(SettingsError, match="SAMRUM_BREACHED_PASSWORDS: it cannot be read"):
        make(breached_passwords=tmp_path / "nowhere", **settings)
