"""CPR numbers: form, date and century, and what is shown of them."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samrum.cpr import Cpr, InvalidCpr


@pytest.mark.parametrize("text", ["0101901234", "010190-1234", "010190 1234", "  010190-1234\n"])
def test_a_number_is_read_however_it_is_spaced(text: str) -> None:
    assert Cpr.parse(text).digits == "0101901234"


@pytest.mark.parametrize(
    "text",
    ["", "010190", "010190123", "01019012345", "010190--1234", "010190/1234", "01 01 90 1234", "o10190-1234",
     "010190-12E4", "+0101901234", "0101901234x", "010190-1234-", "--", "٠١٠١٩٠١٢٣٤"],
)  # fmt: skip
def test_what_has_another_form_is_no_number(text: str) -> None:
    with pytest.raises(InvalidCpr):
        Cpr.parse(text)


@pytest.mark.parametrize(
    "text",
    ["300200-1234", "310490-1234", "290201-1234", "000190-1234", "010090-1234", "011390-1234", "320190-1234",
     "920190-1234", "600190-1234", "900290-1234", "290200-5234"],
)  # fmt: skip
def test_a_day_that_does_not_exist_is_no_number(text: str) -> None:
    """30 February, the 31st of April, 29 February 2001 and of 1900; also with 60 added to the day."""
    if text == "290200-5234":
        assert Cpr.parse(text).birth_date == date(2000, 2, 29)
        return
    with pytest.raises(InvalidCpr):
        Cpr.parse(text)


def test_the_two_kinds_of_wrong_are_told_apart() -> None:
    with pytest.raises(InvalidCpr, match="form"):
        Cpr.parse("12345")
    with pytest.raises(InvalidCpr, match="date"):
        Cpr.parse("3002901234")


@pytest.mark.parametrize(
    ("text", "born"),
    [
        # Personnummeret i CPR: the seventh digit and the year give the century
        ("010100-0001", date(1900, 1, 1)),
        ("010199-3999", date(1999, 1, 1)),
        ("010136-4000", date(2036, 1, 1)),
        ("010137-4000", date(1937, 1, 1)),
        ("010100-4000", date(2000, 1, 1)),
        ("010157-5000", date(2057, 1, 1)),
        ("010158-5000", date(1858, 1, 1)),
        ("010157-6000", date(2057, 1, 1)),
        ("010158-7000", date(1858, 1, 1)),
        ("010157-8000", date(2057, 1, 1)),
        ("010158-8000", date(1858, 1, 1)),
        ("010136-9000", date(2036, 1, 1)),
        ("010137-9000", date(1937, 1, 1)),
        ("010199-9999", date(1999, 1, 1)),
    ],
)
def test_the_century_follows_the_seventh_digit(text: str, born: date) -> None:
    assert Cpr.parse(text).birth_date == born


@pytest.mark.parametrize("text", ["610190-1234", "910190-1234", "890200-4234"])
def test_replacement_and_test_numbers_have_sixty_added_to_the_day(text: str) -> None:
    cpr = Cpr.parse(text)
    assert cpr.birth_date.day == int(text[:2]) - 60
    assert cpr.digits == text.replace("-", "")


@pytest.mark.parametrize("text", ["010107-4000", "011007-4110", "010190-0001"])
def test_numbers_without_modulus_11_are_numbers(text: str) -> None:
    weights = (4, 3, 2, 7, 6, 5, 4, 3, 2, 1)
    assert sum(int(digit) * weight for digit, weight in zip(text.replace("-", ""), weights, strict=True)) % 11 != 0
    Cpr.parse(text)


def test_no_serial_number_is_shown_by_mistake() -> None:
    cpr = Cpr.parse("010190-1234")
    assert cpr.masked == "010190-****"
    for shown in (repr(cpr), str(cpr), f"{cpr}", f"{[cpr]}", "%s" % cpr):  # noqa: UP031
        assert "1234" not in shown


def test_an_error_repeats_nothing_of_the_number() -> None:
    for text in ("3002901234", "01019012345"):
        with pytest.raises(InvalidCpr) as caught:
            Cpr.parse(text)
        assert text[:6] not in str(caught.value)


@given(st.dates(date(1937, 1, 1), date(1999, 12, 31)), st.integers(0, 3999), st.booleans())
def test_every_day_of_a_century_has_its_numbers(born: date, serial: int, is_test_number: bool) -> None:
    day = born.day + (60 if is_test_number else 0)
    assert Cpr.parse(f"{day:02}{born:%m%y}{serial:04}").birth_date == born


@given(st.text(max_size=20))
def test_any_text_is_a_number_or_refused(text: str) -> None:
    try:
        cpr = Cpr.parse(text)
    except InvalidCpr:
        return
    assert len(cpr.digits) == 10
    assert cpr.birth_date.year > 1850
