"""All versions of the installation, a page at a time in the order of their ids, which are random."""

from typing import NamedTuple
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from samrum.models import Case, Document, Version


class StoredVersion(NamedTuple):
    """What is needed to open a version and to tell whether it is whole; no key once the case's was destroyed."""

    id: UUID
    document_id: UUID
    case_id: UUID
    organisation_id: UUID
    kek: str | None
    case_key: bytes | None
    data_key: bytes
    size: int
    sha256: bytes


_VERSIONS = (
    select(
        Version.id,
        Version.document_id,
        Document.case_id,
        Case.organisation_id,
        Case.key_kek,
        Case.key_blob,
        Version.wrapped_data_key,
        Version.size,
        Version.sha256,
    )
    .join(Document, Document.id == Version.document_id)
    .join(Case, Case.id == Document.case_id)
    .order_by(Version.id)
)


def count_versions(session: Session) -> int:
    return session.scalars(select(func.count()).select_from(Version)).one()


def versions_behind(session: Session, after: UUID | None, until: UUID | None, limit: int) -> list[StoredVersion]:
    """The next ``limit`` versions behind the id ``after``, as far as the id ``until``, both where they are given."""
    query = _VERSIONS
    if after is not None:
        query = query.where(Version.id > after)
    if until is not None:
        query = query.where(Version.id <= until)
    return [StoredVersion(*row) for row in session.execute(query.limit(limit))]
