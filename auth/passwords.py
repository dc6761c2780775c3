"""Staff passwords: argon2id hashes, and what makes a password too weak.

A password is normalised to Unicode NFC before anything else, so that "å" typed on two keyboards is one password.
There are no composition rules (OWASP ASVS 5.0 V6.2.5): length, known lists and guessability decide.
"""

import re
import unicodedata
from collections.abc import Container, Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from importlib.resources import files

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from zxcvbn import matching, scoring, time_estimates

MINIMUM_LENGTH = 8
ADVISED_LENGTH = 15
MAXIMUM_LENGTH = 128
LEAST_SCORE = 3


@dataclass(frozen=True, slots=True)
class Cost:
    """What one argon2id hash costs; the default is the second recommended option of RFC 9106, section 4."""

    passes: int = 3
    memory_kib: int = 64 * 1024
    lanes: int = 4


class Problem(StrEnum):
    """Why a new password is refused."""

    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    COMMON = "common"
    GUESSABLE = "guessable"


def hash_password(password: str, cost: Cost) -> str:
    """The argon2id hash of a password in PHC form, with a random salt. It refuses nothing: ask `problems` first."""
    return _hasher(cost).hash(_encoded(password))


def verify_password(stored: str | None, password: str, cost: Cost) -> bool:
    """Whether the password is the one behind the stored hash.

    `stored` is None for an account that does not exist or has no password yet: the answer is False, after the same
    work as for a wrong password, so that the time taken does not tell which accounts exist (ASVS 5.0 V6.3.8).
    `cost` is the current cost; a hash that cannot be read, or a password nobody could have set, is a wrong password.
    """
    encoded = _encoded(password)
    if stored is None or len(_normal(password)) > MAXIMUM_LENGTH:
        stored, encoded = _nobodys_hash(cost), b"not the password of nobody"
    try:
        return _hasher(cost).verify(stored, encoded)
    except VerificationError:
        return False
    except InvalidHashError:
        return verify_password(None, password, cost)


def needs_rehash(stored: str, cost: Cost) -> bool:
    """Whether the hash was made with another cost than the current one: hash again while the password is at hand."""
    return _hasher(cost).check_needs_rehash(stored)


def problems(password: str, own_words: Iterable[str] = (), breached: Container[str] = ()) -> list[Problem]:
    """Why the password may not be chosen; an empty list means it may.

    `breached` are passwords known besides those of the built-in list, such as `auth.breached.BreachedPasswords`.
    `own_words` are the person's name, e-mail, organisation and the like: a password built of them counts as guessable.
    Rules: ASVS 5.0 V6.2.1 (8 at least), V6.2.4 (common lists), V6.2.9 (64 at least allowed), V6.2.11 (context words).
    """
    password = _normal(password)
    if len(password) > MAXIMUM_LENGTH:
        return [Problem.TOO_LONG]
    if not password:
        return [Problem.TOO_SHORT]
    found = [Problem.TOO_SHORT] if len(password) < MINIMUM_LENGTH else []
    if password.lower() in _common() or password in breached:
        found.append(Problem.COMMON)
    elif _score(password, own_words) < LEAST_SCORE:
        found.append(Problem.GUESSABLE)
    return found


def _normal(password: str) -> str:
    return unicodedata.normalize("NFC", password)


def _encoded(password: str) -> bytes:
    return _normal(password).encode("utf-8", "surrogatepass")


@lru_cache(maxsize=8)
def _hasher(cost: Cost) -> PasswordHasher:
    return PasswordHasher(time_cost=cost.passes, memory_cost=cost.memory_kib, parallelism=cost.lanes)


@lru_cache(maxsize=8)
def _nobodys_hash(cost: Cost) -> str:
    return hash_password("", cost)


def _lines(name: str) -> list[str]:
    text = files("auth").joinpath("data", name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("# ")]


@lru_cache(maxsize=1)
def _common() -> frozenset[str]:
    return frozenset(_lines("common.txt"))


@lru_cache(maxsize=1)
def _danish() -> dict[str, int]:
    return matching.build_ranked_dict(_lines("danish.txt"))


def _score(password: str, own_words: Iterable[str]) -> int:
    # zxcvbn() itself writes the person's words into a dictionary shared by all threads, so its parts are called here.
    own = list(dict.fromkeys(piece for words in own_words for piece in _pieces(words)))
    dictionaries = {
        **matching.RANKED_DICTIONARIES,
        "danish": _danish(),
        "own": matching.build_ranked_dict(own),
    }
    guesses = scoring.most_guessable_match_sequence(password, matching.omnimatch(password, dictionaries))["guesses"]
    return time_estimates.guesses_to_score(Decimal(guesses))


def _pieces(words: str) -> list[str]:
    whole = _normal(words).strip().lower()
    pieces = [piece for piece in re.split(r"[\W_]+", whole) if len(piece) > 2]
    return [whole, *pieces, "".join(pieces), "".join(reversed(pieces))]
