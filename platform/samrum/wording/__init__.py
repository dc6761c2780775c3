"""The words that people consent to, in numbered versions: files that are added and never changed.

``1.da.txt`` is version 1 in Danish, ``1.en.txt`` the same in English. A consent keeps the number of the words that its
giver read, and its receipt shows those words for ever after.
"""

import configparser
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

LANGUAGES = ("da", "en")
_NAME = re.compile(r"([1-9]\d*)\.(\w+)\.txt")

folder = Path(__file__).parent
"""Where the versions lie."""


class UnknownWording(LookupError):
    """There is no such version in that language."""


@dataclass(frozen=True)
class Wording:
    """One version in one language."""

    version: int
    language: str
    _sections: dict[str, dict[str, str]]

    def text(self, section: str, key: str, **values: str) -> str:
        """A text, with ``{name}`` and the like filled in."""
        return self._sections[section][key].format(**values)

    def meaning(self, *, by_youth: bool, name: str) -> str:
        """What to consent means here, in a sentence or two."""
        return self.text("page", "meaning youth" if by_youth else "meaning parent", name=name)

    def points(self, *, by_youth: bool, minor: bool, name: str) -> list[str]:
        """What its giver must know before saying yes, a sentence or two each."""
        keys = ["points", "points parent" if not by_youth else "points minor youth" if minor else ""]
        return [line for key in keys if key for line in self.text("page", key, name=name).strip().splitlines()]

    def kinds(self, *, by_youth: bool) -> dict[str, str]:
        """The kinds of information by their codes, as the giver reads them."""
        return self._sections["kinds"] | (self._sections["kinds youth"] if by_youth else {})

    def level(self, assurance: str) -> str:
        """A level of assurance in words; what the broker called it where that is no NSIS level."""
        return self._sections["levels"].get(assurance.lower(), assurance)


def current() -> int:
    """The newest version that is there in every language."""
    found: dict[int, set[str]] = {}
    for entry in folder.iterdir():
        if match := _NAME.fullmatch(entry.name):
            found.setdefault(int(match[1]), set()).add(match[2])
    return max(version for version, languages in found.items() if languages.issuperset(LANGUAGES))


def wording(version: int, language: str) -> Wording:
    """A version in a language, in Danish for a language that there is none of. Raises ``UnknownWording``."""
    return _read(folder, version, language if language in LANGUAGES else LANGUAGES[0])


@lru_cache(maxsize=32)
def _read(where: Path, version: int, language: str) -> Wording:
    parser = configparser.ConfigParser(interpolation=None, delimiters=("=",))
    try:
        parser.read_string((where / f"{version}.{language}.txt").read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise UnknownWording(f"{version}.{language}") from error
    return Wording(version, language, {name: dict(parser[name]) for name in parser.sections()})
