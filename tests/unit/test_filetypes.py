import io
import zipfile

import pytest

from samrum.services.errors import Invalid, Problem
from samrum.services.filetypes import LONGEST_NAME, SNIFFED, TYPES, Inspector, clean_name
from support.uploads import docx, docx_with, pdf

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\2\0\0\0\x90wS\xde"
JPEG = b"\xff\xd8\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0"


def _inspected(name: str, content: bytes, step: int = 1 << 20) -> str:
    inspector = Inspector(name)
    for start in range(0, len(content), step):
        inspector.feed(content[start : start + step])
    return inspector.finish()


def _problem(name: str, content: bytes, step: int = 1 << 20) -> Problem:
    with pytest.raises(Invalid) as caught:
        _inspected(name, content, step)
    assert caught.value.field == "file"
    return caught.value.problem


def _zip(*names: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name in names:
            archive.writestr(name, b"content")
    return made.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("Mål.docx", docx(), TYPES["docx"][0]),
        ("Mål.DOCX", docx(), TYPES["docx"][0]),
        ("Budget.xlsx", _zip("[Content_Types].xml", "xl/workbook.xml"), TYPES["xlsx"][0]),
        ("Møde.pdf", pdf(), "application/pdf"),
        ("Referat.txt", "Kære Sofie. Vi ses på onsdag.\n".encode(), "text/plain"),
        ("Tegning.png", PNG, "image/png"),
        ("Foto.jpeg", JPEG, "image/jpeg"),
        ("Foto.jpg", JPEG, "image/jpeg"),
    ],
)
def test_a_file_that_is_what_its_name_says_is_taken(name: str, content: bytes, expected: str) -> None:
    assert _inspected(name, content) == expected
    assert _inspected(name, content, step=7) == expected


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("Plan.docx", b"MZ\x90\0" + bytes(3000)),
        ("Plan.docx", b"\x7fELF\2\1\1" + bytes(3000)),
        ("Plan.docx", pdf()),
        ("Plan.docx", _zip("[Content_Types].xml", "xl/workbook.xml")),
        ("Plan.docx", _zip("setup.exe")),
        ("Plan.docx", b"PK\x03\x04"),
        ("Plan.pdf", docx()),
        ("Plan.pdf", b"<html><script>alert(1)</script></html>"),
        ("Foto.png", JPEG),
        ("Note.txt", PNG),
        ("Note.txt", b"MZ\x90\0" + bytes(3000)),
    ],
)
def test_a_file_that_is_something_else_is_refused(name: str, content: bytes) -> None:
    assert _problem(name, content) is Problem.FILE_TYPE_MISMATCH


@pytest.mark.parametrize("part", ["word/vbaProject.bin", "Basic/script-lc.xml"])
@pytest.mark.parametrize("step", [1, 13, 1 << 20])
def test_macros_are_found_wherever_the_pieces_are_cut(part: str, step: int) -> None:
    assert _problem("Plan.docx", docx_with(part), step) is Problem.FILE_HAS_MACROS


def test_a_file_without_macros_is_not_taken_for_one_with_them() -> None:
    assert _inspected("Plan.docx", docx_with("word/comments.xml"), step=5) == TYPES["docx"][0]


@pytest.mark.parametrize(
    "name", ["Plan.exe", "Plan.docm", "Plan.doc", "Plan.html", "Plan.svg", "Plan", "Plan.", ".pdf"]
)
def test_a_type_that_is_not_on_the_list_is_refused_before_a_byte_is_read(name: str) -> None:
    with pytest.raises(Invalid) as caught:
        Inspector(name)
    assert caught.value.problem is Problem.FILE_TYPE_UNKNOWN


def test_an_empty_file_is_refused() -> None:
    assert _problem("Plan.pdf", b"") is Problem.FILE_EMPTY


def test_a_wrong_type_is_found_long_before_the_file_ends() -> None:
    inspector = Inspector("Plan.pdf")
    for _ in range(SNIFFED // 1024 - 1):
        inspector.feed(b"MZ" + bytes(1022))
    with pytest.raises(Invalid):
        inspector.feed(b"MZ" + bytes(1022))


@pytest.mark.parametrize("name", ["Mål- og aftaleskema.docx", "ÆØÅ æøå é ü.pdf", "a" * (LONGEST_NAME - 4) + ".pdf"])
def test_ordinary_names_are_kept_as_they_are(name: str) -> None:
    assert clean_name(name) == name


def test_a_name_in_pieces_is_put_together() -> None:
    assert clean_name("Ma\u030al.pdf") == "Mål.pdf"  # as macOS sends it


def test_spaces_around_a_name_go() -> None:
    assert clean_name("  Plan.pdf ") == "Plan.pdf"


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("", Problem.FILE_NAME_EMPTY),
        ("   ", Problem.FILE_NAME_EMPTY),
        (".pdf", Problem.FILE_NAME_EMPTY),
        ("a" * 296 + ".pdf", Problem.FILE_NAME_TOO_LONG),
        ("../../etc/passwd.pdf", Problem.FILE_NAME_EMPTY),
        ("mappe/Plan.pdf", Problem.FILE_NAME_UNSAFE),
        ("C:\\Brugere\\Plan.pdf", Problem.FILE_NAME_UNSAFE),
        ("Plan\0.pdf", Problem.FILE_NAME_UNSAFE),
        ("Plan\r\nSet-Cookie: x.pdf", Problem.FILE_NAME_UNSAFE),
        ("Plan\x1b[2J.pdf", Problem.FILE_NAME_UNSAFE),
        ("Plan\x85.pdf", Problem.FILE_NAME_UNSAFE),
        ("Plan\u202efdp.exe.pdf", Problem.FILE_NAME_UNSAFE),
        ("Plan\u200b.pdf", Problem.FILE_NAME_UNSAFE),
        ("Plan\u2028.pdf", Problem.FILE_NAME_UNSAFE),
        ('Plan".pdf', Problem.FILE_NAME_UNSAFE),
    ],
)
def test_names_that_could_deceive_or_break_something_are_refused(name: str, problem: Problem) -> None:
    with pytest.raises(Invalid) as caught:
        clean_name(name)
    assert caught.value.problem is problem
