"""What files are called inside a ZIP file."""

import re
import unicodedata
from pathlib import PurePosixPath, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samrum.services.zipnames import zip_names

PLANS, NOTES = "Mål- og aftaleskema", "Mødeindkaldelse og referat"


def named(name: str) -> str:
    """What a file of that name is called in its folder."""
    (path,) = zip_names([(PLANS, name)])
    folder, _, last = path.rpartition("/")
    assert folder == PLANS
    return last


@pytest.mark.parametrize("name", ["Plan.docx", "Blå mål – Søren.pdf", "2026.11.02 møde.txt", "ملف.pdf", "🙂.png"])
def test_a_plain_name_stays_as_it_is(name: str) -> None:
    assert named(name) == name


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("../../etc/passwd.txt", "_.._etc_passwd.txt"),
        ("..\\..\\boot.txt", "_.._boot.txt"),
        ("/etc/plan.txt", "_etc_plan.txt"),
        ("C:\\plan.txt", "C__plan.txt"),
        ("plan.txt\0.exe", "plan.txt_.exe"),
        ("plan\u202efdp.txt", "plan_fdp.txt"),
        (".htaccess", "htaccess"),
        ("plan.pdf. . ", "plan.pdf"),
        ("..", "_"),
        ("", "_"),
    ],
)
def test_no_name_leads_out_of_its_folder_or_hides_what_it_is(name: str, found: str) -> None:
    assert named(name) == found


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("CON.pdf", "CON_.pdf"),
        ("con.tar.gz", "con_.tar.gz"),
        ("Nul .txt", "Nul _.txt"),
        ("lpt¹.docx", "lpt¹_.docx"),
        ("COM10.pdf", "COM10.pdf"),
        ("Console.pdf", "Console.pdf"),
    ],
)
def test_names_that_windows_takes_for_a_device_are_changed(name: str, found: str) -> None:
    assert named(name) == found


def test_a_name_that_is_there_already_gets_a_number() -> None:
    plans = ["Plan.pdf", "plan.PDF", "Plan.pdf", "Plan (2).pdf"]
    assert zip_names([*((PLANS, name) for name in plans), (NOTES, "Plan.pdf")]) == [
        f"{PLANS}/Plan.pdf",
        f"{PLANS}/plan (2).PDF",
        f"{PLANS}/Plan (3).pdf",
        f"{PLANS}/Plan (2) (2).pdf",
        f"{NOTES}/Plan.pdf",
    ]


def test_the_same_letters_composed_in_two_ways_are_one_name() -> None:
    composed, taken_apart = (unicodedata.normalize(form, "Åse é.pdf") for form in ("NFC", "NFD"))
    assert zip_names([(PLANS, composed), (PLANS, taken_apart)]) == [f"{PLANS}/{composed}", f"{PLANS}/Åse é (2).pdf"]


def test_a_name_too_long_for_a_file_system_keeps_its_ending_and_stays_apart() -> None:
    first, second = zip_names([(PLANS, "å" * 196 + ".pdf")] * 2)
    assert first.endswith("å.pdf")
    assert second.endswith("å (2).pdf")
    assert all(len(path.rpartition("/")[2].encode()) <= 255 for path in (first, second))


NAMES = st.text(st.sampled_from("aAåÅ./\\: ()2\u202e\0¹%'\"🙂") | st.characters(codec="utf-8"), max_size=260)
LIKELY = st.sampled_from(["plan.pdf", "Plan.PDF", "plan (2).pdf", "nul.txt", "..", "../plan.pdf", "å.txt", "å.txt"])


@given(st.lists(st.tuples(st.sampled_from([PLANS, NOTES, "..", ""]), NAMES | LIKELY), max_size=12))
def test_whatever_the_names_are_each_path_is_safe_and_stands_once(files: list[tuple[str, str]]) -> None:
    paths = zip_names(files)
    assert len(paths) == len(files)
    assert len({unicodedata.normalize("NFKC", path).casefold() for path in paths}) == len(paths)
    for path in paths:
        for read in (PurePosixPath(path), PureWindowsPath(path)):
            assert len(read.parts) == 2
            assert not read.is_absolute()
            assert not read.drive
            assert ".." not in read.parts
        assert not re.search(r'[\\\x00-\x1f\x7f<>:"|?*]', path)
        assert all(part == part.strip(" ") and not part.endswith(".") for part in path.split("/"))
        assert len(path.rpartition("/")[2].encode()) <= 255
