"""How fast versions are sealed and opened: in memory, and through the embedded S3 server. Run by `make bench`."""

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

from samrum.demo.weed import EmbeddedS3
from storage import KeyFile, MemoryStore, Place, S3Store, Vault

_MIB = 1024 * 1024
_CHUNK = bytes(_MIB)


def _rate(mebibytes: int, work: Callable[[], None]) -> str:
    begun = time.perf_counter()
    work()
    seconds = time.perf_counter() - begun
    return f"{mebibytes / seconds:8.0f} MiB/s"


def _measure(name: str, vault: Vault, mebibytes: int) -> None:
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

    sys.stdout.write(
        f"{name:<12} {mebibytes:>4} MiB   seal {_rate(mebibytes, seal)}   open {_rate(mebibytes, unseal)}\n"
    )


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="samrum-bench-") as folder:
        keys = KeyFile.create(Path(folder) / "bench.key")
        for size in (1, 64):
            _measure("memory", Vault(MemoryStore(), keys), size)
        with EmbeddedS3(Path(folder) / "s3", None, "bench", "bench-secret") as server:
            store = S3Store(server.endpoint_url, "bench", server.access_key, server.secret_key, "us-east-1")
            store.ensure_bucket()
            for size in (1, 64):
                _measure("S3 (local)", Vault(store, keys), size)


if __name__ == "__main__":
    main()
