"""Making an older version the newest again."""

import threading
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from uuid import UUID

import pytest

from auth.policy import CitizenActor, Level, StaffActor
from samrum.db import DatabaseUnavailable
from samrum.models import Case
from samrum.services import cases, keys, people, sessions
from samrum.services.errors import AlreadyDone, Denied, InTrash
from samrum.services.incoming import Kept
from samrum.services.platform import SYSTEM, Caller
from samrum.services.restore import restore_version
from samrum.services.trash import move_to_trash
from storage import MemoryStore
from support.household import words
from support.papers import Papers
from support.uploads import docx_with, pdf
from support.world import World

FIRST, SECOND = pdf(3000, b"first "), pdf(4000, b"second ")


@pytest.fixture
def papers(world: World) -> Papers:
    return Papers.make(world)


@pytest.fixture
def document(papers: Papers) -> UUID:
    """A document in two versions, the newer one under another name."""
    made = papers.document(FIRST, "Plan A.pdf", comment="Første udkast")
    assert papers.send(SECOND, "Plan B.pdf", document_id=made, based_on="1").status_code == 303
    return made


def address(papers: Papers, document: UUID, number: int = 1) -> str:
    return f"{papers.url}/files/{document}/{number}/restore"


def restore(papers: Papers, document: UUID, *, seen: int = 2, by: StaffActor | CitizenActor | None = None) -> Kept:
    caller = Caller(by or papers.owner)
    return restore_version(
        papers.world.platform, caller, papers.case_id, document, 1, seen=seen, refreshed=lambda: caller
    )


def test_an_older_version_comes_on_top_with_its_content_and_name_and_nothing_else_changes(
    papers: Papers, document: UUID
) -> None:
    before = papers.versions()
    answer = papers.browser(papers.youth).post(address(papers, document), {"seen": "2"})
    assert answer.location == f"{papers.url}/files/{document}"
    first, second, third = papers.versions()
    assert [first.sealed_name, second.sealed_name] == [row.sealed_name for row in before]
    assert (third.number, third.based_on, third.restored_from) == (3, 2, 1)
    assert (third.size, third.sha256, third.media_type) == (first.size, sha256(FIRST).digest(), first.media_type)
    assert third.citizen_id == papers.youth.id
    text = words(papers.browser().get(answer.location).text)
    assert text.count("Plan A.pdf") == 3  # the heading, the newest and the oldest
    assert "Version 3 · nyeste Sofie Lind" in text
    assert "Det samme som version 1" in text
    assert "To har arbejdet" not in text
    assert papers.browser().get(f"{papers.url}/files/{document}/3").data == FIRST


def test_it_is_sealed_anew_for_its_new_place(papers: Papers, document: UUID) -> None:
    restore(papers, document)
    first, _second, third = papers.versions()
    assert third.wrapped_data_key != first.wrapped_data_key
    store = papers.world.platform.vault.store
    assert isinstance(store, MemoryStore)
    stored = [store.objects[version.object_name] for version in (first, third)]
    assert len(stored[0]) == len(stored[1])
    assert not {stored[0][at : at + 64] for at in range(0, 2000, 64)} & {
        stored[1][at : at + 64] for at in range(0, 2000, 64)
    }


def test_the_log_says_who_restored_what_from_which(papers: Papers, document: UUID) -> None:
    papers.browser(papers.youth).post(address(papers, document), {"seen": "2"})
    row = papers.log()[-1]
    assert (row.action, row.actor_id) == ("version_restored", papers.youth.id)
    assert row.version_id == papers.versions()[-1].id
    assert row.detail == {"number": 3, "based_on": 2, "restored_from": 1}
    text = words(papers.browser().get(f"{papers.url}/log").text)
    assert "Sofie Lind gjorde en ældre version til den nyeste" in text
    assert "Plan A.pdf, version 3" in text


def test_the_page_before_says_what_will_happen_and_needs_no_script(papers: Papers, document: UUID) -> None:
    history = papers.browser().get(f"{papers.url}/files/{document}").text
    assert f'href="{address(papers, document)}"' in history
    assert f'href="{address(papers, document, 2)}"' not in history
    page = papers.browser().get(address(papers, document)).text
    assert "Gør version 1 til den nyeste" in page
    assert "øverst som version 3" in page
    assert '<input type="hidden" name="seen" value="2">' in page
    assert papers.log()[-1].action == "document_viewed"


def test_who_came_between_is_told_and_nothing_is_lost(papers: Papers, document: UUID) -> None:
    owners_page = papers.browser().token(address(papers, document))
    papers.send(pdf(mark=b"hers "), "Plan C.pdf", document_id=document, by=papers.youth, based_on="2")
    answer = papers.browser().post(address(papers, document), {"seen": "2", "once": owners_page})
    assert [(row.number, row.based_on, row.restored_from) for row in papers.versions()][2:] == [(3, 2, None), (4, 2, 1)]
    text = words(papers.browser().get(answer.location).text)
    assert "Version 1 er gjort til den nyeste. Men version 3 kom til imens." in text
    assert "Version 4 er version 1, som Birgit gjorde til den nyeste." in text
    assert "Sofie Lind kom først med version 3." in text


def test_two_clicks_make_one_version(papers: Papers, document: UUID) -> None:
    token = papers.browser().token(address(papers, document))
    for _ in range(2):
        answer = papers.browser().post(address(papers, document), {"seen": "2", "once": token})
        assert (answer.status_code, answer.location) == (303, f"{papers.url}/files/{document}")
    assert [row.number for row in papers.versions()] == [1, 2, 3]
    assert len(papers.objects()) == 3
    assert papers.actions().count("version_restored") == 1


def test_two_clicks_at_once_make_one_version(papers: Papers, document: UUID) -> None:
    caller = Caller(papers.owner, once=b"the token of the form" * 2)
    at_the_end = threading.Barrier(2, timeout=20)
    found: list[object] = []

    def click() -> None:
        def both() -> Caller:
            at_the_end.wait()
            return caller

        try:
            found.append(
                restore_version(papers.world.platform, caller, papers.case_id, document, 1, seen=2, refreshed=both)
            )
        except AlreadyDone as done:
            found.append(done.result)

    clicks = [threading.Thread(target=click) for _ in range(2)]
    for one in clicks:
        one.start()
    for one in clicks:
        one.join()
    assert document in found
    assert len(found) == len(papers.versions()) - 1 == len(papers.objects()) - 1 == 2


@pytest.mark.parametrize("seen", ["", "x", "-1", "²"])
def test_a_form_that_does_not_say_what_was_seen_asks_again(papers: Papers, document: UUID, seen: str) -> None:
    answer = papers.browser().post(address(papers, document), {"seen": seen})
    assert answer.status_code == 422
    assert "øverst som version 3" in answer.text
    assert len(papers.versions()) == 2


@pytest.mark.parametrize("seen", ["0", "3", "99999999"])
def test_nobody_can_have_seen_a_version_that_is_not_there(papers: Papers, document: UUID, seen: str) -> None:
    assert papers.browser().post(address(papers, document), {"seen": seen}).status_code == 404
    assert len(papers.versions()) == len(papers.objects()) == 2


def test_the_newest_version_is_the_newest_already(papers: Papers, document: UUID) -> None:
    page = papers.browser().get(address(papers, document, 2))
    assert page.location == f"{papers.url}/files/{document}"
    assert "Den version er allerede den nyeste." in papers.browser().get(page.location).text
    answer = papers.browser().post(address(papers, document, 2), {"seen": "2"}, page=address(papers, document))
    assert answer.location == page.location
    assert len(papers.versions()) == 2


def test_a_version_that_is_not_there_is_not_found(papers: Papers, document: UUID) -> None:
    for number in (0, 3, 2147483647, 99999999999):
        assert papers.browser().get(address(papers, document, number)).status_code == 404


def test_what_would_be_refused_today_does_not_come_back_by_this_way(
    papers: Papers, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as before:
        before.setattr("samrum.services.filetypes._MACROS", ())  # as an earlier release took it
        document = papers.document(docx_with("word/vbaProject.bin"), "Plan.docx")
        papers.send(pdf(), document_id=document, based_on="1")
    answer = papers.browser().post(address(papers, document), {"seen": "2"})
    assert "Filen indeholder makroer" in papers.browser().get(answer.location).text
    assert len(papers.versions()) == len(papers.objects()) == 2


def _level_lowered(papers: Papers) -> None:
    cases.set_levels(papers.world.platform, Caller(papers.owner), papers.case_id, Level.READ, Level.NONE)


def _closed(papers: Papers) -> None:
    cases.close(papers.world.platform, Caller(papers.owner), papers.case_id)


@pytest.mark.parametrize(("ends", "reason"), [(_level_lowered, "youth_read_only"), (_closed, "case_closed")])
def test_a_right_that_ends_while_it_is_copied_leaves_nothing(
    papers: Papers, document: UUID, ends: Callable[[Papers], None], reason: str
) -> None:
    caller = Caller(papers.youth)

    def meanwhile() -> Caller:
        ends(papers)
        return caller

    with pytest.raises(Denied):
        restore_version(papers.world.platform, caller, papers.case_id, document, 1, seen=2, refreshed=meanwhile)
    assert len(papers.versions()) == len(papers.objects()) == 2
    assert (papers.log()[-1].action, papers.log()[-1].reason) == ("denied", reason)


def _logins_end(papers: Papers, who: StaffActor) -> None:
    with papers.world.platform.act(SYSTEM) as act:
        sessions.end_all(act, who.id)


def _account_closes(papers: Papers, who: StaffActor) -> None:
    people.deactivate_staff(papers.world.platform, SYSTEM, who.id)


@pytest.mark.parametrize("ends", [_logins_end, _account_closes])
def test_a_login_that_ends_while_it_is_copied_leads_to_the_login(
    papers: Papers,
    document: UUID,
    ends: Callable[[Papers, StaffActor], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world, colleague = papers.world, papers.world.staff("Bo", "Børn og Unge")
    world.grant(papers.owner, papers.case_id, "bo@test.dk", Level.WRITE)
    token = papers.browser(colleague).token(address(papers, document))
    opened = world.platform.vault.open

    def meanwhile(*given: object) -> object:
        ends(papers, colleague)
        return opened(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(world.platform.vault, "open", meanwhile)
    answer = papers.browser(colleague).post(address(papers, document), {"seen": "2", "once": token})
    assert answer.status_code == 303
    assert answer.location.startswith("/?next=")
    assert len(papers.versions()) == len(papers.objects()) == 2


def test_a_document_in_the_trash_takes_none_and_says_the_way_on(papers: Papers, document: UUID) -> None:
    token = papers.browser().token(address(papers, document))
    move_to_trash(papers.world.platform, Caller(papers.owner), papers.case_id, document, although_last=True)
    for answer in (
        papers.browser().get(address(papers, document)),
        papers.browser().post(address(papers, document), {"seen": "2", "once": token}),
    ):
        assert answer.status_code == 409
        assert "Læg den tilbage først, og prøv igen." in answer.text
        assert f'action="{papers.url}/files/{document}/bring-back"' in answer.text
    assert len(papers.versions()) == len(papers.objects()) == 2


def test_a_document_that_goes_to_the_trash_while_it_is_copied_takes_none(papers: Papers, document: UUID) -> None:
    caller = Caller(papers.owner)

    def meanwhile() -> Caller:
        move_to_trash(papers.world.platform, caller, papers.case_id, document, although_last=True)
        return caller

    with pytest.raises(InTrash):
        restore_version(papers.world.platform, caller, papers.case_id, document, 1, seen=2, refreshed=meanwhile)
    assert len(papers.versions()) == len(papers.objects()) == 2


def test_a_damaged_version_is_not_restored(papers: Papers, document: UUID) -> None:
    store = papers.world.platform.vault.store
    assert isinstance(store, MemoryStore)
    name = papers.versions()[0].object_name
    store.objects[name] = store.objects[name][:-30] + bytes(30)
    answer = papers.browser().post(address(papers, document), {"seen": "2"})
    assert answer.status_code == 503
    assert len(papers.versions()) == len(papers.objects()) == 2


def test_a_log_that_cannot_be_written_means_no_version(
    papers: Papers, document: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise DatabaseUnavailable

    token = papers.browser().token(address(papers, document))
    monkeypatch.setattr("samrum.services.audit.add", full)
    assert papers.browser().post(address(papers, document), {"seen": "2", "once": token}).status_code == 503
    assert len(papers.versions()) == 2


def test_erased_files_are_not_restored(papers: Papers, document: UUID) -> None:
    platform = papers.world.platform
    cases.close(platform, Caller(papers.owner), papers.case_id)
    with platform.database.transaction() as session:
        number = session.get_one(Case, papers.case_id).number
    keys.destroy(platform, number, keys.Reason.OTHER)
    cases.reopen(platform, Caller(papers.owner), papers.case_id)
    assert papers.browser().get(address(papers, document)).status_code == 410


def test_on_postgresql_too(tmp_path: Path, postgres_database: str) -> None:
    world = World.make(tmp_path, database_url=postgres_database)
    papers = Papers.make(world)
    made = papers.document(FIRST, "Plan A.pdf")
    papers.send(SECOND, "Plan B.pdf", document_id=made, based_on="1")
    kept = [restore(papers, made) for _ in range(2)]
    assert [(one.number, one.came_between) for one in kept] == [(3, None), (4, 3)]
    assert papers.browser().get(f"{papers.url}/files/{made}/4").data == FIRST
    world.platform.database.engine.dispose()
