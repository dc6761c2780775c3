"""What the rules make of what happened in one room: written from the rules, not from the code."""

from dataclasses import dataclass, field
from datetime import date

BIRTHDAY = date(2027, 8, 15)
"""The young person's 18th."""

STAFF = ("birgit", "eva", "ulla", "jens")
PARENTS = ("mother", "father", "newcomer")
PEOPLE = (*STAFF, "stranger", "youth", *PARENTS)
LEVELS = ("none", "read", "write")
FORMER = "former"
"""An owner whose account was closed, and whose e-mail somebody else has now."""


@dataclass
class Paper:
    """A document: the name and the content of each version, and whether it lies in the trash."""

    versions: list[tuple[str, bytes]]
    trashed: bool = False


@dataclass
class Model:
    """Each of the staff is alone in a unit of that name, so that a unit stands for its person."""

    today: date
    owner: str = "birgit"
    owner_unit: str = "birgit"
    closed: bool = False
    youth_access: str = "write"
    parent_access: str = "read"
    grants: dict[str, str] = field(default_factory=dict)
    consents: dict[str, dict[str, date]] = field(default_factory=dict)  # giver -> recipient -> last day
    parents: set[str] = field(default_factory=lambda: {"mother", "father"})
    inactive: set[str] = field(default_factory=set)
    papers: dict[str, Paper] = field(default_factory=dict)
    scans: int = 0

    @property
    def is_minor(self) -> bool:
        return self.today < BIRTHDAY

    def covered(self, recipient: str) -> bool:
        if recipient == self.owner_unit:
            return True
        if self.is_minor and not self.parents:
            return False
        needed = {"youth"} | (self.parents if self.is_minor else set())
        ends = [self.consents.get(giver, {}).get(recipient) for giver in needed]
        return all(end is not None and self.today <= end for end in ends)

    def level(self, who: str) -> str:
        """How far the files are open to somebody today."""
        if who in self.inactive:
            return "none"
        if who == self.owner:
            return "read" if self.closed else "write"
        if who == "youth":
            return "read" if self.closed and self.youth_access == "write" else self.youth_access
        if who in PARENTS:
            is_in = who in self.parents and self.is_minor and not self.closed
            return self.parent_access if is_in and self.covered("parents") else "none"
        return self.grants.get(who, "none") if not self.closed and self.covered(who) else "none"

    def reads(self, who: str) -> bool:
        return self.level(who) != "none"

    def answer(self, who: str) -> int:
        """The status of the room's own page: seen, refused with a reason, or as if it were not there."""
        if who in self.inactive:
            return 302  # to the login, where nobody lets them in
        if who in (self.owner, "youth"):
            return 200
        if who in PARENTS:
            return 200 if who in self.parents and self.is_minor else 404
        if who not in self.grants:
            return 404
        return 200 if self.covered(who) else 403

    def may_consent(self, giver: str) -> bool:
        """Whether somebody gives and withdraws consents through login today."""
        return giver == "youth" or (giver in self.parents and self.is_minor and giver not in self.inactive)

    def listed(self, *, trashed: bool) -> dict[str, bytes]:
        """The newest version of each paper in the room, or in the trash: content by name."""
        return dict(paper.versions[-1] for paper in self.papers.values() if paper.trashed is trashed)
