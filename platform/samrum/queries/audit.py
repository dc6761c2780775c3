"""Reading the audit log."""

from collections.abc import Iterator
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from samrum.models import AuditHead, AuditRow


def locked_head(session: Session) -> AuditHead:
    """The end of the chain, locked until the transaction ends."""
    return session.scalars(select(AuditHead).where(AuditHead.id == 1).with_for_update()).one()


def rows_of_case(session: Session, case_id: UUID, *, before: int | None, limit: int) -> list[AuditRow]:
    """The newest rows of a case, from ``before`` (a sequence number) backwards."""
    query = select(AuditRow).where(AuditRow.case_id == case_id)
    if before is not None:
        query = query.where(AuditRow.sequence < before)
    return list(session.scalars(query.order_by(AuditRow.sequence.desc()).limit(limit)))


def all_rows(session: Session) -> Iterator[AuditRow]:
    """The whole chain from its beginning, a thousand rows in memory at a time."""
    query = select(AuditRow).order_by(AuditRow.sequence)
    yield from session.scalars(query.execution_options(yield_per=1000))
