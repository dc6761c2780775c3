"""A world with one of every kind of person, for the table of who reaches which address."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from uuid import UUID, uuid4

from sqlalchemy import func, select
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from auth.policy import CitizenActor, Level, StaffActor
from samrum.cpr import Cpr
from samrum.models import AuditRow, CaseParent, Grant, LoginSession
from samrum.services import people, sessions
from samrum.services.audit import Event
from samrum.services.cases import NewParent
from samrum.services.grants import revoke_grant
from samrum.services.incoming import NewVersion, receive
from samrum.services.platform import SYSTEM, Caller
from samrum.services.trash import move_to_trash
from samrum.web import once
from support.world import FATHER_CPR, MOTHER_CPR, NOON, YOUTH_CPR, Browser, World

KINDS = (
    "anonymous", "half", "deactivated",
    "owner", "reader", "writer", "unheard", "expired", "revoked", "colleague", "administrator", "auditor",
    "youth", "other_youth", "parent", "adult_parent",
)  # fmt: skip
ADULT_CPR = "6110084123"  # 18 since October 2026
_QUERIES = {"audit.review": {"seed": "1", "upto": "1000", "count": "50"}}  # what an address needs behind its path
SUMMER = NOON.replace(month=9, day=1)


def _cookies(browser: Browser) -> dict[str, str]:
    found = (browser.client.get_cookie(name) for name in ("samrum-login", "samrum-visitor"))
    return {cookie.key: cookie.value for cookie in found if cookie is not None}


@dataclass(frozen=True)
class Room:
    """What the addresses of one room are made of. The document has two versions; another lies in the trash."""

    case_id: UUID
    document_id: UUID
    trashed_id: UUID
    grant_id: UUID
    parent_id: UUID
    consents: dict[UUID, UUID]


class RouteWorld:
    """Two rooms: the first of a girl of 17, the second of a boy who has turned 18 since his mother consented."""

    def __init__(self, folder: Path) -> None:
        self.world = World.make(folder)
        self.path = folder / "samrum.sqlite"
        self.people: dict[str, StaffActor | CitizenActor] = {}
        self.nowhere = uuid4()
        self.rules: dict[tuple[str, str], Rule] = {
            (rule.endpoint, method): rule
            for rule in self.world.app.url_map.iter_rules()
            for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        }
        self._everybody()
        self.girl, self.boy = self._room_of_the_girl(), self._room_of_the_boy()
        self.browsers = {kind: self._browser(kind) for kind in KINDS}
        self.cookies = {kind: _cookies(browser) for kind, browser in self.browsers.items()}
        self.browsers["owner"].get(f"/rooms/{self.girl.case_id}")
        with self.world.platform.database.transaction() as session:
            self.opening = session.scalars(select(AuditRow.sequence).where(AuditRow.action == Event.CASE_VIEWED)).one()
        deactivated = self.people["deactivated"]
        people.deactivate_staff(self.world.platform, SYSTEM, deactivated.id)
        with self.world.platform.database.transaction(writes=False) as session:
            self.last_row = session.scalars(select(func.max(AuditRow.sequence))).one()
        self.world.platform.database.engine.dispose()
        self.saved = self.path.read_bytes()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.world.platform.database.engine.dispose()

    def restore(self) -> None:
        """Undo whatever a form has done."""
        saved = self.path.with_name("saved.sqlite")
        saved.write_bytes(self.saved)
        with closing(sqlite3.connect(saved)) as source, closing(sqlite3.connect(self.path)) as target:
            source.backup(target)

    def addresses(self) -> list[tuple[str, str]]:
        """Every endpoint with each of its methods."""
        return list(self.rules)

    def of_the_boy(self, name: str) -> UUID:
        """An id of the other room, by the name it has in addresses."""
        return next(iter(self.boy.consents.values())) if name == "consent_id" else getattr(self.boy, name)

    def room_of(self, kind: str) -> Room:
        """The room that somebody has to do with."""
        return self.boy if kind == "adult_parent" else self.girl

    def send(
        self, kind: str, endpoint: str, fields: dict[str, str], **changes: UUID | int
    ) -> tuple[TestResponse, set[str]]:
        """Send a form that is filled in, and undo what it did; the answer, and what the log says happened."""
        with closing(self._ask(kind, endpoint, "POST", changes, fields)) as answer:
            with self.world.platform.database.transaction(writes=False) as session:
                happened = set(session.scalars(select(AuditRow.action).where(AuditRow.sequence > self.last_row)))
            self.restore()
            return answer, happened

    def ask(
        self, kind: str, endpoint: str, method: str, headers: dict[str, str] | None = None, /, **changes: UUID | int
    ) -> TestResponse:
        """Go to an address as somebody; a form is sent with its token and nothing else in it, and undone afterwards.

        ``changes`` are other ids for the address than those of the room that the person has to do with.
        """
        with closing(self._ask(kind, endpoint, method, changes, headers=headers)) as answer:
            if method == "POST":
                self.restore()
            _ = answer.data
            return answer

    def _ask(
        self,
        kind: str,
        endpoint: str,
        method: str,
        changes: dict[str, UUID | int],
        fields: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
    ) -> TestResponse:
        rule = self.rules[endpoint, "GET" if method == "HEAD" else method]
        browser = self.browsers[kind]
        for name, value in self.cookies[kind].items():
            browser.client.set_cookie(name, value)
        url = self._url(kind, rule, changes)
        if method in ("GET", "HEAD"):
            return browser.client.open(url, method=method, headers=headers)
        data: dict[str, Any] = {"once": self._token(kind), **(fields or {})}
        if getattr(self.world.app.view_functions[endpoint], "streams", False):
            return browser.client.post(url, data=data, content_type="multipart/form-data")
        return browser.client.post(url, data=data)

    def _token(self, kind: str) -> str:
        header = "; ".join(f"{name}={value}" for name, value in self.cookies[kind].items())
        with self.world.app.test_request_context(headers={"Cookie": header}):
            return str(once.field()).split('value="')[1].split('"')[0]

    def _url(self, kind: str, rule: Rule, changes: dict[str, UUID | int]) -> str:
        person = self.people.get(kind)
        room = self.room_of(kind)
        youth = next(iter(room.consents))
        own = person.id if person is not None and person.id in room.consents else youth
        values: dict[str, object] = {
            "case_id": room.case_id,
            "document_id": room.document_id,
            "number": 1,
            "grant_id": room.grant_id,
            "parent_id": room.parent_id,
            "consent_id": room.consents[own],
            "staff_id": self.people["colleague"].id,
            "passkey_id": uuid4(),
            "sequence": self.opening,
            "lang": "en",
            "filename": "samrum.css",
        } | changes
        wanted = {name: values[name] for name in rule.arguments} | _QUERIES.get(rule.endpoint, {})
        with self.world.app.test_request_context():
            return self.world.app.url_for(rule.endpoint, **wanted)  # type: ignore[arg-type]

    def _everybody(self) -> None:
        staff = self.world.staff
        self.people |= {
            "owner": staff("Birgit", "Børn og Unge", case_creator=True),
            "reader": staff("Rita", "UU"),
            "writer": staff("William", "Jobcenter"),
            "unheard": staff("Ulrik", "Psykiatrien", organisation="Regionen"),
            "expired": staff("Esben", "UU"),
            "revoked": staff("Rie", "UU"),
            "colleague": staff("Karl", "UU"),
            "administrator": staff("Anne", "Ledelsen", administrator=True),
            "auditor": staff("Rikke", "Ledelsen", auditor=True),
            "deactivated": staff("Dan", "UU"),
            "half": staff("Hanne", "UU"),
        }

    def _staff(self, kind: str) -> StaffActor:
        found = self.people[kind]
        assert isinstance(found, StaffActor)
        return found

    def _room_of_the_girl(self) -> Room:
        world, owner = self.world, self._staff("owner")
        world.clock.moment = SUMMER
        mother = NewParent("Mette Lind", Cpr.parse(MOTHER_CPR), custody_holder=True)
        case_id = world.case(owner, parents=(mother,), parent_access=Level.READ)
        youth, parent = world.citizen(YOUTH_CPR), world.citizen(MOTHER_CPR)
        self.people |= {"youth": youth, "parent": parent}
        for name in ("rita", "ulrik"):
            world.grant(owner, case_id, f"{name}@test.dk", Level.READ)
        for name in ("william", "rie", "dan"):
            world.grant(owner, case_id, f"{name}@test.dk", Level.WRITE)
        world.grant(owner, case_id, "esben@test.dk", Level.WRITE, NOON.date().replace(month=10, day=1))
        units = [self._staff(kind).unit for kind in ("reader", "writer")]
        consents = {giver.id: world.consent(giver, case_id, *units, to_parents=True) for giver in (youth, parent)}
        with world.platform.database.transaction() as session:
            granted = {row.staff_id: row.id for row in session.scalars(select(Grant).where(Grant.case_id == case_id))}
        revoke_grant(world.platform, Caller(owner), case_id, granted[self._staff("revoked").id])
        return self._finished(case_id, granted[self._staff("writer").id], consents)

    def _room_of_the_boy(self) -> Room:
        world, owner = self.world, self._staff("owner")
        mother = NewParent("Anna Berg", Cpr.parse(FATHER_CPR), custody_holder=True)
        case_id = world.case(owner, cpr=ADULT_CPR, name="Noah Berg", parents=(mother,), parent_access=Level.WRITE)
        youth, parent = world.citizen(ADULT_CPR), world.citizen(FATHER_CPR)
        self.people |= {"other_youth": youth, "adult_parent": parent}
        world.grant(owner, case_id, "william@test.dk", Level.WRITE)
        unit = self._staff("writer").unit
        consents = {giver.id: world.consent(giver, case_id, unit, to_parents=True) for giver in (youth, parent)}
        with world.platform.database.transaction() as session:
            grant_id = session.scalars(select(Grant.id).where(Grant.case_id == case_id)).one()
        room = self._finished(case_id, grant_id, consents)
        world.clock.moment = NOON
        return room

    def _finished(self, case_id: UUID, grant_id: UUID, consents: dict[UUID, UUID]) -> Room:
        owner = Caller(self._staff("owner"))
        document_id = self._upload(case_id, NewVersion("plan.txt", "goal_plan"), b"et maal")
        self._upload(case_id, NewVersion("plan.txt", document_id=document_id, based_on=1), b"et maal mere")
        trashed_id = self._upload(case_id, NewVersion("gammel.txt", "other"), b"et maal i papirkurven")
        move_to_trash(self.world.platform, owner, case_id, trashed_id)
        with self.world.platform.database.transaction() as session:
            parent_id = session.scalars(select(CaseParent.id).where(CaseParent.case_id == case_id)).one()
        return Room(case_id, document_id, trashed_id, grant_id, parent_id, consents)

    def _upload(self, case_id: UUID, new: NewVersion, content: bytes) -> UUID:
        with receive(self.world.platform, Caller(self._staff("owner")), case_id, new) as incoming:
            incoming.write(content)
            return incoming.finish().document_id

    def _browser(self, kind: str) -> Browser:
        browser = self.world.client(self.people.get(kind))
        if kind == "half":
            with self.world.platform.database.transaction() as session:
                rows = session.scalars(select(LoginSession).where(LoginSession.staff_id == self.people["half"].id))
                rows.one().stage = sessions.Stage.PASSWORD.value
        browser.get("/login/staff")  # gives a visitor their cookie
        return browser
