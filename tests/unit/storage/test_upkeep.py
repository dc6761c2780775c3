import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from storage import Corrupt, MemoryStore, NotFound, UnknownKek, WrappedKey
from storage.upkeep import MIN_AGE, abandoned, check, orphans
from storage.upload import MAX_SECONDS
from support.vaults import Room, new_room, noise

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Clock:
    now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(clock: Clock) -> MemoryStore:
    return MemoryStore(clock)


@pytest.fixture
def room(tmp_path: Path, store: MemoryStore) -> Room:
    return new_room(tmp_path, store)


def nothing(_: list[str]) -> list[str]:
    return []


def test_an_object_that_no_version_knows_is_an_orphan_once_it_is_old(store: MemoryStore, clock: Clock) -> None:
    store.put("v1/known", bytearray(1))
    store.put("v1/lost", bytearray(1))
    clock.now = NOW + MIN_AGE
    store.put("v1/young", bytearray(1))
    assert list(orphans(store, nothing, NOW + MIN_AGE)) == []
    found = orphans(store, lambda names: {"v1/known"} & set(names), NOW + MIN_AGE + HOUR)
    assert [info.name for info in found] == ["v1/lost"]


def test_what_others_keep_in_the_bucket_is_not_touched(store: MemoryStore) -> None:
    store.put("backup/database.gz", bytearray(1))
    assert list(orphans(store, nothing, NOW + 2 * MIN_AGE)) == []


def test_the_database_is_asked_in_bounded_batches(store: MemoryStore) -> None:
    for number in range(2_500):
        store.put(f"v1/{number:04}", bytearray(1))
    asked: list[int] = []

    def known(names: list[str]) -> list[str]:
        asked.append(len(names))
        return names[1:]

    assert len(list(orphans(store, known, NOW + 2 * MIN_AGE))) == 3
    assert asked == [1_000, 1_000, 500]


def test_an_unfinished_upload_is_abandoned_once_it_is_old(store: MemoryStore, clock: Clock) -> None:
    old = store.begin("v1/old")
    store.begin("backup/other")
    clock.now = NOW + MIN_AGE
    store.begin("v1/young")
    assert list(abandoned(store, NOW + MIN_AGE)) == []
    assert [upload.upload for upload in abandoned(store, NOW + MIN_AGE + HOUR)] == [old]


def test_no_age_is_accepted_at_which_an_upload_may_still_run(store: MemoryStore) -> None:
    assert timedelta(seconds=MAX_SECONDS) < MIN_AGE
    with pytest.raises(ValueError, match="running"):
        abandoned(store, NOW, MIN_AGE - timedelta(seconds=1))
    with pytest.raises(ValueError, match="running"):
        next(orphans(store, nothing, NOW, timedelta(0)))


def test_a_whole_version_passes_the_check(room: Room) -> None:
    place, stored = room.put(noise(700_000))
    assert check(room.vault, room.case_key, place, stored.wrapped_data_key, stored.sha256) == 700_000


def test_the_check_tells_what_is_wrong(room: Room, store: MemoryStore) -> None:
    place, stored = room.put(noise(700_000))
    arguments = (room.case_key, place, stored.wrapped_data_key)
    with pytest.raises(Corrupt):
        check(room.vault, *arguments, hashlib.sha256(b"other").digest())
    with pytest.raises(UnknownKek):
        check(room.vault, WrappedKey("00" * 16, room.case_key.blob), *arguments[1:], stored.sha256)
    damaged = bytearray(store.objects[stored.object_name])
    damaged[400_000] ^= 1
    store.objects[stored.object_name] = bytes(damaged)
    with pytest.raises(Corrupt):
        check(room.vault, *arguments, stored.sha256)
    store.delete(stored.object_name)
    with pytest.raises(NotFound):
        check(room.vault, *arguments, stored.sha256)
