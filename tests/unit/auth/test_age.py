from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from auth.age import (
    copenhagen_day,
    eighteenth_birthday,
    is_minor_for_consent,
    latest_adult_birth_date,
    latest_birth_date_consenting_alone,
    parents_access_ended,
    parents_access_ends,
    youth_consent_alone_suffices,
)

BIRTH = date(2008, 6, 15)
LEAP_BIRTH = date(2008, 2, 29)


@pytest.mark.parametrize(("today", "adult"), [(date(2026, 6, 14), False), (date(2026, 6, 15), True)])
def test_everything_changes_at_the_start_of_an_ordinary_18th_birthday(today: date, adult: bool) -> None:
    assert parents_access_ended(BIRTH, today) is adult
    assert is_minor_for_consent(BIRTH, today) is not adult
    assert youth_consent_alone_suffices(BIRTH, today) is adult


@pytest.mark.parametrize(
    ("today", "ended", "needed"),
    [
        (date(2026, 2, 27), False, True),
        (date(2026, 2, 28), True, True),
        (date(2026, 3, 1), True, False),
    ],
)
def test_a_leap_day_birth_fails_closed_both_ways(today: date, ended: bool, needed: bool) -> None:
    assert parents_access_ended(LEAP_BIRTH, today) is ended
    assert is_minor_for_consent(LEAP_BIRTH, today) is needed


@pytest.mark.parametrize("birth", [date(2008, 2, 28), date(2008, 3, 1), date(2010, 2, 28)])
def test_the_days_around_a_leap_day_are_ordinary_birthdays(birth: date) -> None:
    birthday = birth.replace(year=birth.year + 18)
    eve = birthday - timedelta(days=1)
    assert (parents_access_ended(birth, eve), parents_access_ended(birth, birthday)) == (False, True)
    assert (is_minor_for_consent(birth, eve), is_minor_for_consent(birth, birthday)) == (True, False)


def test_the_days_to_show_are_the_days_that_decide() -> None:
    assert eighteenth_birthday(BIRTH) == parents_access_ends(BIRTH) == date(2026, 6, 15)
    assert (parents_access_ends(LEAP_BIRTH), eighteenth_birthday(LEAP_BIRTH)) == (date(2026, 2, 28), date(2026, 3, 1))


def test_a_birthday_in_a_leap_year_falls_on_its_day() -> None:
    assert eighteenth_birthday(date(2010, 3, 1)) == date(2028, 3, 1)
    assert not is_minor_for_consent(date(2010, 2, 28), date(2028, 2, 29))


@pytest.mark.parametrize(
    ("today", "parents", "consent"),
    [
        (date(2026, 6, 15), date(2008, 6, 15), date(2008, 6, 15)),
        (date(2026, 2, 27), date(2008, 2, 27), date(2008, 2, 27)),
        (date(2026, 2, 28), date(2008, 2, 29), date(2008, 2, 28)),
        (date(2026, 3, 1), date(2008, 3, 1), date(2008, 3, 1)),
        (date(2028, 2, 29), date(2010, 2, 28), date(2010, 2, 28)),
        # 1900 was no leap year, so nobody was born on its 29 February.
        (date(1918, 2, 28), date(1900, 2, 28), date(1900, 2, 28)),
    ],
)
def test_the_borders_for_queries(today: date, parents: date, consent: date) -> None:
    assert latest_adult_birth_date(today) == parents
    assert latest_birth_date_consenting_alone(today) == consent


def test_days_at_the_end_of_the_calendar_are_answered() -> None:
    assert not parents_access_ended(date.max, date.max)
    assert is_minor_for_consent(date.max, date.max)
    assert parents_access_ended(date.min, date.max)
    with pytest.raises(ValueError, match="year"):
        eighteenth_birthday(date.max)
    with pytest.raises(ValueError, match="year"):
        latest_adult_birth_date(date.min)


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (datetime(2026, 6, 14, 21, 59, 59, tzinfo=UTC), date(2026, 6, 14)),
        (datetime(2026, 6, 14, 22, 0, tzinfo=UTC), date(2026, 6, 15)),
        (datetime(2026, 1, 14, 22, 59, 59, tzinfo=UTC), date(2026, 1, 14)),
        (datetime(2026, 1, 14, 23, 0, tzinfo=UTC), date(2026, 1, 15)),
        (datetime(2026, 1, 15, 8, 0, tzinfo=timezone(timedelta(hours=9))), date(2026, 1, 15)),
    ],
)
def test_the_day_begins_at_midnight_in_copenhagen_summer_and_winter(moment: datetime, day: date) -> None:
    assert copenhagen_day(moment) == day


@pytest.mark.parametrize("sunday", [date(2026, 3, 29), date(2026, 10, 25)])
def test_the_night_the_clocks_change_belongs_to_one_day_of_23_or_25_hours(sunday: date) -> None:
    start = datetime(sunday.year, sunday.month, sunday.day, tzinfo=ZoneInfo("Europe/Copenhagen")).astimezone(UTC)
    minutes = [start + timedelta(minutes=15 * quarter) for quarter in range(-4, 27 * 4)]
    hours = sum(copenhagen_day(moment) == sunday for moment in minutes) / 4
    assert hours == (23 if sunday.month == 3 else 25)
    assert copenhagen_day(start - timedelta(microseconds=1)) == sunday - timedelta(days=1)


def test_a_moment_without_a_zone_has_no_day() -> None:
    with pytest.raises(ValueError, match="time zone"):
        copenhagen_day(datetime(2026, 6, 14, 12, 0))  # noqa: DTZ001
