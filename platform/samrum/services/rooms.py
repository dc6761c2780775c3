"""What the pages of a room show: my rooms, one room, who may see what, and the log."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from auth.age import eighteenth_birthday, is_minor_for_consent, parents_access_ends
from auth.policy import (
    PARENTS,
    Action,
    Decision,
    Missing,
    Reason,
    Recipient,
    Sight,
    decide,
    missing_consents,
)
from samrum.models import AuditRow, Case, CaseParent, Consent, Grant
from samrum.queries import audit as audit_queries
from samrum.queries import cases as case_queries
from samrum.queries import people as people_queries
from samrum.queries.facts import Room, rooms
from samrum.services import consents
from samrum.services.audit import Event
from samrum.services.consents import Choice
from samrum.services.documents import VersionView, list_documents
from samrum.services.errors import Denied, NotThere
from samrum.services.platform import Act, Caller, Platform


@dataclass(frozen=True)
class RoomLine:
    """A line of "my rooms". Without a name where the viewer may only know the number."""

    id: UUID
    number: str
    name: str | None
    is_closed: bool
    reason: Reason
    may_read: bool


@dataclass(frozen=True)
class TeamMember:
    """A member of staff in the room: the owner, or someone with a grant."""

    grant_id: UUID | None
    staff_id: UUID
    name: str
    unit: str
    level: str
    last_day: date | None
    is_owner: bool
    is_active: bool
    has_run_out: bool
    missing: Missing
    until: date | None

    @property
    def gets_in(self) -> bool:
        return self.is_active and not self.has_run_out and not self.missing


@dataclass(frozen=True)
class ParentLine:
    """A parent in the room."""

    id: UUID
    citizen_id: UUID
    name: str
    custody_holder: bool
    can_log_in: bool


@dataclass(frozen=True)
class ConsentLine:
    """A consent, running or not."""

    id: UUID
    giver: str
    giver_id: UUID
    recipients: list[str]
    to_parents: bool
    kinds: list[str]
    purpose: str
    from_day: date
    until_day: date
    method: str
    given_at: datetime
    withdrawn_at: datetime | None
    is_in_force: bool
    scan_document: UUID | None


@dataclass(frozen=True)
class RoomView:
    """One room, as far as its viewer may see it."""

    id: UUID
    number: str
    youth_name: str
    birth_date: date
    cpr_masked: str
    is_minor: bool
    eighteenth_birthday: date
    parents_access_ends: date
    is_closed: bool
    youth_access: str
    parent_access: str
    coordinator: str
    placement: str
    trusted_adult: str
    owner: str
    read: Decision
    write: Decision
    manage: Decision
    reopen: Decision
    give_consent: Decision
    see_log: Decision
    is_youth: bool
    documents: list[VersionView]
    team: list[TeamMember]
    parents: list[ParentLine]
    parents_missing: Missing
    consents: list[ConsentLine]
    choice: Choice
    names: dict[UUID, str]


def my_rooms(platform: Platform, caller: Caller) -> list[RoomLine]:
    """The rooms that the caller may know of, in three queries however many there are."""
    if caller.actor is None:
        return []
    with platform.act(caller) as act:
        found = rooms(act.session, caller.id, case_queries.attached(caller.actor, act.today))
        lines = [line for room in found.values() if (line := _line(act, caller, room))]
    return sorted(lines, key=lambda line: (line.is_closed, line.name is None, (line.name or line.number).casefold()))


def show(platform: Platform, caller: Caller, case_id: UUID) -> RoomView:
    """The room's page: the case, its people, consents and documents, as far as the caller may see. Logged.

    Raises ``NotThere`` or ``Denied``. A parent sees own consents, and the files where those are open.
    """
    with platform.act(caller) as act:
        found = act.require(case_id, Action.SEE_NUMBER)
        sees_all = act.decide(Action.SEE_CASE, found.facts)
        is_parent = act.decide(Action.SEE_OWN_CONSENT, found.facts).allowed
        if not sees_all.allowed and not is_parent:
            raise Denied(sees_all, case_id, found.case.number)
        view = _view(platform, act, found, sees_all=sees_all.allowed)
        act.log(Event.CASE_VIEWED, case_id=case_id)
        return view


@dataclass(frozen=True)
class LogLine:
    """A row of the log in the words its reader needs: who, what, when, and about whom or which document."""

    sequence: int
    at: datetime
    action: str
    who: str
    unit: str
    is_me: bool
    reason: str | None
    subject: str
    document_id: UUID | None
    detail: dict[str, str | int | bool | None]


def show_log(platform: Platform, caller: Caller, case_id: UUID, *, before: int | None = None) -> list[LogLine]:
    """Who has opened and done what in the room, the newest first, fifty at a time."""
    with platform.act(caller) as act:
        found = act.require(case_id, Action.SEE_LOG)
        rows = audit_queries.rows_of_case(act.session, case_id, before=before, limit=50)
        names = _names(found.case, case_queries.parents_of(act.session, case_id))
        ids = {row.actor_id for row in rows} | {row.subject_id for row in rows}
        staff = people_queries.staff_by_id(act.session, [key for key in ids if key is not None])
        units = {key: person.unit.name for key, person in staff.items()}
        names.update((key, person.name) for key, person in staff.items())
        if before is None:
            act.log(Event.LOG_VIEWED, case_id=case_id)
        return [_log_line(row, caller, names, units) for row in rows]


def _log_line(row: AuditRow, caller: Caller, names: dict[UUID, str], units: dict[UUID, str]) -> LogLine:
    return LogLine(
        row.sequence,
        row.at,
        row.action,
        names.get(row.actor_id, "") if row.actor_id else "",
        units.get(row.actor_id, "") if row.actor_id else "",
        row.actor_id == caller.id,
        row.reason,
        names.get(row.subject_id, "") if row.subject_id else "",
        row.document_id,
        row.detail,
    )


def _line(act: Act, caller: Caller, room: Room) -> RoomLine | None:
    known = decide(caller.actor, Action.SEE_NUMBER, room.facts, act.today)
    if not known.allowed:
        return None
    case = room.case
    name = case.youth_name if known.sight >= Sight.OWN_CONSENT else None
    read = decide(caller.actor, Action.READ_FILES, room.facts, act.today)
    return RoomLine(case.id, case.number, name, case.status == "closed", read.reason, read.allowed)


def _view(platform: Platform, act: Act, found: Room, *, sees_all: bool) -> RoomView:
    case, facts, today = found.case, found.facts, act.today
    parents = case_queries.parents_of(act.session, case.id)
    names = _names(case, parents)
    given = case_queries.consents_of(act.session, case.id)
    read = act.decide(Action.READ_FILES, facts)
    manage = act.decide(Action.MANAGE, facts)
    give = act.decide(Action.GIVE_CONSENT, facts)
    is_owner = act.caller.id == case.owner_id
    own = [row for row in given if row.giver_id == act.caller.id]
    if case.youth.sealed_cpr is None or case.youth.birth_date is None:
        raise NotThere
    return RoomView(
        id=case.id,
        number=case.number,
        youth_name=case.youth_name,
        birth_date=facts.birth_date,
        cpr_masked=platform.fields.open_cpr(case.youth.sealed_cpr).masked if is_owner else "",
        is_minor=is_minor_for_consent(facts.birth_date, today),
        eighteenth_birthday=eighteenth_birthday(facts.birth_date),
        parents_access_ends=parents_access_ends(facts.birth_date),
        is_closed=case.status == "closed",
        youth_access=case.youth_access,
        parent_access=case.parent_access,
        coordinator=case.coordinator if sees_all else "",
        placement=case.placement if sees_all else "",
        trusted_adult=case.trusted_adult if sees_all else "",
        owner=case.owner.name,
        read=read,
        write=act.decide(Action.WRITE_FILES, facts),
        manage=manage,
        reopen=act.decide(Action.REOPEN, facts),
        give_consent=give,
        see_log=act.decide(Action.SEE_LOG, facts),
        is_youth=act.caller.id == case.youth_id,
        documents=list_documents(platform, act, found) if read.allowed else [],
        team=_team(act, found) if sees_all else [],
        parents=[_parent_line(row) for row in parents] if sees_all else [],
        parents_missing=missing_consents(facts, PARENTS, today),
        consents=[_consent_line(row, names, today) for row in (given if sees_all else own)],
        choice=consents.choices(act, case) if give.allowed or manage.allowed else Choice([], []),
        names=names if sees_all else {},
    )


def _names(case: Case, parents: list[CaseParent]) -> dict[UUID, str]:
    """The citizens of a case by id, as the case names them."""
    return {case.youth_id: case.youth_name} | {row.citizen_id: row.name for row in parents}


def _team(act: Act, found: Room) -> list[TeamMember]:
    case = found.case
    owner = people_queries.staff_by_id(act.session, [case.owner_id])[case.owner_id]
    first = TeamMember(
        None, owner.id, owner.name, owner.unit.name, "write", None,
        is_owner=True, is_active=owner.active, has_run_out=False, missing=Missing(), until=None,
    )  # fmt: skip
    return [first, *(_member(act, found, grant) for grant in case_queries.grants_of(act.session, case.id))]


def _member(act: Act, found: Room, grant: Grant) -> TeamMember:
    staff = grant.staff
    missing = missing_consents(found.facts, staff.unit_id, act.today)
    return TeamMember(
        grant.id,
        staff.id,
        staff.name,
        f"{staff.unit.name}, {staff.unit.organisation.name}",
        grant.level,
        grant.last_day,
        is_owner=False,
        is_active=staff.active,
        has_run_out=grant.last_day is not None and grant.last_day < act.today,
        missing=missing,
        until=None if missing else _until(found, staff.unit_id, act.today, grant.last_day),
    )


def _until(found: Room, recipient: Recipient, today: date, last_day: date | None) -> date | None:
    """The last day on which a covered recipient still gets in, as things stand today."""
    ends = [last_day] if last_day is not None else []
    running = [
        consent for consent in found.facts.consents if consent.in_force(today) and recipient in consent.recipients
    ]
    ends.extend(
        max(consent.until_day for consent in running if consent.giver == giver)
        for giver in {consent.giver for consent in running}
    )
    return min(ends) if ends else None


def _parent_line(row: CaseParent) -> ParentLine:
    return ParentLine(row.id, row.citizen_id, row.name, row.custody_holder, row.citizen.cpr_index is not None)


def _consent_line(row: Consent, names: dict[UUID, str], today: date) -> ConsentLine:
    return ConsentLine(
        id=row.id,
        giver=names.get(row.giver_id, row.giver.name),
        giver_id=row.giver_id,
        recipients=[unit.name for unit in row.units],
        to_parents=row.to_parents,
        kinds=row.kinds.split(",") if row.kinds else [],
        purpose=row.purpose,
        from_day=row.from_day,
        until_day=row.until_day,
        method=row.method,
        given_at=row.given_at,
        withdrawn_at=row.withdrawn_at,
        is_in_force=row.withdrawn_at is None and row.from_day <= today <= row.until_day,
        scan_document=row.scan.document_id if row.scan else None,
    )
