"""Documents and versions."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Select, and_, bindparam, insert, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session, joinedload

from samrum.models import Document, Staff, Unit, Version
from samrum.plain import Plain, Prepared

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


class DocumentNow(NamedTuple):
    """How a document stands."""

    newest_number: int
    trashed_at: datetime | None


_NOW = select(Document.newest_number, Document.trashed_at).where(
    Document.id == bindparam("document"), Document.case_id == bindparam("case")
)
_SEEN, _LOCKED = Prepared(_NOW), Prepared(_NOW.with_for_update())
_DOCUMENTS, _VERSION_TABLE = (Document.metadata.tables[each.__tablename__] for each in (Document, Version))
_ADD_DOCUMENT, _ADD_VERSION = Prepared(insert(_DOCUMENTS)), Prepared(insert(_VERSION_TABLE))
_MOVE_NEWEST = Prepared(
    update(_DOCUMENTS)
    .where(_DOCUMENTS.c.id == bindparam("document"))
    .values(newest_number=bindparam("newest"), changed_at=bindparam("now"))
)


def document_now(plain: Plain, case_id: UUID, document_id: UUID, *, lock: bool = False) -> DocumentNow | None:
    """How a document stands, if it is one of this case's; ``lock``: until the transaction ends."""
    rows = plain.rows(_LOCKED if lock else _SEEN, {"document": document_id, "case": case_id})
    return DocumentNow._make(rows[0]) if rows else None


def add_document(plain: Plain, document_id: UUID, case_id: UUID, kind: str | None, now: datetime) -> None:
    """Add a document whose first version is to follow."""
    row = {"id": document_id, "case_id": case_id, "kind": kind, "created_at": now, "changed_at": now}
    plain.run(_ADD_DOCUMENT, {**row, "newest_number": 1})


def move_newest(plain: Plain, document_id: UUID, newest: int, now: datetime) -> None:
    """A newer version is to follow."""
    plain.run(_MOVE_NEWEST, {"document": document_id, "newest": newest, "now": now})


def add_version(plain: Plain, **columns: Any) -> None:
    """Add a version; every column of the table but those that may be empty is to be given."""
    plain.run(_ADD_VERSION, columns)


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
