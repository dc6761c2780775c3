"""What a running Samrum is made of, who calls it, and the one transaction a use case runs in."""

import threading
from collections.abc import Callable, Container, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from auth import recovery
from auth.age import copenhagen_day
from auth.oidc import RelyingParty
from auth.passwords import Cost
from auth.policy import Action, Actor, CaseFacts, Decision, StaffActor, decide
from samrum.clock import Clock
from samrum.config import Settings
from samrum.db import Database
from samrum.fieldkeys import FieldKeys
from samrum.mail import Mailer
from samrum.models import Base, Case
from samrum.plain import Plain
from samrum.queries import forms
from samrum.queries.facts import KeyedCase, Room, case_and_facts, room
from samrum.services import audit
from samrum.services.audit import Entry, Event
from samrum.services.errors import AlreadyDone, Denied, NotThere
from storage import Vault


@dataclass(frozen=True)
class Caller:
    """Who asks, and from where. ``once`` recognises the form that was sent, so that it is carried out once.
    ``device`` is what a login is told from others by in the list of one's own, ``known_by`` the random value by which a
    device is recognised at its next login."""

    actor: Actor | None
    address: str | None = None
    once: bytes | None = None
    device: str = ""
    known_by: str = ""

    @property
    def id(self) -> UUID | None:
        return self.actor.id if self.actor else None

    @property
    def who(self) -> dict[str, Any]:
        """How the caller stands in an audit row."""
        return {"actor_kind": self.kind, "actor_id": self.id, "address": self.address}

    @property
    def kind(self) -> str:
        if self.actor is None:
            return "nobody"
        return "staff" if isinstance(self.actor, StaffActor) else "citizen"


SYSTEM = Caller(None)


class Act:
    """One use case under way: a database session, the moment it happens, and what will be logged of it."""

    def __init__(self, session: Session, caller: Caller, now: datetime) -> None:
        self.session = session
        self.caller = caller
        self.now = now
        self.today: date = copenhagen_day(now)
        self.result: UUID | None = None
        self._entries: list[Entry] = []

    def log(self, action: Event, **fields: Any) -> None:
        """Add an audit row, written when the transaction ends."""
        self._entries.append(Entry(self.now, action, **{**self.caller.who, **fields}))

    def decide(self, action: Action, facts: CaseFacts) -> Decision:
        """Ask the policy on behalf of the caller. Raises ``NotThere`` for somebody who is not logged in."""
        if self.caller.actor is None:
            raise NotThere
        return decide(self.caller.actor, action, facts, self.today)

    @cached_property
    def plain(self) -> Plain:
        """The short way to the database, in the same transaction."""
        connection = self.session.connection()
        return Plain(connection.connection, connection.dialect)

    def admit(self, case_id: UUID, action: Action) -> KeyedCase:
        """What sealing files of the case takes, when the caller may do ``action`` in it; nobody changes that before
        the end. Raises what ``require`` raises."""
        found = case_and_facts(self.plain, self.caller.id, case_id, lock=True)
        if found is None:
            raise NotThere
        case, facts = found
        decision = self.decide(action, facts)
        if not decision.allowed:
            raise Denied(decision, case_id, case.number)
        return case

    def require(self, case_id: UUID, action: Action, *, lock: bool = False) -> Room:
        """The case, when the caller may do ``action`` in it. Raises ``NotThere`` or ``Denied``, which is logged."""
        found = room(self.session, self.caller.id, case_id, lock=lock)
        if found is None:
            raise NotThere
        decision = self.decide(action, found.facts)
        if not decision.allowed:
            raise Denied(decision, case_id, found.case.number)
        return found

    def add_first(self, row: Base) -> bool:
        """Add a row that there can be only one of; False when somebody else has added it at this very moment."""
        try:
            with self.session.begin_nested():
                self.session.add(row)
        except IntegrityError:
            return False
        return True

    def finish(self) -> None:
        """Write what was logged. The transaction's end does so; earlier, for what is to be read in the same one."""
        self.session.flush()
        audit.add(self.plain, self._entries)
        self._entries = []


def _in_a_thread(work: Callable[[], None]) -> None:
    threading.Thread(target=work, daemon=True).start()


@dataclass(frozen=True)
class Platform:
    """The parts of a running Samrum. ``later`` does what an answer must not wait for. ``breached`` are passwords that
    nobody may choose, besides those on the built-in list."""

    settings: Settings
    clock: Clock
    database: Database
    vault: Vault
    fields: FieldKeys
    relying_party: RelyingParty
    password_cost: Cost = field(default_factory=Cost)
    code_cost: Cost = recovery.COST
    mailer: Mailer | None = None
    breached: Container[str] = ()
    later: Callable[[Callable[[], None]], None] = _in_a_thread

    @contextmanager
    def act(self, caller: Caller, *, writes: bool = True) -> Iterator[Act]:
        """A use case in one transaction. Raises ``AlreadyDone`` when the caller's form was carried out before.

        ``writes`` off: one that neither changes nor logs anything, and holds nobody up.
        """
        try:
            with self.database.transaction(writes=writes) as session:
                act = Act(session, caller, self.clock.now())
                if caller.once is not None and not forms.claim(act.plain, caller.once, act.now):
                    raise AlreadyDone(forms.result_of(session, caller.once))
                yield act
                if caller.once is not None and act.result is not None:
                    forms.keep_result(act.plain, caller.once, act.result)
                act.finish()
        except Denied as denied:
            self.log_denial(caller, denied.decision.reason.value, denied.case_id)
            raise

    def demand(self, caller: Caller, action: Action, case: KeyedCase, facts: CaseFacts) -> None:
        """Ask the policy outside a use case. Raises ``NotThere`` for nobody, or ``Denied``, which is logged."""
        if caller.actor is None:
            raise NotThere
        decision = decide(caller.actor, action, facts, copenhagen_day(self.clock.now()))
        if not decision.allowed:
            self.log_denial(caller, decision.reason.value, case.id)
            raise Denied(decision, case.id, case.number)

    def record(self, caller: Caller, action: Event, **fields: Any) -> None:
        """Write one audit row, in a transaction of its own."""
        entry = Entry(self.clock.now(), action, **caller.who, **fields)
        with self.database.plain(writes=True) as plain:
            audit.add(plain, [entry])

    def log_denial(self, caller: Caller, reason: str, case_id: UUID | None = None) -> None:
        """Write the audit row of a refusal, in a transaction of its own. ``reason`` is a code; the id of a case is kept
        where there is such a case."""
        with self.database.transaction() as session:
            act = Act(session, caller, self.clock.now())
            is_there = case_id is not None and session.get(Case, case_id) is not None
            act.log(Event.DENIED, case_id=case_id if is_there else None, reason=reason)
            act.finish()
