"""A room with files in it, as tests of uploads and downloads need it."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from werkzeug.test import TestResponse

from auth.policy import CitizenActor, StaffActor
from samrum.models import AuditRow, Document, Version
from support.uploads import CONTENT_TYPE, Parcel, Stream, pdf
from support.world import YOUTH_CPR, Browser, World


@dataclass
class Papers:
    """One case of a world, its owner, and what lies in it."""

    world: World
    owner: StaffActor
    case_id: UUID
    browsers: dict[UUID, Browser] = field(default_factory=dict)

    @classmethod
    def make(cls, world: World) -> "Papers":
        owner = world.staff("Birgit", "Børn og Unge", case_creator=True)
        return cls(world, owner, world.case(owner))

    @property
    def youth(self) -> CitizenActor:
        return self.world.citizen(YOUTH_CPR)

    @property
    def url(self) -> str:
        return f"/rooms/{self.case_id}"

    def browser(self, person: StaffActor | CitizenActor | None = None) -> Browser:
        """The browser of somebody, the owner where nobody is named; the same one each time."""
        who = person or self.owner
        if who.id not in self.browsers:
            self.browsers[who.id] = self.world.client(who)
        return self.browsers[who.id]

    def send(
        self,
        content: bytes | None = None,
        name: str = "Plan.pdf",
        *,
        by: StaffActor | CitizenActor | None = None,
        document_id: UUID | None = None,
        **fields: Any,
    ) -> TestResponse:
        """Send a file as the page does: a new document, or a new version of ``document_id``."""
        path = f"{self.url}/files/{document_id}/new" if document_id else f"{self.url}/files/new"
        typed: dict[str, object] = {} if document_id else {"kind": "goal_plan"}
        typed |= {"once": fields.pop("once", None) or self.browser(by).token(path), **fields}
        return self.post(path, Parcel(typed, name, pdf() if content is None else content), by=by)

    def post(
        self, path: str, parcel: Parcel, *, by: StaffActor | CitizenActor | None = None, **environ: Any
    ) -> TestResponse:
        """Send a form byte for byte: the test client's own encoder mends some of what must arrive broken."""
        told = {"wsgi.input": Stream(parcel), "CONTENT_LENGTH": str(parcel.length), "CONTENT_TYPE": CONTENT_TYPE}
        return self.browser(by).client.post(path, environ_overrides={**told, **environ})

    def document(self, content: bytes | None = None, name: str = "Plan.pdf", **fields: Any) -> UUID:
        """Put a document there; returns its id."""
        before = set(self.documents())
        answer = self.send(content, name, **fields)
        assert answer.status_code == 303, answer.text
        return next(found for found in self.documents() if found not in before)

    def documents(self) -> list[UUID]:
        with self.world.platform.database.transaction() as session:
            return [row.id for row in session.query(Document).order_by(Document.created_at)]

    def versions(self) -> list[Version]:
        with self.world.platform.database.transaction() as session:
            return list(session.query(Version).order_by(Version.document_id, Version.number))

    def log(self) -> list[AuditRow]:
        with self.world.platform.database.transaction() as session:
            return list(session.query(AuditRow).order_by(AuditRow.sequence))

    def actions(self) -> list[str]:
        """What the log says happened, in order."""
        return [row.action for row in self.log()]

    def objects(self) -> list[str]:
        """The names of everything that lies in the store."""
        return [found.name for found in self.world.platform.vault.store.list("v1/")]

    def nothing_is_there(self) -> bool:
        """Whether an upload left neither a document nor a version nor an object, whole or begun."""
        unfinished = list(self.world.platform.vault.store.unfinished("v1/"))
        return not (self.documents() or self.versions() or self.objects() or unfinished)
