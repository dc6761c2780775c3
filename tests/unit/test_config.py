"""The settings: what stops a start, in words that name the setting and never show its value."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from samrum.config import DEMO_KEY_LINE, Settings, SettingsError, load_settings

Environment = dict[str, str]


@pytest.fixture
def production(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Environment:
    """Everything a production needs, in the environment."""
    for name in ("keys", "fields"):
        (tmp_path / name).write_text("# samrum key 1\n" + "ab" * 32 + "\n")
    values = {
        "SAMRUM_BASE_URL": "https://samrum.example.dk",
        "SAMRUM_DATABASE_URL": "postgresql+psycopg://samrum:hemmelig@db/samrum",
        "SAMRUM_KEY_FILE": str(tmp_path / "keys"),
        "SAMRUM_FIELD_KEY_FILE": str(tmp_path / "fields"),
        "SAMRUM_S3_ENDPOINT": "https://s3.example.dk",
        "SAMRUM_S3_ACCESS_KEY": "access-hemmelig",
        "SAMRUM_S3_SECRET_KEY": "secret-hemmelig",
        "SAMRUM_OIDC_ISSUER": "https://broker.example.dk/op",
        "SAMRUM_OIDC_CLIENT_ID": "samrum",
        "SAMRUM_OIDC_CLIENT_SECRET": "oidc-hemmelig",
        "SAMRUM_SMTP_HOST": "mail.example.dk",
        "SAMRUM_SMTP_SENDER": "samrum@example.dk",
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    return values


@pytest.fixture
def refuses(production: Environment, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], str]:
    """Set one variable and start; the refusal's lines after the first."""

    def start_with(name: str, value: str) -> str:
        monkeypatch.setenv(name, value)
        with pytest.raises(SettingsError) as caught:
            load_settings()
        first, *lines = str(caught.value).splitlines()
        assert first == "Samrum cannot start with these settings:"
        assert len(lines) == 1, "one wrong setting, one line"
        return lines[0]

    return start_with


def test_a_production_with_all_it_needs_starts(production: Environment) -> None:
    settings = load_settings()
    assert settings.is_production
    assert settings.secure_cookies
    assert not settings.debug


def test_production_is_what_one_gets_without_asking(production: Environment) -> None:
    assert "SAMRUM_ENV" not in production
    assert load_settings().is_production


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SAMRUM_DEBUG", "true"),
        ("SAMRUM_SECURE_COOKIES", "false"),
        ("SAMRUM_BASE_URL", "http://samrum.example.dk"),
        ("SAMRUM_BASE_URL", "samrum.example.dk"),
        ("SAMRUM_OIDC_ISSUER", "http://broker.example.dk/op"),
        ("SAMRUM_OIDC_ISSUER", "https://127.0.0.1:5555"),
        ("SAMRUM_OIDC_ISSUER", "https://127.8.8.8"),
        ("SAMRUM_OIDC_ISSUER", "https://localhost:5555/op"),
        ("SAMRUM_OIDC_ISSUER", "https://LOCALHOST/op"),
        ("SAMRUM_OIDC_ISSUER", "https://mitid.localhost/op"),
        ("SAMRUM_OIDC_ISSUER", "https://[::1]:5555"),
        ("SAMRUM_OIDC_ISSUER", "https://0.0.0.0:5555"),
        ("SAMRUM_DATABASE_URL", "sqlite://"),
        ("SAMRUM_DATABASE_URL", "sqlite:///:memory:"),
        ("SAMRUM_DATABASE_URL", "sqlite:///samrum.sqlite"),
        ("SAMRUM_DATABASE_URL", "sqlite:///var/samrum.sqlite"),
        ("SAMRUM_DATABASE_URL", "sqlite:////tmp/samrum.sqlite"),
        ("SAMRUM_DATABASE_URL", "sqlite:////var/tmp/samrum.sqlite"),
        ("SAMRUM_DATABASE_URL", "sqlite:////dev/shm/samrum.sqlite"),
        ("SAMRUM_DATABASE_URL", "sqlite:////run/samrum.sqlite"),
        ("SAMRUM_DATABASE_URL", "sqlite:////var/run/samrum.sqlite"),
        ("SAMRUM_DATABASE_URL", "sqlite:////srv/../tmp/samrum.sqlite"),
        ("SAMRUM_DATABASE_URL", "sqlite:////tmp/../tmp/samrum.sqlite"),
        ("SAMRUM_DATABASE_URL", "sqlite:///file:memory?mode=memory&uri=true"),
        ("SAMRUM_DATABASE_URL", "sqlite+pysqlite:////tmp/samrum.sqlite"),
        ("SAMRUM_DEMO_CLOCK_FILE", "/srv/clock"),
        ("SAMRUM_DEMO_PEOPLE_FILE", "/srv/people.json"),
        ("SAMRUM_SMTP_SECURITY", "none"),
    ],
)
def test_production_refuses_what_is_for_demonstrations(
    refuses: Callable[[str, str], str], name: str, value: str
) -> None:
    line = refuses(name, value)
    assert line.startswith(name)
    assert value not in line


@pytest.mark.parametrize("name", ["SAMRUM_KEY_FILE", "SAMRUM_FIELD_KEY_FILE"])
def test_production_refuses_the_demo_s_keys(refuses: Callable[[str, str], str], tmp_path: Path, name: str) -> None:
    path = tmp_path / "demo"
    path.write_text(f"{DEMO_KEY_LINE}\n# samrum key 1\n{'cd' * 32}\n")
    line = refuses(name, str(path))
    assert line.startswith(name)
    assert "make one with `samrum keys create" in line


def test_all_that_is_wrong_is_told_at_once(production: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAMRUM_DEBUG", "1")
    monkeypatch.setenv("SAMRUM_SECURE_COOKIES", "0")
    monkeypatch.setenv("SAMRUM_DATABASE_URL", "sqlite://")
    with pytest.raises(SettingsError) as caught:
        load_settings()
    for name in ("SAMRUM_DEBUG", "SAMRUM_SECURE_COOKIES", "SAMRUM_DATABASE_URL"):
        assert f"\n{name}" in str(caught.value)


@pytest.mark.parametrize(
    "name",
    ["SAMRUM_BASE_URL", "SAMRUM_DATABASE_URL", "SAMRUM_KEY_FILE", "SAMRUM_FIELD_KEY_FILE", "SAMRUM_S3_ENDPOINT",
     "SAMRUM_S3_ACCESS_KEY", "SAMRUM_S3_SECRET_KEY", "SAMRUM_OIDC_ISSUER", "SAMRUM_OIDC_CLIENT_ID"],
)  # fmt: skip
def test_a_setting_that_is_missing_is_named(
    production: Environment, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.delenv(name)
    with pytest.raises(SettingsError, match=rf"\n{name}\b"):
        load_settings()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SAMRUM_ENV", "staging"),
        ("SAMRUM_WORKERS", "0"),
        ("SAMRUM_SESSION_HOURS", "25"),
        ("SAMRUM_SESSION_IDLE_MINUTES", "0"),
        ("SAMRUM_UPLOAD_LIMIT_MIB", "mange"),
        ("SAMRUM_RECHECK_SECONDS", "60"),
        ("SAMRUM_TRUSTED_PROXIES", "-1"),
        ("SAMRUM_DEBUG", "måske"),
    ],
)
def test_a_value_that_cannot_be_is_named_and_not_shown(
    refuses: Callable[[str, str], str], name: str, value: str
) -> None:
    line = refuses(name, value)
    assert line.startswith(f"{name}: ")


def test_no_secret_is_shown_by_an_error_or_by_the_settings(
    production: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = [repr(load_settings()), str(load_settings())]
    monkeypatch.setenv("SAMRUM_DEBUG", "true")
    monkeypatch.delenv("SAMRUM_BASE_URL")
    with pytest.raises(SettingsError) as caught:
        load_settings()
    shown.append(str(caught.value))
    for text in shown:
        assert "hemmelig" not in text
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    "address", ["sqlite:////srv/samrum/samrum.sqlite", "sqlite:////var/lib/samrum.sqlite", "postgresql+psycopg://db/s"]
)
def test_production_takes_a_database_that_is_kept(
    production: Environment, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv("SAMRUM_DATABASE_URL", address)
    assert load_settings().database_url.get_secret_value() == address


def test_a_demo_may_do_all_of_it(production: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    demo: dict[str, Any] = {
        "SAMRUM_ENV": "demo",
        "SAMRUM_DEBUG": "true",
        "SAMRUM_SECURE_COOKIES": "false",
        "SAMRUM_BASE_URL": "http://127.0.0.1:8000",
        "SAMRUM_OIDC_ISSUER": "http://127.0.0.1:8001",
        "SAMRUM_DATABASE_URL": "sqlite:///samrum.sqlite",
        "SAMRUM_DEMO_CLOCK_FILE": "clock",
    }
    for name, value in demo.items():
        monkeypatch.setenv(name, value)
    assert not load_settings().is_production


def test_settings_never_change_while_running(production: Environment) -> None:
    settings: Settings = load_settings()
    with pytest.raises(ValueError, match="frozen"):
        settings.debug = True
