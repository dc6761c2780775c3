"""Adding to the audit log, and reading it."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Result, Text, Uuid, bindparam, cast, delete, insert, select, text, update
from sqlalchemy.orm import Session

from samrum.models import AuditHead, AuditReview, AuditRow, AuditSegment
from samrum.plain import Plain, Prepared

_ROWS, _ENDS = (AuditRow.metadata.tables[name] for name in (AuditRow.__tablename__, AuditHead.__tablename__))
_HEAD = select(AuditHead.sequence, AuditHead.hash).where(AuditHead.id == 1)
_HEAD_LOCKED = Prepared(_HEAD.with_for_update())
_INSERT = insert(_ROWS)
_UPDATE = update(_ENDS).where(_ENDS.c.id == 1).values(sequence=bindparam("end_sequence"), hash=bindparam("end_hash"))
_ADD, _MOVE, _ADD_AND_MOVE = (Prepared(each) for each in (_INSERT, _UPDATE, _INSERT.add_cte(_UPDATE.cte("moved"))))
_HASHES = (_ROWS.c.previous_hash, _ROWS.c.hash)
_FIELDS = [column for column in _ROWS.c if column not in set(_HASHES)]
FIELD_NAMES = tuple(column.name for column in _FIELDS)
ID_NAMES = tuple(column.name for column in _FIELDS if isinstance(column.type, Uuid))
_PLAIN_FIELDS = [cast(column, Text) if isinstance(column.type, Uuid) else column for column in _FIELDS]


def lock_head(plain: Plain) -> tuple[int, bytes]:
    """The number and the hash of the chain's last row, locked until the transaction ends."""
    ((sequence, last_hash),) = plain.rows(_HEAD_LOCKED, {})
    return sequence, last_hash


def add_rows(plain: Plain, rows: list[dict[str, object]]) -> None:
    """Add rows behind the locked end, each with all its columns, and say where the chain ends now."""
    *first, last = rows
    end = {"end_sequence": last["sequence"], "end_hash": last["hash"]}
    if plain.dialect.name == "postgresql":
        # One statement in place of two: the end of the chain is locked for that much less.
        plain.run(_ADD, *first)
        plain.run(_ADD_AND_MOVE, last | end)
    else:
        plain.run(_ADD, *rows)
        plain.run(_MOVE, end)


def rows_of_case(
    session: Session,
    case_id: UUID,
    *,
    before: int | None,
    limit: int,
    actions: Collection[str] | None = None,
    but_by: UUID | None = None,
) -> list[AuditRow]:
    """The newest rows of a case, from ``before`` (a sequence number) backwards; those of some actions alone, and not
    those of ``but_by``, where that is asked for."""
    query = select(AuditRow).where(AuditRow.case_id == case_id)
    if actions is not None:
        query = query.where(AuditRow.action.in_(actions), AuditRow.actor_id.is_distinct_from(but_by))
    if before is not None:
        query = query.where(AuditRow.sequence < before)
    return list(session.scalars(query.order_by(AuditRow.sequence.desc()).limit(limit)))


def hold_still(session: Session) -> None:
    """Show the rest of the transaction the database as it is now. To be called first; the transaction only reads."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))


def head(session: Session) -> tuple[int, bytes]:
    """The number and the hash of the chain's last row."""
    sequence, last_hash = session.execute(_HEAD).one()
    return sequence, last_hash


def every_row(session: Session) -> Result[Any]:
    """Every row in its order, two thousand in memory at a time: its two hashes, then what ``FIELD_NAMES`` names.

    To be closed by the caller. Ids are text, with or without dashes as the database keeps them: to make objects of them
    takes as long as all the rest.
    """
    query = select(*_HASHES, *_PLAIN_FIELDS).order_by(_ROWS.c.sequence)
    return session.connection().execute(query.execution_options(yield_per=2000))


def removed_stretches(session: Session) -> list[AuditSegment]:
    """The sealed stretches whose rows were removed, in their order."""
    return list(session.scalars(select(AuditSegment).order_by(AuditSegment.first)))


def first_since(session: Session, moment: datetime) -> int | None:
    """The number of the first row, in the chain's order, that is not older than this moment."""
    query = select(_ROWS.c.sequence).where(_ROWS.c.at >= moment).order_by(_ROWS.c.sequence).limit(1)
    return session.scalars(query).one_or_none()


def remove_stretch(
    session: Session, first: int, last: int, previous_hash: bytes, edge: bytes | None, now: datetime
) -> None:
    """Seal this stretch of rows and remove them, with the spot checks that were made of them."""
    last_hash = session.scalars(select(_ROWS.c.hash).where(_ROWS.c.sequence == last)).one()
    session.add(
        AuditSegment(
            first=first, last=last, previous_hash=previous_hash, last_hash=last_hash, edge=edge, removed_at=now
        )
    )
    session.flush()
    for column in (AuditReview.sequence, _ROWS.c.sequence):
        session.execute(delete(column.table).where(column.between(first, last)))
