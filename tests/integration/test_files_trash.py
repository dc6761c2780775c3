"""The trash of a room."""

import re
import threading
from pathlib import Path
from uuid import UUID

import pytest

from auth.policy import Level
from samrum.services import cases, trash
from samrum.services.errors import InTrash
from samrum.services.incoming import NewVersion, receive
from samrum.services.platform import Caller
from support.household import Household, words
from support.papers import Papers
from support.queries import counted_queries
from support.uploads import pdf
from support.world import Browser, World


@pytest.fixture
def papers(world: World) -> Papers:
    return Papers.make(world)


@pytest.fixture
def plan(papers: Papers) -> UUID:
    return papers.document(pdf(2000, b"plan "), "Plan.pdf")


@pytest.fixture
def note(papers: Papers, plan: UUID) -> UUID:
    """A paper beside the room's only mål- og aftaleskema."""
    return papers.document(pdf(3000, b"note "), "Referat.pdf", kind="meeting_note")


def away(papers: Papers, document: UUID, *, browser: Browser | None = None) -> str:
    """Press "Flyt til papirkurv" on the page of the document; the address that it leads to."""
    page = f"{papers.url}/files/{document}"
    answer = (browser or papers.browser()).post(f"{page}/trash", page=page)
    assert answer.status_code == 303
    return str(answer.location)


def trash_of(papers: Papers, browser: Browser | None = None) -> str:
    return words((browser or papers.browser()).get(f"{papers.url}/trash").text)


def room_of(papers: Papers, browser: Browser | None = None) -> str:
    return words((browser or papers.browser()).get(papers.url).text)


def test_a_file_goes_from_the_room_to_the_trash_and_says_who_moved_it_and_when(papers: Papers, note: UUID) -> None:
    papers.world.clock.move(minutes=5)
    assert away(papers, note, browser=papers.browser(papers.youth)) == papers.url
    assert "Referat.pdf" not in room_of(papers)
    text = trash_of(papers)
    for shown in ("Referat.pdf", "Flyttet hertil af Sofie Lind", "2. november 2026 12:05", "Intet er slettet"):
        assert shown in text
    assert "Plan.pdf" not in text


def test_staff_are_named_with_their_unit(papers: Papers, note: UUID) -> None:
    away(papers, note)
    assert "Flyttet hertil af Birgit, Børn og Unge" in trash_of(papers)


def test_it_is_undone_at_once_with_the_button_in_the_message(papers: Papers, note: UUID) -> None:
    page = papers.browser().get(away(papers, note)).text
    assert "Filen er flyttet til papirkurven." in page
    (undo,) = re.findall(rf'action="({papers.url}/files/{note}/bring-back)"', page)
    assert "Fortryd flytningen" in page
    answer = papers.browser().post(undo, page=papers.url)
    assert answer.location == papers.url
    room = room_of(papers)
    assert "Filen er lagt tilbage." in room
    assert "Referat.pdf" in room
    assert "Papirkurven er tom" in trash_of(papers)


def test_it_comes_back_to_the_place_it_had(papers: Papers, note: UUID) -> None:
    papers.world.clock.move(minutes=1)
    papers.document(pdf(), "Nyere.pdf", kind="other")
    away(papers, note)
    papers.world.clock.move(minutes=20)
    papers.browser().post(f"{papers.url}/files/{note}/bring-back", page=f"{papers.url}/trash")
    room = room_of(papers)
    assert room.index("Nyere.pdf") < room.index("Referat.pdf")


def test_every_way_in_and_out_has_a_row_of_its_own_in_the_log(papers: Papers, note: UUID) -> None:
    away(papers, note)
    trash_of(papers)
    papers.browser(papers.youth).post(f"{papers.url}/files/{note}/bring-back", page=f"{papers.url}/trash")
    rows = [(row.action, row.actor_id, row.document_id) for row in papers.log() if "trash" in row.action]
    youth, owner = papers.youth.id, papers.owner.id
    assert rows == [
        ("document_trashed", owner, note),
        ("trash_viewed", owner, None),
        ("trash_viewed", youth, None),
        ("document_untrashed", youth, note),
    ]
    text = words(papers.browser().get(f"{papers.url}/log").text)
    assert "Sofie Lind lagde en fil tilbage fra papirkurven" in text
    assert "Sofie Lind så papirkurven" in text
    assert "Du flyttede en fil til papirkurven kl. 12:00 Mødeindkaldelse og referat: Referat.pdf" in text


def test_what_lies_there_is_still_opened_by_whoever_may_read(papers: Papers, note: UUID) -> None:
    papers.send(pdf(4000, b"newer "), "Referat 2.pdf", document_id=note, based_on="1")
    away(papers, note)
    cases.set_levels(papers.world.platform, Caller(papers.owner), papers.case_id, Level.READ, Level.NONE)
    reader = papers.browser(papers.youth)
    page = reader.get(f"{papers.url}/trash").text
    assert f'href="{papers.url}/files/{note}"' in page
    assert "bring-back" not in page
    assert reader.get(f"{papers.url}/files/{note}/1").data == pdf(3000, b"note ")
    assert reader.get(f"{papers.url}/files/{note}/2").data == pdf(4000, b"newer ")
    assert "Filen ligger i papirkurven" in reader.get(f"{papers.url}/files/{note}").text
    assert reader.client.post(f"{papers.url}/files/{note}/bring-back").status_code in (400, 403)


def test_who_may_read_only_moves_nothing(papers: Papers, note: UUID) -> None:
    cases.set_levels(papers.world.platform, Caller(papers.owner), papers.case_id, Level.READ, Level.NONE)
    reader = papers.browser(papers.youth)
    assert "Flyt til papirkurv" not in reader.get(f"{papers.url}/files/{note}").text
    for path in ("trash", "bring-back"):
        answer = reader.client.post(f"{papers.url}/files/{note}/{path}", data={"once": reader.token(papers.url)})
        assert answer.status_code == 403
    assert "Referat.pdf" in room_of(papers)


def test_it_takes_no_new_version_and_the_page_says_the_way_on(papers: Papers, note: UUID) -> None:
    form = papers.browser().token(f"{papers.url}/files/{note}/new")
    away(papers, note)
    page = papers.browser().get(f"{papers.url}/files/{note}").text
    for gone in ("Læg en ny version op", "Gør til den nyeste", "Flyt til papirkurv</button>"):
        assert gone not in page
    for answer in (
        papers.browser().get(f"{papers.url}/files/{note}/new"),
        papers.send(pdf(), document_id=note, once=form, based_on="1", comment="Rettet efter mødet"),
    ):
        assert answer.status_code == 409
        assert "Læg den tilbage først, og prøv igen." in answer.text
        assert f'action="{papers.url}/files/{note}/bring-back"' in answer.text
    assert "Rettet efter mødet" in answer.text
    assert len(papers.versions()) == len(papers.objects()) == 2
    papers.browser().post(f"{papers.url}/files/{note}/bring-back", page=f"{papers.url}/trash")
    assert papers.send(pdf(), document_id=note, based_on="1").status_code == 303


def test_a_version_on_its_way_when_the_document_goes_is_not_kept(papers: Papers, note: UUID) -> None:
    with receive(
        papers.world.platform, Caller(papers.youth), papers.case_id, NewVersion("Ny.pdf", document_id=note)
    ) as incoming:
        incoming.write(pdf())
        away(papers, note)
        with pytest.raises(InTrash):
            incoming.finish()
    assert len(papers.versions()) == len(papers.objects()) == 2


def test_the_last_goal_plan_is_asked_about_in_plain_words(papers: Papers, plan: UUID, note: UUID) -> None:
    asking = away(papers, plan)
    assert asking == f"{papers.url}/files/{plan}/trash"
    assert "Plan.pdf" in room_of(papers)
    page = papers.browser().get(asking).text
    assert "Det er det eneste mål- og aftaleskema i rummet" in page
    assert "kan ingen se i rummet, hvad I har aftalt" in words(page)
    answer = papers.browser().post(asking, {"although_last": "1"})
    assert answer.location == papers.url
    assert "Plan.pdf" in trash_of(papers)
    assert "Plan.pdf" not in room_of(papers).replace("Filen er flyttet", "")


def test_of_two_goal_plans_the_first_goes_without_a_question(papers: Papers, plan: UUID) -> None:
    second = papers.document(pdf(), "Plan 2.pdf")
    assert away(papers, plan) == papers.url
    assert away(papers, second).endswith("/trash")


def test_of_two_goal_plans_that_go_at_once_one_is_asked_about(papers: Papers, plan: UUID) -> None:
    both = [plan, papers.document(pdf(), "Plan 2.pdf")]
    at_once, found = threading.Barrier(2, timeout=20), []

    def move(document: UUID) -> None:
        at_once.wait()
        try:
            trash.move_to_trash(papers.world.platform, Caller(papers.owner), papers.case_id, document)
        except trash.LastPlan:
            found.append(document)

    threads = [threading.Thread(target=move, args=(document,)) for document in both]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 1
    assert found[0] in both


def test_two_clicks_move_it_once(papers: Papers, note: UUID) -> None:
    token = papers.browser().token(f"{papers.url}/files/{note}")
    answers = [papers.browser().post(f"{papers.url}/files/{note}/trash", {"once": token}) for _ in range(2)]
    assert [answer.location for answer in answers] == [papers.url] * 2
    token = papers.browser().token(papers.url)
    answers = [papers.browser().post(f"{papers.url}/files/{note}/bring-back", {"once": token}) for _ in range(2)]
    assert [answer.location for answer in answers] == [papers.url] * 2
    assert papers.actions().count("document_trashed") == papers.actions().count("document_untrashed") == 1


def test_somebody_else_was_faster_and_it_is_done_all_the_same(papers: Papers, note: UUID) -> None:
    page = f"{papers.url}/files/{note}"
    token = papers.browser().token(page)
    away(papers, note, browser=papers.browser(papers.youth))
    assert papers.browser().post(f"{page}/trash", {"once": token}).location == papers.url
    assert "Flyttet hertil af Sofie Lind" in trash_of(papers)
    assert papers.actions().count("document_trashed") == 1


def test_a_page_of_the_trash_costs_the_same_however_full_it_is(papers: Papers, note: UUID) -> None:
    away(papers, note)
    youth = papers.browser(papers.youth)
    trash_of(papers, youth)
    with counted_queries(papers.world.platform) as few:
        trash_of(papers, youth)
    for number in range(12):
        by = papers.youth if number % 2 else papers.owner
        made = papers.document(pdf(), f"Andet {number}.pdf", kind="other")
        trash.move_to_trash(papers.world.platform, Caller(by), papers.case_id, made)
    with counted_queries(papers.world.platform) as many:
        assert "Andet 11.pdf" in trash_of(papers, youth)
    assert len(many) == len(few)


def test_its_list_is_read_from_an_index(papers: Papers, note: UUID) -> None:
    with counted_queries(papers.world.platform) as statements:
        trash_of(papers)
    (statement,) = [one for one in statements if "trashed_at IS NOT NULL" in one]
    with papers.world.platform.database.engine.connect() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}").all()
    steps = [str(row[3]) for row in plan]
    assert any("USING INDEX ix_document_in_trash (case_id=?" in step for step in steps), steps
    assert not [step for step in steps if step.startswith("SCAN")]


def test_more_than_a_page_holds_is_a_link_away(papers: Papers, note: UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trash, "FILES_PER_PAGE", 2)
    for name in ("en.pdf", "to.pdf", "tre.pdf"):
        away(papers, papers.document(pdf(), name, kind="other"))
        papers.world.clock.move(minutes=1)
    page = papers.browser().get(f"{papers.url}/trash").text
    assert "tre.pdf" in page
    assert "en.pdf" not in page
    older = page[: page.index("Vis ældre filer")].rsplit('href="', 1)[1].split('"')[0]
    page = papers.browser().get(older).text
    assert "en.pdf" in page
    assert "tre.pdf" not in page
    assert "Vis ældre filer" not in page
    assert "Til det, der sidst er flyttet hertil" in page


def test_things_moved_at_the_same_moment_are_each_on_one_page(
    papers: Papers, note: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trash, "FILES_PER_PAGE", 2)
    names = [f"fil {number}.pdf" for number in range(5)]
    for name in names:
        away(papers, papers.document(pdf(), name, kind="other"))
    address, seen = f"{papers.url}/trash", []
    for _ in range(3):
        page = papers.browser().get(address).text
        seen += re.findall(r'class="file-name"[^>]*>(fil \d\.pdf)<', page)
        address = page[: page.find("Vis ældre filer")].rsplit('href="', 1)[1].split('"')[0]
    assert sorted(seen) == names


def test_a_parent_is_not_told_the_unit_where_the_address_is_protected(world: World) -> None:
    home = Household.make(world)
    home.everybody_consents()
    note = home.upload(home.owner, "Referat.txt", "meeting_note")
    data = {"youth_name": "Sofie Lind", "coordinator": "B", "placement": "home", "protected_address": "y"}
    assert world.client(home.owner).post(f"{home.path}/data", data).status_code == 303
    trash.move_to_trash(world.platform, Caller(home.colleague), home.case_id, note)
    text = words(world.client(home.mother).get(f"{home.path}/trash").text)
    assert "Referat.txt" in text
    assert "Ulla" not in text
    assert "UU" not in text
    assert "Flyttet hertil af Ulla, UU" in words(world.client(home.owner).get(f"{home.path}/trash").text)


def test_in_a_closed_room_it_is_seen_and_nothing_comes_back(papers: Papers, note: UUID) -> None:
    papers.browser().get(away(papers, note))
    cases.close(papers.world.platform, Caller(papers.owner), papers.case_id)
    page = papers.browser().get(f"{papers.url}/trash").text
    assert "Referat.pdf" in page
    assert "bring-back" not in page
    token = papers.browser().token(papers.url)
    answer = papers.browser().post(f"{papers.url}/files/{note}/bring-back", {"once": token})
    assert answer.status_code == 403
    assert "Rummet er lukket" in answer.text


def test_on_postgresql_too(tmp_path: Path, postgres_database: str) -> None:
    papers = Papers.make(World.make(tmp_path, database_url=postgres_database))
    papers.document(pdf(), "Plan.pdf")
    note = papers.document(pdf(), "Referat.pdf", kind="other")
    away(papers, note, browser=papers.browser(papers.youth))
    assert "Referat.pdf" in trash_of(papers)
    papers.browser().post(f"{papers.url}/files/{note}/bring-back", page=f"{papers.url}/trash")
    assert "Referat.pdf" in room_of(papers)
    papers.world.platform.database.engine.dispose()
