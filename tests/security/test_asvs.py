"""The project's own matrix of OWASP ASVS 5.0 (``asvs.csv``): whole, plain about what is missing, and shown by tests.

The texts of the requirements are OWASP's and stand at https://owasp.org/www-project-application-security-verification-standard/;
the file here names them by their ids.
"""

import ast
import csv
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MATRIX = Path(__file__).with_name("asvs.csv")
COLUMNS = ["id", "level", "status", "shown by", "note"]
MET, NOT_APPLICABLE, NOT_YET = "met", "not applicable", "not yet"

# How many requirements each section of a chapter has in ASVS 5.0.0. A chapter is in the matrix whole or not at all.
COVERED = {
    "V1": (2, 10, 12, 3, 3),
    "V2": (3, 3, 5, 2),
    "V3": (1, 3, 5, 8, 8, 1, 5),
    "V4": (5, 5, 2, 4),
    "V5": (1, 6, 3, 3),
    "V6": (3, 12, 8, 6, 8, 4, 2, 4),
    "V7": (3, 4, 2, 5, 3, 2),
    "V8": (4, 4, 3, 2),
    "V9": (3, 4),
    "V10": (2, 3, 5, 16, 5, 2, 3),
    "V11": (4, 5, 5, 4, 2, 2, 2),
    "V12": (5, 2, 5),
    "V13": (4, 6, 4, 7),
    "V14": (2, 8, 3),
    "V15": (5, 5, 7, 4),
    "V16": (1, 5, 4, 3, 4),
    "V17": (2, 8, 2),
}


@dataclass(frozen=True)
class Row:
    """What the project says of one requirement."""

    id: str
    level: str
    status: str
    tests: tuple[str, ...]
    note: str


@cache
def rows() -> tuple[Row, ...]:
    with MATRIX.open(newline="", encoding="utf-8") as file:
        reader = csv.reader(file)
        assert next(reader) == COLUMNS
        return tuple(Row(line[0], line[1], line[2], tuple(line[3].split()), line[4]) for line in reader)


@cache
def functions(path: str) -> frozenset[str]:
    """The tests that a file's source defines, those of a class with its name before; none where there is no file."""
    file = ROOT / path
    if not file.is_file():
        return frozenset()
    body = ast.parse(file.read_text(encoding="utf-8")).body
    names = {node.name for node in body if isinstance(node, ast.FunctionDef)}
    for group in (node for node in body if isinstance(node, ast.ClassDef)):
        names |= {f"{group.name}::{node.name}" for node in group.body if isinstance(node, ast.FunctionDef)}
    return frozenset(names)


def problems(row: Row) -> list[str]:
    """What is wrong with a row, in words."""
    found = []
    if row.level not in ("1", "2", "3"):
        found.append("no level")
    if row.status not in (MET, NOT_APPLICABLE, NOT_YET):
        found.append(f"no such status: {row.status}")
    if row.status == MET and not row.tests:
        found.append("met, and no test shows it")
    if row.status in (NOT_APPLICABLE, NOT_YET) and len(row.note.split()) < 3:
        found.append("does not say why")
    if len(set(row.tests)) != len(row.tests):
        found.append("names a test twice")
    for test in row.tests:
        path, _, name = test.partition("::")
        is_test = path.startswith("tests/") and name.rpartition("::")[2].startswith("test_")
        if not is_test or name not in functions(path):
            found.append(f"no such test: {test}")
    return found


@pytest.mark.parametrize("row", rows(), ids=lambda row: row.id)
def test_every_row_is_plain_and_names_tests_that_exist(row: Row) -> None:
    assert problems(row) == []


def test_every_requirement_of_a_covered_chapter_is_there_once_and_in_order() -> None:
    expected = [
        f"{chapter}.{section}.{number}"
        for chapter, sections in sorted(COVERED.items(), key=lambda item: int(item[0][1:]))
        for section, count in enumerate(sections, start=1)
        for number in range(1, count + 1)
    ]
    assert [row.id for row in rows()] == expected
    assert all(count == 1 for count in Counter(row.id for row in rows()).values())


def test_the_matrix_says_what_it_says_in_one_line_each_and_never_in_the_words_of_the_standard() -> None:
    for row in rows():
        assert "\n" not in row.note, row.id
        assert not row.note.startswith("Verify that"), row.id


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (Row("V6.1.1", "1", "nearly", (), "a few words here"), "no such status: nearly"),
        (Row("V6.1.1", "1", MET, (), ""), "met, and no test shows it"),
        (Row("V6.1.1", "1", NOT_YET, (), ""), "does not say why"),
        (Row("V6.1.1", "4", NOT_YET, (), "because of the level"), "no level"),
        (Row("V6.1.1", "1", MET, ("tests/security/test_asvs.py::test_nothing",), ""),
         "no such test: tests/security/test_asvs.py::test_nothing"),
        (Row("V6.1.1", "1", MET, ("tests/security/test_none.py::test_x",), ""),
         "no such test: tests/security/test_none.py::test_x"),
        (Row("V6.1.1", "1", MET, ("platform/samrum/web/gate.py::test_x",), ""),
         "no such test: platform/samrum/web/gate.py::test_x"),
    ],
)  # fmt: skip
def test_a_row_with_a_mistake_in_it_is_noticed(row: Row, problem: str) -> None:
    assert problems(row) == [problem]
