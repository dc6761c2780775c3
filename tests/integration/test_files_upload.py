"""Putting files into a room."""

import io
import re
import threading
import time
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

import pytest

from auth.policy import Level
from samrum.services import cases, people
from samrum.services.errors import AlreadyDone, Denied
from samrum.services.incoming import NewVersion, receive
from samrum.services.platform import Caller
from samrum.web.words import KINDS
from support.papers import Papers
from support.uploads import Parcel, docx, pdf
from support.world import World, wait_until


@pytest.fixture
def papers(world: World) -> Papers:
    return Papers.make(world)


def _without_what_differs(page: str) -> str:
    """A page without form tokens and its own address."""
    return re.sub(r'value="[^"]+"|next=[^"]+', "", page)


def test_an_uploaded_file_lies_in_the_room_with_author_size_and_checksum(papers: Papers) -> None:
    content = docx("Aftaler for Sofie")
    answer = papers.send(content, "Mål- og aftaleskema – Sofie.docx", comment="  Første udkast ")
    assert answer.status_code == 303
    assert answer.location == papers.url
    assert "Filen er lagt op." in papers.browser().get(papers.url).text
    (version,) = papers.versions()
    assert (version.number, version.based_on, version.size) == (1, None, len(content))
    assert version.sha256 == sha256(content).digest()
    assert version.staff_id == papers.owner.id
    page = papers.browser().get(f"{papers.url}/files/{version.document_id}").text
    for shown in ("Mål- og aftaleskema – Sofie.docx", "Første udkast", "Birgit, Børn og Unge", version.sha256.hex()):
        assert shown in page


@pytest.mark.parametrize("kind", list(KINDS))
def test_a_document_is_typed_as_one_of_the_tools(papers: Papers, kind: str) -> None:
    document_id = papers.document(kind=kind)
    assert str(KINDS[kind]) in papers.browser().get(f"{papers.url}/files/{document_id}").text


def test_a_link_can_choose_the_tool_beforehand(papers: Papers) -> None:
    page = papers.browser().get(f"{papers.url}/files/new?kind=meeting_note").text
    assert '<option selected value="meeting_note">' in page


def test_neither_name_nor_comment_nor_content_lies_in_the_open(papers: Papers) -> None:
    papers.send(pdf(5000, b"KENDETEGN "), "Hemmeligt navn.pdf", comment="Fortrolig bemærkning")
    (version,) = papers.versions()
    store = papers.world.platform.vault.store
    with store.read(papers.objects()[0], 0, None) as blob:
        stored = b"".join(blob.pieces)
    for secret in ("KENDETEGN", "Hemmeligt", "Fortrolig"):
        assert secret.encode() not in version.sealed_name + (version.sealed_comment or b"") + stored


def test_a_new_version_comes_on_top_and_the_old_one_stays(papers: Papers) -> None:
    first, second = pdf(3000, b"first "), pdf(4000, b"second ")
    document_id = papers.document(first)
    answer = papers.send(second, "Plan 2.pdf", document_id=document_id, based_on="1", comment="Ny dato")
    assert answer.location == f"{papers.url}/files/{document_id}"
    page = papers.browser().get(answer.location).text
    assert "Den nye version er lagt op." in page
    assert "Bygger på version 1" in page
    assert "To har arbejdet" not in page
    browser = papers.browser()
    assert browser.get(f"{papers.url}/files/{document_id}/1").data == first
    assert browser.get(f"{papers.url}/files/{document_id}/2").data == second
    assert [(version.number, version.based_on) for version in papers.versions()] == [(1, None), (2, 1)]


def test_the_page_for_a_new_version_carries_the_number_it_shows(papers: Papers) -> None:
    document_id = papers.document()
    papers.send(document_id=document_id, based_on="1")
    page = papers.browser().get(f"{papers.url}/files/{document_id}/new").text
    assert 'name="based_on" type="hidden" value="2"' in page
    assert "som version 3" in page


def test_a_version_that_came_between_is_kept_and_the_person_is_told_who_came_first(papers: Papers) -> None:
    document_id = papers.document()
    youth = papers.youth
    assert papers.send(pdf(mark=b"hers "), document_id=document_id, by=youth, based_on="1").status_code == 303
    answer = papers.send(pdf(mark=b"ours "), document_id=document_id, based_on="1")
    assert [(version.number, version.based_on) for version in papers.versions()] == [(1, None), (2, 1), (3, 1)]
    page = papers.browser().get(str(answer.location)).text
    assert "Din fil er gemt som version 3. Men version 2 kom til, mens du arbejdede." in page
    assert "Sofie Lind kom først med version 2." in page
    assert "Hent de to, saml dem i én fil, og læg den op som en ny version." in page
    assert "Sofie Lind kom først" in papers.browser(youth).get(str(answer.location)).text


@pytest.mark.parametrize("based_on", ["", "x", "-1", "²", "1" * 40])
def test_a_version_that_says_nothing_of_what_it_is_built_on_counts_as_built_on_nothing(
    papers: Papers, based_on: str
) -> None:
    document_id = papers.document()
    assert papers.send(document_id=document_id, based_on=based_on).status_code == 303
    assert papers.versions()[1].based_on is None


@pytest.mark.parametrize("based_on", ["0", "2", "99999999"])
def test_nothing_is_built_on_a_version_that_is_not_there(papers: Papers, based_on: str) -> None:
    document_id = papers.document()
    assert papers.send(document_id=document_id, based_on=based_on).status_code == 404
    assert len(papers.versions()) == len(papers.objects()) == 1


def test_two_clicks_make_one_document(papers: Papers) -> None:
    page = f"{papers.url}/files/new"
    token = papers.browser().token(page)
    answers = [papers.send(once=token) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert answers[0].location == answers[1].location
    assert len(papers.versions()) == len(papers.objects()) == 1


def test_two_clicks_make_one_version(papers: Papers) -> None:
    document_id = papers.document()
    token = papers.browser().token(f"{papers.url}/files/{document_id}/new")
    answers = [papers.send(document_id=document_id, based_on="1", once=token) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert [version.number for version in papers.versions()] == [1, 2]
    assert len(papers.objects()) == 2


def test_of_two_clicks_that_run_side_by_side_one_counts(papers: Papers) -> None:
    caller = Caller(papers.owner, once=b"the same form" * 2)
    platform = papers.world.platform
    with (
        receive(platform, caller, papers.case_id, NewVersion("a.pdf", "other")) as first,
        receive(platform, caller, papers.case_id, NewVersion("a.pdf", "other")) as second,
    ):
        first.write(pdf())
        second.write(pdf())
        kept = first.finish()
        with pytest.raises(AlreadyDone) as caught:
            second.finish()
    assert caught.value.result == kept.document_id
    assert len(papers.versions()) == len(papers.objects()) == 1


@pytest.fixture(params=["sqlite", "postgresql"])
def papers_on_either(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Papers]:
    url = request.getfixturevalue("postgres_database") if request.param == "postgresql" else ""
    world = World.make(tmp_path, database_url=url)
    yield Papers.make(world)
    world.platform.database.engine.dispose()


def test_many_people_at_the_same_moment_are_all_kept_and_numbered_without_a_gap(papers_on_either: Papers) -> None:
    papers = papers_on_either
    document_id = papers.document()
    people_count = 8
    ready = threading.Barrier(people_count)
    failures: list[Exception] = []

    def send() -> None:
        try:
            new = NewVersion("a.pdf", document_id=document_id, based_on=1)
            with receive(papers.world.platform, Caller(papers.owner), papers.case_id, new) as incoming:
                incoming.write(pdf())
                ready.wait(20)
                incoming.finish()
        except Exception as error:  # noqa: BLE001 reported below
            failures.append(error)

    threads = [threading.Thread(target=send) for _ in range(people_count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    versions = papers.versions()
    assert [version.number for version in versions] == list(range(1, people_count + 2))
    assert len(set(papers.objects())) == people_count + 1


def test_the_log_names_each_upload_once(papers: Papers) -> None:
    document_id = papers.document()
    papers.send(document_id=document_id, based_on="1")
    rows = [row for row in papers.log() if row.action == "version_uploaded"]
    assert [row.document_id for row in rows] == [document_id] * 2
    assert [row.version_id for row in rows] == [version.id for version in papers.versions()]
    assert all(row.actor_id == papers.owner.id and row.case_id == papers.case_id for row in rows)


def test_someone_who_may_only_read_is_refused_before_the_file_is_read(papers: Papers) -> None:
    document_id = papers.document()
    cases.set_levels(papers.world.platform, Caller(papers.owner), papers.case_id, Level.READ, Level.NONE)
    youth = papers.browser(papers.youth)
    history = youth.get(f"{papers.url}/files/{document_id}")
    assert history.status_code == 200
    assert "Læg en ny version op" not in history.text
    token = youth.token(papers.url)
    for path in (f"{papers.url}/files/new", f"{papers.url}/files/{document_id}/new"):
        assert youth.get(path).status_code == 403
        file = (io.BytesIO(pdf()), "a.pdf")
        answer = youth.client.post(path, data={"once": token, "kind": "other", "based_on": "1", "file": file})
        assert answer.status_code == 403
    assert "Du kan læse filerne, men ikke lægge noget op lige nu." in answer.text
    assert len(papers.versions()) == len(papers.objects()) == 1
    assert papers.log()[-1].action == "denied"
    assert papers.log()[-1].reason == "youth_read_only"


def test_a_stranger_meets_the_page_of_a_room_that_is_not_there(papers: Papers) -> None:
    document_id = papers.document()
    stranger = papers.world.client(papers.world.staff("Frode", "Jobcenter"))
    missing = stranger.get(f"/rooms/{uuid4()}/files/new")
    token = stranger.token("/rooms")
    for path in (f"{papers.url}/files/new", f"{papers.url}/files/{document_id}", f"{papers.url}/files/{document_id}/1"):
        answer = stranger.get(path)
        assert answer.status_code == 404
        assert _without_what_differs(answer.text) == _without_what_differs(missing.text)
    file = (io.BytesIO(pdf()), "a.pdf")
    answer = stranger.client.post(f"{papers.url}/files/new", data={"once": token, "kind": "other", "file": file})
    assert answer.status_code == 404
    assert len(papers.objects()) == 1


def test_a_document_of_another_room_is_not_reached_through_one_s_own(papers: Papers) -> None:
    other_owner = papers.world.staff("Ole", "Børn og Unge", case_creator=True)
    other = Papers(papers.world, other_owner, papers.world.case(other_owner, cpr="6908084995", name="Emil Holm"))
    theirs = other.document()
    for path in ("", "/1", "/new"):
        assert papers.browser().get(f"{papers.url}/files/{theirs}{path}").status_code == 404
    token = papers.browser().token(f"{papers.url}/files/new")
    assert papers.send(document_id=theirs, based_on="1", once=token).status_code == 404
    assert len(papers.versions()) == 1


def test_a_level_that_is_lowered_while_the_file_is_on_its_way_refuses_it_at_the_end(papers: Papers) -> None:
    platform = papers.world.platform
    with receive(platform, Caller(papers.youth), papers.case_id, NewVersion("a.pdf", "other")) as incoming:
        incoming.write(pdf())
        cases.set_levels(platform, Caller(papers.owner), papers.case_id, Level.READ, Level.NONE)
        with pytest.raises(Denied):
            incoming.finish()
    assert papers.nothing_is_there()


def test_an_account_that_is_closed_while_the_file_is_on_its_way_is_asked_to_log_in(papers: Papers) -> None:
    helper = papers.world.staff("Hans", "Børn og Unge")
    administrator = papers.world.staff("Asta", "IT", administrator=True)
    papers.world.grant(papers.owner, papers.case_id, "hans@test.dk", Level.WRITE)
    browser = papers.browser(helper)
    token = browser.token(f"{papers.url}/files/new")

    def content() -> Iterator[bytes]:
        yield pdf()
        people.deactivate_staff(papers.world.platform, Caller(administrator), helper.id)
        time.sleep(2 * papers.world.platform.settings.recheck_seconds)

    parcel = Parcel({"once": token, "kind": "other", "comment": "Det skrev jeg"}, "a.pdf", content(), len(pdf()))
    answer = papers.post(f"{papers.url}/files/new", parcel, by=helper)
    assert answer.status_code in (303, 401)
    assert papers.nothing_is_there()


def test_what_was_typed_before_the_login_ended_stands_in_the_form_again(papers: Papers) -> None:
    page = f"{papers.url}/files/new"
    token = papers.browser().token(page)
    papers.world.clock.move(minutes=40)
    answer = papers.send(once=token, kind="meeting_note", comment="Mødet den 3. maj")
    assert answer.status_code == 303
    assert "draft" in str(answer.location)
    assert papers.nothing_is_there()
    draft = str(answer.location).split("draft%3D")[-1].split("draft=")[-1]
    papers.browsers.clear()
    again = papers.browser().get(f"{page}?draft={draft}").text
    assert "Mødet den 3. maj" in again
    assert '<option selected value="meeting_note">' in again
    assert "skal du vælge den igen" in again


def test_an_upload_that_is_left_without_its_end_leaves_nothing(papers: Papers) -> None:
    new = NewVersion("a.pdf", "other")
    with receive(papers.world.platform, Caller(papers.owner), papers.case_id, new) as incoming:
        incoming.write(pdf(20 * 1024 * 1024))
    wait_until(papers.nothing_is_there)
