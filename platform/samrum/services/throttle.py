"""Failed logins, counted in the database per account and per address: a restart or another worker forgets nothing."""

from datetime import timedelta
from uuid import UUID

from samrum.models import LoginFailure
from samrum.queries.logins import failures_since
from samrum.services.audit import Event
from samrum.services.errors import LoginProblem, LoginRefused
from samrum.services.platform import Caller, Platform

WINDOW = timedelta(minutes=15)
PER_ACCOUNT = 8
PER_ADDRESS = 60


def count(
    platform: Platform, caller: Caller, account: str | None, *, most: int = PER_ACCOUNT, window: timedelta = WINDOW
) -> list[UUID]:
    """Count a failure ahead of the check, so that many at once do not slip by; a success forgets it again.

    ``account`` is what is typed, whether there is such an account or not; None where no account is named. Raises
    ``LoginRefused`` once there were ``most`` within ``window``.
    """
    now = platform.clock.now()
    limits = {f"address {caller.address}": (PER_ADDRESS, WINDOW)}
    if account is not None:
        limits[f"account {account}"] = (most, window)
    subjects = {platform.fields.recognise("throttle", name.encode()): limit for name, limit in limits.items()}
    with platform.database.transaction() as session:
        too_many = any(
            failures_since(session, subject, now - within) >= allowed for subject, (allowed, within) in subjects.items()
        )
        rows = [] if too_many else [LoginFailure(subject=subject, at=now) for subject in subjects]
        session.add_all(rows)
        session.flush()
        ids = [row.id for row in rows]
    if too_many:
        with platform.act(caller) as act:
            act.log(Event.LOGIN_FAILED, reason="too_many")
        raise LoginRefused(LoginProblem.TOO_MANY)
    return ids
