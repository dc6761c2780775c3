"""What an address carries besides its path, read without believing it."""

from datetime import UTC, date, datetime, timedelta
from typing import Final
from uuid import UUID

_LONGEST_NUMBER: Final = 18
"""Digits that every database holds in one whole number."""
_YEARS: Final = range(1900, 2200)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def row_number(text: str) -> int:
    """The number of a row. Raises ``ValueError``."""
    if not (text.isascii() and text.isdecimal() and len(text) <= _LONGEST_NUMBER):
        raise ValueError("no number of a row")
    return int(text)


def day(text: str) -> date:
    """A day that can be counted from in any time zone. Raises ``ValueError``."""
    found = date.fromisoformat(text)
    if found.year not in _YEARS:
        raise ValueError("no day of ours")
    return found


def cursor(place: tuple[datetime, UUID]) -> str:
    """Where a page of files begins, as it stands in an address: microseconds and the document's id."""
    return f"{(place[0] - _EPOCH) // timedelta(microseconds=1)}.{place[1].hex}"


def cursor_in(text: str) -> tuple[datetime, UUID] | None:
    """The place that an address carries; None where it carries none."""
    moment, _dot, document = text.partition(".")
    try:
        return _EPOCH + timedelta(microseconds=int(moment)), UUID(document)
    except (ValueError, OverflowError):
        return None


def version_number(text: str | None) -> int | None:
    """A version's number as a form carries it, or None."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 9 else None
