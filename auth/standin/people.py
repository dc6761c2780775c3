"""The test people, from a JSON file that is read anew each time, so that a demo can change it while running.

The file holds `{"people": [...], "staff": [...]}`, or just the list of people. A person is
`{"id", "name", "cpr", "birth_date", "loa", "note"}` (loa: low, substantial or high; note: what the page says of them;
both optional, and cpr may be null). A member of staff is `{"name", "email", "totp_secret", "password"}`, shown on the
page with the codes.
"""

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from auth.oidc.profiles import Assurance


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody the stand-in can let in."""

    id: str
    name: str
    cpr: str | None
    birth_date: date
    loa: Assurance = Assurance.SUBSTANTIAL
    note: str = ""

    def age(self, today: date) -> int:
        """Whole years on a day."""
        birthday_to_come = (today.month, today.day) < (self.birth_date.month, self.birth_date.day)
        return today.year - self.birth_date.year - birthday_to_come


@dataclass(frozen=True, slots=True)
class StaffMember:
    """A demo user who logs in with a password and a code."""

    name: str
    email: str
    totp_secret: str
    password: str


def load(path: Path | None) -> tuple[list[Person], list[StaffMember]]:
    """The people and the staff of a file; nobody when there is none. ValueError or KeyError for a wrong file."""
    if path is None or not path.exists():
        return [], []
    content = json.loads(path.read_text(encoding="utf-8"))
    if isinstance(content, list):
        content = {"people": content}
    people = [
        Person(
            id=str(entry["id"]),
            name=entry["name"],
            cpr=entry.get("cpr"),
            birth_date=date.fromisoformat(entry["birth_date"]),
            loa=Assurance(str(entry.get("loa") or "substantial").lower()),
            note=entry.get("note") or "",
        )
        for entry in content.get("people", [])
    ]
    staff = [
        StaffMember(entry["name"], entry["email"], entry["totp_secret"], entry.get("password", ""))
        for entry in content.get("staff", [])
    ]
    return people, staff
