"""What the pages of a room show: my rooms, one room, who may see what."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from auth.age import eighteenth_birthday, is_minor_for_consent, parents_access_ends
from auth.policy import (
    PARENTS,
    Action,
    CitizenActor,
    Decision,
    Missing,
    Reason,
    Sight,
    Status,
    decide,
    missing_consents,
)
from samrum.queries import cases as case_queries
from samrum.queries.facts import Listed, Room, listed
from samrum.services import consents
from samrum.services.audit import Event
from samrum.services.consents import Choice
from samrum.services.documents import VersionView, list_documents
from samrum.services.errors import Denied, NotThere
from samrum.services.naming import naming
from samrum.services.platform import Act, Caller, Platform
from samrum.services.room_parts import (
    ConsentLine,
    ParentLine,
    TeamMember,
    citizen_names,
    consent_line,
    parent_line,
    parents_until,
    reads,
    team,
)

FILES_PER_PAGE = 50


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
class RoomView:
    """One room, as far as its viewer may see it.

    ``older`` is where the next page of documents begins. ``parents_until`` is the last day on which the parents get in,
    when they do today. ``answered`` has whom the viewer's own consents cover today (a unit's id, or ``parents``), and
    until when. ``youth_gets_in``: the youth may read the files. ``hides_names``: units are shown without their names.
    """

    id: UUID
    number: str
    youth_id: UUID
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
    today: date
    sees_all: bool
    read: Decision
    write: Decision
    manage: Decision
    reopen: Decision
    give_consent: Decision
    withdraw_consent: Decision
    see_log: Decision
    is_youth: bool
    documents: list[VersionView]
    older: tuple[datetime, UUID] | None
    team: list[TeamMember]
    parents: list[ParentLine]
    parents_missing: Missing
    parents_until: date | None
    youth_gets_in: bool
    consents: list[ConsentLine]
    choice: Choice
    answered: dict[str, date]
    names: dict[UUID, str]
    protected_address: bool
    hides_names: bool
    files_erased: bool


def my_rooms(platform: Platform, caller: Caller) -> list[RoomLine]:
    """The rooms that the caller may know of, in two queries however many there are."""
    if caller.actor is None:
        return []
    with platform.act(caller, writes=False) as act:
        found = listed(act.session, caller.id, case_queries.attached(caller.actor, act.today))
        lines = [line for key, case in found.items() if (line := _line(act, caller, key, case))]
    return sorted(lines, key=lambda line: (line.is_closed, line.name is None, (line.name or line.number).casefold()))


def show(platform: Platform, caller: Caller, case_id: UUID, *, before: tuple[datetime, UUID] | None = None) -> RoomView:
    """The room's page: the case, its people, consents and documents, as far as the caller may see. Logged.

    Raises ``NotThere`` or ``Denied``. A parent sees own consents, and the files where those are open.
    """
    with platform.act(caller) as act:
        found = act.require(case_id, Action.SEE_NUMBER)
        sees_all = act.decide(Action.SEE_CASE, found.facts)
        if not sees_all.allowed and not act.decide(Action.SEE_OWN_CONSENT, found.facts).allowed:
            raise Denied(sees_all, case_id, found.case.number)
        documents: list[VersionView] = []
        if found.case.key_blob is not None and act.decide(Action.READ_FILES, found.facts).allowed:
            documents = list_documents(platform, act, found, before=before, limit=FILES_PER_PAGE + 1)
        act.log(Event.CASE_VIEWED, case_id=case_id)
        return _view(platform, act, found, documents)


def look(platform: Platform, caller: Caller, case_id: UUID, action: Action) -> RoomView:
    """The room without its documents, for a page on which the caller is about to do ``action``. Logged as a view.

    Looking does not use up the caller's form. Raises ``NotThere`` or ``Denied``.
    """
    with platform.act(replace(caller, once=None)) as act:
        found = act.require(case_id, action)
        if act.decide(Action.SEE_NUMBER, found.facts).sight < Sight.OWN_CONSENT:
            raise NotThere
        act.log(Event.CASE_VIEWED, case_id=case_id)
        return _view(platform, act, found, [])


def number_of(platform: Platform, caller: Caller, case_id: UUID, action: Action) -> str:
    """The room's neutral number, for somebody who may do ``action``. Raises ``NotThere`` or ``Denied``."""
    with platform.act(replace(caller, once=None)) as act:
        return act.require(case_id, action).case.number


def _line(act: Act, caller: Caller, key: UUID, case: Listed) -> RoomLine | None:
    known = decide(caller.actor, Action.SEE_NUMBER, case.facts, act.today)
    if not known.allowed:
        return None
    name = case.youth_name if known.sight >= Sight.OWN_CONSENT else None
    read = decide(caller.actor, Action.READ_FILES, case.facts, act.today)
    return RoomLine(key, case.number, name, case.facts.status is Status.CLOSED, read.reason, read.allowed)


def _view(platform: Platform, act: Act, found: Room, documents: list[VersionView]) -> RoomView:
    case, facts, today = found.case, found.facts, act.today
    if case.youth.sealed_cpr is None:
        raise NotThere
    sees_all = act.decide(Action.SEE_CASE, facts).allowed
    parents = case_queries.parents_of(act.session, case.id)
    names = citizen_names(case, parents)
    shown_as = naming(act, case)
    lines = [consent_line(row, names, shown_as, today) for row in case_queries.consents_of(act.session, case.id)]
    own = [line for line in lines if line.giver_id == act.caller.id]
    manage = act.decide(Action.MANAGE, facts)
    give = act.decide(Action.GIVE_CONSENT, facts)
    access_ends = parents_access_ends(facts.birth_date)
    parents_missing = missing_consents(facts, PARENTS, today)
    shown = documents[:FILES_PER_PAGE]
    return RoomView(
        id=case.id,
        number=case.number,
        youth_id=case.youth_id,
        youth_name=case.youth_name,
        birth_date=facts.birth_date,
        cpr_masked=platform.fields.open_cpr(case.youth.sealed_cpr).masked if act.caller.id == case.owner_id else "",
        is_minor=is_minor_for_consent(facts.birth_date, today),
        eighteenth_birthday=eighteenth_birthday(facts.birth_date),
        parents_access_ends=access_ends,
        is_closed=case.status == "closed",
        youth_access=case.youth_access,
        parent_access=case.parent_access,
        coordinator=case.coordinator if sees_all else "",
        placement=case.placement if sees_all else "",
        trusted_adult=case.trusted_adult if sees_all else "",
        owner=case.owner.name,
        today=today,
        sees_all=sees_all,
        read=act.decide(Action.READ_FILES, facts),
        write=act.decide(Action.WRITE_FILES, facts),
        manage=manage,
        reopen=act.decide(Action.REOPEN, facts),
        give_consent=give,
        withdraw_consent=act.decide(Action.WITHDRAW_CONSENT, facts),
        see_log=act.decide(Action.SEE_LOG, facts),
        is_youth=act.caller.id == case.youth_id,
        documents=shown,
        older=(shown[-1].created_at, shown[-1].document_id) if len(documents) > len(shown) else None,
        team=team(act, found) if sees_all else [],
        parents=[parent_line(row, facts, today) for row in parents] if sees_all else [],
        parents_missing=parents_missing,
        parents_until=None if parents_missing else parents_until(facts, access_ends, today),
        youth_gets_in=reads(facts, CitizenActor(case.youth_id, case.youth.active), today),
        consents=lines if sees_all else own,
        choice=consents.choices(act, case) if give.allowed or manage.allowed else Choice([], []),
        answered=_answered(own),
        names=names if sees_all else {},
        protected_address=case.protected_address and sees_all,
        hides_names=shown_as.neutral is not None,
        files_erased=case.key_blob is None,
    )


def _answered(own: list[ConsentLine]) -> dict[str, date]:
    until: dict[str, date] = {}
    for line in own:
        if line.status == "in_force":
            for key in [*map(str, line.unit_ids), *([PARENTS.value] if line.to_parents else [])]:
                until[key] = max(line.until_day, until.get(key, line.until_day))
    return until
