"""Uploads as browsers send them, made while they are sent: a test of memory must not hold the file itself."""

import io
import zipfile
from collections.abc import Iterable, Iterator, Mapping

from docx import Document

BOUNDARY = "----SamrumTestBoundary7MA4YWxkTrZu0gW"
CONTENT_TYPE = f"multipart/form-data; boundary={BOUNDARY}"


class Parcel:
    """A multipart form whose last part is a file. ``size`` is the file's; told where ``content`` has no length."""

    def __init__(
        self, fields: Mapping[str, object], file_name: str | None, content: bytes | Iterable[bytes], size: int = -1
    ) -> None:
        parts = [
            _part(f'name="{name}"', str(value).encode())
            for name, given in fields.items()
            for value in (given if isinstance(given, list) else [given])
        ]
        if file_name is not None:
            quoted = file_name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
            parts.append(_part(f'name="file"; filename="{quoted}"\r\nContent-Type: application/octet-stream', b"")[:-2])
        self._head = b"".join(parts)
        self._content = [content] if isinstance(content, bytes) else content
        self._tail = f"\r\n--{BOUNDARY}--\r\n".encode()
        size = len(content) if isinstance(content, bytes) else size
        self.length = len(self._head) + size + len(self._tail)

    def __iter__(self) -> Iterator[bytes]:
        yield self._head
        yield from self._content
        yield self._tail


class Stream(io.RawIOBase):
    """Bytes to read that are made as they are read."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._rest = piece
        count = min(len(buffer), len(self._rest))
        buffer[:count], self._rest = self._rest[:count], self._rest[count:]
        return count


def _part(disposition: str, value: bytes) -> bytes:
    return b"--%s\r\nContent-Disposition: form-data; %s\r\n\r\n%s\r\n" % (
        BOUNDARY.encode(),
        disposition.encode(),
        value,
    )


def pdf(size: int = 2000, mark: bytes = b"") -> bytes:
    """Something that begins as a PDF file does, with ``mark`` again and again in it."""
    filling = mark or b"0123456789\n"
    return (b"%PDF-1.7\n" + filling * (size // len(filling) + 1))[:size]


def docx(text: str = "Mål for Sofie") -> bytes:
    """A real Word file."""
    document = Document()
    document.add_paragraph(text)
    made = io.BytesIO()
    document.save(made)
    return made.getvalue()


def docx_with(name: str) -> bytes:
    """A Word file with one more part of this name in it."""
    made = io.BytesIO(docx())
    with zipfile.ZipFile(made, "a") as archive:
        archive.writestr(name, b"Sub AutoOpen()")
    return made.getvalue()
