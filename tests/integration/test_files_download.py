"""Fetching a version."""

import random
import time
from dataclasses import replace
from urllib.parse import unquote

import pytest

from auth.policy import Level
from samrum.db import DatabaseUnavailable
from samrum.services import cases
from samrum.services.downloads import CutOff, Download, open_version
from samrum.services.platform import Caller
from samrum.web.files.download import content_disposition
from storage import MemoryStore, Unavailable
from support.papers import Papers
from support.uploads import docx, pdf
from support.world import World

SIZE = 3_000_000


@pytest.fixture
def papers(world: World) -> Papers:
    return Papers.make(world)


@pytest.fixture
def big(papers: Papers) -> tuple[str, bytes]:
    """The address of a version, and its bytes."""
    content = b"%PDF-1.7\n" + random.Random(1).randbytes(SIZE - 9)
    return f"{papers.url}/files/{papers.document(content)}/1", content


def test_what_is_fetched_is_byte_for_byte_what_was_sent(papers: Papers, big: tuple[str, bytes]) -> None:
    path, content = big
    answer = papers.browser().get(path)
    assert answer.status_code == 200
    assert answer.data == content
    assert answer.content_length == SIZE


def test_nobody_s_browser_opens_or_keeps_it(papers: Papers) -> None:
    document_id = papers.document(docx(), "Mål.docx")
    headers = papers.browser().get(f"{papers.url}/files/{document_id}/1").headers
    assert headers["Content-Type"] == "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    assert headers["Content-Disposition"].startswith("attachment;")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert headers["Content-Security-Policy"].startswith("default-src 'none'; sandbox; ")
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("Mål- og aftaleskema.docx", "Maal- og aftaleskema.docx"),
        ("Ærø Øst Åby æøå.pdf", "Aeroe Oest Aaby aeoeaa.pdf"),
        ("Café naïve.pdf", "Cafe naive.pdf"),
        ("100 % sikker.pdf", "100 _ sikker.pdf"),
        ("ملف.pdf", "___.pdf"),
        ("🙂.pdf", "_.pdf"),
        ("semi;colon, and 'quote'.pdf", "semi;colon, and 'quote'.pdf"),
    ],
)
def test_every_name_arrives_and_old_programs_get_one_in_ascii(name: str, plain: str) -> None:
    header = content_disposition(name)
    assert header.isascii()
    assert header.startswith(f'attachment; filename="{plain}"; ')
    assert unquote(header.partition("filename*=UTF-8''")[2]) == name
    assert not set(header.partition("filename*=UTF-8''")[2]) & set(" \"'();,<>@[]{}?=/\\")


def test_a_danish_name_comes_back(papers: Papers) -> None:
    document_id = papers.document(name="Blå mål – Søren.pdf")
    header = papers.browser().get(f"{papers.url}/files/{document_id}/1").headers["Content-Disposition"]
    assert unquote(header.partition("UTF-8''")[2]) == "Blå mål – Søren.pdf"


@pytest.mark.parametrize(
    ("wanted", "start", "stop"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=0-", 0, SIZE),
        ("bytes=100-199", 100, 200),
        ("bytes=16383-16384", 16383, 16385),
        ("bytes=1000000-", 1_000_000, SIZE),
        ("bytes=-500", SIZE - 500, SIZE),
        ("bytes=-99999999", 0, SIZE),
        (f"bytes={SIZE - 1}-", SIZE - 1, SIZE),
        (f"bytes=5-{SIZE * 9}", 5, SIZE),
    ],
)
def test_a_range_is_answered_with_exactly_its_bytes(
    papers: Papers, big: tuple[str, bytes], wanted: str, start: int, stop: int
) -> None:
    path, content = big
    answer = papers.browser().get(path, headers={"Range": wanted})
    assert answer.status_code == 206
    assert answer.data == content[start:stop]
    assert answer.headers["Content-Range"] == f"bytes {start}-{stop - 1}/{SIZE}"
    assert answer.content_length == stop - start


@pytest.mark.parametrize("wanted", [f"bytes={SIZE}-", f"bytes={SIZE}-{SIZE + 5}", "bytes=99999999-"])
def test_a_range_outside_the_file_is_told_its_size(papers: Papers, big: tuple[str, bytes], wanted: str) -> None:
    answer = papers.browser().get(big[0], headers={"Range": wanted})
    assert answer.status_code == 416
    assert answer.headers["Content-Range"] == f"bytes */{SIZE}"
    assert answer.data == b""
    assert "version_downloaded" not in papers.actions()


@pytest.mark.parametrize("wanted", ["bytes=0-1,5-9", "bytes=9-5", "bytes=-0", "lines=1-2", "bytes", "bytes=x-y", "0-1"])
def test_what_is_no_single_range_gets_the_whole_file(papers: Papers, big: tuple[str, bytes], wanted: str) -> None:
    answer = papers.browser().get(big[0], headers={"Range": wanted})
    assert (answer.status_code, answer.data) == (200, big[1])


def test_a_download_goes_on_only_with_the_version_that_it_began_with(papers: Papers, big: tuple[str, bytes]) -> None:
    path, content = big
    tag = papers.browser().get(path).headers["ETag"]
    assert tag == f'"{papers.versions()[0].id.hex}"'
    for condition, status in ((tag, 206), ('"other"', 200), (f"W/{tag}", 200), ("Mon, 02 Nov 2026 11:00:00 GMT", 200)):
        answer = papers.browser().get(path, headers={"Range": "bytes=10-", "If-Range": condition})
        assert (answer.status_code, answer.data) == (status, content[10:] if status == 206 else content)


def test_head_tells_the_same_and_sends_nothing(papers: Papers, big: tuple[str, bytes]) -> None:
    path, _content = big
    whole = papers.browser().get(path)
    head = papers.browser().client.head(path)
    assert head.status_code == 200
    assert head.data == b""
    assert dict(head.headers) == dict(whole.headers)
    assert papers.actions().count("version_downloaded") == 1


def test_a_version_that_is_not_there_is_not_found(papers: Papers, big: tuple[str, bytes]) -> None:
    for number in ("0", "2", "99999999999999999999", "x", "-1"):
        assert papers.browser().get(f"{big[0][:-1]}{number}").status_code == 404


def test_the_row_of_the_log_is_written_before_the_first_byte(papers: Papers, big: tuple[str, bytes]) -> None:
    answer = papers.browser().get(big[0], buffered=False)
    row = papers.log()[-1]
    (version,) = papers.versions()
    assert (row.action, row.version_id, row.actor_id) == ("version_downloaded", version.id, papers.owner.id)
    assert b"".join(answer.iter_encoded()) == big[1]


def test_without_a_row_in_the_log_there_is_no_byte(
    papers: Papers, big: tuple[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise DatabaseUnavailable

    papers.browser()
    monkeypatch.setattr("samrum.services.audit.add", full)
    answer = papers.browser().get(big[0])
    assert answer.status_code == 503
    assert b"%PDF" not in answer.data


def test_a_damaged_object_gives_no_byte_and_the_log_says_so(papers: Papers, big: tuple[str, bytes]) -> None:
    store = papers.world.platform.vault.store
    assert isinstance(store, MemoryStore)
    (name,) = store.objects
    store.objects[name] = store.objects[name][:-20]
    assert papers.browser().get(big[0]).status_code == 503
    del store.objects[name]
    assert papers.browser().get(big[0]).status_code == 503
    assert papers.actions()[-4:] == ["version_downloaded", "download_failed"] * 2


def _opened(papers: Papers, caller: Caller) -> tuple[Download, int]:
    (version,) = papers.versions()
    opened = open_version(papers.world.platform, caller, papers.case_id, version.document_id, 1)
    return opened, opened.sight.size


def test_damage_in_the_middle_breaks_the_download_off(papers: Papers, big: tuple[str, bytes]) -> None:
    store = papers.world.platform.vault.store
    assert isinstance(store, MemoryStore)
    opened, size = _opened(papers, Caller(papers.owner))
    (name,) = store.objects
    damaged = bytearray(store.objects[name])
    damaged[2_000_000] ^= 1
    store.objects[name] = bytes(damaged)
    received: list[bytes] = []
    with pytest.raises(CutOff):
        received.extend(opened.pieces(0, size, lambda: Caller(papers.owner)))
    whole = b"".join(received)
    assert whole == big[1][: len(whole)]
    assert 1_000_000 < len(whole) < 2_000_000


def _eager(papers: Papers) -> Papers:
    """The same room, in which a download asks again before every piece."""
    platform = papers.world.platform
    settings = platform.settings.model_copy(update={"recheck_seconds": 0})
    return replace(papers, world=replace(papers.world, platform=replace(platform, settings=settings)))


@pytest.mark.usefixtures("big")
def test_a_level_that_is_lowered_cuts_a_download_off_and_the_log_says_why(papers: Papers) -> None:
    papers = _eager(papers)
    caller = Caller(papers.youth)
    opened, size = _opened(papers, caller)
    pieces = opened.pieces(0, size, lambda: caller)
    next(pieces)
    cases.set_levels(papers.world.platform, Caller(papers.owner), papers.case_id, Level.NONE, Level.NONE)
    with pytest.raises(CutOff):
        next(pieces)
    assert (papers.log()[-1].action, papers.log()[-1].reason) == ("denied", "youth_access_off")
    assert papers.log()[-1].actor_id == papers.youth.id


@pytest.mark.usefixtures("big")
def test_a_login_that_ends_cuts_a_download_off(papers: Papers) -> None:
    papers = _eager(papers)
    opened, size = _opened(papers, Caller(papers.owner))
    answers = iter([Caller(papers.owner), Caller(papers.owner), None])
    pieces = opened.pieces(0, size, lambda: next(answers))
    next(pieces)
    next(pieces)
    with pytest.raises(CutOff):
        next(pieces)


@pytest.mark.usefixtures("big")
def test_a_slow_receiver_gets_small_pieces_so_that_it_is_asked_in_between(papers: Papers) -> None:
    opened, size = _opened(papers, Caller(papers.owner))
    sizes = []
    for piece in opened.pieces(0, size, lambda: Caller(papers.owner)):
        sizes.append(len(piece))
        if len(sizes) in (3, 6):
            time.sleep(0.15)
    assert sum(sizes) == size
    assert max(sizes[:3]) > 100_000
    assert max(sizes[3:11]) <= 32 * 1024
    assert sizes[-2] > 100_000  # it has caught up


@pytest.mark.usefixtures("big")
def test_a_database_that_cannot_say_whether_it_is_still_allowed_cuts_a_download_off(papers: Papers) -> None:
    def fails() -> Caller:
        raise DatabaseUnavailable

    opened, size = _opened(_eager(papers), Caller(papers.owner))
    with pytest.raises(CutOff):
        next(opened.pieces(0, size, fails))


@pytest.mark.usefixtures("big")
def test_somebody_who_is_closed_out_is_refused_and_storage_is_not_even_asked(
    papers: Papers, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases.set_levels(papers.world.platform, Caller(papers.owner), papers.case_id, Level.NONE, Level.NONE)

    def asked(*_: object) -> None:
        raise Unavailable("asked")

    monkeypatch.setattr(papers.world.platform.vault.store, "read", asked)
    (version,) = papers.versions()
    path = f"{papers.url}/files/{version.document_id}/1"
    youth = papers.browser(papers.youth)
    for answer in (youth.get(path), youth.client.head(path), youth.get(path, headers={"Range": "bytes=0-5"})):
        assert answer.status_code == 403
    assert papers.actions().count("denied") == 3


def test_old_versions_follow_the_document(papers: Papers) -> None:
    first = pdf(3000, b"first ")
    document_id = papers.document(first)
    papers.send(pdf(3000, b"second "), document_id=document_id, based_on="1")
    path = f"{papers.url}/files/{document_id}/1"
    assert papers.browser(papers.youth).get(path).data == first
    cases.set_levels(papers.world.platform, Caller(papers.owner), papers.case_id, Level.NONE, Level.NONE)
    assert papers.browser(papers.youth).get(path).status_code == 403


def test_somebody_who_is_not_logged_in_is_led_to_the_login(papers: Papers, big: tuple[str, bytes]) -> None:
    answer = papers.world.client().get(big[0])
    assert answer.status_code == 302
    assert b"%PDF" not in answer.data
