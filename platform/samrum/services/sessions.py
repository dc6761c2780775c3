"""Running logins: looked up at every request, ended by time, by the person, or by whoever closes the account."""

import secrets
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from uuid import UUID, uuid4

from auth.policy import Actor, CitizenActor, StaffActor
from samrum.models import Citizen, FormReceipt, LoginSession, Staff
from samrum.queries.logins import LoginWithPerson, end_logins, login_with_person, logins_of, was_seen
from samrum.services.audit import Event
from samrum.services.errors import NotThere
from samrum.services.platform import Act, Caller, Platform

_SEEN_EVERY = timedelta(minutes=1)
_HALF_LOGIN_LIFE = timedelta(minutes=15)
_SAME_CLICK = timedelta(minutes=1)


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
    email: str
    stage: Stage
    is_running: bool
    begun_at: datetime
    stepped_up_at: datetime | None = None
    proved_at: datetime | None = None

    @property
    def is_staff(self) -> bool:
        return isinstance(self.actor, StaffActor)


def token_hash(token: str) -> bytes:
    """What the database keeps of a token: SHA-256 is enough for 256 random bits."""
    return sha256(token.encode()).digest()


def look_up(platform: Platform, token: str) -> Login | None:
    """The login a token stands for, or None. One query; now and then one write that moves the idle limit."""
    now = platform.clock.now()
    with platform.database.plain(writes=False) as plain:
        row = login_with_person(plain, token_hash(token))
    if row is None:
        return None
    is_running = row.ended_at is None and row.active and is_within_limits(platform, row, now)
    if is_running and now - row.last_seen_at > _SEEN_EVERY:
        with platform.database.plain(writes=True) as plain:
            was_seen(plain, row.id, now)
    stage = Stage(row.stage)
    if row.staff_id is not None:
        rights = row.active, row.case_creator, row.administrator, row.auditor
        staff = StaffActor(row.staff_id, row.unit_id, row.organisation_id, *rights)
        subtitle = f"{row.unit_name}, {row.organisation_name}"
        moments = row.created_at, row.stepped_up_at, row.proved_at
        return Login(row.id, staff, row.name, subtitle, row.email, stage, is_running, *moments)
    if row.citizen_id is None:
        return None
    return Login(row.id, CitizenActor(row.citizen_id, row.active), row.name, "", "", stage, is_running, row.created_at)


def is_within_limits(platform: Platform, row: LoginSession | LoginWithPerson, now: datetime) -> bool:
    """Whether a login was used lately enough, and begun lately enough."""
    settings = platform.settings
    longest = timedelta(hours=settings.session_hours) if row.stage == Stage.FULL else _HALF_LOGIN_LIFE
    idle = timedelta(minutes=settings.session_idle_minutes)
    return now - row.last_seen_at < idle and now - row.created_at < longest


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


def begin(
    act: Act,
    person: Staff | Citizen,
    stage: Stage,
    now: datetime,
    sealed_id_token: bytes | None = None,
    broker_sid: str | None = None,
) -> str:
    """Start a login within a use case, whose result it becomes; returns its token, 256 random bits.

    ``broker_sid`` is the broker's name for its own session, by which it can end this one.
    """
    token = secrets.token_urlsafe(32)
    login_id = uuid4()
    proved_at = now if stage is Stage.FULL and isinstance(person, Staff) else None
    act.session.add(
        LoginSession(
            id=login_id,
            token_hash=token_hash(token),
            staff_id=person.id if isinstance(person, Staff) else None,
            citizen_id=person.id if isinstance(person, Citizen) else None,
            stage=stage.value,
            created_at=now,
            last_seen_at=now,
            device=act.caller.device[:120],
            stepped_up_at=proved_at,
            proved_at=proved_at,
            broker_sid=broker_sid[:200] if broker_sid else None,
            sealed_id_token=sealed_id_token,
        )
    )
    act.result = login_id
    return token


def token_for_second_click(platform: Platform, login_id: UUID) -> str | None:
    """A new token for a login begun a moment ago, in place of the one that the first of two clicks was answered with.

    A browser shows the answer to the last click only, and may never have seen the first one's cookie.
    """
    now = platform.clock.now()
    with platform.database.transaction() as session:
        row = session.get(LoginSession, login_id, with_for_update=True)
        if row is None or row.ended_at is not None or now - row.created_at > _SAME_CLICK:
            return None
        token = secrets.token_urlsafe(32)
        row.token_hash = token_hash(token)
        return token


def token_after_exchange(platform: Platform, form: bytes) -> str | None:
    """A new token for the second of two clicks on a form that exchanged the login's token: it came with the old one.

    ``form`` recognises the form, whose token only that login's browser was given; None when it did no such thing.
    """
    now = platform.clock.now()
    with platform.database.transaction() as session:
        receipt = session.get(FormReceipt, form)
        if receipt is None or receipt.result is None or now - receipt.at > _SAME_CLICK:
            return None
        row = session.get(LoginSession, receipt.result, with_for_update=True)
        if row is None or row.ended_at is not None or not is_within_limits(platform, row, now):
            return None
        token = secrets.token_urlsafe(32)
        row.token_hash = token_hash(token)
        return token


def log_out(platform: Platform, caller: Caller, login_id: UUID) -> str | None:
    """End one login. Returns the broker's ID token, where there is one, to end the broker's session with.

    The second of two clicks gets the ID token once more, since its answer is the one that the browser follows.
    """
    with platform.act(replace(caller, once=None)) as act:
        row = act.session.get(LoginSession, login_id, with_for_update=True)
        if row is None or (row.ended_at is not None and act.now - row.ended_at > _SAME_CLICK):
            return None
        if row.ended_at is None:
            row.ended_at = act.now
            kind = "staff" if row.staff_id else "citizen"
            if row.stage == Stage.FULL:
                act.log(Event.LOGGED_OUT, actor_kind=kind, actor_id=row.staff_id or row.citizen_id)
        sealed = row.sealed_id_token
    return None if sealed is None else platform.fields.open("id token", sealed).decode()


@dataclass(frozen=True)
class Running:
    """A running login of one's own. ``device`` is what the browser says of itself, shortened.

    ``is_complete`` is False while the second factor has not been given: nobody is logged in there yet.
    """

    id: UUID
    device: str
    begun_at: datetime
    last_seen_at: datetime
    is_this_one: bool
    is_complete: bool


def own_logins(platform: Platform, login: Login) -> list[Running]:
    """The running logins of whoever is logged in, the one in use first, then by last use."""
    now = platform.clock.now()
    with platform.database.transaction(writes=False) as session:
        rows = [row for row in logins_of(session, login.actor.id) if is_within_limits(platform, row, now)]
    found = [
        Running(row.id, row.device, row.created_at, row.last_seen_at, row.id == login.id, row.stage == Stage.FULL)
        for row in rows
    ]
    return sorted(found, key=lambda line: (line.is_this_one, line.last_seen_at), reverse=True)


def end_own(platform: Platform, caller: Caller, login_ids: Collection[UUID]) -> None:
    """End logins of one's own; those of somebody else are as if they were not there. Raises ``NotThere``.

    Others than the one in use take a factor given lately: see ``step_up.may_end_others``.
    """
    if caller.id is None:
        raise NotThere
    with platform.act(caller) as act:
        own = {row.id: row for row in logins_of(act.session, caller.id)}
        for login_id in login_ids:
            if login_id in own:
                own[login_id].ended_at = act.now
                act.log(Event.LOGGED_OUT)


def end_all(act: Act, person_id: UUID) -> None:
    """End every login of a person, within a use case."""
    end_logins(act.session, person_id, act.now)
