import hashlib
import json
from collections import deque
from pathlib import Path
from typing import Any

import pytest
from cryptography.cobblestone import Cobblestone256Decryptor, Cobblestone256Encryptor

from storage.cobblestone import (
    CHUNK,
    HEADER,
    MAX_CHUNKS,
    SEALED_CHUNK,
    TAG,
    Opener,
    Sealer,
    expander,
    open_whole,
    plain_size,
    seal,
    sealed_size,
)
from storage.errors import Corrupt
from support.cobblestone_by_hand import cobblestone_seal

ANSWERS: list[dict[str, Any]] = json.loads((Path(__file__).parent / "known_answers.json").read_text())["messages"]
KEY = bytes(range(32))


def message_of(size: int) -> bytes:
    return hashlib.shake_256(f"message {size}".encode()).digest(size)


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda a: f"{a['size']} bytes")
def test_a_message_is_sealed_to_the_known_answer(answer: dict[str, Any]) -> None:
    sealed = seal(
        expander(bytes.fromhex(answer["key"])),
        bytes.fromhex(answer["context"]),
        message_of(answer["size"]),
        bytes.fromhex(answer["salt"]),
    )
    assert len(sealed) == answer["length"]
    assert hashlib.sha256(sealed).hexdigest() == answer["sha256"]
    assert sealed.hex() == answer.get("sealed", sealed.hex())


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda a: f"{a['size']} bytes")
def test_the_known_answers_are_those_of_the_implementation_by_hand(answer: dict[str, Any]) -> None:
    key, salt, context = (bytes.fromhex(answer[name]) for name in ("key", "salt", "context"))
    sealed = cobblestone_seal(key, salt, context, message_of(answer["size"]))
    assert hashlib.sha256(sealed).hexdigest() == answer["sha256"]
    assert open_whole(expander(key), context, sealed) == message_of(answer["size"])


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 20 * CHUNK, 20 * CHUNK + 77])
def test_the_implementation_of_pyca_cryptography_and_this_one_open_each_other(size: int) -> None:
    plain = message_of(size)
    decryptor = Cobblestone256Decryptor(KEY, b"context")
    assert decryptor.update(seal(expander(KEY), b"context", plain)) + decryptor.finalize() == plain
    encryptor = Cobblestone256Encryptor(KEY, b"context")
    assert open_whole(expander(KEY), b"context", encryptor.update(plain) + encryptor.finalize()) == plain


def test_no_message_has_the_salt_of_another() -> None:
    assert len({Sealer(expander(KEY), b"").header for _ in range(100)}) == 100


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK])
def test_sizes_are_known_both_ways(size: int) -> None:
    sealed = seal(expander(KEY), b"", bytes(size))
    assert sealed_size(size) == len(sealed)
    assert plain_size(len(sealed)) == size


@pytest.mark.parametrize("length", [0, 1, HEADER - 1, HEADER, HEADER + TAG - 1, HEADER + SEALED_CHUNK])
def test_a_length_that_no_message_has_is_refused(length: int) -> None:
    with pytest.raises(Corrupt):
        plain_size(length)


def test_a_message_beyond_four_pebibytes_is_refused() -> None:
    longest = HEADER + (MAX_CHUNKS - 1) * SEALED_CHUNK + SEALED_CHUNK - 1
    assert plain_size(longest) == (1 << 52) - 1
    with pytest.raises(Corrupt):
        plain_size(longest + TAG + 1)


@pytest.mark.parametrize("length", [0, 16, 31, 33, 64])
def test_an_input_key_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        expander(bytes(length))


def test_nothing_follows_the_last_chunk() -> None:
    sealer = Sealer(expander(KEY), b"")
    sealer.seal_last(b"end")
    with pytest.raises(ValueError, match="complete"):
        sealer.seal_chunks(memoryview(bytes(CHUNK)), memoryview(bytearray(SEALED_CHUNK)))
    with pytest.raises(ValueError, match="last chunk"):
        sealer.seal_last(b"")


def test_the_last_chunk_is_never_full() -> None:
    with pytest.raises(ValueError, match="shorter"):
        Sealer(expander(KEY), b"").seal_last(bytes(CHUNK))


def test_a_chunk_is_never_short() -> None:
    with pytest.raises(ValueError, match="whole chunks"):
        Sealer(expander(KEY), b"").seal_chunks(memoryview(bytes(CHUNK - 1)), memoryview(bytearray(SEALED_CHUNK)))


def test_a_wrong_commitment_is_refused_before_any_chunk() -> None:
    sealed = seal(expander(KEY), b"context", b"plain")
    with pytest.raises(Corrupt, match="commitment"):
        Opener(expander(bytes(32)), b"context", sealed[:HEADER], len(sealed))
    with pytest.raises(Corrupt, match="commitment"):
        Opener(expander(KEY), b"contexT", sealed[:HEADER], len(sealed))


def test_what_is_missing_from_a_stream_is_an_error_not_an_end() -> None:
    plain = message_of(40 * CHUNK)
    sealed = seal(expander(KEY), b"", plain)
    opener = Opener(expander(KEY), b"", sealed[:HEADER], len(sealed))
    for kept in (0, 1, SEALED_CHUNK, 16 * SEALED_CHUNK, 32 * SEALED_CHUNK, 39 * SEALED_CHUNK):
        released = bytearray()
        pieces = opener.open_range([sealed[HEADER : HEADER + kept]], 0, len(plain))
        with pytest.raises(Corrupt):
            deque(map(released.extend, pieces))
        assert released == plain[: len(released)]


def test_no_piece_is_larger_than_a_quarter_of_a_mebibyte() -> None:
    plain = message_of(50 * CHUNK + 5)
    sealed = seal(expander(KEY), b"", plain)
    opener = Opener(expander(KEY), b"", sealed[:HEADER], len(sealed))
    pieces = list(opener.open_range([sealed[HEADER:]], 0, len(plain)))
    assert b"".join(pieces) == plain
    assert max(map(len, pieces)) == 256 * 1024
