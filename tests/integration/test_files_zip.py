"""All files of a room as one ZIP file."""

import io
import zipfile
from dataclasses import replace
from itertools import count
from pathlib import Path
from uuid import UUID

import pytest
from werkzeug.test import TestResponse
from zipstream import ZipStream

from auth.policy import Level
from samrum.db import DatabaseUnavailable
from samrum.models import Case
from samrum.plain import Plain
from samrum.services import archive, audit, cases, keys, trash
from samrum.services.archive import Archive, open_archive
from samrum.services.audit import Entry
from samrum.services.downloads import CutOff
from samrum.services.platform import Caller
from storage import MemoryStore
from support.household import words
from support.papers import Papers
from support.queries import counted_queries
from support.uploads import docx, pdf
from support.world import World

PLAN, NOTE, PICTURE = docx("Aftaler"), pdf(300_000, b"note "), pdf(70_000, b"andet ")


@pytest.fixture
def papers(world: World) -> Papers:
    return Papers.make(world)


@pytest.fixture
def full(papers: Papers) -> Papers:
    """A room with three documents, one of them in two versions."""
    plan = papers.document(pdf(), "Mål – Sofie.pdf")
    papers.send(PLAN, "Mål – Sofie.docx", document_id=plan, based_on="1")
    papers.world.clock.move(minutes=1)
    papers.document(NOTE, "Referat.pdf", kind="meeting_note")
    papers.world.clock.move(minutes=1)
    papers.document(PICTURE, "Referat.pdf", kind="other")
    return papers


def fetch(papers: Papers) -> TestResponse:
    return papers.browser().get(f"{papers.url}/files/all")


def unpacked(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as found:
        assert found.testzip() is None
        return {name: found.read(name) for name in found.namelist()}


def test_it_holds_the_newest_version_of_each_document_in_a_folder_for_its_kind(full: Papers) -> None:
    answer = fetch(full)
    assert answer.status_code == 200
    assert unpacked(answer.data) == {
        "Mål- og aftaleskema/Mål – Sofie.docx": PLAN,
        "Mødeindkaldelse og referat/Referat.pdf": NOTE,
        "Andet/Referat.pdf": PICTURE,
    }


def test_the_folders_are_called_in_the_reader_s_language(full: Papers) -> None:
    full.browser().get("/language/en")
    assert "Other/Referat.pdf" in unpacked(fetch(full).data)


def test_its_length_is_told_and_its_name_says_nothing(full: Papers) -> None:
    answer = fetch(full)
    assert answer.content_length == len(answer.data)
    headers = answer.headers
    assert headers["Content-Type"] == "application/zip"
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"].startswith("default-src 'none'; sandbox; ")
    with full.world.platform.database.transaction() as session:
        number = session.get_one(Case, full.case_id).number
    assert headers["Content-Disposition"].startswith(f'attachment; filename="Rum {number}.zip"')


def test_nothing_is_compressed(full: Papers) -> None:
    """Most of these files are compressed already, and the length can be told beforehand."""
    with zipfile.ZipFile(io.BytesIO(fetch(full).data)) as found:
        assert {info.compress_type for info in found.infolist()} == {zipfile.ZIP_STORED}


def test_what_lies_in_the_trash_is_left_out(full: Papers) -> None:
    note = full.documents()[1]
    trash.move_to_trash(full.world.platform, Caller(full.owner), full.case_id, note)
    assert "Mødeindkaldelse og referat/Referat.pdf" not in unpacked(fetch(full).data)
    trash.bring_back(full.world.platform, Caller(full.owner), full.case_id, note)
    assert "Mødeindkaldelse og referat/Referat.pdf" in unpacked(fetch(full).data)


def test_each_file_in_it_stands_in_the_log_as_downloaded(full: Papers) -> None:
    full.browser(full.youth).get(f"{full.url}/files/all").get_data()
    rows = [row for row in full.log() if row.action == "version_downloaded"]
    newest = {version.id for version in full.versions()} - {
        version.id for version in full.versions() if version.media_type == "application/pdf" and version.size == 2000
    }
    assert {row.version_id for row in rows} == newest
    assert len(rows) == 3
    assert {row.actor_id for row in rows} == {full.youth.id}
    text = words(full.browser().get(f"{full.url}/log").text)
    assert text.count("Sofie Lind hentede en fil sammen med alle de andre") == 3
    assert "Mål- og aftaleskema: Mål – Sofie.docx, version 2" in text


def test_each_row_is_written_before_a_byte_of_its_file_flows_and_its_name_too(full: Papers) -> None:
    pieces = opened(full).pieces(lambda: Caller(full.owner))
    flown, counted = b"", 0
    for piece in pieces:
        flown += piece
        logged = full.actions().count("version_downloaded")
        counted = sum(f"{kind}/".encode() in flown for kind in ("goal_plan", "meeting_note", "other"))
        assert counted <= logged
    assert counted == 3


def opened(papers: Papers, caller: Caller | None = None) -> Archive:
    return open_archive(papers.world.platform, caller or Caller(papers.owner), papers.case_id, lambda kind: kind)


def test_without_a_row_in_the_log_there_is_no_byte(full: Papers, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise DatabaseUnavailable

    full.browser()
    monkeypatch.setattr("samrum.services.audit.add", refuse)
    answer = fetch(full)
    assert answer.status_code == 503
    assert b"PK" not in answer.data


def test_a_log_that_fails_at_the_second_file_breaks_it_off_before_that(
    full: Papers, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, rows = audit.add, count()

    def once(plain: Plain, entries: list[Entry]) -> None:
        is_second = bool(entries) and next(rows) > 0
        if is_second:
            raise DatabaseUnavailable
        write(plain, entries)

    monkeypatch.setattr("samrum.services.audit.add", once)
    zipped = opened(full)
    received: list[bytes] = []
    with pytest.raises(CutOff):
        received.extend(zipped.pieces(lambda: Caller(full.owner)))
    assert PLAN in b"".join(received)
    assert b"Referat" not in b"".join(received)


def _eager(papers: Papers) -> Papers:
    """The same room, in which a download asks again before every piece."""
    platform = papers.world.platform
    settings = platform.settings.model_copy(update={"recheck_seconds": 0})
    return replace(papers, world=replace(papers.world, platform=replace(platform, settings=settings)))


def test_a_level_that_is_lowered_cuts_it_off_in_a_file_and_the_log_says_why(full: Papers) -> None:
    eager, caller = _eager(full), Caller(full.youth)
    pieces = opened(eager, caller).pieces(lambda: caller)
    next(pieces)
    cases.set_levels(full.world.platform, Caller(full.owner), full.case_id, Level.NONE, Level.NONE)
    with pytest.raises(CutOff):
        next(pieces)
    assert (full.log()[-1].action, full.log()[-1].reason) == ("denied", "youth_access_off")


def test_a_level_that_is_lowered_cuts_it_off_between_two_files_too(full: Papers) -> None:
    caller = Caller(full.youth)
    received = bytearray()

    def receive() -> None:
        for piece in opened(full, caller).pieces(lambda: caller):
            received.extend(piece)
            if received.endswith(PLAN):
                cases.set_levels(full.world.platform, Caller(full.owner), full.case_id, Level.NONE, Level.NONE)

    with pytest.raises(CutOff):
        receive()
    assert PLAN in received
    assert b"Referat" not in received
    assert (full.log()[-1].action, full.log()[-1].reason) == ("denied", "youth_access_off")


def test_a_login_that_ends_between_two_files_cuts_it_off(full: Papers) -> None:
    with pytest.raises(CutOff):
        b"".join(opened(full).pieces(lambda: None))


def test_a_file_that_is_damaged_or_gone_breaks_it_off_visibly(full: Papers) -> None:
    store = full.world.platform.vault.store
    assert isinstance(store, MemoryStore)
    (name,) = [version.object_name for version in full.versions() if version.size == len(NOTE)]
    whole = store.objects[name]
    for broken in (whole[:200_000] + bytes(9) + whole[200_009:], whole[:-40] + bytes(40), None):
        if broken is None:
            del store.objects[name]
        else:
            store.objects[name] = broken
        received: list[bytes] = []
        with pytest.raises(CutOff):
            received.extend(opened(full).pieces(lambda: Caller(full.owner)))
        assert PLAN in b"".join(received)
        assert NOTE[200_000:] not in b"".join(received)


def test_a_file_that_is_gone_from_the_first_is_said_in_words(full: Papers) -> None:
    store = full.world.platform.vault.store
    assert isinstance(store, MemoryStore)
    store.objects.clear()
    answer = fetch(full)
    assert answer.status_code == 503
    assert "Vi kan ikke nå filerne lige nu" in answer.text


def test_an_empty_room_offers_none_and_says_so(papers: Papers) -> None:
    assert "Hent alle filer" not in papers.browser().get(papers.url).text
    answer = fetch(papers)
    assert answer.location == papers.url
    assert "Der er ingen filer at hente i rummet." in papers.browser().get(papers.url).text


def test_a_room_with_everything_in_the_trash_offers_none(papers: Papers) -> None:
    document = papers.document()
    assert f'href="{papers.url}/files/all"' in papers.browser().get(papers.url).text
    trash.move_to_trash(papers.world.platform, Caller(papers.owner), papers.case_id, document, although_last=True)
    assert "Hent alle filer" not in papers.browser().get(papers.url).text
    assert fetch(papers).location == papers.url


def test_who_may_not_read_gets_none(full: Papers) -> None:
    cases.set_levels(full.world.platform, Caller(full.owner), full.case_id, Level.NONE, Level.NONE)
    youth = full.browser(full.youth)
    assert "Hent alle filer" not in youth.get(full.url).text
    for answer in (youth.get(f"{full.url}/files/all"), youth.client.head(f"{full.url}/files/all")):
        assert answer.status_code == 403
        assert b"PK" not in answer.data
        assert "Content-Disposition" not in answer.headers


def test_head_tells_the_same_and_sends_nothing(full: Papers) -> None:
    head = full.browser().client.head(f"{full.url}/files/all")
    assert full.log()[-1].action == "case_viewed"
    assert head.data == b""
    assert "version_downloaded" not in full.actions()
    assert dict(head.headers) == dict(fetch(full).headers)


def test_a_range_of_it_is_the_whole_since_it_is_made_anew_each_time(full: Papers) -> None:
    answer = full.browser().get(f"{full.url}/files/all", headers={"Range": "bytes=0-9"})
    assert answer.status_code == 200
    assert len(unpacked(answer.data)) == 3
    assert "Accept-Ranges" not in answer.headers


def test_names_that_are_unsafe_or_the_same_are_told_apart(papers: Papers) -> None:
    for name in ("CON.pdf", "Plan.pdf", "plan.pdf"):
        papers.document(pdf(), name, kind="other")
        papers.world.clock.move(minutes=1)
    assert set(unpacked(fetch(papers).data)) == {"Andet/CON_.pdf", "Andet/Plan.pdf", "Andet/plan (2).pdf"}


def test_erased_files_cannot_be_fetched(full: Papers) -> None:
    cases.close(full.world.platform, Caller(full.owner), full.case_id)
    with full.world.platform.database.transaction() as session:
        number = session.get_one(Case, full.case_id).number
    keys.destroy(full.world.platform, number, keys.Reason.OTHER)
    assert fetch(full).status_code == 410


@pytest.mark.slow
def test_beyond_four_gigabytes_its_told_length_is_right_and_the_archive_whole(tmp_path: Path) -> None:
    """The length is worked out by the writer itself; here without a room, whose files could not be so large."""
    gibibyte = 1024**3
    members = [
        archive.Member(UUID(int=number), 1, f"Andet/{number}.pdf", size)
        for number, size in enumerate((5 * gibibyte, 7))
    ]
    contents = archive.Contents("ABCD-2345", members)
    path = tmp_path / "large.zip"
    with path.open("wb") as file:
        stream = ZipStream()
        for member in members:
            block = bytes(64 * 1024**2)
            parts = (block[: min(len(block), member.size - at)] for at in range(0, member.size, len(block)))
            stream.add(parts, member.path, size=member.size)
            for piece in stream.all_files():
                file.seek(len(piece), 1) if piece is block else file.write(piece)  # zeros are a hole in the file
        for piece in stream.footer():
            file.write(piece)
    assert path.stat().st_size == contents.size
    with zipfile.ZipFile(path) as found:
        assert [info.file_size for info in found.infolist()] == [5 * gibibyte, 7]
        assert found.read("Andet/1.pdf") == bytes(7)


def test_a_page_of_many_files_costs_a_fixed_number_of_queries_to_prepare(full: Papers) -> None:
    with counted_queries(full.world.platform) as few:
        full.browser().client.head(f"{full.url}/files/all")
    for number in range(8):
        full.document(pdf(), f"{number}.pdf", kind="other")
    with counted_queries(full.world.platform) as many:
        full.browser().client.head(f"{full.url}/files/all")
    assert len(many) == len(few)
