from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from storage import Corrupt, MemoryStore, NotFound, Unavailable
from storage.cobblestone import CHUNK
from storage.ends import Ends, EndsKept
from storage.store import Blob
from support.vaults import Room, new_room, noise

MIB = 1 << 20


class Counting(MemoryStore):
    """Counts the requests and the bytes that are read."""

    def __init__(self) -> None:
        super().__init__()
        self.requests: list[tuple[int, int]] = []

    @contextmanager
    def read(self, name: str, start: int, stop: int | None) -> Iterator[Blob]:
        with super().read(name, start, stop) as blob:
            self.requests.append((blob.start, blob.stop))
            yield blob


@pytest.fixture
def store() -> Counting:
    return Counting()


@pytest.fixture
def room(tmp_path: Path, store: Counting) -> Room:
    return new_room(tmp_path, store)


def test_a_small_version_is_read_in_one_request(room: Room, store: Counting) -> None:
    plain = noise(200 * 1024)
    place, stored = room.put(plain)
    assert room.get(place, stored) == plain
    assert len(store.requests) == 1


def test_a_large_version_is_read_in_three_requests(room: Room, store: Counting) -> None:
    plain = noise(30 * MIB)
    place, stored = room.put(plain)
    assert room.get(place, stored) == plain
    assert len(store.requests) == 3


def test_a_kibibyte_out_of_many_mebibytes_fetches_little(room: Room, store: Counting) -> None:
    plain = noise(30 * MIB)
    place, stored = room.put(plain)
    assert b"".join(room.open(place, stored).read(20 * MIB, 20 * MIB + 1024)) == plain[20 * MIB : 20 * MIB + 1024]
    assert sum(stop - start for start, stop in store.requests) < 400 * 1024


def test_an_expected_range_is_fetched_with_header_and_end_and_nothing_else(room: Room, store: Counting) -> None:
    plain = noise(30 * MIB)
    place, stored = room.put(plain)
    start, stop = 20 * MIB - 500, 20 * MIB + 524
    reader = room.vault.open(room.case_key, place, stored.wrapped_data_key, range(start, stop))
    assert b"".join(reader.read(start, stop)) == plain[start:stop]
    assert len(store.requests) == 3
    assert sum(stop - start for start, stop in store.requests) < 4 * (CHUNK + 16) + 64


@pytest.mark.parametrize("size", [0, 10, CHUNK, 16 * CHUNK, 16 * CHUNK + 1, 40 * CHUNK + 7])
@pytest.mark.parametrize(
    "expected",
    [range(0), range(5, 9), range(16 * CHUNK, 16 * CHUNK + 1), range(30 * CHUNK, 41 * CHUNK), range(1 << 40)],
)
def test_what_was_expected_does_not_change_what_is_read(room: Room, size: int, expected: range) -> None:
    plain = noise(size)
    place, stored = room.put(plain)
    reader = room.vault.open(room.case_key, place, stored.wrapped_data_key, expected)
    assert reader.size == size
    assert b"".join(reader.read()) == plain
    start = min(expected.start, size)
    stop = min(expected.stop, size)
    assert b"".join(reader.read(start, stop)) == plain[start:stop]


def test_a_missing_version_is_not_found_whatever_is_expected(room: Room) -> None:
    place, stored = room.put(b"gone")
    room.vault.delete(stored.object_name)
    with pytest.raises(NotFound):
        room.vault.open(room.case_key, place, stored.wrapped_data_key, range(20 * MIB, 20 * MIB + 1))


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 16 * CHUNK, 40 * CHUNK, 40 * CHUNK + 1])
def test_every_range_is_what_it_should_be(room: Room, size: int) -> None:
    plain = noise(size)
    reader = room.open(*room.put(plain))
    assert reader.size == size
    cuts = sorted({c for c in (0, 1, CHUNK - 1, CHUNK, 16 * CHUNK, size // 2, size - 1, size) if 0 <= c <= size})
    for start in cuts:
        for stop in (c for c in cuts if c >= start):
            assert b"".join(reader.read(start, stop)) == plain[start:stop]


@pytest.mark.parametrize(("start", "stop"), [(-1, 5), (0, 11), (6, 5), (11, 11), (11, None)])
def test_a_range_outside_the_version_is_refused_at_once(room: Room, start: int, stop: int | None) -> None:
    reader = room.open(*room.put(b"0123456789"))
    with pytest.raises(ValueError, match="range"):
        reader.read(start, stop)


class Breaking(MemoryStore):
    """Breaks off in the middle of an answer, or forgets the object, once told to."""

    broken = ""

    @contextmanager
    def read(self, name: str, start: int, stop: int | None) -> Iterator[Blob]:
        if self.broken == "gone":
            self.objects.pop(name, None)
        with super().read(name, start, stop) as blob:
            yield Blob(blob.start, blob.stop, blob.total, self._some(blob.pieces) if self.broken else blob.pieces)

    def _some(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        for _ in range(10):
            yield next(pieces)
        if self.broken == "error":
            raise Unavailable("as asked")


@pytest.mark.parametrize(("how", "error"), [("error", Unavailable), ("short", Corrupt), ("gone", NotFound)])
def test_a_read_that_breaks_in_the_middle_never_ends_cleanly(tmp_path: Path, how: str, error: type[Exception]) -> None:
    store = Breaking()
    room = new_room(tmp_path, store)
    plain = noise(5 * MIB)
    reader = room.open(*room.put(plain))
    store.broken = how
    pieces = reader.read()
    released = bytearray()
    with pytest.raises(error):
        deque(map(released.extend, pieces))
    assert released == plain[: len(released)]
    assert len(released) < len(plain)


def test_an_object_that_changes_its_length_while_it_is_read_is_refused(room: Room, store: Counting) -> None:
    place, stored = room.put(noise(5 * MIB))
    reader = room.open(place, stored)
    store.objects[stored.object_name] += b"more"
    with pytest.raises(Corrupt):
        list(reader.read())


def test_range_after_range_of_the_same_version_fetches_its_own_chunks_alone(room: Room, store: Counting) -> None:
    plain = noise(30 * MIB)
    place, stored = room.put(plain)
    for number, start in enumerate((20 * MIB, 5 * MIB, 29 * MIB)):
        store.requests.clear()
        reader = room.vault.open(room.case_key, place, stored.wrapped_data_key, range(start, start + 1024))
        assert b"".join(reader.read(start, start + 1024)) == plain[start : start + 1024]
        assert len(store.requests) == (3 if number == 0 else 1)


@pytest.mark.parametrize("how", ["cut", "longer", "other", "gone"])
def test_what_happened_to_an_object_since_is_noticed_by_the_next_range(room: Room, store: Counting, how: str) -> None:
    place, stored = room.put(noise(30 * MIB))
    _, other = room.put(noise(30 * MIB))

    def nine_bytes() -> bytes:
        wanted = range(20 * MIB, 20 * MIB + 9)
        reader = room.vault.open(room.case_key, place, stored.wrapped_data_key, wanted)
        return b"".join(reader.read(wanted.start, wanted.stop))

    assert len(nine_bytes()) == 9
    whole = store.objects[stored.object_name]
    changed = {"cut": whole[: 25 * MIB], "longer": whole + b"more", "other": store.objects[other.object_name]}
    if how == "gone":
        del store.objects[stored.object_name]
    else:
        store.objects[stored.object_name] = changed[how]
    with pytest.raises(NotFound if how == "gone" else Corrupt):
        nine_bytes()


def test_the_ends_of_the_objects_read_last_are_kept_and_of_no_others() -> None:
    kept = EndsKept()
    for number in range(100):
        kept.keep(f"{number}", Ends(number, b"", b""))
        assert kept.find("0") is not None
    assert kept.find("20") is None
    assert kept.find("99") == Ends(99, b"", b"")
