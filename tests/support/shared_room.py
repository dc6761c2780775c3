"""A room on a running service, the people around it with their logins, and how they send its forms."""

import itertools
import re
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode
from uuid import UUID

from auth.policy import CitizenActor, StaffActor
from samrum.cpr import Cpr
from samrum.demo.municipality import test_cpr as demo_cpr
from samrum.services.cases import NewParent
from samrum.services.incoming import NewVersion, receive
from samrum.services.platform import Caller
from support.room_model import BIRTHDAY, PARENTS, STAFF, Model, Paper
from support.service import Answer, Client, Service
from support.world import NOON

ANY_PAGE = "/login/sessions"
"""A page that everybody has, with a form token on it."""

NAMES = {"mother": "Mette Lind", "father": "Jan Lind", "newcomer": "Mette Lind"}


class SharedRoom:
    """The ``number``th room of a service, in an organisation of its own, beside a model of it."""

    def __init__(self, service: Service, number: int) -> None:
        self.service, self.number = service, number
        self.world = service.world
        self.days = 0
        self.set_clock()
        self.clients: dict[str, Client] = {}
        self.staff = {who: self._colleague(who) for who in (*STAFF, "stranger", "anna")}
        born = BIRTHDAY.replace(year=BIRTHDAY.year - 18)
        self.cprs = {
            "youth": demo_cpr(born, 4100 + self.number),
            **{who: demo_cpr(born.replace(year=1980 + place), 100 + self.number) for place, who in enumerate(PARENTS)},
        }
        parents = tuple(NewParent(NAMES[who], Cpr.parse(self.cprs[who]), True) for who in ("mother", "father"))
        self.case_id = self.world.case(self.staff["birgit"], cpr=self.cprs["youth"], parents=parents)
        self.room = f"/rooms/{self.case_id}"
        self.citizens = {who: self.world.citizen(self.cprs[who]) for who in ("youth", "mother", "father")}
        self.model = Model((NOON + timedelta(days=self.days)).date())
        self.written = itertools.count(1)
        self.documents = {kind: self._document(kind) for kind in ("plan", "note")}

    def set_clock(self) -> None:
        """Put the service's clock, and the test's, to noon of the day."""
        self.world.clock.moment = NOON + timedelta(days=self.days)
        offset = self.world.clock.moment - datetime.now(UTC)
        path = self.world.platform.settings.demo_clock_file
        assert path is not None
        fresh = path.with_suffix(".new")
        fresh.write_text(str(int(offset.total_seconds())))
        fresh.replace(path)

    def page(self, kind: str) -> str:
        """The address of a paper."""
        return f"{self.room}/files/{self.documents[kind]}"

    def email(self, who: str) -> str:
        return f"{who}{self.number}@test.dk"

    def _colleague(self, who: str) -> StaffActor:
        roles = {"case_creator": who in ("birgit", "eva"), "administrator": who == "anna"}
        name = f"{who.title()}{self.number}"
        return self.world.staff(name, name, organisation=f"By {self.number}", **roles)

    def _document(self, kind: str) -> UUID:
        """A paper in two versions."""
        document, versions = None, [self.new_content(kind) for _ in range(2)]
        for name, content in versions:
            tool = {"plan": "goal_plan", "note": "meeting_note"}[kind]
            new = NewVersion(name, None if document else tool, document, 1 if document else None)
            with receive(self.world.platform, Caller(self.staff["birgit"]), self.case_id, new) as incoming:
                incoming.write(content)
                document = incoming.finish().document_id
        assert document is not None
        self.model.papers[kind] = Paper(versions)
        return document

    def new_content(self, kind: str) -> tuple[str, bytes]:
        """A name and a content that no other version in the room has."""
        number = next(self.written)
        return f"{kind}-{number}.txt", b"indhold %d\n" % number

    def client(self, who: str) -> Client:
        """Somebody's own login, on a connection that is fresh: the server closes those that rest."""
        if who not in self.clients:
            person: StaffActor | CitizenActor | None = self.staff.get(who) or self.citizens.get(who)
            assert person is not None
            self.clients[who] = self.service.client(person)
        self.clients[who].connection.close()
        return self.clients[who]

    def forget_logins(self) -> None:
        for client in self.clients.values():
            client.connection.close()
        self.clients.clear()

    def send(self, who: str, path: str, fields: dict[str, str], page: str = ANY_PAGE) -> Answer:
        """Send a form with the token of some page, whether or not the page with that form is shown to them."""
        token = self.token(who, page)
        return self.clients[who].post(path, urlencode({"once": token, **fields}))

    def token(self, who: str, page: str = ANY_PAGE) -> str:
        """The form token of a page; one that is nobody's for who gets no page at all."""
        found = re.search(r'name="once" value="([^"]+)"', self.client(who).get(page).text)
        return found[1] if found else "x.y"

    def manage(self, path: str, data: dict[str, str], page: str = "") -> bool:
        """The owner sends a form of the room; whether it was carried out."""
        if self.model.owner not in self.staff:
            return False
        page = self.room + (page or path)
        if self.client(self.model.owner).get(page).status != 200:
            return False
        return self.send(self.model.owner, self.room + path, data, page).status in (302, 303)

    def is_done(self, answer: Answer) -> bool:
        return answer.status == 303 and answer.headers["Location"].startswith(self.room)
