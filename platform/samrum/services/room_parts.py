"""The parts of a room's page: its team, its parents, its consents, and until when somebody gets in."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from auth.age import eighteenth_birthday
from auth.policy import PARENTS, Action, Actor, CaseFacts, CitizenActor, Missing, Recipient, decide, missing_consents
from samrum.models import Case, CaseParent, Consent, Grant
from samrum.queries import cases as case_queries
from samrum.queries import people as people_queries
from samrum.queries.facts import Room, grant_fact
from samrum.services.naming import Naming, Shown
from samrum.services.platform import Act
from samrum.services.sessions import staff_actor


@dataclass(frozen=True)
class TeamMember:
    """A member of staff in the room: the owner, or someone with a grant.

    ``opens_at_eighteen``: gets in on the youth's 18th birthday, when the consent that is missing counts no more.
    ``gets_in``: may read the files today; the policy's answer, as at the download itself.
    """

    grant_id: UUID | None
    staff_id: UUID
    name: str
    unit: str
    level: str
    last_day: date | None
    is_owner: bool
    in_owners_unit: bool
    is_active: bool
    has_run_out: bool
    missing: Missing
    until: date | None
    opens_at_eighteen: bool
    gets_in: bool


@dataclass(frozen=True)
class ParentLine:
    """A parent in the room. ``gets_in``: may read the files today, by the policy's answer."""

    id: UUID
    citizen_id: UUID
    name: str
    custody_holder: bool
    can_log_in: bool
    gets_in: bool


@dataclass(frozen=True)
class ConsentLine:
    """A consent. ``status``: ``in_force``, ``future``, ``expired`` or ``withdrawn``."""

    id: UUID
    giver: str
    giver_id: UUID
    unit_ids: frozenset[UUID]
    recipients: list[Shown]
    to_parents: bool
    kinds: list[str]
    wording_version: int
    purpose: str
    from_day: date
    until_day: date
    method: str
    given_at: datetime
    withdrawn_at: datetime | None
    status: str
    scan_document: UUID | None
    receipt_document: UUID | None

    @property
    def can_be_withdrawn(self) -> bool:
        return self.status in ("in_force", "future")


def citizen_names(case: Case, parents: list[CaseParent]) -> dict[UUID, str]:
    """The citizens of a case by id, as the case names them."""
    return {case.youth_id: case.youth_name} | {row.citizen_id: row.name for row in parents}


def team(act: Act, found: Room) -> list[TeamMember]:
    """The owner first, then everybody with a grant, by name."""
    case = found.case
    owner = people_queries.staff_by_id(act.session, [case.owner_id])[case.owner_id]
    first = TeamMember(
        None, owner.id, owner.name, f"{owner.unit.name}, {owner.unit.organisation.name}", "write", None,
        is_owner=True, in_owners_unit=True, is_active=owner.active, has_run_out=False, missing=Missing(), until=None,
        opens_at_eighteen=False, gets_in=reads(found.facts, staff_actor(owner), act.today),
    )  # fmt: skip
    return [first, *(_member(act, found, grant) for grant in case_queries.grants_of(act.session, case.id))]


def reads(facts: CaseFacts, actor: Actor, today: date) -> bool:
    """Whether somebody may read the files today, be it the one who asks or another."""
    return decide(actor, Action.READ_FILES, facts, today).allowed


def covered_until(facts: CaseFacts, recipient: Recipient, today: date) -> date | None:
    """The last day on which a recipient who is covered today still is, as things stand; None when there is no end.

    Cover is lost only on the day after some consent's last day, so no other day is looked at.
    """
    if recipient == facts.owner_unit:
        return None
    ends = sorted({consent.until_day for consent in facts.consents if consent.in_force(consent.until_day)})
    return next((end for end in ends if end >= today and missing_consents(facts, recipient, _after(end))), None)


def parents_until(facts: CaseFacts, access_ends: date, today: date) -> date:
    """The last day on which covered parents still get in: age ends it, if no consent does before."""
    last = access_ends - timedelta(days=1)
    return min(last, covered_until(facts, PARENTS, today) or last)


def parent_line(row: CaseParent, facts: CaseFacts, today: date) -> ParentLine:
    can_log_in = row.citizen.cpr_index is not None
    gets_in = can_log_in and reads(facts, CitizenActor(row.citizen_id, row.citizen.active), today)
    return ParentLine(row.id, row.citizen_id, row.name, row.custody_holder, can_log_in, gets_in)


def consent_line(row: Consent, names: dict[UUID, str], shown: Naming, today: date) -> ConsentLine:
    return ConsentLine(
        id=row.id,
        giver=names.get(row.giver_id, row.giver.name),
        giver_id=row.giver_id,
        unit_ids=frozenset(unit.id for unit in row.units),
        recipients=shown.units(row.units),
        to_parents=row.to_parents,
        kinds=row.kinds.split(",") if row.kinds else [],
        wording_version=row.wording_version,
        purpose=row.purpose,
        from_day=row.from_day,
        until_day=row.until_day,
        method=row.method,
        given_at=row.given_at,
        withdrawn_at=row.withdrawn_at,
        status=_status(row, today),
        scan_document=row.scan.document_id if row.scan else None,
        receipt_document=row.receipt.document_id if row.receipt else None,
    )


def _status(row: Consent, today: date) -> str:
    if row.withdrawn_at is not None:
        return "withdrawn"
    if row.until_day < today:
        return "expired"
    return "future" if row.from_day > today else "in_force"


def _member(act: Act, found: Room, grant: Grant) -> TeamMember:
    staff = grant.staff
    missing = missing_consents(found.facts, staff.unit_id, act.today)
    theirs = replace(found.facts, grants=(grant_fact(grant),))
    ends = [grant.last_day, None if missing else covered_until(found.facts, staff.unit_id, act.today)]
    return TeamMember(
        grant.id,
        staff.id,
        staff.name,
        f"{staff.unit.name}, {staff.unit.organisation.name}",
        grant.level,
        grant.last_day,
        is_owner=False,
        in_owners_unit=staff.unit_id == found.facts.owner_unit,
        is_active=staff.active,
        has_run_out=grant.last_day is not None and grant.last_day < act.today,
        missing=missing,
        until=min((end for end in ends if end is not None), default=None),
        opens_at_eighteen=bool(missing) and staff.active and _opens_at_eighteen(found, grant, act.today),
        gets_in=reads(theirs, staff_actor(staff), act.today),
    )


def _opens_at_eighteen(found: Room, grant: Grant, today: date) -> bool:
    facts, birthday = found.facts, eighteenth_birthday(found.facts.birth_date)
    is_in_force = grant.last_day is None or birthday <= grant.last_day
    return today < birthday and is_in_force and not missing_consents(facts, grant.staff.unit_id, birthday)


def _after(day: date) -> date:
    return day + timedelta(days=1)
