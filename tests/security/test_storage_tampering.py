"""Whoever can write to the object store or to the database is an attacker here; every test is one attack of theirs."""

from collections.abc import Callable
from pathlib import Path

import pytest

from storage import Corrupt, MemoryStore, Place, Stored, UnknownKek, WrappedKey
from support.vaults import Room, new_room, noise

HEADER = 64
CHUNK = 16_384
SEALED = 16_400
SIZE = 40 * CHUNK + 1_000  # three blocks of sixteen chunks, the last one not full
PLAIN = noise(SIZE)


class Attack:
    """A stored version of 41 chunks whose object the attacker replaces."""

    def __init__(self, room: Room, store: MemoryStore) -> None:
        self.room, self.store = room, store
        self.place, self.stored = room.put(PLAIN)
        self.sealed = store.objects[self.stored.object_name]

    def chunk(self, index: int) -> bytes:
        start = HEADER + SEALED * index
        return self.sealed[start : min(start + SEALED, len(self.sealed))]

    def replace(self, sealed: bytes) -> None:
        self.store.objects[self.stored.object_name] = sealed

    def assert_refused(self) -> None:
        """Reading ends in an error, having released nothing but true plaintext from the start."""
        released = bytearray()
        with pytest.raises(Corrupt):
            self._read_into(released)
        assert released == PLAIN[: len(released)]

    def assert_refused_at_opening(self) -> None:
        """Whole, or for a short range somewhere in the middle, which is opened in another way."""
        with pytest.raises(Corrupt):
            self.room.open(self.place, self.stored)
        with pytest.raises(Corrupt):
            self.room.vault.open(
                self.room.case_key, self.place, self.stored.wrapped_data_key, range(20 * CHUNK, 20 * CHUNK + 10)
            )

    def _read_into(self, released: bytearray) -> None:
        for piece in self.room.open(self.place, self.stored).read():
            released += piece


@pytest.fixture
def attack(tmp_path: Path) -> Attack:
    store = MemoryStore()
    return Attack(new_room(tmp_path, store), store)


def test_untouched_it_opens(attack: Attack) -> None:
    assert attack.room.get(attack.place, attack.stored) == PLAIN


@pytest.mark.parametrize("chunks", range(41))
def test_truncated_at_a_chunk_boundary(attack: Attack, chunks: int) -> None:
    attack.replace(attack.sealed[: HEADER + chunks * SEALED])
    attack.assert_refused_at_opening()


@pytest.mark.parametrize("inside", [1, 15, 16, 17, 999, SEALED - 1])
@pytest.mark.parametrize("chunk", [0, 1, 16, 39, 40])
def test_truncated_inside_a_chunk(attack: Attack, chunk: int, inside: int) -> None:
    attack.replace(attack.sealed[: HEADER + chunk * SEALED + min(inside, len(attack.chunk(chunk)) - 1)])
    attack.assert_refused_at_opening()


@pytest.mark.parametrize("kept", [0, 1, 7, 8, 9, 31, 32, 63])
def test_truncated_inside_the_header(attack: Attack, kept: int) -> None:
    attack.replace(attack.sealed[:kept])
    attack.assert_refused_at_opening()


def test_truncated_at_the_front(attack: Attack) -> None:
    attack.replace(attack.sealed[1:])
    attack.assert_refused_at_opening()


@pytest.mark.parametrize(("one", "other"), [(0, 1), (3, 30), (15, 16), (38, 39)])
def test_chunks_swapped(attack: Attack, one: int, other: int) -> None:
    chunks = [attack.chunk(index) for index in range(41)]
    chunks[one], chunks[other] = chunks[other], chunks[one]
    attack.replace(attack.sealed[:HEADER] + b"".join(chunks))
    attack.assert_refused()


@pytest.mark.parametrize("index", [0, 15, 16, 39])
def test_a_chunk_duplicated(attack: Attack, index: int) -> None:
    chunks = [attack.chunk(i) for i in range(41)]
    attack.replace(attack.sealed[:HEADER] + b"".join([*chunks[: index + 1], *chunks[index:]]))
    attack.assert_refused_at_opening()


@pytest.mark.parametrize("index", [0, 15, 16, 39])
def test_a_chunk_in_place_of_the_next(attack: Attack, index: int) -> None:
    chunks = [attack.chunk(i) for i in range(40)]
    chunks[index] = attack.chunk(index - 1)
    attack.replace(attack.sealed[:HEADER] + b"".join(chunks) + attack.chunk(40))
    attack.assert_refused()


@pytest.mark.parametrize("index", [0, 15, 16, 39, 40])
def test_a_chunk_dropped(attack: Attack, index: int) -> None:
    attack.replace(attack.sealed[:HEADER] + b"".join(attack.chunk(i) for i in range(41) if i != index))
    attack.assert_refused_at_opening()


@pytest.mark.parametrize("extra", [1, 16, 100, SEALED, 16 * SEALED])
def test_extended(attack: Attack, extra: int) -> None:
    attack.replace(attack.sealed + bytes(extra))
    attack.assert_refused_at_opening()


def test_extended_by_its_own_last_chunk(attack: Attack) -> None:
    attack.replace(attack.sealed + attack.chunk(40))
    attack.assert_refused_at_opening()


def test_appended_to_itself(attack: Attack) -> None:
    attack.replace(attack.sealed + attack.sealed)
    attack.assert_refused_at_opening()


def test_emptied(attack: Attack) -> None:
    attack.replace(b"")
    attack.assert_refused_at_opening()


def test_another_versions_object(attack: Attack) -> None:
    _, other = attack.room.put(PLAIN)
    attack.replace(attack.store.objects[other.object_name])
    attack.assert_refused_at_opening()


def test_an_older_versions_object_and_its_data_key(attack: Attack) -> None:
    document, older = attack.place.document, attack.room.place()
    older = Place(older.organisation, older.case, document, older.version)
    _, stored = attack.room.put(b"older", older)
    attack.replace(attack.store.objects[stored.object_name])
    with pytest.raises(Corrupt):
        attack.room.vault.open(attack.room.case_key, attack.place, stored.wrapped_data_key)


def test_another_cases_object_data_key_and_case_key(attack: Attack, tmp_path: Path) -> None:
    other = new_room(tmp_path, attack.store)
    place, stored = other.put(b"somebody else's file")
    attack.replace(attack.store.objects[stored.object_name])
    with pytest.raises(Corrupt):
        attack.room.vault.open(other.case_key, attack.place, stored.wrapped_data_key)
    with pytest.raises(Corrupt):
        attack.room.vault.open(attack.room.case_key, place, stored.wrapped_data_key)
    mixed = Place(other.organisation, other.case, attack.place.document, attack.place.version)
    with pytest.raises(Corrupt):
        attack.room.vault.open(other.case_key, mixed, stored.wrapped_data_key)


@pytest.mark.parametrize("field", ["organisation", "case", "document", "version"])
def test_moved_to_a_row_that_differs_in_one_id(attack: Attack, field: str) -> None:
    elsewhere = attack.room.place()
    ids = {name: getattr(attack.place, name) for name in ("organisation", "case", "document", "version")}
    moved = Place(**(ids | {field: elsewhere.version}))
    attack.store.objects[f"v1/{moved.version.hex}"] = attack.sealed
    with pytest.raises(Corrupt):
        attack.room.vault.open(attack.room.case_key, moved, attack.stored.wrapped_data_key)


def test_the_wrong_data_key(attack: Attack) -> None:
    _, other = attack.room.put(b"other")
    with pytest.raises(Corrupt):
        attack.room.vault.open(attack.room.case_key, attack.place, other.wrapped_data_key)


def test_the_wrong_case_key(attack: Attack) -> None:
    vault = attack.room.vault
    another = vault.new_case_key(attack.room.organisation, attack.room.case)
    with pytest.raises(Corrupt):
        vault.open(another, attack.place, attack.stored.wrapped_data_key)


def test_the_wrong_key_encryption_key(attack: Attack, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    stranger = new_room(tmp_path / "elsewhere", attack.store)
    with pytest.raises(UnknownKek):
        stranger.vault.open(attack.room.case_key, attack.place, attack.stored.wrapped_data_key)
    disguised = WrappedKey(stranger.case_key.kek, attack.room.case_key.blob)
    with pytest.raises(Corrupt):
        stranger.vault.open(disguised, attack.place, attack.stored.wrapped_data_key)


@pytest.mark.parametrize(
    "magic", [b"\x89SAMRUM\x00", b"\x89SAMRUM\x02", b"\x09SAMRUM\x01", b"\x89samrum\x01", bytes(8)]
)
def test_an_old_or_foreign_magic(attack: Attack, magic: bytes) -> None:
    attack.replace(magic + attack.sealed[8:])
    attack.assert_refused_at_opening()


def test_without_the_magic(attack: Attack) -> None:
    attack.replace(attack.sealed[8:])
    attack.assert_refused_at_opening()


def first_bits(start: int, stop: int) -> list[int]:
    return [8 * at + at % 8 for at in range(start, stop)]


@pytest.mark.parametrize(
    "bits",
    [first_bits(0, 8), first_bits(8, 32), first_bits(32, 64)],
    ids=["magic", "salt", "commitment"],
)
def test_a_bit_flipped_in_the_header(attack: Attack, bits: list[int]) -> None:
    for bit in bits:
        attack.replace(flipped(attack.sealed, bit))
        attack.assert_refused_at_opening()


@pytest.mark.parametrize(
    "at",
    [
        lambda chunk: HEADER + chunk * SEALED,
        lambda chunk: HEADER + chunk * SEALED + 500,
        lambda chunk: HEADER + chunk * SEALED + CHUNK,
        lambda chunk: HEADER + chunk * SEALED + SEALED - 1,
    ],
    ids=["first byte", "middle", "tag", "end of the tag"],
)
@pytest.mark.parametrize("chunk", [0, 1, 15, 16, 31, 32, 39])
def test_a_bit_flipped_in_a_chunk(attack: Attack, chunk: int, at: Callable[[int], int]) -> None:
    attack.replace(flipped(attack.sealed, 8 * at(chunk)))
    attack.assert_refused()


@pytest.mark.parametrize("from_end", [1, 16, 17, 1016])
def test_a_bit_flipped_in_the_last_chunk(attack: Attack, from_end: int) -> None:
    attack.replace(flipped(attack.sealed, 8 * (len(attack.sealed) - from_end)))
    attack.assert_refused_at_opening()


def test_a_bit_flipped_in_the_wrapped_data_key(attack: Attack) -> None:
    wrapped = attack.stored.wrapped_data_key
    for bit in range(8 * len(wrapped)):
        with pytest.raises(Corrupt):
            attack.room.vault.open(attack.room.case_key, attack.place, flipped(wrapped, bit))


@pytest.mark.parametrize("length", [0, 8, 63, 64, 111, 113])
def test_a_wrapped_data_key_cut_or_extended(attack: Attack, length: int) -> None:
    wrapped = attack.stored.wrapped_data_key.ljust(length, b"\x00")[:length]
    with pytest.raises(Corrupt):
        attack.room.vault.open(attack.room.case_key, attack.place, wrapped)


def test_a_range_outside_the_damage_is_still_only_true_bytes(attack: Attack) -> None:
    """What is not damaged may be read; what is damaged may not, whichever way the range touches it."""
    attack.replace(flipped(attack.sealed, 8 * (HEADER + 20 * SEALED)))
    reader = attack.room.open(attack.place, attack.stored)
    assert b"".join(reader.read(0, 20 * CHUNK)) == PLAIN[: 20 * CHUNK]
    assert b"".join(reader.read(21 * CHUNK, SIZE)) == PLAIN[21 * CHUNK :]
    for start, stop in [(20 * CHUNK, 20 * CHUNK + 1), (0, 20 * CHUNK + 1), (21 * CHUNK - 1, SIZE), (0, SIZE)]:
        with pytest.raises(Corrupt):
            list(reader.read(start, stop))


def test_an_error_names_nobody(attack: Attack) -> None:
    attack.replace(attack.sealed[:-1])
    with pytest.raises(Corrupt) as refused:
        attack.room.open(attack.place, attack.stored)
    ids = (attack.place.organisation, attack.place.case, attack.place.document, attack.place.version)
    assert not any(i.hex in str(refused.value) or str(i) in str(refused.value) for i in ids)


def test_a_stored_version_shows_its_keys_in_no_representation(attack: Attack) -> None:
    shown = repr(attack.room.vault) + repr(attack.room.vault.wrapper) + repr(attack.stored)
    key_file = (attack.room.vault.wrapper._path).read_text()  # type: ignore[attr-defined]
    assert key_file.split()[-1] not in shown
    assert isinstance(attack.stored, Stored)


def flipped(data: bytes, bit: int) -> bytes:
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)
