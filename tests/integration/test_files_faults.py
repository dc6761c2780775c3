"""What happens to files when something breaks, on the real server: nothing is lost, nothing half is shown."""

import http.client
import socket
import sqlite3
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Connection, event
from sqlalchemy.exc import OperationalError

from auth.policy import StaffActor
from samrum.config import MIB
from samrum.cpr import Cpr
from samrum.demo.weed import EmbeddedS3
from samrum.queries.cases import grant_in_force
from samrum.services import cases, consents, grants, people, sessions, upkeep
from samrum.services.cases import NewParent
from samrum.services.platform import SYSTEM, Caller
from support.kept import LARGE, Kept, rest
from support.papers import Papers
from support.service import Service
from support.uploads import CONTENT_TYPE, Parcel, pdf
from support.world import MOTHER_CPR, World, wait_until


@pytest.fixture
def breakable(tmp_path: Path, breakable_s3: EmbeddedS3, s3_bucket: str) -> Iterator[Kept]:
    with Service(tmp_path, breakable_s3, s3_bucket, workers=1) as service:
        yield Kept(service)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, s3_server: EmbeddedS3) -> Iterator[Kept]:
    with Service(tmp_path_factory.mktemp("served"), s3_server, "files-faults", workers=1) as service:
        yield Kept(service)


def test_a_store_that_is_down_gives_a_503_page_and_works_again_by_itself(
    breakable: Kept, breakable_s3: EmbeddedS3
) -> None:
    kept = breakable
    assert kept.client.upload(kept.upload_page, "Før.pdf", pdf()).status == 303
    breakable_s3.kill()
    for content in (pdf(), pdf(20 * MIB)):
        answer = kept.client.upload(kept.upload_page, "Imens.pdf", content)
        assert answer.status == 503
        assert "Vi kan ikke nå filerne lige nu" in answer.text
        assert answer.headers["Retry-After"]
    document_id = kept.papers.documents()[0]
    assert kept.client.get(f"{kept.papers.url}/files/{document_id}/1").status == 503
    assert kept.client.get(f"{kept.papers.url}/files/{document_id}").status == 200
    assert len(kept.papers.versions()) == 1
    breakable_s3.start()
    assert kept.client.upload(kept.upload_page, "Efter.pdf", pdf()).status == 303
    assert kept.client.get(f"{kept.papers.url}/files/{document_id}/1").body == pdf()
    assert len(kept.papers.versions()) == len(kept.papers.objects()) == 2


def test_a_store_that_dies_in_the_middle_of_an_upload_keeps_nothing_of_it(
    breakable: Kept, breakable_s3: EmbeddedS3
) -> None:
    kept = breakable

    def content() -> Iterator[bytes]:
        yield b"%PDF-1.7\n".ljust(MIB)
        for number in range(1, 48):
            if number == 30:
                breakable_s3.kill()
            yield bytes(MIB)

    answer = kept.client.upload(kept.upload_page, "Midt i.pdf", content(), size=48 * MIB)
    assert answer.status == 503
    assert "er den ikke gemt endnu" in answer.text
    breakable_s3.start()
    assert kept.papers.versions() == []
    assert kept.papers.objects() == []
    assert kept.client.upload(kept.upload_page, "Igen.pdf", pdf(48 * MIB)).status == 303
    assert len(kept.papers.versions()) == len(kept.papers.objects()) == 1


@pytest.mark.parametrize("of_all", [False, True], ids=["one file", "all files"])
def test_a_store_that_dies_in_the_middle_of_a_download_breaks_it_off_visibly(
    breakable: Kept, breakable_s3: EmbeddedS3, of_all: bool
) -> None:
    path = breakable.large()
    if of_all:
        breakable.large()
        path = f"{breakable.papers.url}/files/all"
    response = breakable.client.start(path)
    assert response.status == 200
    assert len(response.read(MIB)) == MIB
    breakable_s3.kill()
    assert rest(response) < LARGE - MIB
    breakable_s3.start()
    client = breakable.service.client(breakable.papers.owner)
    assert client.get(path).body.count(pdf(LARGE)) == 1 + of_all


@dataclass
class Reading:
    """A counsellor of another unit in the middle of a download."""

    kept: Kept
    papers: Papers
    counsellor: StaffActor
    consent_id: UUID
    path: str
    organisation: str

    @property
    def everything(self) -> str:
        """The address of all files in one, of which there is one."""
        return f"{self.papers.url}/files/all"

    @classmethod
    def make(cls, kept: Kept, number: int) -> "Reading":
        world, organisation = kept.service.world, f"Kommune {number}"
        owner = world.staff(f"Ejer{number}", "Børn og Unge", organisation=organisation, case_creator=True)
        mother = NewParent("Mette Lind", Cpr.parse(MOTHER_CPR), True)
        papers = Papers(world, owner, world.case(owner, parents=(mother,)))
        counsellor = world.staff(f"Ulla{number}", "UU", organisation=organisation)
        world.grant(owner, papers.case_id, f"ulla{number}@test.dk")
        consent_id = world.consent(papers.youth, papers.case_id, counsellor.unit)
        world.consent(world.citizen(MOTHER_CPR), papers.case_id, counsellor.unit)
        client = kept.service.client(owner)
        before = set(papers.documents())
        assert client.upload(f"{papers.url}/files/new", "Stor.pdf", pdf(LARGE)).status == 303
        (document_id,) = set(papers.documents()) - before
        return cls(kept, papers, counsellor, consent_id, f"{papers.url}/files/{document_id}/1", organisation)


def _revoke(reading: Reading) -> None:
    platform, case_id = reading.papers.world.platform, reading.papers.case_id
    with platform.database.transaction() as session:
        grant = grant_in_force(session, case_id, reading.counsellor.id)
    assert grant is not None
    grants.revoke_grant(platform, Caller(reading.papers.owner), case_id, grant.id)


def _withdraw(reading: Reading) -> None:
    papers = reading.papers
    consents.withdraw(papers.world.platform, Caller(papers.youth), papers.case_id, reading.consent_id)


def _close_the_account(reading: Reading) -> None:
    world = reading.papers.world
    administrator = world.staff(f"Asta{uuid4().hex}", "IT", organisation=reading.organisation, administrator=True)
    people.deactivate_staff(reading.papers.world.platform, Caller(administrator), reading.counsellor.id)


def _close_the_room(reading: Reading) -> None:
    cases.close(reading.papers.world.platform, Caller(reading.papers.owner), reading.papers.case_id)


def _log_out(reading: Reading) -> None:
    with reading.papers.world.platform.act(SYSTEM) as act:
        sessions.end_all(act, reading.counsellor.id)


_ENDINGS: list[Callable[[Reading], None]] = [_revoke, _withdraw, _close_the_account, _close_the_room, _log_out]


@pytest.mark.parametrize("number", range(len(_ENDINGS)), ids=[ending.__name__.strip("_") for ending in _ENDINGS])
@pytest.mark.parametrize("of_all", [False, True], ids=["one file", "all files"])
def test_a_download_under_way_is_cut_off_within_seconds(served: Kept, number: int, of_all: bool) -> None:
    reading = Reading.make(served, number + of_all * len(_ENDINGS))
    path = reading.everything if of_all else reading.path
    client = served.service.client(reading.counsellor)
    assert pdf(LARGE) in client.get(path).body
    response = client.start(path)
    assert len(response.read(MIB)) == MIB
    _ENDINGS[number](reading)
    time.sleep(0.5)  # a slow receiver: what lies in buffers on the way is small against the file
    begun = time.monotonic()
    assert rest(response) < LARGE - MIB
    assert time.monotonic() - begun < 5
    client.connection.close()
    assert client.get(path).status in (302, 403, 404)


def test_a_revoked_grant_stands_in_the_log_as_the_reason_for_the_cut(served: Kept) -> None:
    reading = Reading.make(served, 100)
    response = served.service.client(reading.counsellor).start(reading.path)
    response.read(MIB)
    _revoke(reading)
    time.sleep(0.5)
    rest(response)
    wait_until(lambda: reading.papers.log()[-1].action == "denied")
    row = reading.papers.log()[-1]
    assert (row.reason, row.actor_id, row.case_id) == ("no_grant", reading.counsellor.id, reading.papers.case_id)


def test_a_download_that_is_still_allowed_is_asked_about_and_goes_on(served: Kept) -> None:
    path = served.large()
    response = served.client.start(path)
    content = bytearray()
    while piece := response.read(8 * MIB):
        content += piece
        time.sleep(0.25)
    assert bytes(content) == pdf(LARGE)


def test_a_database_that_refuses_at_the_end_shows_no_version_and_the_object_is_swept(
    papers_on_s3: Papers,
) -> None:
    papers = papers_on_s3
    platform = papers.world.platform
    token = papers.browser().token(f"{papers.url}/files/new")

    def refuse(connection: Connection) -> None:
        if papers.objects():
            connection.exec_driver_sql("ROLLBACK")
            raise OperationalError("COMMIT", {}, sqlite3.OperationalError("disk I/O error"))

    event.listen(platform.database.engine, "commit", refuse)
    answer = papers.send(once=token)
    event.remove(platform.database.engine, "commit", refuse)
    assert answer.status_code == 503
    assert "Samrum er ikke klar lige nu" in answer.text
    assert papers.documents() == []
    assert papers.versions() == []
    assert len(papers.objects()) == 1
    assert upkeep.collect_garbage(platform).objects == 0  # it might belong to an upload under way
    papers.world.clock.moment = datetime.now(UTC) + timedelta(hours=platform.settings.orphan_hours + 1)
    assert upkeep.collect_garbage(platform).objects == 1
    assert papers.objects() == []


@pytest.fixture
def papers_on_s3(world_on_s3: World) -> Papers:
    return Papers.make(world_on_s3)


def test_a_length_over_the_limit_is_answered_before_the_body_is_sent(served: Kept) -> None:
    cookie = served.client.cookie
    head = (
        f"POST {served.upload_page} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {cookie}\r\n"
        f"Content-Type: {CONTENT_TYPE}\r\nContent-Length: {10 * 1024 * MIB}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", served.service.port), timeout=10) as connection:
        connection.sendall(head.encode())
        answer = connection.recv(65536)
    assert answer.startswith(b"HTTP/1.1 413 ")


def test_a_file_over_the_limit_of_unknown_length_is_told_the_limit(served: Kept) -> None:
    def content() -> Iterator[bytes]:
        yield b"%PDF-1.7\n"
        for _ in range(260):
            yield bytes(MIB)

    answer = served.client.upload(served.upload_page, "For stor.pdf", content(), chunked=True)
    assert answer.status == 413
    assert "Filen fylder mere end 250 MB." in answer.text


def test_a_file_of_unknown_length_is_taken(served: Kept) -> None:
    before = set(served.papers.documents())
    answer = served.client.upload(served.upload_page, "Stykvis.pdf", iter([pdf(5 * MIB)]), chunked=True)
    assert answer.status == 303
    (document_id,) = set(served.papers.documents()) - before
    assert served.client.get(f"{served.papers.url}/files/{document_id}/1").body == pdf(5 * MIB)


@pytest.mark.parametrize("fields", [{"once": "x.y"}, {"kind": ""}])
def test_a_sender_who_sends_everything_first_still_reads_the_refusal(served: Kept, fields: dict[str, str]) -> None:
    client = served.service.client(served.papers.owner)
    answer = client.upload(served.upload_page, "Stor.pdf", pdf(100 * MIB), fields=fields)
    assert answer.status in (400, 422)
    assert client.get(served.papers.url).status == 200


def test_a_sender_who_goes_away_leaves_nothing(served: Kept) -> None:
    def refusals() -> int:
        return served.service.output.read_text().count('"status": 422')

    before = (len(served.papers.versions()), len(served.papers.objects()), refusals())
    client = served.service.client(served.papers.owner)
    parcel = Parcel({"once": client.token(served.upload_page), "kind": "other"}, "Halv.pdf", pdf(40 * MIB))
    body = b"".join(parcel)
    head = (
        f"POST {served.upload_page} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {client.cookie}\r\n"
        f"Content-Type: {CONTENT_TYPE}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", served.service.port), timeout=10) as connection:
        connection.sendall(head.encode() + body[: 30 * MIB])
    store = served.service.world.platform.vault.store
    wait_until(lambda: refusals() == before[2] + 1)
    assert (len(served.papers.versions()), len(served.papers.objects())) == before[:2]
    assert list(store.unfinished("v1/")) == []


def test_a_worker_that_is_killed_in_the_middle_leaves_no_version(served: Kept) -> None:
    client = served.service.client(served.papers.owner)
    versions = len(served.papers.versions())

    def content() -> Iterator[bytes]:
        yield pdf(20 * MIB)
        served.service.kill_workers()
        yield pdf(20 * MIB)

    with pytest.raises((OSError, http.client.HTTPException)):
        client.upload(served.upload_page, "Halv.pdf", content(), size=40 * MIB)
    assert len(served.papers.versions()) == versions
    again = served.service.client(served.papers.owner)
    wait_until(served.service.answers)
    assert again.upload(served.upload_page, "Hel.pdf", pdf(MIB)).status == 303
