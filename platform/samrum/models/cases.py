"""A case: the room of one young person, who its parents are, and what staff were granted.

Names of citizens stand in the case, as its creator wrote them: nobody learns a name by typing a CPR number.
"""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from samrum.models.base import Base, Identified
from samrum.models.people import Citizen, Staff

_LEVELS = "IN ('none', 'read', 'write')"


class Case(Identified):
    __tablename__ = "case"
    __table_args__ = (
        UniqueConstraint("organisation_id", "youth_id"),
        CheckConstraint("status IN ('active', 'closed')", name="status"),
        CheckConstraint(f"youth_access {_LEVELS}", name="youth_access"),
        CheckConstraint(f"parent_access {_LEVELS}", name="parent_access"),
        CheckConstraint("(key_blob IS NULL) = (key_kek IS NULL)", name="key"),
    )
    number: Mapped[str] = mapped_column(String(20), unique=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    owner_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"), index=True)
    youth_id: Mapped[UUID] = mapped_column(ForeignKey("citizen.id"), index=True)
    youth_name: Mapped[str] = mapped_column(String(200))
    status: Mapped[str] = mapped_column(String(10), default="active")
    youth_access: Mapped[str] = mapped_column(String(10), default="write")
    parent_access: Mapped[str] = mapped_column(String(10), default="none")
    coordinator: Mapped[str] = mapped_column(String(200))
    placement: Mapped[str] = mapped_column(String(40))
    trusted_adult: Mapped[str] = mapped_column(String(300), default="")
    protected_address: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    key_blob: Mapped[bytes | None]  # none: the key was destroyed, and the files with it
    key_kek: Mapped[str | None] = mapped_column(String(100), index=True)
    owner: Mapped[Staff] = relationship()
    youth: Mapped[Citizen] = relationship()


class CaseParent(Identified):
    """A parent or guardian in a case; a custody holder's consent counts while the young person is a minor."""

    __tablename__ = "case_parent"
    __table_args__ = (UniqueConstraint("case_id", "citizen_id"),)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("case.id"))
    citizen_id: Mapped[UUID] = mapped_column(ForeignKey("citizen.id"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    custody_holder: Mapped[bool]
    citizen: Mapped[Citizen] = relationship()


class CaseUnit(Base):
    """A unit that somebody let into the case has been in; the order of ``since`` numbers them where names are hidden.

    Rows stay when the grant is revoked and when the person goes over to another unit: a number is told to parents, who
    say yes by it, and so never means another unit.
    """

    __tablename__ = "case_unit"
    case_id: Mapped[UUID] = mapped_column(ForeignKey("case.id"), primary_key=True)
    unit_id: Mapped[UUID] = mapped_column(ForeignKey("unit.id"), primary_key=True)
    since: Mapped[datetime]


class Grant(Identified):
    """What the owner granted one member of staff. A change revokes the row and makes a new one: history stays."""

    __tablename__ = "grant"
    __table_args__ = (
        CheckConstraint("level IN ('read', 'write')", name="level"),
        Index("uq_grant_in_force", "case_id", "staff_id", unique=True,
              sqlite_where=text("revoked_at IS NULL"), postgresql_where=text("revoked_at IS NULL")),
        Index("ix_grant_staff_id_case_id", "staff_id", "case_id"),
    )  # fmt: skip
    case_id: Mapped[UUID] = mapped_column(ForeignKey("case.id"))
    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"))
    level: Mapped[str] = mapped_column(String(10))
    last_day: Mapped[date | None]
    granted_by: Mapped[UUID] = mapped_column(ForeignKey("staff.id"))
    granted_at: Mapped[datetime]
    revoked_by: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    revoked_at: Mapped[datetime | None]
    staff: Mapped[Staff] = relationship(foreign_keys=[staff_id])
