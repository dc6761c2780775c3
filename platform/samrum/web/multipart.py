"""Reading an upload as it arrives: the form's fields first, then the file, chunk by chunk, never onto a disk."""

import time
from collections.abc import Iterator
from typing import Any, Final

from flask import Response, request
from gunicorn.http.errors import ParseException
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge
from werkzeug.sansio.multipart import Data, Epilogue, Event, Field, File, MultipartDecoder, NeedData
from werkzeug.wsgi import get_input_stream

from samrum.deadlines import CHUNK_SECONDS, deadlines
from samrum.services.errors import Invalid, Problem

PATIENCE: Final = 60.0
"""Seconds that a sender or receiver may stand still: a thread is not held for somebody who has walked off."""

_FIRST_CHUNK: Final = 64 * 1024
_CHUNK: Final = 256 * 1024
_FORM_BYTES: Final = 512 * 1024
_LINGER: Final = 30.0
_LINGER_STILL: Final = 5.0


class IncomingForm:
    """A multipart form (RFC 7578) whose last part is a file. ``fields`` are those before it, ``chunks`` its bytes."""

    def __init__(self, limit: int) -> None:
        """``limit`` is the largest file, in bytes. Raises ``RequestEntityTooLarge`` before reading where the length is
        told, ``Invalid`` for a body that ends early. A form of another encoding has fields and no file."""
        self.file_name: str | None = None
        boundary = request.mimetype_params.get("boundary", "")
        if request.mimetype != "multipart/form-data" or not boundary:
            self.fields: MultiDict[str, str] = MultiDict(request.form)
            return
        if (request.content_length or 0) > limit + _FORM_BYTES:
            raise RequestEntityTooLarge
        be_patient(request.environ)
        self._connection = request.environ.get("gunicorn.socket")
        self.fields = MultiDict()
        # not request.stream, which would hold the body to the limit of ordinary forms
        self._stream = get_input_stream(request.environ)
        self._end = b"\r\n--" + boundary.encode()
        self._ended = False
        self._held = b""
        self._read_fields(MultipartDecoder(boundary.encode(), max_form_memory_size=_FORM_BYTES, max_parts=200))

    def chunks(self) -> Iterator[bytes]:
        """The file's bytes. Raises ``Invalid`` when the body ends before the form does."""
        if self.file_name is None or self._ended:
            return
        at_most_cut = len(self._end) - 1
        held = self._held
        while (end := held.find(self._end)) < 0:
            # a delimiter that is not whole yet begins with a CR near the end
            cut = held.find(b"\r", max(0, len(held) - at_most_cut))
            if cut:
                yield held if cut < 0 else held[:cut]
                held = b"" if cut < 0 else held[cut:]
            chunk = self._read(_CHUNK)
            if not chunk:
                raise Invalid(Problem.UPLOAD_CUT_SHORT, "file")
            held = held + chunk if held else chunk
        if end:
            yield held[:end]
        self._ended = True
        self._expect_the_end(held[end + len(self._end) :])

    def _expect_the_end(self, rest: bytes) -> None:
        """The form is whole when its closing delimiter has come; parts behind the file are left out."""
        while not rest.startswith(b"--") and self._end + b"--" not in rest:
            chunk = self._read(_CHUNK)
            if not chunk or len(rest) > _FORM_BYTES:
                raise Invalid(Problem.UPLOAD_CUT_SHORT, "file")
            rest += chunk

    def _read_fields(self, decoder: MultipartDecoder) -> None:
        name, value, total = "", bytearray(), 0
        while True:
            event = self._next(decoder)
            if isinstance(event, File):
                self.file_name = event.filename
                self._held = self._rest_of(decoder)
                return
            if isinstance(event, Epilogue):
                return
            if isinstance(event, NeedData):
                decoder.receive_data(self._read(min(_FIRST_CHUNK, _FORM_BYTES - len(decoder.buffer))) or None)
            elif isinstance(event, Field):
                name, value = event.name, bytearray()
            elif isinstance(event, Data):
                value += event.data
                total += len(event.data)
                if total > _FORM_BYTES:
                    raise RequestEntityTooLarge
                if not event.more_data:
                    self.fields.add(name, value.decode("utf-8", "replace"))

    def _next(self, decoder: MultipartDecoder) -> Event:
        try:
            return decoder.next_event()
        except UnicodeDecodeError as error:  # a part's headers, so its file name
            raise Invalid(Problem.FILE_NAME_UNSAFE, "file") from error
        except ValueError as error:
            raise Invalid(Problem.UPLOAD_CUT_SHORT, "file") from error

    def _rest_of(self, decoder: MultipartDecoder) -> bytes:
        """What has been read of the file already, from behind the line break that ends its headers. Some senders let
        that one be the line break of the delimiter too when the file is empty."""
        while len(decoder.buffer) < len(self._end):
            chunk = self._read(_CHUNK)
            if not chunk:
                raise Invalid(Problem.UPLOAD_CUT_SHORT, "file")
            decoder.buffer += chunk
        held = bytes(decoder.buffer)
        if not held.startswith(b"\r\n"):
            raise Invalid(Problem.UPLOAD_CUT_SHORT, "file")
        return held if held.startswith(self._end) else held[2:]

    def _read(self, size: int) -> bytes:
        if self._connection is not None:
            deadlines.give(self._connection, CHUNK_SECONDS)
        try:
            return self._stream.read(size)
        except (OSError, ClientDisconnected, ParseException) as error:
            raise Invalid(Problem.UPLOAD_CUT_SHORT, "file") from error


def fields_before_file(limit: int) -> "MultiDict[str, str]":
    """The fields of an upload that will not be carried out; the file itself is not read."""
    try:
        return IncomingForm(limit).fields
    except (Invalid, RequestEntityTooLarge):
        return MultiDict()


def be_patient(environ: dict[str, Any], seconds: float = PATIENCE) -> None:
    """Let the connection wait so long and no longer: the server itself would wait for ever."""
    connection = environ.get("gunicorn.socket")
    if connection is not None:
        connection.settimeout(seconds)


def let_the_sender_finish(response: Response) -> Response:
    """Discard what is left of the body once the answer is out: browsers read it only after they have sent everything,
    and lose it when the connection breaks before."""
    environ = request.environ
    if request.method == "POST" and "wsgi.input_terminated" in environ:
        response.call_on_close(lambda: _discard(environ))
    return response


def _discard(environ: dict[str, Any]) -> None:
    be_patient(environ, _LINGER_STILL)
    deadline = time.monotonic() + _LINGER
    try:
        while environ["wsgi.input"].read(_CHUNK) and time.monotonic() < deadline:
            pass
    except (OSError, ParseException):
        return
