"""The versions of the words people consent to, as files."""

from hashlib import sha256
from pathlib import Path
from string import Formatter

import pytest

from samrum import wording as words
from samrum.services.consents import KINDS
from samrum.wording import LANGUAGES, UnknownWording, current, wording

RELEASED = {
    "1.da.txt": "984c8129141bdd329d7a8ab8f1dd9f4003822c2880477c22fb8940a0fa447f2e",
    "1.en.txt": "bbba6e1873406c7a03eb2b48c5d83a725588c6f5d0c66b0858082cda83b6788c",
}
"""SHA-256 of every version that somebody may have consented to. A new version gets its own lines."""


def files() -> list[Path]:
    return sorted(words.folder.glob("*.txt"))


def test_a_version_that_people_have_consented_to_is_never_edited() -> None:
    assert {path.name: sha256(path.read_bytes()).hexdigest() for path in files()} == RELEASED


def test_every_version_says_the_same_things_in_every_language() -> None:
    for version in range(1, current() + 1):
        shapes = [_shape(version, language) for language in LANGUAGES]
        assert shapes[0] == shapes[1]


def test_every_version_has_a_word_for_every_kind_of_information() -> None:
    for version in range(1, current() + 1):
        for language in LANGUAGES:
            for by_youth in (True, False):
                assert set(wording(version, language).kinds(by_youth=by_youth)) == set(KINDS)


def test_nothing_is_left_to_fill_in() -> None:
    text = wording(1, "da")
    said = [text.meaning(by_youth=False, name="Sofie"), *text.points(by_youth=False, minor=True, name="Sofie")]
    assert any("Sofie" in line for line in said)
    assert not any("{" in line for line in said)


def test_a_minor_is_told_that_the_custody_holders_must_say_yes_too_and_an_adult_is_not() -> None:
    text = wording(1, "da")
    assert (
        len(text.points(by_youth=True, minor=True, name="S"))
        == len(text.points(by_youth=True, minor=False, name="S")) + 1
    )


def test_a_version_counts_once_it_is_there_in_every_language(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("1.da.txt", "1.en.txt", "2.da.txt"):
        (tmp_path / name).write_text("[page]\n", encoding="utf-8")
    monkeypatch.setattr(words, "folder", tmp_path)
    assert current() == 1
    (tmp_path / "2.en.txt").write_text("[page]\n", encoding="utf-8")
    assert current() == 2


def test_a_language_that_there_is_none_of_is_answered_in_danish_and_a_version_that_is_not_there_is_an_error() -> None:
    assert wording(1, "kl") == wording(1, "da")
    with pytest.raises(UnknownWording):
        wording(999, "da")


def _shape(version: int, language: str) -> dict[tuple[str, str], set[str | None]]:
    """What may be filled in, for every text of every section."""
    sections = wording(version, language)._sections
    return {
        (section, key): {field for _, field, _, _ in Formatter().parse(value)} - {None}
        for section, texts in sections.items()
        for key, value in texts.items()
    }
