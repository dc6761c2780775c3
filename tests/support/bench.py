"""How fast versions are sealed and opened, beside AES-256-GCM alone in the same run. Run by `make bench`.

A ratio of 0.5 means half as fast as the bare cipher: what the machine's own speed cannot blur.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from samrum.demo.weed import EmbeddedS3
from storage import KeyFile, MemoryStore, Place, S3Store, Vault
from support.bench_audit import measure as measure_audit
from support.bench_lists import measure as measure_lists
from support.bench_logins import measure as measure_logins

_MIB = 1024 * 1024
_CHUNK = bytes(_MIB)


def _speed(mebibytes: int, work: Callable[[], None]) -> float:
    """MiB a second."""
    begun = time.perf_counter()
    work()
    return mebibytes / (time.perf_counter() - begun)


def _bare_cipher(mebibytes: int) -> float:
    cipher = AESGCM(AESGCM.generate_key(256))

    def work() -> None:
        for number in range(mebibytes):
            cipher.encrypt(number.to_bytes(12, "big"), _CHUNK, None)

    return _speed(mebibytes, work)


def _measure(name: str, vault: Vault, mebibytes: int, bare: float) -> None:
    place = Place(uuid4(), uuid4(), uuid4(), uuid4())
    case_key = vault.new_case_key(place.organisation, place.case)
    sealed: list[bytes] = []

    def seal() -> None:
        with vault.upload(case_key, place) as upload:
            for _ in range(mebibytes):
                upload.write(_CHUNK)
            sealed.append(upload.finish().wrapped_data_key)

    def unseal() -> None:
        for _ in vault.open(case_key, place, sealed[0]).read():
            pass

    sealing, opening = _speed(mebibytes, seal), _speed(mebibytes, unseal)
    sys.stdout.write(
        f"{name:<12}{mebibytes:>4} MiB   seal {sealing:6.0f} MiB/s, ratio {sealing / bare:5.3f}   "
        f"open {opening:6.0f} MiB/s, ratio {opening / bare:5.3f}\n"
    )


def main() -> None:
    _bare_cipher(16)  # warms up
    bare = _bare_cipher(256)
    sys.stdout.write(f"AES-256-GCM alone: {bare:.0f} MiB/s\n")
    with tempfile.TemporaryDirectory(prefix="samrum-bench-") as folder:
        keys = KeyFile.create(Path(folder) / "bench.key")
        for size in (1, 64):
            _measure("memory", Vault(MemoryStore(), keys), size, bare)
        with EmbeddedS3(Path(folder) / "s3", None, "bench", "bench-secret") as server:
            store = S3Store(server.endpoint_url, "bench", server.access_key, server.secret_key, "us-east-1")
            store.ensure_bucket()
            store.put("warm-up", bytearray(b"the first object of a bucket waits for its volume"))
            for size in (1, 64):
                _measure("S3 (local)", Vault(store, keys), size, bare)
    measure_logins()
    measure_lists()
    measure_audit()


if __name__ == "__main__":
    main()
