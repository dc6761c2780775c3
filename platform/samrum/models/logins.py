"""Running logins, attempts at logging in, and what a form needs to survive them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from samrum.models.base import Base, Identified


class LoginSession(Identified):
    """One login on one device. The token is kept hashed; ``stage`` is ``password`` until the second factor is given.

    ``stepped_up_at``: when a second factor was last given; ``proved_at``: when all of what the person logs in with was.
    ``enrols_at``: when a half login gave what lets a passkey be made, where nothing less completes it.
    """

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
    stepped_up_at: Mapped[datetime | None]
    proved_at: Mapped[datetime | None]
    enrols_at: Mapped[datetime | None]
    device: Mapped[str] = mapped_column(String(120), default="")
    broker_sid: Mapped[str | None] = mapped_column(String(200), index=True)
    sealed_id_token: Mapped[bytes | None]
    sealed_new_totp: Mapped[bytes | None]
    sealed_challenge: Mapped[bytes | None]


class LoginAttempt(Base):
    """A citizen login under way at the broker, tied to the browser that began it."""

    __tablename__ = "login_attempt"
    state_hash: Mapped[bytes] = mapped_column(primary_key=True)
    browser_hash: Mapped[bytes]
    sealed: Mapped[bytes]
    created_at: Mapped[datetime] = mapped_column(index=True)


class PasskeyChallenge(Base):
    """A login by passkey under way, tied to the browser that began it; used once."""

    __tablename__ = "passkey_challenge"
    challenge_hash: Mapped[bytes] = mapped_column(primary_key=True)
    browser_hash: Mapped[bytes]
    created_at: Mapped[datetime] = mapped_column(index=True)


class Passkey(Identified):
    """A passkey of a member of staff, its public key sealed. Revoked ones stay, so that the log can name them."""

    __tablename__ = "passkey"
    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"), index=True)
    name: Mapped[str] = mapped_column(String(80))
    credential_id: Mapped[bytes] = mapped_column(unique=True)
    public_key: Mapped[bytes]
    sign_count: Mapped[int]
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class RecoveryCode(Identified):
    """A single-use code for the day the second factor is lost. ``selector`` finds it; its hash is sealed besides."""

    __tablename__ = "recovery_code"
    __table_args__ = (UniqueConstraint("staff_id", "selector"),)
    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"))
    selector: Mapped[str] = mapped_column(String(2))
    sealed_hash: Mapped[bytes]
    used_at: Mapped[datetime | None]


class WaitingLetter(Identified):
    """A mail to a member of staff that must still be sent. Only what kind it is: the text says nothing personal."""

    __tablename__ = "waiting_letter"
    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"))
    kind: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime] = mapped_column(index=True)
    taken_at: Mapped[datetime | None]


class KnownDevice(Base):
    """A browser that a member of staff has logged in from, recognised by a cookie; only to tell its owner of a new one.

    The hash is keyed and of the person and the cookie together: it does not show who shares a computer.
    """

    __tablename__ = "known_device"
    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"), primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(primary_key=True)
    device: Mapped[str] = mapped_column(String(120), default="")
    first_seen_at: Mapped[datetime]
    last_seen_at: Mapped[datetime] = mapped_column(index=True)


class LastNotice(Base):
    """When a member of staff was last told of something that can happen often."""

    __tablename__ = "last_notice"
    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(40), primary_key=True)
    at: Mapped[datetime]


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
