"""What files are called inside a ZIP file: their own names, safe on every system that unpacks them, each one once."""

import unicodedata
from collections.abc import Iterable
from typing import Final

from samrum.services.filetypes import without_unsafe

_LONGEST: Final = 240
"""Bytes of UTF-8; file systems take 255, and a number may be added."""

_DEVICES: Final = frozenset(
    {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in "123456789¹²³")}
)
"""What Windows takes for a device, whatever ending stands behind it."""


def zip_names(files: Iterable[tuple[str, str]]) -> list[str]:
    """The path of each file (folder, name), in order. No path leads anywhere but into its folder, and no two are the
    same to a system that does not tell capital letters apart."""
    taken: set[str] = set()
    paths = []
    for folder, name in files:
        stem, ending = _parts(_safe(name))
        where, number = _safe(folder), 1
        path = f"{where}/{_cut(stem, ending)}"
        while (key := unicodedata.normalize("NFKC", path).casefold()) in taken:
            number += 1
            path = f"{where}/{_cut(stem, f' ({number}){ending}')}"
        taken.add(key)
        paths.append(path)
    return paths


def _safe(name: str) -> str:
    name = without_unsafe(unicodedata.normalize("NFC", name)).strip(" ").lstrip(".").rstrip(". ")
    stem, dot, rest = name.partition(".")
    if stem.rstrip(" ").casefold() in _DEVICES:
        stem += "_"
    return f"{stem}{dot}{rest}" or "_"


def _parts(name: str) -> tuple[str, str]:
    """A name in front of its last ending, and that ending with its dot."""
    stem, dot, ending = name.rpartition(".")
    return (stem, dot + ending) if stem and len(ending) <= 10 else (name, "")


def _cut(stem: str, ending: str) -> str:
    room = _LONGEST - len(ending.encode())
    return stem.encode()[:room].decode(errors="ignore").rstrip(". ") + ending
