"""Sealing in memory, beside the bare cipher and beside other libraries where they are installed (extra `bench`)."""

import importlib
import io
import os
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from storage.cobblestone import CHUNK, SEALED_CHUNK, Sealer, expander
from storage.container import Place, object_context

_MIB = 1024 * 1024
_PIECE = os.urandom(_MIB)
_ROUNDS = 3

Seal = Callable[[int], None]


def rows(mebibytes: int, wanted: Callable[[str], bool]) -> Iterator[tuple[str, str, str, str]]:
    """A row for each comparison: name and goal, what was measured, what stands beside it, the ratio."""
    others: list[tuple[str, Callable[[], Seal]]] = [
        ("sealing in memory, beside AESGCM alone | ≥ 0.75", lambda: _bare_cipher),
        ("sealing in memory, beside aws-encryption-sdk | ≥ 5", _aws_encryption_sdk),
        ("sealing in memory, beside tink, segments of 4 KiB | ≥ 3", lambda: _tink("AES256_GCM_HKDF_4KB")),
        ("sealing in memory, beside tink, segments of 1 MiB | –", lambda: _tink("AES256_GCM_HKDF_1MB")),
        ("sealing in memory, beside pyrage | ≥ 2", _pyrage),
    ]
    for name, make in others:
        if not wanted(name):
            continue
        try:
            other = make()
        except ImportError:
            yield name, "", "not installed: pip install .[bench]", "–"
            continue
        _cobblestone(8)
        other(8)
        ours, theirs = [], []
        for _ in range(_ROUNDS):  # in turn, so that the machine's other work falls on both
            ours.append(_speed(_cobblestone, mebibytes))
            theirs.append(_speed(other, mebibytes))
        ratio = statistics.median(a / b for a, b in zip(ours, theirs, strict=True))
        yield (
            name,
            f"{statistics.median(ours):,.0f} MiB/s",
            f"{statistics.median(theirs):,.0f} MiB/s",
            f"{ratio:.2f}",
        )


def _speed(seal: Seal, mebibytes: int) -> float:
    begun = time.perf_counter()
    seal(mebibytes)
    return mebibytes / (time.perf_counter() - begun)


def _cobblestone(mebibytes: int) -> None:
    place = Place(uuid4(), uuid4(), uuid4(), uuid4())
    sealer = Sealer(expander(os.urandom(32)), object_context(place))
    out = memoryview(bytearray(_MIB // CHUNK * SEALED_CHUNK))
    plain = memoryview(_PIECE)
    for _ in range(mebibytes):
        sealer.seal_chunks(plain, out)
    sealer.seal_last(b"")


def _bare_cipher(mebibytes: int) -> None:
    cipher = AESGCM(os.urandom(32))
    chunks = [_PIECE[start : start + CHUNK] for start in range(0, _MIB, CHUNK)]
    number = 0
    for _ in range(mebibytes):
        for chunk in chunks:
            cipher.encrypt(number.to_bytes(12, "big"), chunk, None)
            number += 1


class _Endless(io.RawIOBase):
    """So many MiB to read."""

    def __init__(self, mebibytes: int) -> None:
        self._left = mebibytes * _MIB

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        piece = _PIECE[: min(size if size >= 0 else _MIB, self._left, _MIB)]
        self._left -= len(piece)
        return piece


class _Sink(io.RawIOBase):
    """Takes everything and keeps nothing."""

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        return len(data)

    def close(self) -> None:
        return


def _aws_encryption_sdk() -> Seal:
    """Frames of 16 KiB, AES-256-GCM with key commitment and no signature, a raw wrapping key."""
    sdk = importlib.import_module("aws_encryption_sdk")
    identifiers = importlib.import_module("aws_encryption_sdk.identifiers")
    providers = importlib.import_module("aws_encryption_sdk.key_providers.raw")
    wrapping = importlib.import_module("aws_encryption_sdk.internal.crypto.wrapping_keys")

    class Provider(providers.RawMasterKeyProvider):  # type: ignore[misc, name-defined]
        provider_id = "bench"

        def _get_raw_key(self, _key_id: bytes) -> Any:
            return wrapping.WrappingKey(
                wrapping_algorithm=identifiers.WrappingAlgorithm.AES_256_GCM_IV12_TAG16_NO_PADDING,
                wrapping_key=bytes(32),
                wrapping_key_type=identifiers.EncryptionKeyType.SYMMETRIC,
            )

    provider = Provider()
    provider.add_master_key("bench")
    client = sdk.EncryptionSDKClient(commitment_policy=sdk.CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT)

    def seal(mebibytes: int) -> None:
        with client.stream(
            mode="e",
            source=_Endless(mebibytes),
            key_provider=provider,
            algorithm=identifiers.AlgorithmSuite.AES_256_GCM_HKDF_SHA512_COMMIT_KEY,
            frame_length=CHUNK,
            source_length=mebibytes * _MIB,
        ) as encryptor:
            for _ in encryptor:
                pass

    return seal


def _tink(template: str) -> Seal:
    """Tink's streaming AEAD, AES-256-GCM-HKDF. It has two sizes of segment; our chunks of 16 KiB lie between them."""
    tink = importlib.import_module("tink")
    streaming = importlib.import_module("tink.streaming_aead")
    streaming.register()
    handle = tink.new_keyset_handle(getattr(streaming.streaming_aead_key_templates, template))
    primitive = handle.primitive(streaming.StreamingAead)

    def seal(mebibytes: int) -> None:
        with primitive.new_encrypting_stream(_Sink(), b"context") as stream:
            for _ in range(mebibytes):
                stream.write(_PIECE)

    return seal


def _pyrage() -> Seal:
    """age (X25519 recipient, ChaCha20-Poly1305 in chunks of 64 KiB), from stream to stream."""
    pyrage = importlib.import_module("pyrage")
    recipient = pyrage.x25519.Identity.generate().to_public()

    def seal(mebibytes: int) -> None:
        pyrage.encrypt_io(_Endless(mebibytes), _Sink(), [recipient])

    return seal
