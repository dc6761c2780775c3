"""One room's whole life played through the pages, for tests of what is written down about it."""

import re
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import select
from werkzeug.test import TestResponse

from samrum.models import AuditRow, Grant
from samrum.queries.cases import parents_of
from samrum.services.audit import Event
from support.papers import Papers
from support.world import FATHER_CPR, MOTHER_CPR, PASSWORD, YOUTH_CPR, Browser, World

PURPOSE = "Hjælp til skole"
FILE_NAME = "Sofies skilsmissesag.pdf"
COMMENT = "Referat fra Birgits møde"


def done(answer: TestResponse) -> None:
    assert answer.status_code == 303, answer.text


@dataclass
class Story:
    """What was done, by whom, and everything that no log line may say."""

    world: World
    secrets: set[str] = field(default_factory=set)

    def play(self) -> None:
        world = self.world
        self.birgit = world.staff("Birgit", "Børn og Unge", case_creator=True)
        self.ulla = world.staff("Ulla", "UU")
        self.dorte = world.staff("Dorte", "UU", case_creator=True)
        self.anne = world.staff("Anne", "Ledelsen", administrator=True)
        owner = self._log_in()
        self._open_room(owner)
        self._share_files(owner)
        self._wind_up(owner)
        self._go_wrong(owner)
        owner.post("/login/out", page="/login/sessions")
        self.secrets |= {
            "Birgit", "Ulla", "Dorte", "Anne", "Sofie", "Mette", "Lind", "Madsen", "Mormor", "test.dk",
            YOUTH_CPR, MOTHER_CPR, FATHER_CPR, f"{YOUTH_CPR[:6]}-", f"{MOTHER_CPR[:6]}-", f"{FATHER_CPR[:6]}-",
            YOUTH_CPR[6:], MOTHER_CPR[6:], FILE_NAME, "skilsmisse", COMMENT, PURPOSE, PASSWORD, "forkert kodeord",
        }  # fmt: skip

    def _log_in(self) -> Browser:
        browser = self.world.client()
        self.remember(browser.client.get("/login/staff?next=/rooms/Sofie"))
        browser.post("/login/staff", {"email": "birgit@test.dk", "password": "forkert kodeord"})
        browser.post("/login/staff", {"email": "Ulla.Hansen@test.dk", "password": PASSWORD})
        browser.post("/login/staff", {"email": "birgit@test.dk", "password": PASSWORD})
        code = self.world.code()
        self.secrets.add(code)
        browser.post("/login/staff/code", {"code": code})
        cookie = browser.client.get_cookie("samrum-login")
        assert cookie is not None
        self.secrets.add(cookie.value)
        return browser

    def remember(self, answer: object) -> None:
        """A form's token is no log line's business either."""
        self.secrets |= set(re.findall(r'name="once" value="([^"]+)"', getattr(answer, "text", "")))

    def _open_room(self, owner: Browser) -> None:
        form = {
            "youth_name": "Sofie Lind", "cpr": YOUTH_CPR, "coordinator": "Birgit Madsen", "placement": "home",
            "trusted_adult": "Mormor Inge", "youth_access": "read", "parent_access": "none",
            "parent_1-name": "Mette Lind", "parent_1-cpr": MOTHER_CPR, "parent_1-custody_holder": "y",
        }  # fmt: skip
        self.path = owner.post("/rooms/new", form).location
        self.case_id = UUID(self.path.rsplit("/", 1)[1])
        done(owner.post(f"{self.path}/parents", {"name": "Jan Lind", "cpr": FATHER_CPR}))
        with self.world.platform.database.transaction() as session:
            father = next(row.id for row in parents_of(session, self.case_id) if not row.custody_holder)
        done(owner.post(f"{self.path}/parents/{father}", {"custody_holder": "yes"}))
        done(owner.post(f"{self.path}/data", {**form, "coordinator": "Birgit Madsen Hansen"}))
        done(owner.post(f"{self.path}/levels", {"youth_access": "write", "parent_access": "read"}))
        done(owner.post(f"{self.path}/access", {"email": "ulla@test.dk", "level": "read"}))
        owner.post(f"{self.path}/access", {"email": "Sofie Lind@", "level": "read"})

    def _share_files(self, owner: Browser) -> None:
        world = self.world
        papers = Papers(world, self.birgit, self.case_id, {self.birgit.id: owner})
        ulla, youth = world.client(self.ulla), world.client(world.citizen(YOUTH_CPR))
        ulla.get(self.path)
        for cpr in (YOUTH_CPR, MOTHER_CPR, FATHER_CPR):
            world.consent(world.citizen(cpr), self.case_id, self.ulla.unit)
        self.document_id = papers.document(name=FILE_NAME, comment=COMMENT)
        papers.send(b"", FILE_NAME)
        papers.send(name=FILE_NAME, document_id=self.document_id, based_on=1)
        file = f"{self.path}/files/{self.document_id}"
        for browser in (ulla, youth):
            for path in (self.path, file, f"{file}/1"):
                assert browser.get(path).status_code == 200
        ulla.get(f"{file}/new")
        youth.get(f"{self.path}/log")

    def _wind_up(self, owner: Browser) -> None:
        world = self.world
        youth = world.client(world.citizen(YOUTH_CPR))
        withdraw = re.search(rf'href="({self.path}/consent/[^"]+/withdraw)"', youth.get(self.path).text)
        assert withdraw is not None
        done(youth.post(withdraw[1]))
        world.client(self.ulla).get(self.path)
        with world.platform.database.transaction() as session:
            grant_id = session.scalars(select(Grant.id).where(Grant.case_id == self.case_id)).one()
        done(owner.post(f"{self.path}/access/{grant_id}/revoke"))
        done(owner.post(f"{self.path}/close"))
        done(owner.post(f"{self.path}/reopen"))
        done(owner.post(f"{self.path}/hand-over", {"email": "dorte@test.dk", "understood": "y"}))
        owner.get(self.path)

    def _go_wrong(self, owner: Browser) -> None:
        for path in ("/rooms/Sofie-Lind", f"/people/{YOUTH_CPR}", "/Sofie?cpr=" + YOUTH_CPR, "/static/Sofie.css"):
            owner.get(path).close()
        owner.client.post("/rooms/new", data={"youth_name": "Sofie Lind", "cpr": YOUTH_CPR})
        owner.client.post("/login/staff", data={"email": "birgit@test.dk"}, headers={"Origin": "https://Sofie.example"})
        owner.client.open("/rooms", method="SOFIE")
        self.world.client().client.post("/rooms/new", data={"youth_name": "Sofie Lind"})

    def rows(self, *events: Event) -> list[AuditRow]:
        with self.world.platform.database.transaction() as session:
            found = session.scalars(select(AuditRow).order_by(AuditRow.sequence))
            return [row for row in found if not events or row.action in events]
