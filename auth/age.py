"""The days around the 18th birthday, decided from calendar days alone.

Days are calendar days in Europe/Copenhagen (`copenhagen_day`). Source: access-rules.md, "Under 18": a person is a
minor until the start of their 18th birthday. Someone born on 29 February turns 18 in a year without that day, and then
the rule fails closed both ways: the parents' access ends with 27 February, their consent is needed through 28 February.
"""

from datetime import date, datetime
from zoneinfo import ZoneInfo

COPENHAGEN = ZoneInfo("Europe/Copenhagen")
ADULT_AGE = 18


def copenhagen_day(moment: datetime) -> date:
    """The calendar day in Denmark at an aware moment of any zone; raises ValueError for a moment without a zone."""
    if moment.utcoffset() is None:
        raise ValueError("a moment without a time zone has no Danish day")
    return moment.astimezone(COPENHAGEN).date()


def eighteenth_birthday(birth: date) -> date:
    """The first day on which the young person's own consent is enough: 1 March for someone born on 29 February.

    Raises ValueError when the day lies beyond the calendar (a birth year after 9981).
    """
    return date(birth.year + ADULT_AGE, *((3, 1) if _on_leap_day(birth) else (birth.month, birth.day)))


def parents_access_ends(birth: date) -> date:
    """The first day without access for the parents: the 18th birthday, 28 February for someone born on 29 February.

    Raises ValueError when the day lies beyond the calendar (a birth year after 9981).
    """
    return date(birth.year + ADULT_AGE, birth.month, 28 if _on_leap_day(birth) else birth.day)


def parents_access_ended(birth: date, today: date) -> bool:
    """Whether age alone has ended the parents' access on this day. Total: answers for every pair of days."""
    last = 28 if _on_leap_day(birth) else birth.day
    return (today.year, today.month, today.day) >= (birth.year + ADULT_AGE, birth.month, last)


def is_minor_for_consent(birth: date, today: date) -> bool:
    """Whether the custody holders' consent is needed on this day. Total: answers for every pair of days."""
    # A day that the year lacks, 29 February, orders after 28 February and before 1 March: exactly the rule.
    return (today.year, today.month, today.day) < (birth.year + ADULT_AGE, birth.month, birth.day)


def youth_consent_alone_suffices(birth: date, today: date) -> bool:
    """Whether the young person's own consent is enough on this day."""
    return not is_minor_for_consent(birth, today)


def latest_adult_birth_date(today: date) -> date:
    """The border for queries: `birth_date > latest_adult_birth_date(today)` <=> not `parents_access_ended`.

    Raises ValueError before year 19, where no such day exists.
    """
    year = today.year - ADULT_AGE
    if (today.month, today.day) == (2, 28) and _is_leap(year):
        return date(year, 2, 29)
    return latest_birth_date_consenting_alone(today)


def latest_birth_date_consenting_alone(today: date) -> date:
    """The border for queries: `birth_date > latest_birth_date_consenting_alone(today)` <=> `is_minor_for_consent`.

    Raises ValueError before year 19, where no such day exists.
    """
    # Eighteen years before a leap year never is one, so 29 February has no day of its own there.
    return date(today.year - ADULT_AGE, today.month, 28 if _on_leap_day(today) else today.day)


def _on_leap_day(day: date) -> bool:
    return day.month == 2 and day.day == 29


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
