"""Failed logins, counted in the database per account and per address: a restart or another worker forgets nothing."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from samrum.models import LoginFailure
from samrum.queries.logins import failures_since, forget_failures, hold_subject
from samrum.services.audit import Event
from samrum.services.errors import LoginProblem, LoginRefused
from samrum.services.platform import Caller, Platform

WINDOW = timedelta(minutes=15)
PER_ACCOUNT = 8
PER_ADDRESS = 60


@dataclass(frozen=True)
class Try:
    """A try that counts as failed until it is forgotten. ``closes``: it is the last that ``account`` has for now."""

    ids: list[UUID]
    account: str | None
    closes: bool


def count(
    platform: Platform, caller: Caller, account: str | None, *, most: int = PER_ACCOUNT, window: timedelta = WINDOW
) -> Try:
    """Count a failure ahead of the check, so that many at once do not slip by; a success forgets it again.

    ``account`` is of ``by_email``, whether there is such an account or not, or of ``by_id``; None where no account is
    named. Raises ``LoginRefused`` once there were ``most`` within ``window``.
    """
    now = platform.clock.now()
    limits = {_subject(platform, f"address {caller.address}"): (PER_ADDRESS, WINDOW)}
    if account is not None:
        limits[account_subject(platform, account)] = (most, window)
    with platform.database.transaction() as session:
        for subject in sorted(limits):
            hold_subject(session, subject)
        before = {subject: failures_since(session, subject, now - within) for subject, (_, within) in limits.items()}
        too_many = any(before[subject] >= allowed for subject, (allowed, _) in limits.items())
        rows = [] if too_many else [LoginFailure(subject=subject, at=now) for subject in limits]
        session.add_all(rows)
        session.flush()
        ids = [row.id for row in rows]
    if too_many:
        with platform.act(caller) as act:
            act.log(Event.LOGIN_FAILED, reason="too_many")
        raise LoginRefused(LoginProblem.TOO_MANY)
    closes = account is not None and before[account_subject(platform, account)] + 1 == most
    return Try(ids, account, closes)


def forget(session: Session, tried: Try) -> None:
    """A try that counted as failed has succeeded."""
    forget_failures(session, tried.ids)


def by_email(email: str) -> str:
    """The account that is meant by what was typed; never the same as one meant by its id."""
    return f"email {email.strip().lower()}"


def by_id(staff_id: UUID | None) -> str:
    """The account of somebody who has given the password already."""
    return f"id {staff_id}"


def account_subject(platform: Platform, account: str) -> bytes:
    """What the failures of an account are counted under."""
    return _subject(platform, f"account {account}")


def _subject(platform: Platform, name: str) -> bytes:
    return platform.fields.recognise("throttle", name.encode())
