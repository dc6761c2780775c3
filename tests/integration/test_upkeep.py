"""What an operator runs at night and each week: gc and fsck, and the check of the keys at every start."""

import dataclasses
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from samrum.config import SettingsError
from samrum.fieldkeys import FieldKeys
from samrum.queries.audit import rows_of_case
from samrum.services import installation, upkeep
from samrum.services.documents import NewVersion, receive
from samrum.services.platform import Caller
from storage import KeyFile, MemoryStore, Vault
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


def test_fsck_is_content_with_what_is_whole(world: World, stored: UUID) -> None:
    report = upkeep.check_everything(world.platform)
    assert (report.checked, report.is_clean, report.orphans) == (2, True, [])


def _flip_a_bit(store: MemoryStore, name: str) -> None:
    content = store.objects[name]
    store.objects[name] = content[:-1] + bytes([content[-1] ^ 1])


@pytest.mark.parametrize(
    ("damage", "missing", "corrupt"),
    [(MemoryStore.delete, 1, 0), (_flip_a_bit, 0, 1)],
    ids=["a lost object", "a flipped bit"],
)
def test_fsck_names_a_damaged_version(
    world: World, stored: UUID, damage: Callable[[MemoryStore, str], None], missing: int, corrupt: int
) -> None:
    store = world.platform.vault.store
    assert isinstance(store, MemoryStore)
    damage(store, objects(world)[0])
    report = upkeep.check_everything(world.platform)
    assert (len(report.missing), len(report.corrupt), report.is_clean) == (missing, corrupt, False)


def test_fsck_names_an_object_without_a_version_and_leaves_it(world: World, stored: UUID) -> None:
    orphan = "v1/" + "2" * 32
    world.platform.vault.store.put(orphan, bytearray(b"nobody's"))
    assert upkeep.check_everything(world.platform).orphans == [orphan]
    assert orphan in objects(world)


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
