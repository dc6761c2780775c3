"""Documents and versions."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, and_, bindparam, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session, joinedload

from samrum.models import Document, Staff, Unit, Version

_AUTHORS = (joinedload(Version.staff).joinedload(Staff.unit).joinedload(Unit.organisation), joinedload(Version.citizen))
_IN_DOCUMENT = joinedload(Version.document)
_TRASHERS = (
    _IN_DOCUMENT.joinedload(Document.trashed_staff).joinedload(Staff.unit).joinedload(Unit.organisation),
    _IN_DOCUMENT.joinedload(Document.trashed_citizen),
)
_VERSIONS = select(Version).join(Document)
_NEWEST = (
    select(Version)
    .join(Document, and_(Document.id == Version.document_id, Document.newest_number == Version.number))
    .options(_IN_DOCUMENT)
)
_WITH_AUTHORS = _VERSIONS.options(joinedload(Version.document), *_AUTHORS)
_ONE = _VERSIONS.where(
    Document.case_id == bindparam("case"),
    Version.document_id == bindparam("document"),
    Version.number == bindparam("number"),
)
_ONE_WITH_AUTHORS = _ONE.options(joinedload(Version.document), *_AUTHORS)


def newest_versions(
    session: Session, case_id: UUID, *, before: tuple[datetime, UUID] | None, limit: int
) -> list[Version]:
    """The newest version of each document that is not in the trash, the latest change first, from behind ``before``
    (moment, document id)."""
    query = _NEWEST.options(*_AUTHORS).where(Document.case_id == case_id, Document.trashed_at.is_(None))
    return _page(session, query, Document.changed_at, before, limit)


def trashed_versions(
    session: Session, case_id: UUID, *, before: tuple[datetime, UUID] | None, limit: int
) -> list[Version]:
    """The newest version of each document in the trash and who put it there, the last one first, from behind
    ``before`` (moment, document id)."""
    query = _NEWEST.options(*_AUTHORS, *_TRASHERS).where(Document.case_id == case_id, Document.trashed_at.is_not(None))
    return _page(session, query, Document.trashed_at, before, limit)


def _page(
    session: Session,
    query: Select[Version],
    moment: InstrumentedAttribute[datetime] | InstrumentedAttribute[datetime | None],
    before: tuple[datetime, UUID] | None,
    limit: int,
) -> list[Version]:
    if before is not None:
        at, document_id = before
        query = query.where(or_(moment < at, and_(moment == at, Document.id < document_id)))
    return list(session.scalars(query.order_by(moment.desc(), Document.id.desc()).limit(limit)))


def every_newest_version(session: Session, case_id: UUID) -> list[Version]:
    """The newest version of each document that is not in the trash, the oldest document first."""
    query = _NEWEST.where(Document.case_id == case_id, Document.trashed_at.is_(None))
    return list(session.scalars(query.order_by(Document.created_at, Document.id)))


def has_another(session: Session, document: Document) -> bool:
    """Whether the case has another document of this one's kind that is not in the trash."""
    query = select(Document.id).where(
        Document.case_id == document.case_id,
        Document.kind == document.kind,
        Document.id != document.id,
        Document.trashed_at.is_(None),
    )
    return session.scalars(query.limit(1)).one_or_none() is not None


def document_of(session: Session, case_id: UUID, document_id: UUID, *, lock: bool = False) -> Document | None:
    """The document, if it is one of this case's."""
    query = select(Document).where(Document.id == document_id, Document.case_id == case_id)
    return session.scalars(query.with_for_update() if lock else query).one_or_none()


def versions_of(session: Session, case_id: UUID, document_id: UUID) -> list[Version]:
    """All versions of a document, the newest first; none unless the document is one of this case's."""
    query = _WITH_AUTHORS.where(Document.case_id == case_id, Version.document_id == document_id)
    return list(session.scalars(query.order_by(Version.number.desc())))


def version_of(
    session: Session, case_id: UUID, document_id: UUID, number: int, *, authors: bool = True
) -> Version | None:
    """One version, if its document is one of this case's; ``authors``: with who made it."""
    query = _ONE_WITH_AUTHORS if authors else _ONE
    return session.scalars(query, {"case": case_id, "document": document_id, "number": number}).one_or_none()


def versions_named(
    session: Session, case_id: UUID, ids: Collection[UUID], newest_of: Collection[UUID]
) -> list[Version]:
    """These versions, and the newest version of each of these documents, as far as they are of this case."""
    query = (
        select(Version)
        .join(Document)
        .options(joinedload(Version.document))
        .where(
            Document.case_id == case_id,
            or_(
                Version.id.in_(list(ids)),
                and_(Document.id.in_(list(newest_of)), Version.number == Document.newest_number),
            ),
        )
    )
    return list(session.scalars(query))


def known_objects(session: Session, names: list[str]) -> set[str]:
    """Which of these objects belong to a version."""
    return set(session.scalars(select(Version.object_name).where(Version.object_name.in_(names))))
