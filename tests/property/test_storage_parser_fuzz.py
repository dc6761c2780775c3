"""Whatever bytes stand in the store or the key columns: the answer is Corrupt, never anything else, never plaintext."""

import random
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage import Corrupt, MemoryStore, Place, Stored, TextPlace, WrappedKey
from storage.container import MAGIC
from support.vaults import Room, new_room, noise

PLAIN = noise(40_000)
SEED = 20_240_101


@cache
def a_version() -> tuple[Room, MemoryStore, Place, Stored, bytes]:
    store = MemoryStore()
    with TemporaryDirectory() as directory:
        room = new_room(Path(directory), store)
    place, stored = room.put(PLAIN)
    return room, store, place, stored, store.objects[stored.object_name]


def read_back(sealed: bytes) -> bytes:
    room, store, place, stored, _ = a_version()
    store.objects[stored.object_name] = sealed
    return room.get(place, stored)


@given(sealed=st.one_of(st.binary(max_size=300), st.builds(lambda tail: MAGIC + tail, st.binary(max_size=300))))
@settings(max_examples=300)
def test_arbitrary_bytes_are_corrupt(sealed: bytes) -> None:
    with pytest.raises(Corrupt):
        read_back(sealed)


@given(blob=st.one_of(st.binary(max_size=200), st.builds(lambda tail: MAGIC + tail, st.binary(max_size=200))))
@settings(max_examples=300)
def test_arbitrary_key_blobs_and_texts_are_corrupt(blob: bytes) -> None:
    room, _, place, stored, _ = a_version()
    vault, text = room.vault, TextPlace(room.organisation, room.case, place.document)
    with pytest.raises(Corrupt):
        vault.open(WrappedKey(room.case_key.kek, blob), place, stored.wrapped_data_key)
    with pytest.raises(Corrupt):
        vault.open(room.case_key, place, blob)
    with pytest.raises(Corrupt):
        vault.open_text(room.case_key, text, "document.name", blob)


def mutated(sealed: bytes, chance: random.Random) -> bytes:
    """One to four changes of the kinds that files suffer: bits, cuts, insertions, repeats, moves."""
    data = bytearray(sealed)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(data) + 1)
        span = min(chance.choice([1, 2, 16, 56, 64, 1000, 16_400]), len(data) - at)
        match chance.randrange(6):
            case 0 if at < len(data):
                data[at] ^= 1 << chance.randrange(8)
            case 1:
                del data[at : at + span]
            case 2:
                data[at:at] = chance.randbytes(chance.choice([1, 16, 16_400]))
            case 3:
                data[at:at] = data[at : at + span]
            case 4:
                del data[at:]
            case _:
                data[at : at + span] = bytes(span)
        if not data:
            break
    return bytes(data)


def test_ten_thousand_mutations_are_corrupt_or_change_nothing() -> None:
    sealed = a_version()[-1]
    chance = random.Random(SEED)
    refused = 0
    for _ in range(10_000):
        attempt = mutated(sealed, chance)
        try:
            assert read_back(attempt) == PLAIN
            assert attempt == sealed
        except Corrupt:
            refused += 1
    assert refused > 9_900
