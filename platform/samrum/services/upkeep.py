"""Upkeep at night: removing what nobody needs any more, and making up for what could not be done by day."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import timedelta

from samrum.queries.documents import known_objects
from samrum.queries.logins import sweep
from samrum.services import consents, mail, notices, receipts
from samrum.services.platform import Platform
from storage import ObjectInfo, upkeep

_OLD_LOGINS = timedelta(days=30)
_REST = timedelta(days=1)


@dataclass(frozen=True)
class Swept:
    """What ``collect_garbage`` did."""

    objects: int
    unfinished: int
    consents_run_out: int
    receipts: int


def collect_garbage(platform: Platform) -> Swept:
    """Remove old logins and forms, orphaned objects and unfinished uploads; log the consents that ran out,
    and make up for the receipts that could not be stored.

    An upload under way keeps what it needs: only what is older than ``orphan_hours`` goes.
    """
    now = platform.clock.now()
    with platform.database.transaction() as session:
        sweep(
            session,
            logins_before=now - _OLD_LOGINS,
            devices_before=now - notices.KNOWN_FOR,
            rest_before=now - _REST,
        )
    ran_out = consents.log_all_run_out(platform)
    mail.deliver(platform)
    stored = receipts.keep_missing(platform)
    store = platform.vault.store
    removed = 0
    for orphan in orphans(platform):
        store.delete(orphan.name)
        removed += 1
    aborted = 0
    for unfinished in upkeep.abandoned(store, now, timedelta(hours=platform.settings.orphan_hours)):
        store.abort(unfinished.name, unfinished.upload)
        aborted += 1
    return Swept(removed, aborted, ran_out, stored)


def orphans(platform: Platform) -> Iterator[ObjectInfo]:
    """Objects that no version refers to, older than ``orphan_hours``: younger ones may belong to a running upload.

    Raises ``Unavailable``.
    """

    def known(names: list[str]) -> Collection[str]:
        with platform.database.transaction(writes=False) as session:
            return known_objects(session, names)

    age = timedelta(hours=platform.settings.orphan_hours)
    return upkeep.orphans(platform.vault.store, known, platform.clock.now(), age)
