"""A made list of breached passwords, in every place of which something is looked for."""

import os
import random
import tracemalloc
from hashlib import sha1
from pathlib import Path

import pytest

from auth import passwords
from auth.breached import BreachedFileError, BreachedPasswords

WORDS = [f"adgangskode nummer {number}" for number in range(500)]


def line(word: str, count: int = 7) -> str:
    return f"{sha1(word.encode()).hexdigest().upper()}:{count}"


def made(path: Path, words: list[str], *, ending: str = "\r\n", last: str = "\r\n") -> BreachedPasswords:
    """A list as it is published; the counts are of different lengths, so that the lines are too."""
    numbers = random.Random(7)
    lines = sorted(line(word, 10 ** numbers.randrange(8)) for word in words)
    path.write_bytes((ending.join(lines) + last).encode())
    return BreachedPasswords(path)


@pytest.mark.parametrize(("ending", "last"), [("\r\n", "\r\n"), ("\n", "\n"), ("\n", ""), ("\r\n", "")])
@pytest.mark.parametrize("count", [1, 2, 3, 17, 500])
def test_every_line_is_found_the_first_and_the_last_too_and_nothing_else(
    tmp_path: Path, count: int, ending: str, last: str
) -> None:
    breached = made(tmp_path / "list", WORDS[:count], ending=ending, last=last)
    assert all(word in breached for word in WORDS[:count])
    assert not any(f"{word}!" in breached for word in WORDS)


def test_what_sorts_before_the_first_line_and_behind_the_last_is_not_there(tmp_path: Path) -> None:
    ordered = sorted(WORDS, key=line)
    breached = made(tmp_path / "list", ordered[10:-10])
    assert ordered[10] in breached
    assert ordered[-11] in breached
    assert not any(word in breached for word in ordered[:10] + ordered[-10:])


def test_small_letters_in_the_file_are_as_good(tmp_path: Path) -> None:
    path = tmp_path / "list"
    path.write_text("\n".join(sorted(line(word).lower() for word in WORDS)))
    breached = BreachedPasswords(path)
    assert all(word in breached for word in WORDS)


def test_the_same_letters_typed_on_another_keyboard_are_found(tmp_path: Path) -> None:
    breached = made(tmp_path / "list", ["blåbærgrød til alle"])
    assert "bla\N{COMBINING RING ABOVE}bærgrød til alle" in breached


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b"password\n123456\n", "not SHA-1"),
        (b"\n" * 200, "not SHA-1"),
        (b"\x00" * 5000, "too long|not SHA-1"),
        ((line("a") + "\n" + "x" * 300).encode(), "too long|not SHA-1"),
        (line("a").partition(":")[0].encode() + b"\n", "not SHA-1"),
        (b"A" * 32 + b":5\n", "not SHA-1"),
        ("\n".join(sorted((line(word) for word in WORDS), reverse=True)).encode(), "not sorted"),
        ("\n".join(line(word) for word in WORDS).encode(), "not sorted"),
        ("\n".join(sorted(line(word) for word in WORDS)).encode() + b"\nand a word", "not SHA-1"),
    ],
)
def test_what_is_no_such_list_is_refused_and_nothing_of_it_is_quoted(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "list"
    path.write_bytes(content)
    with pytest.raises(BreachedFileError, match=says) as refused:
        BreachedPasswords(path)
    assert "and a word" not in str(refused.value)


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "nowhere", tmp_path):
        with pytest.raises(BreachedFileError):
            BreachedPasswords(path)


def test_a_line_that_is_broken_where_nobody_looked_at_first_is_an_error_and_no_answer(tmp_path: Path) -> None:
    path = tmp_path / "list"
    lines = sorted(line(word) for word in WORDS)
    broken = next(number for number in range(1, 499) if _is_missed(lines, number))
    lines[broken] = "x" * len(lines[broken])
    path.write_text("\n".join(lines) + "\n")
    breached = BreachedPasswords(path)
    with pytest.raises(BreachedFileError):
        _ = [word in breached for word in WORDS]


def _is_missed(lines: list[str], number: int) -> bool:
    """Whether the look at the start does not fall on this line: it falls on the next one that begins at a 64th."""
    length = len(lines[0]) + 1
    size = length * len(lines)
    return number not in {-(-size * part // 64) // length + bool(-(-size * part // 64) % length) for part in range(65)}


def test_a_large_list_takes_no_memory_and_few_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred thousand lines, of which a look-up reads a few hundred bytes here and there."""
    path = tmp_path / "list"
    with path.open("w") as file:
        file.writelines(f"{number * 10**43:040X}:1\n" for number in range(100_000))
    reads: list[int] = []
    pread = os.pread
    tracemalloc.start()
    breached = BreachedPasswords(path)

    def counted(file: int, length: int, offset: int) -> bytes:
        reads.append(length)
        return pread(file, length, offset)

    monkeypatch.setattr("auth.breached.os.pread", counted)
    assert "er her ikke" not in breached
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 100_000, "bytes, of a file of more than four millions"
    assert len(reads) < 60
    assert max(reads) <= 128


def test_a_password_on_the_list_is_refused_and_the_built_in_list_stays(tmp_path: Path) -> None:
    strong = "syv grønne ænder danser tango"
    assert passwords.problems(strong) == []
    breached = made(tmp_path / "list", [strong])
    assert passwords.problems(strong, breached=breached) == [passwords.Problem.COMMON]
    assert passwords.Problem.COMMON in passwords.problems("password123", breached=breached)
    assert passwords.problems("tre helt andre røde biler", breached=breached) == []
