"""Signed checkpoints of the audit log in a bucket of their own, locked there where the store can."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from samrum.config import Settings, SettingsError
from samrum.services.chain import Mark
from samrum.services.checkpoints import BadCheckpoint, PublicKey, open_checkpoint
from storage import AlreadyExists
from storage.locked import LockedStore

_PREFIX: Final = "audit/"


@dataclass
class Found:
    """What the bucket holds: places the log must pass through, and the names of objects that are no checkpoints."""

    marks: list[Mark] = field(default_factory=list)
    strange: list[str] = field(default_factory=list)


def checkpoint_store(settings: Settings) -> LockedStore:
    """The bucket for checkpoints, with the credentials for files where it has none of its own. Raises
    ``SettingsError``."""
    if settings.checkpoint_bucket is None:
        raise SettingsError("SAMRUM_CHECKPOINT_BUCKET is needed")
    access, secret = settings.checkpoint_access_key, settings.checkpoint_secret_key
    return LockedStore(
        endpoint_url=settings.checkpoint_endpoint or settings.s3_endpoint,
        bucket=settings.checkpoint_bucket,
        access_key=(access or settings.s3_access_key).get_secret_value(),
        secret_key=(secret or settings.s3_secret_key).get_secret_value(),
        region=settings.s3_region,
        path_style=settings.s3_path_style,
        ca_bundle=str(settings.s3_ca_bundle) if settings.s3_ca_bundle else None,
    )


def put(store: LockedStore, mark: Mark, text: str, now: datetime, days: int) -> bool:
    """Lay a checkpoint there for so many days; whether the store holds it so long. Raises ``StorageError``.

    The same checkpoint may be there already, since a log that nobody used since has none but that. Its name tells it
    from one with another key, and nobody takes it who does not know its signature.
    """
    name = f"{_PREFIX}{mark.sequence:018}-{sha256(text.encode()).hexdigest()[:16]}"
    try:
        return store.keep(name, text.encode(), now + timedelta(days=days))
    except AlreadyExists:
        if (name, text.encode()) not in store.kept(name):
            raise
        return store.locks


def find(store: LockedStore, keys: Sequence[PublicKey]) -> Found:
    """Every checkpoint, signed with one of these keys, in the bucket, hidden ones as well. Raises ``StorageError``."""
    found = Found()
    for name, data in store.kept(_PREFIX):
        try:
            found.marks.append(open_checkpoint(data.decode("utf-8", "replace"), *keys))
        except BadCheckpoint:
            found.strange.append(name)
    return found
