"""What an owner must see to before it is too late, and what an administrator must."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from uuid import UUID

from auth.age import eighteenth_birthday, is_minor_for_consent, parents_access_ends
from auth.policy import PARENTS, CaseFacts, Level, Missing, Recipient, StaffActor, missing_consents
from samrum.models import CaseParent, Grant
from samrum.queries import worklist as queries
from samrum.queries.facts import Listed, listed
from samrum.services.errors import NotThere
from samrum.services.platform import Caller, Platform

CONSENT_DAYS, BIRTHDAY_DAYS, GRANT_DAYS = 30, 60, 30
MOST_NUMBERS = 200


@dataclass(frozen=True)
class Of:
    """The case that a line is about."""

    case_id: UUID
    number: str
    youth_name: str


@dataclass(frozen=True)
class RunningOut:
    """A giver's consent of which something ends on ``last_day``: these recipients lack it from the day after."""

    case: Of
    giver: str
    is_youth: bool
    units: list[str]
    to_parents: bool
    last_day: date


@dataclass(frozen=True)
class Birthday:
    """A youth who turns 18. ``access_ends``: the first day without the parents, a day earlier for 29 February."""

    case: Of
    birthday: date
    access_ends: date


@dataclass(frozen=True)
class GrantEnding:
    case: Of
    who: str
    unit: str
    last_day: date


@dataclass(frozen=True)
class Lacking:
    """A case in which somebody is let in and some consent is missing. ``holders``: custody holders, by name."""

    case: Of
    youth: bool
    no_custody_holder: bool
    holders: list[str]
    units: list[str]
    parents: bool


@dataclass(frozen=True)
class Worklist:
    """The lists, the most pressing first. ``ownerless`` are neutral numbers, for an administrator only."""

    running_out: list[RunningOut] = field(default_factory=list)
    birthdays: list[Birthday] = field(default_factory=list)
    grants: list[GrantEnding] = field(default_factory=list)
    lacking: list[Lacking] = field(default_factory=list)
    ownerless: list[str] = field(default_factory=list)
    ownerless_count: int = 0


def worklist(platform: Platform, caller: Caller) -> Worklist:
    """What the caller must see to. Raises ``NotThere`` for citizens and auditors, who see to nothing."""
    actor = caller.actor
    if not isinstance(actor, StaffActor) or (actor.auditor and not actor.administrator):
        raise NotThere
    with platform.act(caller, writes=False) as act:
        if actor.never_sees_files:
            count, numbers = queries.ownerless(act.session, actor.organisation, MOST_NUMBERS)
            return Worklist(ownerless=numbers, ownerless_count=count)
        found = listed(act.session, actor.id, queries.owned(actor.id))
        grants, parents = defaultdict(list), defaultdict(list)
        for grant in queries.grants_of(act.session, found):
            grants[grant.case_id].append(grant)
        for parent in queries.parents_of(act.session, found):
            parents[parent.case_id].append(parent)
        looks = [_Look(key, case, grants[key], parents[key], act.today) for key, case in found.items()]
    return Worklist(
        running_out=sorted(
            (line for look in looks for line in look.running_out()),
            key=lambda line: (line.last_day, _name(line.case), not line.is_youth, line.giver),
        ),
        birthdays=sorted(
            (line for look in looks for line in look.birthdays()), key=lambda line: (line.birthday, _name(line.case))
        ),
        grants=sorted(
            (line for look in looks for line in look.grants_ending()),
            key=lambda line: (line.last_day, _name(line.case), line.who),
        ),
        lacking=sorted((line for look in looks for line in look.lacking()), key=lambda line: _name(line.case)),
    )


def _name(case: Of) -> tuple[str, str]:
    return case.youth_name.casefold(), case.number


class _Look:
    """One case on one day. Whether a consent is missing is the policy's answer every time."""

    def __init__(self, key: UUID, case: Listed, grants: list[Grant], parents: list[CaseParent], today: date) -> None:
        self.facts: CaseFacts = case.facts
        self.today = today
        self.of = Of(key, case.number, case.youth_name)
        self.names = {case.facts.youth: case.youth_name} | {row.citizen_id: row.name for row in parents}
        self.grants = [grant for grant in grants if _counts(grant, today)]
        self.units: dict[UUID, str] = {
            grant.staff.unit_id: f"{grant.staff.unit.name}, {grant.staff.unit.organisation.name}"
            for grant in self.grants
        }

    def running_out(self) -> Iterable[RunningOut]:
        """Consents that nobody renews: on the day after, the recipient lacks that giver's, who is needed then too."""
        ending: dict[tuple[UUID, date], set[Recipient]] = defaultdict(set)
        for consent in self.facts.consents:
            last_day = consent.until_day
            if not consent.in_force(last_day) or not 0 <= (last_day - self.today).days <= CONSENT_DAYS:
                continue
            after = last_day + timedelta(days=1)
            for recipient in consent.recipients & set(self._let_in(after)):
                missing = missing_consents(self.facts, recipient, after)
                if missing.youth if consent.giver == self.facts.youth else consent.giver in missing.custody_holders:
                    ending[consent.giver, last_day].add(recipient)
        for (giver, last_day), recipients in ending.items():
            yield RunningOut(
                self.of,
                self.names.get(giver, ""),
                giver == self.facts.youth,
                self._named(recipients),
                PARENTS in recipients,
                last_day,
            )

    def birthdays(self) -> Iterable[Birthday]:
        birth = self.facts.birth_date
        if is_minor_for_consent(birth, self.today):
            birthday = eighteenth_birthday(birth)
            if (birthday - self.today).days <= BIRTHDAY_DAYS:
                yield Birthday(self.of, birthday, parents_access_ends(birth))

    def grants_ending(self) -> Iterable[GrantEnding]:
        for grant in self.grants:
            if grant.last_day is not None and (grant.last_day - self.today).days <= GRANT_DAYS:
                yield GrantEnding(self.of, grant.staff.name, self.units[grant.staff.unit_id], grant.last_day)

    def lacking(self) -> Iterable[Lacking]:
        found: dict[Recipient, Missing] = {
            recipient: missing
            for recipient in self._let_in(self.today)
            if (missing := missing_consents(self.facts, recipient, self.today))
        }
        if found:
            holders = dict.fromkeys(holder for missing in found.values() for holder in missing.custody_holders)
            yield Lacking(
                self.of,
                any(missing.youth for missing in found.values()),
                any(missing.no_custody_holder for missing in found.values()),
                sorted(self.names.get(holder, "") for holder in holders),
                self._named(found),
                PARENTS in found,
            )

    def _let_in(self, day: date) -> list[Recipient]:
        """Whom the owner lets in on a day, if only the consents are there."""
        units: list[Recipient] = list(
            dict.fromkeys(
                grant.staff.unit_id for grant in self.grants if grant.last_day is None or day <= grant.last_day
            )
        )
        facts = self.facts
        parents_count = facts.parents and facts.parent_access is not Level.NONE
        return [*units, PARENTS] if parents_count and day < parents_access_ends(facts.birth_date) else units

    def _named(self, recipients: Iterable[Recipient]) -> list[str]:
        return sorted(self.units[key] for key in recipients if isinstance(key, UUID))


def _counts(grant: Grant, today: date) -> bool:
    """Whether a grant gives anything today, if only the consents are there."""
    staff = grant.staff
    is_in_force = grant.last_day is None or today <= grant.last_day
    return is_in_force and staff.active and not staff.administrator and not staff.auditor
