"""Recovery codes: single-use codes for the day the second factor is lost (ASVS 5.0 V6.5.1 to V6.5.3).

Fifty random bits each, kept as a keyed hash only; the key is somebody else's to hold.
"""

import secrets
from collections.abc import Callable

COUNT = 10
LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # 32 of them, without those that look alike
_GROUP = 5
_LENGTH = 2 * _GROUP


def new_codes() -> list[str]:
    """Ten different codes such as ``7KQ2M-X4RTB``, to be shown once."""
    codes: set[str] = set()
    while len(codes) < COUNT:
        letters = "".join(secrets.choice(LETTERS) for _ in range(_LENGTH))
        codes.add(f"{letters[:_GROUP]}-{letters[_GROUP:]}")
    return sorted(codes)


def plain(code: str) -> str | None:
    """The code without what people add when they type it (small letters, spaces, hyphens); None if it is no code."""
    letters = "".join(letter for letter in code.upper() if letter.isalnum())
    if len(letters) != _LENGTH or any(letter not in LETTERS for letter in letters):
        return None
    return letters


def hashed(code: str, person: bytes, keyed_hash: Callable[[bytes], bytes]) -> bytes | None:
    """What is kept of a person's code; None if it is no code. ``keyed_hash`` is such as HMAC-SHA-256.

    ``person`` is the person's id: the same code of two people is kept as two different hashes.
    """
    letters = plain(code)
    return None if letters is None else keyed_hash(person + letters.encode())
