"""Running logins: looked up at every request, ended by time, by the person, or by whoever closes the account."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from uuid import UUID

from auth.policy import Actor, CitizenActor, StaffActor
from samrum.models import Citizen, LoginSession, Staff
from samrum.queries.logins import end_logins, login_with_person
from samrum.services.audit import Event
from samrum.services.platform import Act, Caller, Platform

_SEEN_EVERY = timedelta(minutes=1)
_HALF_LOGIN_LIFE = timedelta(minutes=15)


class Stage(StrEnum):
    PASSWORD = "password"  # noqa: S105
    FULL = "full"


@dataclass(frozen=True)
class Login:
    """A login as the request finds it. ``is_running`` is False once it has ended, by time or by hand."""

    id: UUID
    actor: Actor
    name: str
    subtitle: str
    stage: Stage
    is_running: bool
    has_second_factor: bool

    @property
    def is_staff(self) -> bool:
        return isinstance(self.actor, StaffActor)


def token_hash(token: str) -> bytes:
    """What the database keeps of a token: SHA-256 is enough for 256 random bits."""
    return sha256(token.encode()).digest()


def look_up(platform: Platform, token: str) -> Login | None:
    """The login a token stands for, or None. One query; now and then one write that moves the idle limit."""
    now = platform.clock.now()
    with platform.database.transaction(writes=False) as session:
        found = login_with_person(session, token_hash(token))
    if found is None:
        return None
    row, staff, citizen = found
    settings = platform.settings
    person = staff or citizen
    is_running = (
        row.ended_at is None
        and person is not None
        and person.active
        and now - row.last_seen_at < timedelta(minutes=settings.session_idle_minutes)
        and now - row.created_at
        < (timedelta(hours=settings.session_hours) if row.stage == Stage.FULL else _HALF_LOGIN_LIFE)
    )
    if is_running and now - row.last_seen_at > _SEEN_EVERY:
        with platform.database.transaction() as session:
            session.merge(row, load=False).last_seen_at = now
    if staff is not None:
        return Login(
            row.id,
            staff_actor(staff),
            staff.name,
            f"{staff.unit.name}, {staff.unit.organisation.name}",
            Stage(row.stage),
            is_running,
            staff.sealed_totp is not None,
        )
    if citizen is None:
        return None
    return Login(row.id, CitizenActor(citizen.id, citizen.active), citizen.name, "", Stage(row.stage), is_running, True)


def staff_actor(staff: Staff) -> StaffActor:
    return StaffActor(
        staff.id,
        staff.unit_id,
        staff.unit.organisation_id,
        staff.active,
        staff.case_creator,
        staff.administrator,
        staff.auditor,
    )


def begin(act: Act, person: Staff | Citizen, stage: Stage, now: datetime, sealed_id_token: bytes | None = None) -> str:
    """Start a login within a use case; returns its token, 256 random bits."""
    token = secrets.token_urlsafe(32)
    act.session.add(
        LoginSession(
            token_hash=token_hash(token),
            staff_id=person.id if isinstance(person, Staff) else None,
            citizen_id=person.id if isinstance(person, Citizen) else None,
            stage=stage.value,
            created_at=now,
            last_seen_at=now,
            sealed_id_token=sealed_id_token,
        )
    )
    return token


def log_out(platform: Platform, caller: Caller, login_id: UUID) -> str | None:
    """End one login. Returns the broker's ID token, where there is one, to end the broker's session with."""
    with platform.act(caller) as act:
        row = act.session.get(LoginSession, login_id)
        if row is None or row.ended_at is not None:
            return None
        row.ended_at = act.now
        act.log(Event.LOGGED_OUT)
        sealed, row.sealed_id_token = row.sealed_id_token, None
    return None if sealed is None else platform.fields.open("id token", sealed).decode()


def end_all(act: Act, person_id: UUID) -> None:
    """End every login of a person, within a use case."""
    end_logins(act.session, person_id, act.now)
