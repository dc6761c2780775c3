"""What an address carries besides its path, read without believing it."""

from datetime import date
from typing import Final

_LONGEST_NUMBER: Final = 18
"""Digits that every database holds in one whole number."""
_YEARS: Final = range(1900, 2200)


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
