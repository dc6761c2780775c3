"""Whether the keys at hand belong to this database: asked before the service starts."""

from samrum.config import SettingsError
from samrum.fieldkeys import FieldKeyError
from samrum.models import Installation
from samrum.queries import keys as queries
from samrum.services.platform import Platform
from storage import StorageError, WrappedKey, check_canary, new_canary


def check_keys(platform: Platform) -> None:
    """Compare the keys with the database's canaries, or set those up in a new database. Raises ``SettingsError``."""
    try:
        with platform.database.transaction() as session:
            row = queries.installation(session)
            if row is None:
                canary = new_canary(platform.vault.wrapper)
                sealed = platform.fields.seal("canary", b"canary")
                session.add(Installation(id=1, canary_kek=canary.kek, canary_blob=canary.blob, field_canary=sealed))
                return
        check_canary(platform.vault.wrapper, WrappedKey(row.canary_kek, row.canary_blob))
    except StorageError as error:
        name = "SAMRUM_KEY_FILE" if platform.settings.key_file is not None else "SAMRUM_PKCS11_…"
        raise SettingsError(f"{name}: not the keys this database was made with ({error})") from error
    try:
        platform.fields.open("canary", row.field_canary)
    except FieldKeyError as error:
        raise SettingsError("SAMRUM_FIELD_KEY_FILE: not the key this database was made with") from error


def renew_canary(platform: Platform) -> None:
    """Bring the canary under the active key-encryption key. ``UnknownKek`` or ``Corrupt`` when the keys are foreign."""
    wrapper = platform.vault.wrapper
    with platform.database.transaction() as session:
        row = queries.installation(session, lock=True)
        if row is None or row.canary_kek == wrapper.active:
            return
        check_canary(wrapper, WrappedKey(row.canary_kek, row.canary_blob))
        canary = new_canary(wrapper)
        row.canary_kek, row.canary_blob = canary.kek, canary.blob
