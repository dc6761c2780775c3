import io
import random
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from werkzeug.exceptions import RequestEntityTooLarge

from samrum.services.errors import Invalid, Problem
from samrum.web.multipart import PATIENCE, IncomingForm, be_patient, fields_before_file
from support.uploads import BOUNDARY, CONTENT_TYPE, Parcel, Stream

MIB = 1024 * 1024


@contextmanager
def _request(body: bytes | Parcel, *, length: int | None = None, content_type: str = CONTENT_TYPE) -> Iterator[None]:
    stream = io.BytesIO(body) if isinstance(body, bytes) else Stream(body)
    told = length if length is not None else len(body) if isinstance(body, bytes) else body.length
    environ = {"CONTENT_LENGTH": str(told), "CONTENT_TYPE": content_type, "wsgi.input": stream}
    with Flask(__name__).test_request_context(method="POST", environ_overrides=environ):
        yield


def _bytes(parcel: Parcel) -> bytes:
    return b"".join(parcel)


def _read(body: bytes | Parcel, **request: object) -> tuple[dict[str, str], str | None, bytes]:
    with _request(body, **request):  # type: ignore[arg-type]
        form = IncomingForm(10 * MIB)
        return form.fields.to_dict(), form.file_name, b"".join(form.chunks())


def test_fields_and_file_come_out_as_they_went_in() -> None:
    parcel = Parcel({"once": "abc", "comment": "Æblegrød\r\n\r\n--x"}, "Mål.pdf", b"%PDF-1.7 content")
    fields, name, content = _read(parcel)
    assert fields == {"once": "abc", "comment": "Æblegrød\r\n\r\n--x"}
    assert name == "Mål.pdf"
    assert content == b"%PDF-1.7 content"


@pytest.mark.parametrize("seed", range(6))
def test_no_byte_of_a_file_is_lost_or_added_however_much_it_looks_like_a_delimiter(seed: int) -> None:
    chance = random.Random(seed)
    delimiter = f"\r\n--{BOUNDARY}".encode()
    bits = [b"\r", b"\n", b"\r\n", b"--", delimiter[: chance.randrange(1, len(delimiter))], bytes(100), b"x" * 997]
    content = b"".join(chance.choice(bits) for _ in range(chance.randrange(1, 6000)))
    content = content.replace(delimiter, b"")
    assert _read(Parcel({"a": "b"}, "x.pdf", content))[2] == content


@pytest.mark.parametrize("size", [0, 1, 2, 64 * 1024 - 200, 64 * 1024, MIB - 3, MIB, MIB + 1, 3 * MIB + 17])
def test_files_of_every_size_come_through(size: int) -> None:
    content = random.Random(size).randbytes(size)
    assert _read(Parcel({"a": "b"}, "x.pdf", content))[2] == content


def test_an_empty_file_of_a_sender_that_saves_a_line_break_is_empty() -> None:
    body = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="x.pdf"\r\n\r\n--{BOUNDARY}--\r\n'
    ).encode()
    assert _read(body) == ({}, "x.pdf", b"")


def test_no_file_chosen_is_a_file_without_name_and_content() -> None:
    assert _read(Parcel({"a": "b"}, "", b""))[1:] == ("", b"")


def test_a_form_without_a_file_has_fields_only() -> None:
    parcel = Parcel({"a": "b"}, None, b"")
    body = _bytes(parcel).replace(b"\r\n\r\n--", b"\r\n--")
    assert _read(body)[:2] == ({"a": "b"}, None)


def test_a_form_of_another_encoding_has_fields_only() -> None:
    fields = _read(b"a=b&c=d", content_type="application/x-www-form-urlencoded")
    assert fields == ({"a": "b", "c": "d"}, None, b"")


@pytest.mark.parametrize("cut", [3, 40, 90, 120, 200, 5000, 100_000])
def test_a_body_that_stops_early_is_never_taken_for_a_whole_file(cut: int) -> None:
    whole = _bytes(Parcel({"comment": "hej"}, "x.pdf", b"y" * 100_000))
    with pytest.raises(Invalid) as caught:
        _read(whole[:-cut], length=len(whole))
    assert caught.value.problem is Problem.UPLOAD_CUT_SHORT


def test_a_body_without_its_closing_delimiter_is_cut_short_even_when_its_length_fits() -> None:
    whole = _bytes(Parcel({}, "x.pdf", b"y" * 100_000))
    for body in (whole[: -len(f"\r\n--{BOUNDARY}--\r\n")], whole[: -len("--\r\n")]):
        with pytest.raises(Invalid) as caught:
            _read(body)
        assert caught.value.problem is Problem.UPLOAD_CUT_SHORT


def test_too_much_is_refused_before_a_byte_is_read() -> None:
    class Untouched(io.RawIOBase):
        def readable(self) -> bool:
            return True

        def readinto(self, _buffer: object) -> int:
            raise AssertionError("the body was read")

    environ = {"CONTENT_LENGTH": str(11 * MIB), "CONTENT_TYPE": CONTENT_TYPE, "wsgi.input": Untouched()}
    context = Flask(__name__).test_request_context(method="POST", environ_overrides=environ)
    with context, pytest.raises(RequestEntityTooLarge):
        IncomingForm(10 * MIB)


@pytest.mark.parametrize("fields", [{"comment": "x" * (600 * 1024)}, {f"field{i}": "x" for i in range(300)}])
def test_fields_cannot_fill_the_memory(fields: dict[str, str]) -> None:
    with pytest.raises(RequestEntityTooLarge):
        _read(Parcel(fields, "x.pdf", b"y"))


def test_a_name_that_is_no_text_is_refused() -> None:
    body = _bytes(Parcel({}, "M?l.pdf", b"y")).replace(b"M?l", b"M\xe5l")
    with pytest.raises(Invalid) as caught:
        _read(body)
    assert caught.value.problem is Problem.FILE_NAME_UNSAFE


def test_fields_behind_the_file_are_left_out() -> None:
    body = _bytes(Parcel({"a": "b"}, "x.pdf", b"y"))
    late = f'\r\n--{BOUNDARY}\r\nContent-Disposition: form-data; name="once"\r\n\r\nlate\r\n--{BOUNDARY}--\r\n'
    body = body.removesuffix(f"\r\n--{BOUNDARY}--\r\n".encode()) + late.encode()
    assert _read(body) == ({"a": "b"}, "x.pdf", b"y")


def test_nobody_is_waited_for_for_ever() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        be_patient({"gunicorn.socket": ours})
        assert ours.gettimeout() == PATIENCE
    be_patient({})


def test_a_sender_who_stands_still_is_told_that_the_file_did_not_arrive() -> None:
    class Stalled(io.RawIOBase):
        def readable(self) -> bool:
            return True

        def readinto(self, _buffer: object) -> int:
            raise TimeoutError

    environ = {"CONTENT_LENGTH": "500", "CONTENT_TYPE": CONTENT_TYPE, "wsgi.input": Stalled()}
    context = Flask(__name__).test_request_context(method="POST", environ_overrides=environ)
    with context, pytest.raises(Invalid) as caught:
        IncomingForm(10 * MIB)
    assert caught.value.problem is Problem.UPLOAD_CUT_SHORT


def test_the_fields_of_an_upload_that_will_not_be_carried_out_are_read_without_its_file() -> None:
    def never_ending() -> Iterator[bytes]:
        yield bytes(MIB)
        raise AssertionError("the file was read")

    with _request(Parcel({"comment": "hej"}, "x.pdf", never_ending(), 2 * MIB)):
        assert fields_before_file(10 * MIB).to_dict() == {"comment": "hej"}
