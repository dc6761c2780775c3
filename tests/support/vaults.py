"""A vault to try things with: in memory, or over a store that is handed in."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

from storage import KeyFile, MemoryStore, Place, Reader, Stored, Vault, WrappedKey
from storage.store import ObjectStore


@dataclass(frozen=True)
class Room:
    """One case in a vault."""

    vault: Vault
    organisation: UUID
    case: UUID
    case_key: WrappedKey

    def place(self) -> Place:
        return Place(self.organisation, self.case, uuid4(), uuid4())

    def put(self, plain: bytes, place: Place | None = None, step: int = 1 << 20) -> tuple[Place, Stored]:
        place = self.place() if place is None else place
        with self.vault.upload(self.case_key, place) as upload:
            for start in range(0, len(plain), step):
                upload.write(plain[start : start + step])
            return place, upload.finish()

    def open(self, place: Place, stored: Stored) -> Reader:
        return self.vault.open(self.case_key, place, stored.wrapped_data_key)

    def get(self, place: Place, stored: Stored) -> bytes:
        return b"".join(self.open(place, stored).read())


def new_room(directory: Path, store: ObjectStore | None = None) -> Room:
    path = directory / "samrum.keys"
    wrapper = KeyFile.load(path) if path.exists() else KeyFile.create(path)
    vault = Vault(MemoryStore() if store is None else store, wrapper)
    organisation, case = uuid4(), uuid4()
    return Room(vault, organisation, case, vault.new_case_key(organisation, case))


def noise(size: int) -> bytes:
    """Bytes that differ everywhere, the same for the same size on every run."""
    return hashlib.shake_256(size.to_bytes(8, "big")).digest(size) if size <= 1 << 20 else os.urandom(size)
