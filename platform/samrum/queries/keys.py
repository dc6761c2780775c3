"""Which key-encryption key the case keys lie under."""

from typing import NamedTuple
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from samrum.models import Case, Document, Installation, Version


class CaseKey(NamedTuple):
    """A case's wrapped key, and what it is wrapped for."""

    case_id: UUID
    number: str
    organisation_id: UUID
    kek: str
    blob: bytes


def keks_in_use(session: Session) -> dict[str | None, int]:
    """Cases by the key-encryption key theirs lies under; None: destroyed."""
    query = select(Case.key_kek, func.count().label("cases")).group_by(Case.key_kek)
    return {row.key_kek: row.cases for row in session.execute(query)}


def keys_not_under(session: Session, kek: str, *, after: UUID | None, limit: int) -> list[CaseKey]:
    """Case keys under any other key-encryption key, in order of the cases' ids, from behind ``after``."""
    query = select(Case.id, Case.number, Case.organisation_id, Case.key_kek, Case.key_blob)
    query = query.where(Case.key_kek != kek)
    if after is not None:
        query = query.where(Case.id > after)
    return [
        CaseKey(case_id, number, organisation_id, kek, blob)
        for case_id, number, organisation_id, kek, blob in session.execute(query.order_by(Case.id).limit(limit))
        if kek is not None and blob is not None
    ]


def replace_key(session: Session, before: CaseKey, kek: str, blob: bytes) -> bool:
    """Put another wrapping in place of the one that was read; no when it is not there any more."""
    change = update(Case).where(Case.id == before.case_id, Case.key_blob == before.blob)
    done = session.execute(change.values(key_kek=kek, key_blob=blob))
    return isinstance(done, CursorResult) and done.rowcount == 1


def case_numbered(session: Session, number: str, *, lock: bool = False) -> Case | None:
    """The case with exactly this neutral number."""
    query = select(Case).where(Case.number == number)
    return session.scalars(query.with_for_update() if lock else query).one_or_none()


def count_versions(session: Session, case_id: UUID) -> int:
    """How many versions the case's files have."""
    query = select(func.count()).select_from(Version).join(Document).where(Document.case_id == case_id)
    return session.scalars(query).one()


def installation(session: Session, *, lock: bool = False) -> Installation | None:
    """The row with the canaries."""
    query = select(Installation).where(Installation.id == 1)
    return session.scalars(query.with_for_update() if lock else query).one_or_none()
