"""The audit log: append-only, each row chained to the one before it. Ids only, so that erasure leaves it valid."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from samrum.models.base import Base


class AuditRow(Base):
    __tablename__ = "audit"
    __table_args__ = (
        Index("ix_audit_case_id_sequence", "case_id", "sequence"),
        Index("ix_audit_actor_id_sequence", "actor_id", "sequence"),
    )
    sequence: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    action: Mapped[str] = mapped_column(String(40))
    actor_kind: Mapped[str] = mapped_column(String(10))
    actor_id: Mapped[UUID | None]
    case_id: Mapped[UUID | None]
    document_id: Mapped[UUID | None]
    version_id: Mapped[UUID | None]
    subject_id: Mapped[UUID | None]
    reason: Mapped[str | None] = mapped_column(String(40))
    address: Mapped[str | None] = mapped_column(String(64))
    detail: Mapped[dict[str, str | int | bool | None]] = mapped_column(JSON)
    previous_hash: Mapped[bytes]
    hash: Mapped[bytes]


class AuditHead(Base):
    """The end of the chain: one row, locked by whoever appends."""

    __tablename__ = "audit_head"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    sequence: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[bytes]


class AuditSegment(Base):
    """A stretch of the log that was removed when its time had passed; its hashes keep the chain verifiable.

    The database lets an audit row go only when it lies in such a segment.
    """

    __tablename__ = "audit_segment"
    first: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    last: Mapped[int] = mapped_column(BigInteger)
    previous_hash: Mapped[bytes]
    last_hash: Mapped[bytes]
    edge: Mapped[bytes | None]  # of the tree at ``last``, hash by hash; none for what was removed before there was one
    removed_at: Mapped[datetime]


class AuditReview(Base):
    """An auditor's spot check of one row: who looked, when, and the remark made."""

    __tablename__ = "audit_review"
    sequence: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"))
    at: Mapped[datetime]
    remark: Mapped[str] = mapped_column(String(500), default="")


class Installation(Base):
    """One row: what shows, at start-up, that the keys at hand are those that this database was made with."""

    __tablename__ = "installation"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    canary_kek: Mapped[str] = mapped_column(String(100))
    canary_blob: Mapped[bytes]
    field_canary: Mapped[bytes]
