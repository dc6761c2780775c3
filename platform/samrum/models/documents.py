"""Documents and their immutable versions. File names and comments are sealed with the case key."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from samrum.models.base import Identified
from samrum.models.people import Citizen, Staff


class Document(Identified):
    """One paper of a case; ``kind`` is the tool of the model that it is. In the trash it keeps all its versions."""

    __tablename__ = "document"
    __table_args__ = (
        CheckConstraint(
            "(trashed_at IS NULL AND trashed_staff_id IS NULL AND trashed_citizen_id IS NULL)"
            " OR (trashed_at IS NOT NULL AND (trashed_staff_id IS NULL) <> (trashed_citizen_id IS NULL))",
            name="trashed",
        ),
        Index("ix_document_case_id_changed_at", "case_id", "changed_at"),
        Index("ix_document_in_trash", "case_id", "trashed_at",
              sqlite_where=text("trashed_at IS NOT NULL"), postgresql_where=text("trashed_at IS NOT NULL")),
    )  # fmt: skip
    case_id: Mapped[UUID] = mapped_column(ForeignKey("case.id"))
    kind: Mapped[str] = mapped_column(String(40))
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    newest_number: Mapped[int]
    trashed_at: Mapped[datetime | None]
    trashed_staff_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    trashed_citizen_id: Mapped[UUID | None] = mapped_column(ForeignKey("citizen.id"))
    trashed_staff: Mapped[Staff | None] = relationship()
    trashed_citizen: Mapped[Citizen | None] = relationship()


class Version(Identified):
    """One version: numbered, never changed. ``based_on`` is the number that its author had downloaded;
    ``restored_from`` that of the older version whose content and name it has."""

    __tablename__ = "version"
    __table_args__ = (
        UniqueConstraint("document_id", "number"),
        CheckConstraint("(staff_id IS NULL) <> (citizen_id IS NULL)", name="one_author"),
    )
    document_id: Mapped[UUID] = mapped_column(ForeignKey("document.id"))
    number: Mapped[int]
    based_on: Mapped[int | None]
    staff_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    citizen_id: Mapped[UUID | None] = mapped_column(ForeignKey("citizen.id"))
    created_at: Mapped[datetime]
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[bytes]
    media_type: Mapped[str] = mapped_column(String(120))
    sealed_name: Mapped[bytes]
    sealed_comment: Mapped[bytes | None]
    object_name: Mapped[str] = mapped_column(String(300), unique=True)
    wrapped_data_key: Mapped[bytes]
    restored_from: Mapped[int | None]
    document: Mapped[Document] = relationship()
    staff: Mapped[Staff | None] = relationship()
    citizen: Mapped[Citizen | None] = relationship()
