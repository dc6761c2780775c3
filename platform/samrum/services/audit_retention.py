"""Removing rows of the audit log whose time has passed: whole months, sealed, so that the rest still verifies."""

from collections.abc import Callable
from datetime import date, datetime, time

from auth.age import COPENHAGEN, copenhagen_day
from samrum.clock import Clock
from samrum.db import Database
from samrum.queries import audit as queries
from samrum.services import audit_check
from samrum.services.audit import Entry, Event, append
from samrum.services.chain import FIRST_HASH, Removed


def remove_old(
    database: Database, clock: Clock, months: int, *, progress: Callable[[int], None] = lambda _rows: None
) -> Removed | None:
    """Seal and remove the rows of every Danish month that ended at least so many months ago; 0 months: none.

    The log is checked first. Raises ``ChainBroken`` and removes nothing where a row is not as it was written, for the
    seal would hide it. None where no row is old enough.
    """
    if months == 0:
        return None
    now = clock.now()
    with database.transaction(writes=False) as session:
        sequence, _ = queries.head(session)  # not locked: nobody is to wait with their own rows for this
        young = queries.first_since(session, _months_ago(copenhagen_day(now), months))
        last = sequence if young is None else young - 1
    whole = audit_check.check(database, edge_at=last, progress=progress)
    with database.transaction() as session:
        earlier = audit_check.removed_so_far(session)
        before, previous_hash = (earlier[-1].last, earlier[-1].last_hash) if earlier else (0, FIRST_HASH)
        if last <= before:
            return None
        edge = None if whole.edge is None else b"".join(whole.edge)
        queries.remove_stretch(session, before + 1, last, previous_hash, edge, now)
        append(session, [Entry(now, Event.LOG_SHORTENED, "system", detail={"first": before + 1, "last": last})])
        return audit_check.removed_so_far(session)[-1]


def _months_ago(today: date, months: int) -> datetime:
    """The beginning of the month so many months before this one."""
    year, month = divmod(today.year * 12 + today.month - 1 - months, 12)
    return datetime.combine(date(year, month + 1, 1), time.min, COPENHAGEN)
