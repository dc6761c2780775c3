"""Running logins, failures, and what is cleaned up after them."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import bindparam, delete, func, select, update
from sqlalchemy.orm import Session

from samrum.models import (
    Citizen,
    Draft,
    FormReceipt,
    KnownDevice,
    LastNotice,
    LoginAttempt,
    LoginFailure,
    LoginSession,
    Organisation,
    PasskeyChallenge,
    Staff,
    Unit,
    WaitingLetter,
)
from samrum.plain import Plain, Prepared


class LoginWithPerson(NamedTuple):
    """A login and whose it is; what only staff have is None for a citizen."""

    id: UUID
    stage: str
    created_at: datetime
    last_seen_at: datetime
    ended_at: datetime | None
    stepped_up_at: datetime | None
    proved_at: datetime | None
    staff_id: UUID | None
    citizen_id: UUID | None
    name: str
    active: bool
    email: str
    unit_id: UUID
    unit_name: str
    organisation_id: UUID
    organisation_name: str
    case_creator: bool
    administrator: bool
    auditor: bool


# Asked at every request: put together once, in the order of the fields above, without the mapper.
_LOGIN = Prepared(
    select(
        LoginSession.id,
        LoginSession.stage,
        LoginSession.created_at,
        LoginSession.last_seen_at,
        LoginSession.ended_at,
        LoginSession.stepped_up_at,
        LoginSession.proved_at,
        LoginSession.staff_id,
        LoginSession.citizen_id,
        func.coalesce(Staff.name, Citizen.name),
        func.coalesce(Staff.active, Citizen.active),
        Staff.email,
        Staff.unit_id,
        Unit.name,
        Unit.organisation_id,
        Organisation.name,
        Staff.case_creator,
        Staff.administrator,
        Staff.auditor,
    )
    .outerjoin(Staff, Staff.id == LoginSession.staff_id)
    .outerjoin(Unit, Unit.id == Staff.unit_id)
    .outerjoin(Organisation, Organisation.id == Unit.organisation_id)
    .outerjoin(Citizen, Citizen.id == LoginSession.citizen_id)
    .where(LoginSession.token_hash == bindparam("token_hash"))
)
_SEEN = Prepared(
    update(LoginSession).where(LoginSession.id == bindparam("login")).values(last_seen_at=bindparam("now"))
)


def login_with_person(plain: Plain, token_hash: bytes) -> LoginWithPerson | None:
    """The login that a token stands for and whose it is, ended or not, in one query."""
    rows = plain.rows(_LOGIN, {"token_hash": token_hash})
    return LoginWithPerson._make(rows[0]) if rows else None


def was_seen(plain: Plain, login_id: UUID, now: datetime) -> None:
    """Move the idle limit of a login."""
    plain.run(_SEEN, {"login": login_id, "now": now})


def logins_of(session: Session, person_id: UUID) -> list[LoginSession]:
    """A person's logins that nobody has ended; time may have."""
    return list(
        session.scalars(
            select(LoginSession).where(
                (LoginSession.staff_id == person_id) | (LoginSession.citizen_id == person_id),
                LoginSession.ended_at.is_(None),
            )
        )
    )


def logins_at_broker(session: Session, broker_sid: str) -> list[LoginSession]:
    """The logins that came of one session at the broker, and that nobody has ended."""
    query = select(LoginSession).where(LoginSession.broker_sid == broker_sid, LoginSession.ended_at.is_(None))
    return list(session.scalars(query.with_for_update()))


def end_logins(session: Session, person_id: UUID, now: datetime) -> None:
    """End every running login of a person."""
    session.execute(
        update(LoginSession)
        .where(
            (LoginSession.staff_id == person_id) | (LoginSession.citizen_id == person_id),
            LoginSession.ended_at.is_(None),
        )
        .values(ended_at=now)
    )


def hold_subject(session: Session, subject: bytes) -> None:
    """Let nobody else count failures of this subject until the transaction ends. SQLite has one writer anyway."""
    if session.get_bind().dialect.name == "postgresql":
        key = int.from_bytes(subject[:8], "big", signed=True)
        session.execute(select(func.pg_advisory_xact_lock(key)))


def failures_since(session: Session, subject: bytes, since: datetime) -> int:
    query = select(func.count()).where(LoginFailure.subject == subject, LoginFailure.at > since)
    return session.scalar(query) or 0


def forget_failures(session: Session, ids: list[UUID]) -> None:
    session.execute(delete(LoginFailure).where(LoginFailure.id.in_(ids)))


def last_login_of(session: Session, staff_id: UUID) -> datetime | None:
    """When a member of staff last got in, with both factors."""
    query = select(func.max(LoginSession.created_at))
    return session.scalar(query.where(LoginSession.staff_id == staff_id, LoginSession.stage == "full"))


def device_seen_since(session: Session, staff_id: UUID, device: str, since: datetime) -> bool:
    """Whether a device of this description was new to this person lately."""
    query = select(KnownDevice.token_hash).where(
        KnownDevice.staff_id == staff_id, KnownDevice.device == device, KnownDevice.first_seen_at > since
    )
    return session.scalars(query.limit(1)).one_or_none() is not None


def forget_devices(session: Session, staff_id: UUID) -> None:
    session.execute(delete(KnownDevice).where(KnownDevice.staff_id == staff_id))


def attempt(session: Session, state_hash: bytes) -> LoginAttempt | None:
    return session.get(LoginAttempt, state_hash, with_for_update=True)


def draft_of(session: Session, person_id: UUID, draft_id: UUID) -> Draft | None:
    """A draft, if it is this person's."""
    return session.scalars(select(Draft).where(Draft.id == draft_id, Draft.person_id == person_id)).one_or_none()


def sweep(session: Session, *, logins_before: datetime, devices_before: datetime, rest_before: datetime) -> None:
    """Remove what is of no use any more: old logins, attempts, failures, form receipts and drafts.

    What belonged to a login goes sooner than the login's own row: no login runs for longer than a day.
    """
    session.execute(delete(LoginSession).where(LoginSession.created_at < logins_before))
    session.execute(delete(WaitingLetter).where(WaitingLetter.at < logins_before))
    session.execute(delete(LastNotice).where(LastNotice.at < logins_before))
    session.execute(delete(KnownDevice).where(KnownDevice.last_seen_at < devices_before))
    session.execute(
        update(LoginSession)
        .where(LoginSession.created_at < rest_before)
        .values(sealed_id_token=None, sealed_new_totp=None, sealed_challenge=None)
    )
    for table in (LoginAttempt.created_at, PasskeyChallenge.created_at, LoginFailure.at, FormReceipt.at, Draft.at):
        session.execute(delete(table.class_).where(table < rest_before))
