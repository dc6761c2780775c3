"""Whether the keys at hand belong to this database: asked before the service starts."""

from samrum.config import SettingsError
from samrum.fieldkeys import FieldKeyError
from samrum.models import Installation
from samrum.services.platform import Platform
from storage import StorageError, WrappedKey, check_canary, new_canary


def check_keys(platform: Platform) -> None:
    """Compare the keys with the database's canaries, or set those up in a new database. Raises ``SettingsError``."""
    with platform.database.transaction() as session:
        row = session.get(Installation, 1)
        if row is None:
            canary = new_canary(platform.vault.wrapper)
            sealed = platform.fields.seal("canary", b"canary")
            session.add(Installation(id=1, canary_kek=canary.kek, canary_blob=canary.blob, field_canary=sealed))
            return
    try:
        check_canary(platform.vault.wrapper, WrappedKey(row.canary_kek, row.canary_blob))
    except StorageError as error:
        raise SettingsError(f"SAMRUM_KEY_FILE: not the keys this database was made with ({error})") from error
    try:
        platform.fields.open("canary", row.field_canary)
    except FieldKeyError as error:
        raise SettingsError("SAMRUM_FIELD_KEY_FILE: not the key this database was made with") from error
