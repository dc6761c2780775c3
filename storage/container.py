"""The samrum container: an 8-byte magic before a Cobblestone-256 message, and the contexts that tie it to its place.

``storage/FORMAT.md`` is the specification of everything here.
"""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from storage import cobblestone
from storage.cobblestone import Expand
from storage.errors import Corrupt

MAGIC: Final = b"\x89SAMRUM\x01"  # the last byte is the version of the format; 0x89 shows damage by text transfers
HEADER: Final = len(MAGIC) + cobblestone.HEADER

_LABEL: Final = 16


@dataclass(frozen=True, slots=True)
class Place:
    """Where a version belongs. An object, a data key or a text sealed for one place opens in no other."""

    organisation: UUID
    case: UUID
    document: UUID
    version: UUID


@dataclass(frozen=True, slots=True)
class TextPlace:
    """Where a sealed text belongs: the row (of whatever table) that holds it, in its case."""

    organisation: UUID
    case: UUID
    row: UUID


def object_context(place: Place) -> bytes:
    """What ties an object to its version."""
    return _context(b"samrum object", place.organisation, place.case, place.document, place.version)


def data_key_context(place: Place) -> bytes:
    """What ties a wrapped data key to its version."""
    return _context(b"samrum data key", place.organisation, place.case, place.document, place.version)


def case_key_context(organisation: UUID, case: UUID) -> bytes:
    """What ties a wrapped case key to its case."""
    return _context(b"samrum case key", organisation, case)


def text_context(place: TextPlace, purpose: str) -> bytes:
    """What ties a sealed text to its row and to the column it stands in."""
    return _context(b"samrum text", place.organisation, place.case, place.row) + purpose.encode()


def canary_context() -> bytes:
    """What the canary of an installation is wrapped for."""
    return _context(b"samrum canary")


def seal(expand: Expand, context: bytes, plain: bytes) -> bytes:
    """A container holding ``plain`` (short: it is held in memory)."""
    return MAGIC + cobblestone.seal(expand, context, plain)


def unseal(expand: Expand, context: bytes, sealed: bytes) -> bytes:
    """What a container holds. Corrupt when it is anything but exactly what was sealed for this context."""
    check_magic(sealed)
    return cobblestone.open_whole(expand, context, sealed[len(MAGIC) :])


def check_magic(head: bytes) -> None:
    """Corrupt unless ``head`` starts with the magic of this format version."""
    if head[: len(MAGIC)] != MAGIC:
        raise Corrupt("not a samrum container of this format version")


def _context(label: bytes, *ids: UUID) -> bytes:
    # every field has a fixed width, so no two places can share a context
    return label.ljust(_LABEL, b"\x00") + MAGIC + b"".join(i.bytes for i in ids)
