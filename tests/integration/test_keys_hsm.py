"""The key-encryption keys in a hardware security module (SoftHSM 2), from the first key to a rotation under load."""

import dataclasses
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from samrum.assembly import make_keys
from samrum.config import Settings, SettingsError
from samrum.demo.weed import EmbeddedS3
from samrum.services import installation, keys
from storage import Vault
from storage.pkcs11 import HsmKeys
from support.cases import many_cases
from support.command import samrum
from support.hsm import PIN, TOKEN
from support.papers import Papers
from support.service import Service
from support.world import World


@pytest.fixture
def settings(hsm: str, tmp_path: Path) -> dict[str, Any]:
    """What a service needs to be told; the label is this test's own."""
    pin_file = tmp_path / "pin"
    pin_file.touch(mode=0o600)
    pin_file.write_text(PIN + "\n")
    return {
        "key_file": None,
        "pkcs11_module": hsm,
        "pkcs11_token": TOKEN,
        "pkcs11_pin_file": pin_file,
        "pkcs11_label": f"test-{uuid4().hex[:12]}",
    }


@pytest.mark.slow
def test_a_service_keeps_files_under_keys_in_the_module_and_serves_on_while_they_are_rotated(
    tmp_path: Path, s3_server: EmbeddedS3, s3_bucket: str, settings: dict[str, Any]
) -> None:
    service = Service(tmp_path, s3_server, s3_bucket, **settings)
    world = service.world
    wrapper = world.platform.vault.wrapper
    assert isinstance(wrapper, HsmKeys)
    refused = samrum(world, "serve")
    assert (refused.returncode, "security module" in refused.stderr, PIN in refused.stderr) == (1, True, False)
    assert samrum(world, "keys", "create-in-hsm").returncode == 0
    assert samrum(world, "keys", "create-in-hsm").returncode == 1
    papers = Papers.make(world)
    with service:
        client = service.client(papers.owner)
        assert client.upload(f"{papers.url}/files/new", "plan.txt", b"under the first key").status == 303
        rotated = samrum(world, "keys", "rotate", "--new")
        assert rotated.returncode == 0, rotated.stderr
        assert client.upload(f"{papers.url}/files/new", "mere.txt", b"under the second").status == 303
        contents = [client.get(f"{papers.url}/files/{found}/1").body for found in papers.documents()]
        assert contents == [b"under the first key", b"under the second"]
    shown = samrum(world, "keys", "status").stdout.splitlines()
    assert [line.split()[1:] for line in shown] == [["active", "1", "cases"], ["retired", "0", "cases"]]
    assert samrum(world, "fsck").stdout.startswith("2 versions checked: 0 missing, 0 corrupt, 0 without their key")


def test_case_keys_move_from_the_module_s_first_key_to_its_second(tmp_path: Path, settings: dict[str, Any]) -> None:
    world = World.make(tmp_path, **settings)
    first = keys.add_kek(world.platform)
    installation.check_keys(world.platform)
    many_cases(world, world.staff("Birgit", "UU", case_creator=True), 60)
    second = keys.add_kek(world.platform)
    assert keys.rotate(world.platform).cases == 60
    assert [(use.kek, use.cases, use.is_active) for use in keys.status(world.platform)[0]] == [
        (second, 60, True),
        (first, 0, False),
    ]


def test_keys_that_are_not_the_database_s_are_refused(tmp_path: Path, settings: dict[str, Any]) -> None:
    world = World.make(tmp_path)
    installation.check_keys(world.platform)
    hardware = make_keys(Settings(**(world.platform.settings.model_dump() | settings)))
    hardware.add()
    foreign = dataclasses.replace(world.platform, vault=Vault(world.platform.vault.store, hardware))
    with pytest.raises(SettingsError, match="not the keys this database was made with"):
        installation.check_keys(foreign)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"pkcs11_token": None}, "SAMRUM_PKCS11_TOKEN"),
        ({"pkcs11_pin_file": None}, "SAMRUM_PKCS11_PIN_FILE"),
        ({"key_file": "/keys/kek"}, "not both"),
        ({"pkcs11_module": None}, "SAMRUM_KEY_FILE or SAMRUM_PKCS11_MODULE"),
    ],
)
def test_half_a_module_is_refused(tmp_path: Path, settings: dict[str, Any], change: dict[str, Any], said: str) -> None:
    whole = World.make(tmp_path).platform.settings.model_dump() | settings
    Settings(**whole)
    with pytest.raises(ValueError, match=said):
        Settings(**(whole | change))


def test_a_pin_that_others_can_read_is_refused(tmp_path: Path, settings: dict[str, Any]) -> None:
    (tmp_path / "pin").chmod(0o644)
    with pytest.raises(SettingsError, match="SAMRUM_PKCS11_PIN_FILE: open to others"):
        World.make(tmp_path, **settings)
