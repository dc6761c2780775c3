"""Upkeep: removing what nobody needs any more, and checking that every version is there and whole."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from itertools import islice
from uuid import UUID

from samrum.queries.documents import every_version, known_objects
from samrum.queries.logins import sweep
from samrum.services import consents, mail, receipts
from samrum.services.platform import Platform
from storage import Corrupt, NotFound, ObjectInfo, Place, UnknownKek, WrappedKey
from storage.vault import PREFIX

_OLD_LOGINS = timedelta(days=30)
_REST = timedelta(days=1)
_BATCH = 500


@dataclass(frozen=True)
class Swept:
    """What ``collect_garbage`` did."""

    objects: int
    unfinished: int
    consents_run_out: int
    receipts: int


@dataclass
class Report:
    """What ``check_everything`` found: versions by what is wrong with them, and objects without a version."""

    checked: int = 0
    missing: list[UUID] = field(default_factory=list)
    corrupt: list[UUID] = field(default_factory=list)
    orphans: list[str] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        return not self.missing and not self.corrupt


def collect_garbage(platform: Platform) -> Swept:
    """Remove old logins and forms, orphaned objects and unfinished uploads; log the consents that ran out,
    and make up for the receipts that could not be stored.

    An upload under way keeps what it needs: only what is older than ``orphan_hours`` goes.
    """
    now = platform.clock.now()
    with platform.database.transaction() as session:
        sweep(session, logins_before=now - _OLD_LOGINS, rest_before=now - _REST)
    mail.deliver(platform)
    ran_out = consents.log_run_out(platform)
    stored = receipts.keep_missing(platform)
    store = platform.vault.store
    before = now - timedelta(hours=platform.settings.orphan_hours)
    removed = 0
    for orphan in _orphans(platform):
        if orphan.modified < before:
            store.delete(orphan.name)
            removed += 1
    aborted = 0
    for unfinished in store.unfinished(PREFIX):
        if unfinished.started < before:
            store.abort(unfinished.name, unfinished.upload)
            aborted += 1
    return Swept(removed, aborted, ran_out, stored)


def check_everything(platform: Platform, progress: Callable[[int], None] = lambda _count: None) -> Report:
    """Open every version and compare its hash; then look for objects that belong to none."""
    report = Report()
    with platform.database.transaction(writes=False) as session:
        for version, document, case in every_version(session):
            place = Place(case.organisation_id, case.id, document.id, version.id)
            try:
                reader = platform.vault.open(WrappedKey(case.key_kek, case.key_blob), place, version.wrapped_data_key)
                digest = sha256()
                for chunk in reader.read():
                    digest.update(chunk)
                if digest.digest() != version.sha256 or reader.size != version.size:
                    report.corrupt.append(version.id)
            except NotFound:
                report.missing.append(version.id)
            except (Corrupt, UnknownKek):
                report.corrupt.append(version.id)
            report.checked += 1
            progress(report.checked)
    report.orphans.extend(orphan.name for orphan in _orphans(platform))
    return report


def _orphans(platform: Platform) -> Iterator[ObjectInfo]:
    found_objects = iter(platform.vault.store.list(PREFIX))
    while batch := list(islice(found_objects, _BATCH)):
        with platform.database.transaction(writes=False) as session:
            known = known_objects(session, [found.name for found in batch])
        yield from (found for found in batch if found.name not in known)
