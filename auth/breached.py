"""A file of breached passwords that the operator keeps offline, searched where it lies and never loaded.

The form is the one such lists are published in: lines of a SHA-1 hash in hex, a colon and how often it was seen, sorted
by the hash. Some tens of gigabytes are asked in some forty short reads, in constant memory.
"""

import os
import re
import unicodedata
from hashlib import sha1
from pathlib import Path

_LINE = re.compile(rb"([0-9A-Fa-f]{40}):[0-9]+\r?\n?")
_LONGEST_LINE = 128
_SAMPLES = 64


class BreachedFileError(Exception):
    """The file cannot be read, or is not such a list; the message says where, and quotes none of it."""


class BreachedPasswords:
    """Whether a password is on the list: ``password in breached``. Safe to share between threads and processes."""

    def __init__(self, path: Path) -> None:
        """Opens the file and looks at places all over it. Raises ``BreachedFileError``.

        A file that is put in its place later is seen after a restart.
        """
        if path.exists() and not path.is_file():
            raise BreachedFileError("it is no file")
        try:
            self._file = os.open(path, os.O_RDONLY)
            self._size = os.fstat(self._file).st_size
        except OSError as error:
            raise BreachedFileError(f"it cannot be read: {error.strerror}") from error
        self._check()

    def __contains__(self, password: object) -> bool:
        """Raises ``BreachedFileError`` for a list that turns out to be none where it is looked into."""
        if not isinstance(password, str):
            return False
        wanted = _hash(password)
        low, high = 0, self._size  # a line of it begins at `low` or behind it, and before `high`
        while low < high:
            middle = (low + high) // 2
            start = self._line_start(middle)
            if start >= high:
                high = middle
                continue
            found, end = self._line_at(start)
            if found == wanted:
                return True
            if found < wanted:
                low = end
            else:
                high = middle
        return False

    def _check(self) -> None:
        if self._size == 0:
            raise BreachedFileError("it is empty")
        before = b""
        for number in range(_SAMPLES + 1):
            start = self._line_start(self._size * number // _SAMPLES)
            if start >= self._size:
                start = self._last_line()
            found, _ = self._line_at(start)
            if found < before:
                raise BreachedFileError(f"it is not sorted by hash, at byte {start}")
            before = found

    def _read(self, offset: int) -> bytes:
        """As much as the longest line, from there on; in one call, so that nobody else's place in the file matters."""
        try:
            return os.pread(self._file, _LONGEST_LINE, offset)
        except OSError as error:
            raise BreachedFileError(f"it cannot be read: {error.strerror}") from error

    def _line_start(self, offset: int) -> int:
        """Where the first line begins that begins at ``offset`` or behind it; the file's end where none does."""
        if offset == 0:
            return 0
        chunk = self._read(offset - 1)
        newline = chunk.find(b"\n")
        if newline >= 0:
            return offset + newline
        if offset - 1 + len(chunk) >= self._size:
            return self._size
        raise BreachedFileError(f"a line is too long, at byte {offset}")

    def _last_line(self) -> int:
        """Where the last line begins."""
        offset = max(0, self._size - _LONGEST_LINE)
        chunk = self._read(offset).rstrip(b"\r\n")
        return offset + chunk.rfind(b"\n") + 1

    def _line_at(self, start: int) -> tuple[bytes, int]:
        """The hash of the line that begins at ``start``, in capitals, and where the line ends."""
        match = _LINE.match(self._read(start))
        if match is None or not (match[0].endswith(b"\n") or start + len(match[0]) == self._size):
            raise BreachedFileError(f"a line is not SHA-1 in hex, a colon and a number, at byte {start}")
        return match[1].upper(), start + len(match[0])


def _hash(password: str) -> bytes:
    """SHA-1 since the lists are of it; it protects nothing here."""
    text = unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")
    return sha1(text, usedforsecurity=False).hexdigest().upper().encode()
