"""The audit log of a database as a whole: checked, and written out."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy.orm import Session

from samrum.clock import Clock
from samrum.db import Database
from samrum.queries import audit as queries
from samrum.services.audit import Entry, Event, append
from samrum.services.audit_export import write_export
from samrum.services.chain import Link, Mark, Removed, Whole, canonical, follow

Progress = Callable[[int], None]


def check(
    database: Database,
    *,
    marks: Sequence[Mark] = (),
    edge_at: int | None = None,
    progress: Progress = lambda _rows: None,
) -> Whole:
    """Follow the chain as the database holds it now, and hold nobody up meanwhile. Raises ``ChainBroken``."""
    with database.transaction(writes=False) as session:
        queries.hold_still(session)
        end, removed = Mark(*queries.head(session)), removed_so_far(session)
        with queries.every_row(session) as rows:
            return follow(_links(rows), removed=removed, marks=marks, end=end, edge_at=edge_at, progress=progress)


def export(database: Database, clock: Clock, *, progress: Progress = lambda _rows: None) -> Iterator[bytes]:
    """The lines of an export of the whole log. That it is exported is logged first, and is its last row."""
    with database.transaction() as session:
        append(session, [Entry(clock.now(), Event.LOG_EXPORTED, "system")])
    with database.transaction(writes=False) as session:
        queries.hold_still(session)
        end, removed = Mark(*queries.head(session)), removed_so_far(session)
        with queries.every_row(session) as rows:
            yield from write_export(_links(rows), removed, end, progress)


def _links(rows: Iterable[Sequence[Any]]) -> Iterator[Link]:
    names, ids = queries.FIELD_NAMES, queries.ID_NAMES
    for row in rows:
        fields: dict[str, Any] = dict(zip(names, row[2:], strict=True))
        for name in ids:
            found = fields[name]
            if found is not None and len(found) == 32:
                fields[name] = f"{found[:8]}-{found[8:12]}-{found[12:16]}-{found[16:20]}-{found[20:]}"
        yield Link(fields["sequence"], canonical(fields), row[0], row[1])


def removed_so_far(session: Session) -> list[Removed]:
    """The sealed stretches whose time has passed."""
    return [
        Removed(row.first, row.last, row.previous_hash, row.last_hash, row.removed_at, _hashes(row.edge))
        for row in queries.removed_stretches(session)
    ]


def _hashes(joined: bytes | None) -> tuple[bytes, ...] | None:
    return None if joined is None else tuple(joined[at : at + 32] for at in range(0, len(joined), 32))
