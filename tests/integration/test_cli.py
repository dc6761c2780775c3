"""The `samrum` command, as an operator types it."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from samrum.fieldkeys import FieldKeys
from storage import KeyFile

Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def samrum(tmp_path: Path) -> Command:
    """Runs the command against a new installation in demo mode; keyword arguments change its environment."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("SAMRUM_")}
    environment = clean | {
        "SAMRUM_ENV": "demo",
        "SAMRUM_BASE_URL": "http://localhost:1",
        "SAMRUM_DATABASE_URL": f"sqlite:///{tmp_path / 'samrum.sqlite'}",
        "SAMRUM_KEY_FILE": str(tmp_path / "kek"),
        "SAMRUM_FIELD_KEY_FILE": str(tmp_path / "fields"),
        "SAMRUM_S3_ENDPOINT": "http://127.0.0.1:9",
        "SAMRUM_S3_ACCESS_KEY": "access",
        "SAMRUM_S3_SECRET_KEY": "a-secret-key",
        "SAMRUM_OIDC_ISSUER": "http://127.0.0.1:9",
        "SAMRUM_OIDC_CLIENT_ID": "samrum",
        "SAMRUM_OIDC_CLIENT_SECRET": "a-client-secret",
    }

    def run(*arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "samrum.cli", *arguments],
            env=environment | changes,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    KeyFile.create(tmp_path / "kek")
    FieldKeys.create(tmp_path / "fields")
    return run


STAFF = ("--name", "Birgit", "--email", "birgit@test.dk", "--organisation", "Testby", "--unit", "Børn og Unge")


def test_a_new_installation_is_ready_after_migrating(samrum: Command) -> None:
    assert samrum("migrate").returncode == 0
    created = samrum("create-staff", *STAFF, "--case-creator")
    assert created.returncode == 0
    assert len(created.stdout.strip().replace("-", "")) >= 20


def test_the_same_e_mail_is_not_given_out_twice(samrum: Command) -> None:
    samrum("migrate")
    samrum("create-staff", *STAFF)
    again = samrum("create-staff", *STAFF)
    assert again.returncode == 1
    assert "email_taken" in again.stderr
    assert "Traceback" not in again.stderr


def test_the_service_does_not_start_on_a_database_of_another_release(samrum: Command) -> None:
    refused = samrum("serve")
    assert refused.returncode == 1
    assert "samrum migrate" in refused.stderr


def test_a_missing_setting_is_named_and_no_value_shown(samrum: Command) -> None:
    refused = samrum("migrate", SAMRUM_WORKERS="many", SAMRUM_S3_ACCESS_KEY="sesame")
    assert refused.returncode == 1
    assert "SAMRUM_WORKERS" in refused.stderr
    assert "sesame" not in refused.stderr
    assert "many" not in refused.stderr


def test_production_does_not_start_as_a_demo_does(samrum: Command) -> None:
    refused = samrum("serve", SAMRUM_ENV="production")
    assert refused.returncode == 1
    for setting in ("SAMRUM_BASE_URL", "SAMRUM_OIDC_ISSUER"):
        assert setting in refused.stderr
    assert "a-client-secret" not in refused.stderr


def test_a_key_file_is_never_overwritten(samrum: Command, tmp_path: Path) -> None:
    before = (tmp_path / "kek").read_bytes(), (tmp_path / "fields").read_bytes()
    assert samrum("keys", "create", str(tmp_path / "kek")).returncode == 1
    assert samrum("keys", "create-field-key", str(tmp_path / "fields")).returncode == 1
    assert ((tmp_path / "kek").read_bytes(), (tmp_path / "fields").read_bytes()) == before


def test_a_storage_that_is_down_gets_a_sentence(samrum: Command) -> None:
    samrum("migrate")
    failed = samrum("create-bucket")
    assert failed.returncode == 1
    assert "storage" in failed.stderr
    assert "Traceback" not in failed.stderr
