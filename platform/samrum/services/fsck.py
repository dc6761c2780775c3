"""Checking that every version is there and whole, however many there are and however often it is broken off.

Versions are read in the order of their ids, page by page. The ids are random, so any stretch of that order is a
random sample. Nothing is kept in memory but the page; no transaction stays open while files are read.
"""

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID

from samrum.queries import fsck as queries
from samrum.queries.fsck import StoredVersion
from samrum.services.platform import Platform
from samrum.services.upkeep import orphans
from storage import Corrupt, NotFound, Place, UnknownKek, WrappedKey, upkeep

_PAGE: Final = 50


class Fault(StrEnum):
    """What is wrong with a version."""

    MISSING = "missing"
    CORRUPT = "corrupt"
    KEY_MISSING = "key missing"  # nothing is known of the file: its key-encryption key is not here


@dataclass(frozen=True)
class Plan:
    """Which versions are read: from behind ``start`` on and round to it, all of them or ``sample``."""

    start: UUID
    sample: int | None = None


@dataclass(frozen=True)
class Checked:
    """One page of a check, enough to go on behind it. ``erased``: their case's key was destroyed, as was wanted."""

    last: UUID
    wrapped: bool
    versions: int
    erased: int
    faults: dict[UUID, Fault]


def new_plan(sample: int | None = None) -> Plan:
    """A check of everything, or of so many versions from a random place on."""
    return Plan(UUID(int=0) if sample is None else UUID(bytes=secrets.token_bytes(16)), sample)


def count(platform: Platform, plan: Plan) -> int:
    """How many versions a check reads."""
    with platform.database.transaction(writes=False) as session:
        total = queries.count_versions(session)
    return total if plan.sample is None else min(total, plan.sample)


def check(
    platform: Platform,
    plan: Plan,
    *,
    done: int = 0,
    behind: Checked | None = None,
    progress: Callable[[], None] = lambda: None,
) -> Iterator[Checked]:
    """Read versions from end to end and compare their hashes, page by page.

    ``behind`` is the last page of a check that was broken off after ``done`` versions. Raises ``Unavailable`` when the
    store or the keys don't answer: then nothing can be said of what follows.
    """
    at, wrapped = (behind.last, behind.wrapped) if behind is not None else (plan.start, False)
    left = None if plan.sample is None else plan.sample - done
    while left is None or left > 0:
        limit = _PAGE if left is None else min(_PAGE, left)
        with platform.database.transaction(writes=False) as session:
            page = queries.versions_behind(session, at, plan.start if wrapped else None, limit)
        if not page:
            if wrapped or plan.start.int == 0:
                return
            at, wrapped = UUID(int=0), True
            continue
        erased, faults = 0, {}
        for version in page:
            if version.kek is None or version.case_key is None:
                erased += 1
            elif (fault := _fault(platform, version, WrappedKey(version.kek, version.case_key))) is not None:
                faults[version.id] = fault
            progress()
        at = page[-1].id
        yield Checked(at, wrapped, len(page), erased, faults)
        left = None if left is None else left - len(page)


def orphaned(platform: Platform, *, repair: bool = False) -> Iterator[str]:
    """The names of old objects that belong to no version; ``repair`` removes each. Raises ``Unavailable``."""
    for orphan in orphans(platform):
        if repair:
            platform.vault.store.delete(orphan.name)
        yield orphan.name


def _fault(platform: Platform, version: StoredVersion, case_key: WrappedKey) -> Fault | None:
    place = Place(version.organisation_id, version.case_id, version.document_id, version.id)
    try:
        size = upkeep.check(platform.vault, case_key, place, version.data_key, version.sha256)
    except NotFound:
        return Fault.MISSING
    except Corrupt:
        return Fault.CORRUPT
    except UnknownKek:
        return Fault.KEY_MISSING
    return None if size == version.size else Fault.CORRUPT
