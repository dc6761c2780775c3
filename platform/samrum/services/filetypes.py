"""Which files may be uploaded, and whether a file is what its name says.

The extension decides what the file claims to be; libmagic, the first bytes and the parts inside must agree. Old binary
Office files and macro-enabled ones are not on the list: they can carry programs.
"""

import re
import unicodedata
from typing import Final

import magic

from samrum.services.errors import Invalid, Problem

SNIFFED: Final = 64 * 1024
LONGEST_NAME: Final = 200
_ZIP: Final = b"PK\x03\x04"
_OOXML: Final = "application/vnd.openxmlformats-officedocument."
_ODF: Final = "application/vnd.oasis.opendocument."
_UNNAMED_ZIP: Final = frozenset({"application/zip", "application/octet-stream"})
# names of parts stand uncompressed in a ZIP file, so that a stream can be searched for them
# in whatever letters: names of parts are equal whatever their case (ECMA-376 part 2)
_MACROS: Final = (
    b"vbaproject.bin",
    b"/activex/activex",
    b"xl/macrosheets/",
    b"basic/script-lc.xml",
    b"scripts/python/",
)
_PARTS: Final = {"docx": b"word/", "xlsx": b"xl/", "pptx": b"ppt/"}
_LONGEST_MARK: Final = max(map(len, _MACROS))

# extension -> (the type it is stored and served as, what libmagic may call it)
TYPES: Final[dict[str, tuple[str, frozenset[str]]]] = {
    "pdf": ("application/pdf", frozenset({"application/pdf"})),
    "docx": (f"{_OOXML}wordprocessingml.document", _UNNAMED_ZIP),
    "xlsx": (f"{_OOXML}spreadsheetml.sheet", _UNNAMED_ZIP),
    "pptx": (f"{_OOXML}presentationml.presentation", _UNNAMED_ZIP),
    "odt": (f"{_ODF}text", frozenset()),
    "ods": (f"{_ODF}spreadsheet", frozenset()),
    "odp": (f"{_ODF}presentation", frozenset()),
    "txt": ("text/plain", frozenset()),
    "jpg": ("image/jpeg", frozenset()),
    "jpeg": ("image/jpeg", frozenset()),
    "png": ("image/png", frozenset()),
    "webp": ("image/webp", frozenset()),
    "heic": ("image/heic", frozenset({"image/heif"})),
}
ACCEPT: Final = ",".join(f".{extension}" for extension in TYPES)
_UNSAFE: Final = re.compile(r"[/\\\x00-\x1f\x7f<>:\"|?*]")
_INVISIBLE: Final = ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")


def clean_name(name: str) -> str:
    """The file name to keep, in composed form. Raises ``Invalid`` for one that is empty, too long or unsafe."""
    name = unicodedata.normalize("NFC", name).strip()
    if not name or name.startswith("."):
        raise Invalid(Problem.FILE_NAME_EMPTY, "file")
    if len(name) > LONGEST_NAME:
        raise Invalid(Problem.FILE_NAME_TOO_LONG, "file")
    if without_unsafe(name) != name:
        raise Invalid(Problem.FILE_NAME_UNSAFE, "file")
    return name


def without_unsafe(name: str) -> str:
    """The name with a line in place of every letter that means something to a file system, or that nobody sees."""
    name = _UNSAFE.sub("_", name)
    return "".join("_" if unicodedata.category(letter) in _INVISIBLE else letter for letter in name)


def media_type(name: str) -> str:
    """The type a file claims by its name. Raises ``Invalid`` when it is not on the list."""
    stem, dot, extension = name.rpartition(".")
    if not stem or not dot or extension.lower() not in TYPES:
        raise Invalid(Problem.FILE_TYPE_UNKNOWN, "file")
    return TYPES[extension.lower()][0]


class Inspector:
    """Looks at a file as it streams by, in constant memory. Every call may raise ``Invalid``."""

    def __init__(self, name: str) -> None:
        self._claimed = media_type(name)
        extension = name.rpartition(".")[2].lower()
        self._may_be = TYPES[extension][1] | {self._claimed}
        self._is_office = self._claimed.startswith((_OOXML, _ODF))
        self._wanted = _PARTS.get(extension, b"")
        self._first = bytearray()
        self._tail = b""
        self._checked = False
        self._size = 0

    def feed(self, chunk: bytes) -> None:
        """Look at the next bytes."""
        self._size += len(chunk)
        if not self._checked:
            self._first += chunk[: SNIFFED - len(self._first)]
            if len(self._first) == SNIFFED:
                self._check()
        if self._is_office:
            self._look_inside(chunk)

    def finish(self) -> str:
        """The file is complete; returns its type."""
        if self._size == 0:
            raise Invalid(Problem.FILE_EMPTY, "file")
        if not self._checked:
            self._check()
        if self._wanted:
            raise Invalid(Problem.FILE_TYPE_MISMATCH, "file")
        return self._claimed

    def _check(self) -> None:
        self._checked = True
        first = bytes(self._first)
        self._first.clear()
        found = magic.from_buffer(first, mime=True)
        is_text = self._claimed == "text/plain" and found.startswith("text/") and b"\0" not in first
        if found not in self._may_be and not is_text:
            raise Invalid(Problem.FILE_TYPE_MISMATCH, "file")
        if self._is_office and not first.startswith(_ZIP):
            raise Invalid(Problem.FILE_TYPE_MISMATCH, "file")

    def _look_inside(self, chunk: bytes) -> None:
        seam = self._tail + chunk[:_LONGEST_MARK]
        plain, plain_seam = chunk.lower(), seam.lower()
        for mark in _MACROS:
            if mark in plain or mark in plain_seam:
                raise Invalid(Problem.FILE_HAS_MACROS, "file")
        if self._wanted and (self._wanted in chunk or self._wanted in seam):
            self._wanted = b""
        self._tail = (self._tail + chunk[-_LONGEST_MARK:])[-_LONGEST_MARK:]
