"""Opening a room, the people in it, the levels of youth and parents, closing and reopening."""

import secrets
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID, uuid4

from auth.policy import Action, Level, StaffActor, may_create_case
from samrum.cpr import Cpr
from samrum.models import Case, CaseParent
from samrum.queries.cases import case_of_youth, parents_of
from samrum.services import people
from samrum.services.audit import Event
from samrum.services.errors import Invalid, NotThere, Problem
from samrum.services.platform import Act, Caller, Platform

PLACEMENTS = ("home", "foster_family", "residential_home", "own_lodging", "boarding_school", "other")
YOUNGEST, OLDEST = 10, 30


@dataclass(frozen=True)
class NewParent:
    """A parent or guardian. Without a CPR number the person cannot log in and consents on paper."""

    name: str
    cpr: Cpr | None
    custody_holder: bool


@dataclass(frozen=True)
class MasterData:
    """Stamoplysninger that the owner may change. ``protected_address``: no parent is shown where the youth is."""

    youth_name: str
    coordinator: str
    placement: str
    trusted_adult: str = ""
    protected_address: bool = False


@dataclass(frozen=True)
class NewCase:
    data: MasterData
    cpr: Cpr
    parents: list[NewParent] = field(default_factory=list)
    youth_access: Level = Level.WRITE
    parent_access: Level = Level.NONE


def may_create(caller: Caller) -> bool:
    return may_create_case(caller.actor).allowed


def create_case(platform: Platform, caller: Caller, new: NewCase) -> UUID:
    """Open a room for a young person; the caller becomes its owner. Raises ``NotThere`` or ``Invalid``."""
    actor = caller.actor
    if not isinstance(actor, StaffActor) or not may_create(caller):
        raise NotThere
    with platform.act(caller) as act:
        if not YOUNGEST <= _age(new.cpr.birth_date, act.today) <= OLDEST:
            raise Invalid(Problem.YOUTH_AGE, "cpr")
        youth = people.citizen(platform, act, new.data.youth_name, new.cpr)
        act.session.refresh(youth, with_for_update=True)  # so that two at once do not open a room each
        if case_of_youth(act.session, actor.organisation, youth.id) is not None:
            raise Invalid(Problem.CASE_EXISTS, "cpr")
        case_id = uuid4()
        case_key = platform.vault.new_case_key(actor.organisation, case_id)
        case = Case(
            id=case_id,
            number=_new_number(),
            organisation_id=actor.organisation,
            owner_id=actor.id,
            youth_id=youth.id,
            youth_name=new.data.youth_name,
            coordinator=new.data.coordinator,
            placement=new.data.placement,
            trusted_adult=new.data.trusted_adult,
            protected_address=new.data.protected_address,
            youth_access=new.youth_access.value,
            parent_access=new.parent_access.value,
            created_at=act.now,
            key_blob=case_key.blob,
            key_kek=case_key.kek,
        )
        act.session.add(case)
        act.session.flush()
        act.log(Event.CASE_CREATED, case_id=case_id, detail=_levels(case))
        for index, parent in enumerate(new.parents):
            _add_parent(platform, act, case, parent, f"parents-{index}-cpr")
        act.result = case_id
        return case_id


def change_data(platform: Platform, caller: Caller, case_id: UUID, data: MasterData) -> None:
    with platform.act(caller) as act:
        case = act.require(case_id, Action.MANAGE, lock=True).case
        case.youth_name, case.coordinator = data.youth_name, data.coordinator
        case.placement, case.trusted_adult = data.placement, data.trusted_adult
        is_same = case.protected_address == data.protected_address
        case.protected_address = data.protected_address
        detail = {} if is_same else {"protected_address": data.protected_address}
        act.log(Event.CASE_CHANGED, case_id=case_id, detail=detail)


def set_levels(platform: Platform, caller: Caller, case_id: UUID, youth: Level, parents: Level) -> None:
    """Decide how far the files are open to the youth and to the parents."""
    with platform.act(caller) as act:
        case = act.require(case_id, Action.MANAGE, lock=True).case
        case.youth_access, case.parent_access = youth.value, parents.value
        act.log(Event.LEVELS_SET, case_id=case_id, detail=_levels(case))


def add_parent(platform: Platform, caller: Caller, case_id: UUID, parent: NewParent) -> None:
    with platform.act(caller) as act:
        _add_parent(platform, act, act.require(case_id, Action.MANAGE, lock=True).case, parent)


def set_custody(platform: Platform, caller: Caller, case_id: UUID, parent_id: UUID, custody_holder: bool) -> None:
    with platform.act(caller) as act:
        row = _parent(act, case_id, parent_id)
        row.custody_holder = custody_holder
        act.log(
            Event.PARENT_CHANGED, case_id=case_id, subject_id=row.citizen_id, detail={"custody_holder": custody_holder}
        )


def remove_parent(platform: Platform, caller: Caller, case_id: UUID, parent_id: UUID) -> None:
    """Take a parent off the case, as when the wrong person was entered. Consents given stay in the history."""
    with platform.act(caller) as act:
        row = _parent(act, case_id, parent_id)
        act.session.delete(row)
        act.log(Event.PARENT_CHANGED, case_id=case_id, subject_id=row.citizen_id, detail={"removed": True})


def close(platform: Platform, caller: Caller, case_id: UUID) -> None:
    with platform.act(caller) as act:
        case = act.require(case_id, Action.MANAGE, lock=True).case
        case.status, case.closed_at = "closed", act.now
        act.log(Event.CASE_CLOSED, case_id=case_id)


def reopen(platform: Platform, caller: Caller, case_id: UUID) -> None:
    with platform.act(caller) as act:
        case = act.require(case_id, Action.REOPEN, lock=True).case
        case.status, case.closed_at = "active", None
        act.log(Event.CASE_REOPENED, case_id=case_id)


def _add_parent(platform: Platform, act: Act, case: Case, new: NewParent, cpr_field: str = "cpr") -> None:
    citizen = people.citizen(platform, act, new.name, new.cpr)
    if citizen.id == case.youth_id:
        raise Invalid(Problem.PERSON_IN_TWO_ROLES, cpr_field)
    if any(row.citizen_id == citizen.id for row in parents_of(act.session, case.id)):
        raise Invalid(Problem.PARENT_CPR_TWICE, cpr_field)
    act.session.add(
        CaseParent(case_id=case.id, citizen_id=citizen.id, name=new.name, custody_holder=new.custody_holder)
    )
    act.session.flush()
    act.log(Event.PARENT_ADDED, case_id=case.id, subject_id=citizen.id, detail={"custody_holder": new.custody_holder})


def _parent(act: Act, case_id: UUID, parent_id: UUID) -> CaseParent:
    act.require(case_id, Action.MANAGE, lock=True)
    row = next((row for row in parents_of(act.session, case_id) if row.id == parent_id), None)
    if row is None:
        raise NotThere
    return row


def _levels(case: Case) -> dict[str, str | int | bool | None]:
    return {"youth_access": case.youth_access, "parent_access": case.parent_access}


def _new_number() -> str:
    """A neutral number: random, so that it tells neither who nor when nor how many."""
    letters = "".join(secrets.choice("23456789BCDFGHJKMNPQRSTVWXYZ") for _ in range(8))
    return f"{letters[:4]}-{letters[4:]}"


def _age(birth: date, today: date) -> int:
    return today.year - birth.year - ((today.month, today.day) < (birth.month, birth.day))
