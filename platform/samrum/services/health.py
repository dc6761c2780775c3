"""Whether the parts that the service leans on answer."""

from sqlalchemy import text

from samrum.db import DatabaseUnavailable
from samrum.services.platform import Platform
from storage import StorageError


def answering(platform: Platform) -> dict[str, bool]:
    """Each part by name, and whether it answers."""
    return {"database": _database(platform), "storage": _storage(platform)}


def _database(platform: Platform) -> bool:
    try:
        with platform.database.transaction(writes=False) as session:
            session.execute(text("SELECT 1 FROM audit_head"))
    except DatabaseUnavailable:
        return False
    return True


def _storage(platform: Platform) -> bool:
    try:
        next(iter(platform.vault.store.list("health/")), None)
    except StorageError:
        return False
    return True
