import hashlib
import threading
import time
import tracemalloc
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from storage import AlreadyExists, MemoryStore, NotFound, StorageError, Unavailable
from storage import upload as upload_module
from storage.cobblestone import CHUNK
from storage.store import nothing
from storage.upload import PART
from support.vaults import Room, new_room, noise

MIB = 1 << 20


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def room(tmp_path: Path, store: MemoryStore) -> Room:
    return new_room(tmp_path, store)


@pytest.mark.parametrize(
    "size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, PART - 600, PART, PART + 1, 2 * PART, 3 * PART + CHUNK // 2]
)
@pytest.mark.parametrize("step", [65_536, 99_991])
def test_what_goes_in_comes_out(room: Room, size: int, step: int) -> None:
    plain = noise(size)
    place, stored = room.put(plain, step=step)
    assert (stored.size, stored.sha256) == (size, hashlib.sha256(plain).digest())
    assert room.get(place, stored) == plain


@pytest.mark.parametrize("step", [1, 7, CHUNK - 1])
def test_pieces_may_be_small(room: Room, step: int) -> None:
    plain = noise(2 * CHUNK + 3)
    assert room.get(*room.put(plain, step=step)) == plain


def test_nothing_readable_reaches_the_store(room: Room, store: MemoryStore) -> None:
    place, stored = room.put(b"a sentence about a child " * 1000)
    (name, sealed), *others = store.objects.items()
    assert not others
    assert b"child" not in sealed
    assert name == stored.object_name
    for identity in (place.organisation, place.case, place.document):
        assert identity.hex not in name
        assert identity.bytes not in sealed


def test_the_same_bytes_twice_do_not_look_the_same(room: Room, store: MemoryStore) -> None:
    room.put(b"the same")
    room.put(b"the same")
    first, second = store.objects.values()
    assert first[8:] != second[8:]


class Parts(MemoryStore):
    """Counts requests, and fails the one that is asked for."""

    def __init__(self, failing: str = "", number: int = 0) -> None:
        super().__init__()
        self.calls: list[str] = []
        self._failing, self._number = failing, number
        self._guard = threading.Lock()
        self.in_flight = self.most_in_flight = 0

    def _called(self, name: str) -> None:
        with self._guard:
            self.calls.append(name)
            if name == self._failing and self.calls.count(name) > self._number:
                raise Unavailable("as asked")

    def put(self, name: str, data: bytearray, meanwhile: Callable[[], None] = nothing) -> None:
        self._called("put")
        super().put(name, data, meanwhile)

    def begin(self, name: str) -> str:
        self._called("begin")
        return super().begin(name)

    def put_part(self, name: str, upload: str, number: int, data: bytearray) -> str:
        with self._guard:
            self.in_flight += 1
            self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            self._called("put_part")
            return super().put_part(name, upload, number, data)
        finally:
            with self._guard:
                self.in_flight -= 1

    def complete(self, name: str, upload: str, tags: Sequence[str]) -> None:
        self._called("complete")
        super().complete(name, upload, tags)

    def abort(self, name: str, upload: str) -> None:
        self._called("abort")
        super().abort(name, upload)


def test_a_small_version_is_one_request(tmp_path: Path) -> None:
    store = Parts()
    new_room(tmp_path, store).put(noise(MIB))
    assert store.calls == ["put"]


def test_a_large_version_is_sent_in_parts_a_few_at_a_time(tmp_path: Path) -> None:
    store = Parts()
    new_room(tmp_path, store).put(bytes(5 * PART))
    assert store.calls.count("put_part") == 6
    assert store.calls[0] == "begin"
    assert store.calls[-1] == "complete"
    assert store.most_in_flight <= 3


@pytest.mark.parametrize(
    ("failing", "number"), [("begin", 0), ("put_part", 0), ("put_part", 2), ("put_part", 5), ("complete", 0)]
)
def test_a_failure_anywhere_leaves_nothing_behind(tmp_path: Path, failing: str, number: int) -> None:
    store = Parts(failing, number)
    room = new_room(tmp_path, store)
    with pytest.raises(Unavailable):
        room.put(bytes(5 * PART))
    assert store.objects == {}
    assert list(store.unfinished()) == []


def test_an_upload_that_failed_cannot_be_finished_without_the_part_that_failed(tmp_path: Path) -> None:
    store = Parts("put_part", 1)
    room = new_room(tmp_path, store)
    with room.vault.upload(room.case_key, room.place()) as upload:
        with pytest.raises(Unavailable):
            upload.write(bytes(8 * PART))
        with pytest.raises(ValueError, match="over"):
            upload.write(b"more")
        with pytest.raises(ValueError, match="over"):
            upload.finish()
    assert store.objects == {}
    assert list(store.unfinished()) == []


class Slow(Parts):
    """Its first part fails while the second one is still on its way."""

    def put_part(self, name: str, upload: str, number: int, data: bytearray) -> str:
        if number == 1:
            raise Unavailable("as asked")
        time.sleep(0.2)
        return super().put_part(name, upload, number, data)


def test_an_upload_is_aborted_only_after_the_last_part_in_flight_has_landed(tmp_path: Path) -> None:
    """Some stores keep a part that arrives after the abort, and charge for it for ever."""
    store = Slow()
    with pytest.raises(Unavailable):
        new_room(tmp_path, store).put(bytes(5 * PART))
    assert "put_part" in store.calls
    assert store.calls[-1] == "abort"


def test_a_failing_abort_does_not_hide_what_happened(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    store = Parts("abort")
    room = new_room(tmp_path, store)

    def uploaded() -> None:
        with room.vault.upload(room.case_key, room.place()) as upload:
            upload.write(bytes(2 * PART))
            raise KeyError("the reason")

    with pytest.raises(KeyError, match="the reason"):
        uploaded()
    assert "sweeper" in caplog.text
    assert len(list(store.unfinished())) == 1


@pytest.mark.parametrize("size", [10, 2 * PART])
def test_leaving_without_finishing_stores_nothing(room: Room, store: MemoryStore, size: int) -> None:
    with room.vault.upload(room.case_key, room.place()) as upload:
        upload.write(bytes(size))
    assert store.objects == {}
    assert list(store.unfinished()) == []


def test_nothing_is_visible_before_the_end(room: Room, store: MemoryStore) -> None:
    place = room.place()
    with room.vault.upload(room.case_key, place) as upload:
        upload.write(bytes(3 * PART))
        assert store.objects == {}
        stored = upload.finish()
    assert list(store.objects) == [stored.object_name]


def test_an_upload_that_is_over_takes_nothing_more(room: Room) -> None:
    with room.vault.upload(room.case_key, room.place()) as upload:
        upload.finish()
        with pytest.raises(ValueError, match="over"):
            upload.write(b"more")
        with pytest.raises(ValueError, match="over"):
            upload.finish()


@pytest.mark.parametrize("size", [100, 2 * PART])
def test_a_version_is_never_overwritten(room: Room, size: int) -> None:
    place, stored = room.put(b"first")
    with pytest.raises(AlreadyExists):
        room.put(bytes(size), place)
    assert room.get(place, stored) == b"first"


def test_a_deleted_version_is_not_found(room: Room) -> None:
    place, stored = room.put(b"gone")
    room.vault.delete(stored.object_name)
    room.vault.delete(stored.object_name)
    with pytest.raises(NotFound):
        room.open(place, stored)


def test_an_upload_that_takes_too_long_fails(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upload_module, "MAX_SECONDS", -1)
    with room.vault.upload(room.case_key, room.place()) as upload, pytest.raises(Unavailable, match="too long"):
        upload.write(b"late")


def test_an_upload_of_more_parts_than_s3_takes_fails(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upload_module, "MAX_PARTS", 2)
    with pytest.raises(StorageError, match="larger"):
        room.put(bytes(3 * PART))


class Nowhere(MemoryStore):
    """Forgets every part."""

    def put_part(self, name: str, upload: str, number: int, data: bytearray) -> str:
        return super().put_part(name, upload, number, data[:1])


def test_memory_does_not_grow_with_the_size(tmp_path: Path) -> None:
    room = new_room(tmp_path, Nowhere())
    piece = bytes(MIB)
    tracemalloc.start()
    try:
        with room.vault.upload(room.case_key, room.place()) as upload:
            for _ in range(200):
                upload.write(piece)
            upload.finish()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4 * PART + 2 * MIB


class NoLonger(Exception):
    """The sender has gone."""


@pytest.mark.parametrize("size", [0, 1000, 2 * PART])
def test_nothing_stays_of_an_upload_that_nobody_wants_in_the_end(room: Room, store: MemoryStore, size: int) -> None:
    def refuse() -> None:
        raise NoLonger

    def send() -> None:
        with room.vault.upload(room.case_key, room.place()) as upload:
            upload.write(noise(size))
            upload.finish(refuse)

    with pytest.raises(NoLonger):
        send()
    assert store.objects == {}
    assert list(store.unfinished()) == []
