"""Passkeys, recovery codes and mails that wait."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, exists, func, select, update
from sqlalchemy.orm import Session

from samrum.models import LoginSession, Passkey, PasskeyChallenge, RecoveryCode, Staff, Unit, WaitingLetter


def passkeys_of(session: Session, staff_id: UUID) -> list[Passkey]:
    """The passkeys that a person can log in with, the oldest first."""
    query = select(Passkey).where(Passkey.staff_id == staff_id, Passkey.revoked_at.is_(None))
    return list(session.scalars(query.order_by(Passkey.created_at, Passkey.id)))


def passkey_count(session: Session, staff_id: UUID) -> int:
    """How many passkeys a person can log in with."""
    query = select(func.count()).where(Passkey.staff_id == staff_id, Passkey.revoked_at.is_(None))
    return session.scalar(query) or 0


def holders_of_passkeys(session: Session, staff_ids: Collection[UUID]) -> set[UUID]:
    """Those of them who can log in with a passkey."""
    query = select(Passkey.staff_id).where(Passkey.staff_id.in_(list(staff_ids)), Passkey.revoked_at.is_(None))
    return set(session.scalars(query))


def has_used_a_passkey(session: Session, staff_id: UUID) -> bool:
    """Whether one of the passkeys a person has was used already, so that it is known to work."""
    query = select(Passkey.id).where(
        Passkey.staff_id == staff_id, Passkey.revoked_at.is_(None), Passkey.last_used_at.is_not(None)
    )
    return session.scalars(query.limit(1)).one_or_none() is not None


def without_passkey(session: Session, organisation_id: UUID) -> int:
    """How many of an organisation's accounts in use have no passkey."""
    has_one = exists().where(Passkey.staff_id == Staff.id, Passkey.revoked_at.is_(None))
    query = select(func.count()).select_from(Staff).join(Unit)
    return session.scalar(query.where(Unit.organisation_id == organisation_id, Staff.active, ~has_one)) or 0


def passkey_by_credential(session: Session, credential_id: bytes) -> Passkey | None:
    """A passkey, revoked or not, held until the transaction ends: its count must only grow."""
    query = select(Passkey).where(Passkey.credential_id == credential_id)
    return session.scalars(query.with_for_update()).one_or_none()


def revoke_passkeys(session: Session, staff_id: UUID, now: datetime) -> None:
    session.execute(
        update(Passkey).where(Passkey.staff_id == staff_id, Passkey.revoked_at.is_(None)).values(revoked_at=now)
    )


def challenge(session: Session, challenge_hash: bytes) -> PasskeyChallenge | None:
    return session.get(PasskeyChallenge, challenge_hash, with_for_update=True)


def unused_code(session: Session, staff_id: UUID, selector: str) -> RecoveryCode | None:
    query = select(RecoveryCode).where(
        RecoveryCode.staff_id == staff_id, RecoveryCode.selector == selector, RecoveryCode.used_at.is_(None)
    )
    return session.scalars(query).one_or_none()


def held_code(session: Session, code_id: UUID) -> RecoveryCode | None:
    """A recovery code as it is now, held until the transaction ends; None when it was replaced meanwhile."""
    return session.get(RecoveryCode, code_id, with_for_update=True)


def unused_codes(session: Session, staff_id: UUID) -> int:
    """How many recovery codes a person has left."""
    query = select(func.count()).where(RecoveryCode.staff_id == staff_id, RecoveryCode.used_at.is_(None))
    return session.scalar(query) or 0


def forget_codes(session: Session, staff_id: UUID) -> None:
    session.execute(delete(RecoveryCode).where(RecoveryCode.staff_id == staff_id))


def end_other_logins(session: Session, staff_id: UUID, kept: UUID, now: datetime) -> None:
    """End every running login of a member of staff but one."""
    session.execute(
        update(LoginSession)
        .where(LoginSession.staff_id == staff_id, LoginSession.id != kept, LoginSession.ended_at.is_(None))
        .values(ended_at=now)
    )


def next_letter(session: Session, not_taken_since: datetime) -> tuple[WaitingLetter, str] | None:
    """The oldest mail that nobody is sending, and the address it goes to."""
    query = (
        select(WaitingLetter, Staff.email)
        .join(Staff, Staff.id == WaitingLetter.staff_id)
        .where(WaitingLetter.taken_at.is_(None) | (WaitingLetter.taken_at < not_taken_since))
        .order_by(WaitingLetter.at, WaitingLetter.id)
        .limit(1)
        .with_for_update(of=WaitingLetter)
    )
    row = session.execute(query).one_or_none()
    return None if row is None else (row[0], row[1])


def running_logins(session: Session) -> list[LoginSession]:
    """Everybody's logins that nobody has ended; time may have."""
    return list(session.scalars(select(LoginSession).where(LoginSession.ended_at.is_(None)).with_for_update()))
