"""The days around the 18th birthday for every pair of days, and the borders that queries compare birth dates with."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auth.age import (
    copenhagen_day,
    eighteenth_birthday,
    is_minor_for_consent,
    latest_adult_birth_date,
    latest_birth_date_consenting_alone,
    parents_access_ended,
    parents_access_ends,
)

DAY = timedelta(days=1)
todays = st.dates(date(19, 1, 1))
births = st.dates()


@st.composite
def births_about_18_years_before(draw: st.DrawFn) -> tuple[date, date]:
    """A birth date and a day that lies within two days of 18 years later."""
    birth = draw(st.dates(date(1, 1, 5), date(9980, 1, 1)))
    return birth, eighteenth_birthday(birth) + draw(st.integers(-2, 2)) * DAY


def agree(birth: date, today: date) -> bool:
    return (
        (birth > latest_adult_birth_date(today)) is not parents_access_ended(birth, today)
        and (birth > latest_birth_date_consenting_alone(today)) is is_minor_for_consent(birth, today)
        and (parents_access_ended(birth, today) or is_minor_for_consent(birth, today))
    )


@settings(max_examples=2000, deadline=None)
@given(births, todays)
def test_query_border_and_age_agree_on_any_two_days(birth: date, today: date) -> None:
    assert agree(birth, today)


@settings(max_examples=2000, deadline=None)
@given(births_about_18_years_before())
def test_query_border_and_age_agree_around_the_birthday(pair: tuple[date, date]) -> None:
    birth, today = pair
    assert agree(birth, max(today, date(19, 1, 1)))


@pytest.mark.parametrize("century", [2000, 2100, 2200, 2300])
def test_the_borders_are_exact_on_every_day_of_the_calendars_400_years(century: int) -> None:
    """With ages that never order two births the other way round, an exact border settles every birth date."""
    today = date(century, 1, 1)
    while today.year < century + 100:
        border = latest_adult_birth_date(today)
        assert parents_access_ended(border, today)
        assert not parents_access_ended(border + DAY, today)
        border = latest_birth_date_consenting_alone(today)
        assert not is_minor_for_consent(border, today)
        assert is_minor_for_consent(border + DAY, today)
        birth, younger = today, today + DAY
        assert parents_access_ends(birth) <= parents_access_ends(younger)
        assert eighteenth_birthday(birth) <= eighteenth_birthday(younger)
        today = younger


@settings(max_examples=1000, deadline=None)
@given(births_about_18_years_before())
def test_only_a_leap_day_birth_has_a_day_between_the_parents_access_and_the_own_consent(
    pair: tuple[date, date],
) -> None:
    birth, today = pair
    between = parents_access_ended(birth, today) and is_minor_for_consent(birth, today)
    assert between == ((birth.month, birth.day) == (2, 29) and (today.month, today.day) == (2, 28))


@settings(max_examples=1000, deadline=None)
@given(st.dates(date(1, 1, 1), date(9981, 12, 31)))
def test_the_days_to_show_are_the_first_days_of_what_they_name(birth: date) -> None:
    first = parents_access_ends(birth)
    assert parents_access_ended(birth, first)
    assert not parents_access_ended(birth, first - DAY)
    first = eighteenth_birthday(birth)
    assert not is_minor_for_consent(birth, first)
    assert is_minor_for_consent(birth, first - DAY)


@settings(max_examples=1000, deadline=None)
@given(
    st.datetimes(datetime(1980, 1, 1), datetime(2100, 1, 1)),  # noqa: DTZ001
    st.integers(0, 3 * 3600),
)
def test_the_danish_day_never_goes_back_and_is_one_or_two_hours_ahead_of_utc(naive: datetime, seconds: int) -> None:
    moment = naive.replace(tzinfo=UTC)
    later = moment + timedelta(seconds=seconds)
    assert copenhagen_day(moment) <= copenhagen_day(later)
    assert copenhagen_day(moment) in {(moment + timedelta(hours=1)).date(), (moment + timedelta(hours=2)).date()}
