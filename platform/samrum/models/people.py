"""Organisations, their units and staff, and the citizens: young people and parents."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column, relationship

from samrum.models.base import Identified


class Organisation(Identified):
    __tablename__ = "organisation"
    __table_args__ = (CheckConstraint("staff_shown_as IN ('name', 'unit')", name="staff_shown_as"),)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    staff_shown_as: Mapped[str] = mapped_column(String(10), default="name")
    passkeys_demanded_at: Mapped[datetime | None]


class Unit(Identified):
    """A department or an institution within an organisation."""

    __tablename__ = "unit"
    __table_args__ = (UniqueConstraint("organisation_id", "name"),)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    name: Mapped[str] = mapped_column(String(200))
    organisation: Mapped[Organisation] = relationship()


class Staff(Identified):
    """A professional with a password login. Rows are never deleted, so that an id never means somebody else."""

    __tablename__ = "staff"
    unit_id: Mapped[UUID] = mapped_column(ForeignKey("unit.id"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    email: Mapped[str] = mapped_column(String(254))
    case_creator: Mapped[bool] = mapped_column(default=False)
    administrator: Mapped[bool] = mapped_column(default=False)
    auditor: Mapped[bool] = mapped_column(default=False)
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]
    password_hash: Mapped[str | None] = mapped_column(String(300))
    sealed_totp: Mapped[bytes | None]
    totp_counter: Mapped[int | None]
    invitation_hash: Mapped[bytes | None] = mapped_column(unique=True)
    invited_until: Mapped[datetime | None]
    unit: Mapped[Unit] = relationship()


Index("uq_staff_email", func.lower(Staff.email), unique=True)


class Citizen(Identified):
    """A young person or a parent. The CPR number is sealed; the index finds it again without opening any."""

    __tablename__ = "citizen"
    name: Mapped[str] = mapped_column(String(200))
    birth_date: Mapped[date | None]
    sealed_cpr: Mapped[bytes | None]
    cpr_index: Mapped[bytes | None] = mapped_column(unique=True)
    active: Mapped[bool] = mapped_column(default=True)


class CitizenLogin(Identified):
    """The login that a broker vouches for, tied to a registered person once."""

    __tablename__ = "citizen_login"
    __table_args__ = (UniqueConstraint("issuer", "subject"),)
    citizen_id: Mapped[UUID] = mapped_column(ForeignKey("citizen.id"), index=True)
    issuer: Mapped[str] = mapped_column(String(300))
    subject: Mapped[str] = mapped_column(String(300))
    linked_at: Mapped[datetime]
