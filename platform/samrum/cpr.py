"""CPR numbers: form, date and how they are shown.

Source: Det Centrale Personregister, "Personnummeret i CPR". Numbers without modulus 11 have been given out since
2007, so the check digit says nothing and is not looked at. Replacement and test numbers carry 60 added to the day.
"""

import re
from dataclasses import dataclass
from datetime import date

_FORM = re.compile(r"([0-9]{6})[\s-]?([0-9]{4})")
_CENTURIES = (
    # (seventh digits, last year of the first century named, that century, the century otherwise)
    ("0123", 99, 1900, 1900),
    ("4", 36, 2000, 1900),
    ("5678", 57, 2000, 1800),
    ("9", 36, 2000, 1900),
)


class InvalidCpr(ValueError):
    """The text is not a CPR number: its form or its date is impossible."""


@dataclass(frozen=True)
class Cpr:
    """A CPR number that has passed the checks. Its ``repr`` shows no digit of the serial number."""

    digits: str

    @classmethod
    def parse(cls, text: str) -> "Cpr":
        """Read ``DDMMYY-SSSS`` (dash or space optional). Raises ``InvalidCpr``."""
        match = _FORM.fullmatch(text.strip())
        if match is None:
            raise InvalidCpr("form")
        cpr = cls(match[1] + match[2])
        try:
            _ = cpr.birth_date
        except ValueError as error:
            raise InvalidCpr("date") from error
        return cpr

    @property
    def birth_date(self) -> date:
        day, month, year = int(self.digits[:2]), int(self.digits[2:4]), int(self.digits[4:6])
        for seventh, last, first_century, other_century in _CENTURIES:
            if self.digits[6] in seventh:
                century = first_century if year <= last else other_century
        return date(century + year, month, day - 60 if day > 60 else day)

    @property
    def masked(self) -> str:
        """``DDMMYY-****``: what a page may show."""
        return f"{self.digits[:6]}-****"

    def __repr__(self) -> str:
        return "Cpr(masked)"
