"""What an operator runs at night, and the check of the keys at every start."""

import dataclasses
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from pydantic import ValidationError

from samrum.config import Settings, SettingsError
from samrum.fieldkeys import FieldKeys
from samrum.queries.audit import rows_of_case
from samrum.services import installation, upkeep
from samrum.services.incoming import NewVersion, receive
from samrum.services.platform import Caller
from storage import KeyFile, Vault
from support.world import YOUTH_CPR, World


@pytest.fixture
def stored(world: World) -> UUID:
    """A case with two small files in it."""
    owner = world.staff("Birgit", "Børn og Unge", case_creator=True)
    case_id = world.case(owner)
    for name in ("plan.txt", "referat.txt"):
        with receive(world.platform, Caller(owner), case_id, NewVersion(name, "other")) as incoming:
            incoming.write(f"indholdet af {name}".encode())
            incoming.finish()
    return case_id


def objects(world: World) -> list[str]:
    return sorted(found.name for found in world.platform.vault.store.list("v1/"))


def test_gc_removes_an_object_that_belongs_to_no_version_once_it_is_old(world: World, stored: UUID) -> None:
    kept = objects(world)
    world.platform.vault.store.put("v1/" + "0" * 32, bytearray(b"left behind by a crash"))
    world.clock.moment = datetime.now(UTC) + timedelta(hours=25)
    assert upkeep.collect_garbage(world.platform).objects == 1
    assert objects(world) == kept


def test_gc_keeps_what_a_running_upload_may_still_need(world: World, stored: UUID) -> None:
    world.platform.vault.store.put("v1/" + "0" * 32, bytearray(b"an upload under way"))
    world.clock.moment = datetime.now(UTC) + timedelta(hours=1)
    assert upkeep.collect_garbage(world.platform).objects == 0
    assert len(objects(world)) == 3


def test_gc_aborts_an_unfinished_upload_once_it_is_old(world: World) -> None:
    world.platform.vault.store.begin("v1/" + "1" * 32)
    world.clock.moment = datetime.now(UTC) + timedelta(hours=25)
    assert upkeep.collect_garbage(world.platform).unfinished == 1
    assert not list(world.platform.vault.store.unfinished("v1/"))


def test_gc_logs_once_that_a_consent_ran_out(world: World) -> None:
    owner = world.staff("Birgit", "Børn og Unge", case_creator=True)
    colleague = world.staff("Ulla", "UU")
    case_id = world.case(owner)
    world.grant(owner, case_id, "ulla@test.dk")
    world.consent(world.citizen(YOUTH_CPR), case_id, colleague.unit, days=10)
    world.clock.move(days=11)
    assert upkeep.collect_garbage(world.platform).consents_run_out == 1
    assert upkeep.collect_garbage(world.platform).consents_run_out == 0
    with world.platform.database.transaction(writes=False) as session:
        actions = [row.action for row in rows_of_case(session, case_id, before=None, limit=10)]
        assert actions.count("consent_ran_out") == 1


def test_gc_does_not_take_the_age_of_a_running_upload_for_old(world: World) -> None:
    with pytest.raises(ValidationError):
        Settings(**{**world.platform.settings.model_dump(), "orphan_hours": 11})


def test_the_service_does_not_start_with_other_key_encryption_keys(world: World, tmp_path: Path) -> None:
    installation.check_keys(world.platform)
    other = Vault(world.platform.vault.store, KeyFile.create(tmp_path / "other"))
    with pytest.raises(SettingsError, match="SAMRUM_KEY_FILE"):
        installation.check_keys(dataclasses.replace(world.platform, vault=other))


def test_the_service_does_not_start_with_another_field_key(world: World, tmp_path: Path) -> None:
    installation.check_keys(world.platform)
    FieldKeys.create(tmp_path / "other")
    other = dataclasses.replace(world.platform, fields=FieldKeys.load(tmp_path / "other"))
    with pytest.raises(SettingsError, match="SAMRUM_FIELD_KEY_FILE"):
        installation.check_keys(other)
