"""Case keys: which key-encryption key (KEK) each lies under, moving them to another one, and destroying one for good.

Moving touches no file: a case key is unwrapped and wrapped again, and its row changes only if nobody changed it
meanwhile. So it can stop anywhere and be begun again, and the service goes on beside it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from samrum.models import Case
from samrum.queries import keys as queries
from samrum.queries.facts import KeyedCase
from samrum.queries.keys import CaseKey
from samrum.services import installation
from samrum.services.audit import Event
from samrum.services.errors import FilesErased, NotThere
from samrum.services.platform import SYSTEM, Platform
from storage import Corrupt, KeyFile, UnknownKek, WrappedKey

_BATCH: Final = 50


class Reason(StrEnum):
    """Why a case's files are erased."""

    RETENTION_ENDED = "retention_ended"
    ERASURE_REQUESTED = "erasure_requested"
    OPENED_BY_MISTAKE = "opened_by_mistake"
    OTHER = "other"


class StillOpen(Exception):
    """The case is not closed; its files are in use."""


class KekInUse(Exception):
    """Something still lies under the key-encryption key."""


@dataclass(frozen=True)
class KekUse:
    """A KEK by its fingerprint, and how many cases' keys lie under it. ``is_held``: it is here to unwrap them."""

    kek: str
    cases: int
    is_active: bool
    is_held: bool


@dataclass
class Moved:
    """What a rotation did, and the numbers of the cases whose keys can't be unwrapped, by why."""

    cases: int = 0
    corrupt: list[str] = field(default_factory=list)
    key_missing: list[str] = field(default_factory=list)

    @property
    def is_complete(self) -> bool:
        return not self.corrupt and not self.key_missing


@dataclass(frozen=True)
class Doomed:
    """A case whose key could be destroyed, and how many versions would never open again."""

    number: str
    versions: int


def case_key(case: Case | KeyedCase) -> WrappedKey:
    """The key of a case's files and texts. Raises ``FilesErased`` once it was destroyed."""
    if case.key_kek is None or case.key_blob is None:
        raise FilesErased
    return WrappedKey(case.key_kek, case.key_blob)


def status(platform: Platform) -> tuple[list[KekUse], int]:
    """The KEKs that are held or in use, the active one first, and how many cases' keys were destroyed."""
    wrapper = platform.vault.wrapper
    with platform.database.transaction(writes=False) as session:
        used = queries.keks_in_use(session)
    destroyed = used.pop(None, 0)
    names = wrapper.fingerprints | {kek for kek in used if kek is not None}
    found = [KekUse(kek, used.get(kek, 0), kek == wrapper.active, kek in wrapper.fingerprints) for kek in names]
    return sorted(found, key=lambda use: (not use.is_active, use.kek)), destroyed


def add_kek(platform: Platform) -> str:
    """Make a fresh KEK the active one; returns its fingerprint. ``BadKeyFile`` or ``Unavailable`` when it can't be."""
    kek = platform.vault.wrapper.add()
    with platform.act(SYSTEM) as act:
        act.log(Event.KEK_ADDED, actor_kind="system", detail={"kek": kek})
    return kek


def remove_kek(platform: Platform, kek: str) -> None:
    """Take a KEK out of the key file that nothing lies under any more. Raises ``KekInUse`` or ``BadKeyFile``.

    From then on backups made while it was in use hold wrapped keys that nobody can open without a copy of it.
    """
    keys = platform.vault.wrapper
    if not isinstance(keys, KeyFile):
        raise NotThere
    with platform.act(SYSTEM) as act:
        row = queries.installation(act.session)
        if queries.keks_in_use(act.session).get(kek, 0) or (row is not None and row.canary_kek == kek):
            raise KekInUse
        keys.remove(kek)
        act.log(Event.KEK_REMOVED, actor_kind="system", detail={"kek": kek})


def rotate(platform: Platform, progress: Callable[[int, int], None] = lambda _done, _total: None) -> Moved:
    """Bring every case key under the active KEK, in small transactions; those under it already are left alone.

    ``progress`` is told how many are done, and how many there are. Raises ``Unavailable`` when the KEKs are; what
    was done until then stays done.
    """
    moved = Moved()
    installation.renew_canary(platform)
    with platform.database.transaction(writes=False) as session:
        used = queries.keks_in_use(session)
    total = sum(count for kek, count in used.items() if kek not in (None, platform.vault.wrapper.active))
    while _pass(platform, moved, lambda: progress(moved.cases, max(total, moved.cases))):
        # a case opened while this ran may have got its key under the former KEK
        moved.corrupt.clear()
        moved.key_missing.clear()
    return moved


def _pass(platform: Platform, moved: Moved, progress: Callable[[], None]) -> int:
    """Go through all cases once; returns how many keys moved."""
    before, after = moved.cases, None
    while True:
        active = platform.vault.wrapper.active
        with platform.database.transaction(writes=False) as session:
            batch = queries.keys_not_under(session, active, after=after, limit=_BATCH)
        if not batch:
            return moved.cases - before
        after = batch[-1].case_id
        # unwrapped and wrapped outside any transaction: a slow security module holds nobody up
        wrapped = [(key, new) for key in batch if (new := _rewrap(platform, key, moved)) is not None]
        with platform.act(SYSTEM) as act:
            count = sum(queries.replace_key(act.session, key, new.kek, new.blob) for key, new in wrapped)
            if count:
                detail = {"kek": active, "cases": count}
                act.log(Event.CASE_KEYS_REWRAPPED, actor_kind="system", detail=detail)
        moved.cases += count
        progress()


def _rewrap(platform: Platform, key: CaseKey, moved: Moved) -> WrappedKey | None:
    try:
        return platform.vault.rewrap_case_key(WrappedKey(key.kek, key.blob), key.organisation_id, key.case_id)
    except UnknownKek:
        moved.key_missing.append(key.number)
    except Corrupt:
        moved.corrupt.append(key.number)
    return None


def doomed(platform: Platform, number: str) -> Doomed:
    """What destroying the key of a case would cost. Raises ``NotThere``, ``StillOpen`` or ``FilesErased``."""
    with platform.database.transaction(writes=False) as session:
        case = _closed(queries.case_numbered(session, number))
        return Doomed(case.number, queries.count_versions(session, case.id))


def destroy(platform: Platform, number: str, reason: Reason) -> None:
    """Erase the key of a closed case: its files, their names and comments never open again. Logged.

    Copies of the row in backups die with the KEK they are wrapped under. Raises what :func:`doomed` raises.
    """
    with platform.act(SYSTEM) as act:
        case = _closed(queries.case_numbered(act.session, number, lock=True))
        kek, case.key_kek, case.key_blob = case.key_kek, None, None
        act.log(
            Event.CASE_KEY_DESTROYED,
            actor_kind="system",
            case_id=case.id,
            reason=reason.value,
            detail={"kek": kek, "versions": queries.count_versions(act.session, case.id)},
        )
    platform.database.settle()


def _closed(case: Case | None) -> Case:
    if case is None:
        raise NotThere
    if case.key_blob is None:
        raise FilesErased
    if case.status != "closed":
        raise StillOpen
    return case
