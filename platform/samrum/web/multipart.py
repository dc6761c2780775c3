"""Reading an upload as it arrives: the form's fields first, then the file, chunk by chunk, never onto a disk."""

from collections.abc import Iterator

from flask import request
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.sansio.multipart import Data, Epilogue, Field, File, MultipartDecoder, NeedData

from samrum.services.errors import Invalid, Problem

_CHUNK = 256 * 1024
_FORM_BYTES = 512 * 1024


class IncomingForm:
    """A multipart form whose last part is a file. ``fields`` are those before it; then ``chunks`` gives its bytes."""

    def __init__(self, limit: int) -> None:
        """``limit`` is the largest file, in bytes. Raises ``RequestEntityTooLarge`` before reading where the length is
        told, ``Invalid`` for a body that is no form or ends early."""
        boundary = request.mimetype_params.get("boundary", "")
        if request.mimetype != "multipart/form-data" or not boundary:
            raise Invalid(Problem.FILE_MISSING, "file")
        request.max_content_length = None
        if (request.content_length or 0) > limit + _FORM_BYTES:
            raise RequestEntityTooLarge
        self.fields: MultiDict[str, str] = MultiDict()
        self.file_name: str | None = None
        self._decoder = MultipartDecoder(boundary.encode(), max_form_memory_size=_FORM_BYTES, max_parts=200)
        self._events = self._read()
        self._to_the_file()

    def chunks(self) -> Iterator[bytes]:
        """The file's bytes. Raises ``Invalid`` when the body ends before the form does."""
        for event in self._events:
            if isinstance(event, Data):
                if event.data:
                    yield event.data
                if not event.more_data:
                    break
        self.drain()

    def drain(self) -> None:
        """Read what is left, so that the sender can read our answer."""
        for _event in self._events:
            pass

    def _to_the_file(self) -> None:
        name, value = "", bytearray()
        for event in self._events:
            if isinstance(event, File):
                self.file_name = event.filename
                return
            if isinstance(event, Field):
                name, value = event.name, bytearray()
            elif isinstance(event, Data):
                value += event.data
                if len(value) > _FORM_BYTES:
                    raise RequestEntityTooLarge
                if not event.more_data:
                    self.fields.add(name, value.decode("utf-8", "replace"))

    def _read(self) -> "Iterator[Field | File | Data]":
        read = request.stream.read
        decoder = self._decoder
        try:
            while True:
                event = decoder.next_event()
                if isinstance(event, NeedData):
                    chunk = read(_CHUNK)
                    decoder.receive_data(chunk or None)
                elif isinstance(event, Epilogue):
                    return
                elif isinstance(event, Field | File | Data):
                    yield event
        except ValueError as error:
            raise Invalid(Problem.UPLOAD_CUT_SHORT, "file") from error


def fields_before_file(limit: int) -> "MultiDict[str, str]":
    """The fields of an upload that will not be carried out; the file itself is not read."""
    try:
        return IncomingForm(limit).fields
    except (Invalid, RequestEntityTooLarge):
        return MultiDict()
