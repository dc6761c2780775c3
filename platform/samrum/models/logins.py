"""Running logins, attempts at logging in, and what a form needs to survive them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from samrum.models.base import Base, Identified


class LoginSession(Identified):
    """One login on one device. The token is kept hashed; ``stage`` is ``password`` until the second factor is given."""

    __tablename__ = "login_session"
    __table_args__ = (
        CheckConstraint("(staff_id IS NULL) <> (citizen_id IS NULL)", name="one_person"),
        CheckConstraint("stage IN ('password', 'full')", name="stage"),
    )
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    staff_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"), index=True)
    citizen_id: Mapped[UUID | None] = mapped_column(ForeignKey("citizen.id"), index=True)
    stage: Mapped[str] = mapped_column(String(10))
    created_at: Mapped[datetime] = mapped_column(index=True)
    last_seen_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    sealed_id_token: Mapped[bytes | None]
    sealed_new_totp: Mapped[bytes | None]


class LoginAttempt(Base):
    """A citizen login under way at the broker, tied to the browser that began it."""

    __tablename__ = "login_attempt"
    state_hash: Mapped[bytes] = mapped_column(primary_key=True)
    browser_hash: Mapped[bytes]
    sealed: Mapped[bytes]
    created_at: Mapped[datetime] = mapped_column(index=True)


class LoginFailure(Identified):
    """A failed login, counted per account and per address. Both are keyed hashes."""

    __tablename__ = "login_failure"
    __table_args__ = (Index("ix_login_failure_subject_at", "subject", "at"),)
    subject: Mapped[bytes]
    at: Mapped[datetime] = mapped_column(index=True)


class FormReceipt(Base):
    """A form that was carried out, so that sending it again does nothing more and shows the same result."""

    __tablename__ = "form_receipt"
    token_hash: Mapped[bytes] = mapped_column(primary_key=True)
    result: Mapped[UUID | None]
    at: Mapped[datetime] = mapped_column(index=True)


class Draft(Identified):
    """What somebody had typed when the login ended; sealed, and given back to the same person only."""

    __tablename__ = "draft"
    person_id: Mapped[UUID] = mapped_column(index=True)
    sealed: Mapped[bytes]
    at: Mapped[datetime] = mapped_column(index=True)
