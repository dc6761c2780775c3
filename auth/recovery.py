"""Recovery codes: single-use codes for the day the second factor is lost (ASVS 5.0 V6.5.1 to V6.5.4).

A code is two letters that only say which of a person's codes it is, and ten that are secret: fifty random bits, kept as
an argon2id hash with a salt of its own (V6.5.2). The first two make one hash the only one to be tried.
"""

import secrets
from typing import NamedTuple

from auth.passwords import Cost, hash_password, verify_password

COUNT = 10
COST = Cost(passes=2, memory_kib=19 * 1024, lanes=1)  # OWASP's least for argon2id; a code is no password, but random
LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # 32 of them, without those that look alike
_GROUP, _SELECTOR, _SECRET = 4, 2, 10


class Code(NamedTuple):
    """A code in its parts: what finds it again, and what is secret."""

    selector: str
    secret: str

    def __str__(self) -> str:
        letters = self.selector + self.secret
        return "-".join(letters[start : start + _GROUP] for start in range(0, len(letters), _GROUP))


def new_codes() -> list[Code]:
    """Ten codes such as ``7KQ2-MX4R-TBN9``, each with a selector of its own, to be shown once."""
    codes: dict[str, Code] = {}
    while len(codes) < COUNT:
        selector = _random(_SELECTOR)
        codes[selector] = Code(selector, _random(_SECRET))
    return sorted(codes.values())


def read(text: str) -> Code | None:
    """The code without what people add when they type it (small letters, spaces, hyphens); None if it is no code."""
    letters = "".join(letter for letter in text.upper() if letter.isalnum())
    if len(letters) != _SELECTOR + _SECRET or any(letter not in LETTERS for letter in letters):
        return None
    return Code(letters[:_SELECTOR], letters[_SELECTOR:])


def hashed(code: Code, cost: Cost = COST) -> str:
    """What is kept of a code besides its selector: argon2id in PHC form, with a random salt."""
    return hash_password(code.secret, cost)


def is_right(code: Code, stored: str, cost: Cost = COST) -> bool:
    """Whether this is the code behind the stored hash."""
    return verify_password(stored, code.secret, cost)


def _random(length: int) -> str:
    return "".join(secrets.choice(LETTERS) for _ in range(length))
