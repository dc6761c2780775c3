"""What can be wrong with an upload: each has a plain sentence, what was typed stays, and nothing is left behind."""

import io
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from werkzeug.test import TestResponse

from samrum.config import MIB
from support.papers import Papers
from support.uploads import Parcel, docx_with, pdf
from support.world import World

EMPTY = "Filen er tom."
UNSAFE = "Filens navn har tegn, der ikke kan bruges."
NO_NAME = "Filen har ikke noget navn."
UNKNOWN = "Den slags fil kan ikke lægges op."
OTHER = "Filen er noget andet, end navnet siger."
MACROS = "Filen indeholder makroer"
NO_FILE = "Vælg en fil først."
_TERMINATED: dict[str, Any] = {"wsgi.input_terminated": True}


@pytest.fixture
def papers(world: World) -> Papers:
    return Papers.make(world)


def _send(papers: Papers, name: str | None, content: bytes, **fields: object) -> TestResponse:
    path = f"{papers.url}/files/new"
    typed = {"once": papers.browser().token(path), "kind": "meeting_note", "comment": "Mødet den 3. maj"}
    return papers.post(path, Parcel({**typed, **fields}, name, content))


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("Plan.pdf", b"", EMPTY),
        ("", pdf(), NO_NAME),
        ("   ", pdf(), NO_NAME),
        (".pdf", pdf(), NO_NAME),
        ("", b"", NO_FILE),
        ("../../../etc/Plan.pdf", pdf(), NO_NAME),
        ("mappe/Plan.pdf", pdf(), UNSAFE),
        ("C:\\mappe\\Plan.pdf", pdf(), UNSAFE),
        ("Plan\x07.pdf", pdf(), UNSAFE),
        ("Plan\0.pdf", pdf(), UNSAFE),
        ("Plan\u202efdp.docx.pdf", pdf(), UNSAFE),
        ("a" * 296 + ".pdf", pdf(), "højst 200 tegn"),
        ("Plan.docx", b"MZ\x90\0" + bytes(5000), OTHER),
        ("Plan.pdf", b"<html><script>alert(1)</script>" + bytes(5000), OTHER),
        ("Plan.exe", b"MZ\x90\0" + bytes(5000), UNKNOWN),
        ("Plan", pdf(), UNKNOWN),
        ("Plan.doc", pdf(), UNKNOWN),
        ("Plan.docm", docx_with("word/vbaProject.bin"), UNKNOWN),
        ("Plan.docx", docx_with("word/vbaProject.bin"), MACROS),
    ],
)
def test_a_file_that_cannot_be_used_is_explained_and_what_was_typed_stays(
    papers: Papers, name: str, content: bytes, sentence: str
) -> None:
    answer = _send(papers, name, content)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert "Mødet den 3. maj" in answer.text
    assert '<option selected value="meeting_note">' in answer.text
    assert "Vælg filen igen" in answer.text
    assert "<title>Fejl: Læg en fil op" in answer.text
    assert papers.nothing_is_there()


def test_the_same_holds_for_a_new_version_and_the_number_it_builds_on_stays(papers: Papers) -> None:
    document_id = papers.document()
    papers.send(document_id=document_id, based_on="1")
    answer = papers.send(b"", document_id=document_id, based_on="1", comment="Ny dato")
    assert answer.status_code == 422
    assert EMPTY in answer.text
    assert "Ny dato" in answer.text
    assert 'name="based_on" type="hidden" value="1"' in answer.text
    assert "Version 2 er kommet til imens" in answer.text
    assert len(papers.versions()) == len(papers.objects()) == 2


def test_no_tool_chosen_is_told_before_the_file_is_read(papers: Papers) -> None:
    answer = _send(papers, "Plan.pdf", pdf(), kind="")
    assert answer.status_code == 422
    assert "Vælg, hvad det er for en slags fil" in answer.text
    assert papers.nothing_is_there()


@pytest.mark.parametrize("kind", ["diary", "<script>"])
def test_a_tool_that_is_none_is_refused(papers: Papers, kind: str) -> None:
    assert _send(papers, "Plan.pdf", pdf(), kind=kind).status_code == 422
    assert papers.nothing_is_there()


def test_a_comment_that_is_too_long_is_told(papers: Papers) -> None:
    answer = _send(papers, "Plan.pdf", pdf(), comment="x" * 501)
    assert answer.status_code == 422
    assert "højst 500 tegn" in answer.text
    assert papers.nothing_is_there()


def test_a_form_without_any_file_is_told(papers: Papers) -> None:
    page = f"{papers.url}/files/new"
    answer = papers.browser().post(page, {"kind": "meeting_note", "comment": "Mødet"})
    assert answer.status_code == 422
    assert NO_FILE in answer.text
    assert "Mødet" in answer.text


@pytest.fixture
def small(tmp_path_factory: pytest.TempPathFactory) -> Papers:
    return Papers.make(World.make(tmp_path_factory.mktemp("small"), upload_limit_mib=1))


def test_a_file_of_exactly_the_limit_is_taken(small: Papers) -> None:
    assert _send(small, "Plan.pdf", pdf(MIB)).status_code == 303
    assert small.versions()[0].size == MIB


def test_a_file_over_the_limit_is_told_the_limit_in_words_and_what_was_typed_stays(small: Papers) -> None:
    answer = _send(small, "Plan.pdf", pdf(MIB + 1))
    assert answer.status_code == 413
    assert "Filen fylder mere end 1 MB." in answer.text
    assert "Mødet den 3. maj" in answer.text
    assert small.nothing_is_there()


def test_a_length_over_the_limit_is_refused_before_a_byte_is_read(small: Papers) -> None:
    class Untouched(io.RawIOBase):
        def readable(self) -> bool:
            return True

        def readinto(self, _buffer: object) -> int:
            raise AssertionError("the body was read")

    told: dict[str, Any] = {"wsgi.input": Untouched(), "CONTENT_LENGTH": str(50 * MIB)}
    answer = small.post(f"{small.url}/files/new", Parcel({}, None, b""), **told)
    assert answer.status_code == 413
    assert "1 MB" in answer.text
    assert small.nothing_is_there()


def test_a_file_over_the_limit_of_unknown_length_is_stopped_as_soon_as_it_is_over(small: Papers) -> None:
    page = f"{small.url}/files/new"
    sent = 0

    def pieces() -> Iterator[bytes]:
        nonlocal sent
        yield b"%PDF-1.7\n"
        while sent < 500 * MIB:
            sent += MIB
            yield bytes(MIB)

    parcel = Parcel({"once": small.browser().token(page), "kind": "other"}, "Plan.pdf", pieces())
    answer = small.post(page, parcel, CONTENT_LENGTH="", **_TERMINATED)
    assert answer.status_code == 413
    assert "Filen fylder mere end 1 MB." in answer.text
    assert small.nothing_is_there()


@pytest.mark.parametrize("cut", [10, 1000, 2020, 2300])
def test_a_body_that_is_cut_short_is_no_file(papers: Papers, cut: int) -> None:
    page = f"{papers.url}/files/new"
    parcel = Parcel({"once": papers.browser().token(page), "kind": "other"}, "Plan.pdf", pdf(2000))
    broken = b"".join(parcel)[:-cut]
    told: dict[str, Any] = {"wsgi.input": io.BytesIO(broken)}
    answer = papers.post(page, parcel, **told)
    assert answer.status_code == 422
    assert "Filen nåede ikke helt frem. Prøv igen." in answer.text
    assert papers.nothing_is_there()


@pytest.mark.parametrize("token", ["", "x.y", "abc", "\0"])
def test_a_form_token_that_is_missing_or_wrong_refuses_and_shows_what_was_typed(papers: Papers, token: str) -> None:
    answer = _send(papers, "Plan.pdf", pdf(), once=token)
    assert answer.status_code == 400
    assert "Mødet den 3. maj" in answer.text
    assert papers.nothing_is_there()


def test_a_form_token_of_another_login_refuses(papers: Papers) -> None:
    token = papers.browser(papers.youth).token(f"{papers.url}/files/new")
    assert _send(papers, "Plan.pdf", pdf(), once=token).status_code == 400
    assert papers.nothing_is_there()


def test_a_form_token_behind_the_file_comes_too_late(papers: Papers) -> None:
    page = f"{papers.url}/files/new"
    token = papers.browser().token(page)
    late = b"".join(Parcel({"kind": "other"}, "Plan.pdf", pdf()))
    late = late.replace(b"--\r\n", b"\r\n" + b"".join(Parcel({"once": token}, None, b"")).partition(b"\r\n")[2])
    told: dict[str, Any] = {"wsgi.input": io.BytesIO(late), "CONTENT_LENGTH": str(len(late))}
    answer = papers.post(page, Parcel({}, None, b""), **told)
    assert answer.status_code == 400


def test_a_form_from_another_site_is_refused(papers: Papers) -> None:
    page = f"{papers.url}/files/new"
    parcel = Parcel({"once": papers.browser().token(page), "kind": "other"}, "Plan.pdf", pdf())
    assert papers.post(page, parcel, HTTP_ORIGIN="https://evil.example").status_code == 400
    assert papers.nothing_is_there()


def test_a_body_that_is_no_form_is_refused(papers: Papers) -> None:
    page = f"{papers.url}/files/new"
    for content_type in ("application/json", "multipart/form-data", "text/plain"):
        answer = papers.post(page, Parcel({}, "a.pdf", pdf()), CONTENT_TYPE=content_type)
        assert answer.status_code == 400
    assert papers.nothing_is_there()


def test_a_document_that_is_not_there_takes_no_version(papers: Papers) -> None:
    token = papers.browser().token(f"{papers.url}/files/new")
    assert papers.send(document_id=uuid4(), based_on="1", once=token).status_code == 404
    assert papers.nothing_is_there()
