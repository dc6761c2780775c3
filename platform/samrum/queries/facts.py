"""The facts a decision needs, for one case or for many, in two queries."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, Executable, Uuid, and_, bindparam, select
from sqlalchemy.orm import Session, aliased, joinedload

from auth.policy import PARENTS, CaseFacts, Grant, Level, Parent, Recipient, Status
from auth.policy import Consent as ConsentFact
from samrum import models
from samrum.models import Case, CaseParent, ConsentUnit
from samrum.models import Consent as ConsentRow

# Asked at every request: the parts that never change are put together once.
_GRANT = aliased(models.Grant)
_CASES = (
    select(Case, CaseParent, _GRANT)
    .outerjoin(CaseParent, CaseParent.case_id == Case.id)
    .outerjoin(_GRANT, and_(_GRANT.case_id == Case.id, _GRANT.staff_id == bindparam("viewer", type_=Uuid())))
    .options(joinedload(Case.owner), joinedload(Case.youth))
)
_ONE_CASE = _CASES.where(Case.id == bindparam("case"))
_LOCK = select(Case.id).where(Case.id == bindparam("case")).with_for_update()
_CONSENTS = (
    select(ConsentRow, ConsentUnit.unit_id)
    .outerjoin(ConsentUnit, ConsentUnit.consent_id == ConsentRow.id)
    .where(ConsentRow.case_id.in_(bindparam("cases", expanding=True)))
)


@dataclass(frozen=True)
class Room:
    """A case's row, with owner and youth loaded, and the facts that decide about it for one viewer."""

    case: Case
    facts: CaseFacts


def rooms(session: Session, viewer: UUID | None, condition: ColumnElement[bool]) -> dict[UUID, Room]:
    """The cases that meet ``condition``, each with its facts; ``grants`` are the viewer's own only."""
    return _rooms(session, _CASES.where(condition), {"viewer": viewer})


def room(session: Session, viewer: UUID | None, case_id: UUID, *, lock: bool = False) -> Room | None:
    """One case with its facts, or None.

    ``lock`` holds the case row until the transaction ends, so that nobody changes the facts of a decision under way.
    """
    query = _ONE_CASE
    if lock:
        # In a statement of its own: PostgreSQL reads again, once it has the lock, the locked row alone, and would join
        # to it the grants and parents of before the wait.
        session.execute(_LOCK, {"case": case_id})
        query = query.execution_options(populate_existing=True)
    return _rooms(session, query, {"viewer": viewer, "case": case_id}).get(case_id)


def _rooms(session: Session, query: Executable, values: dict[str, UUID | None]) -> dict[UUID, Room]:
    cases: dict[UUID, Case] = {}
    parents: dict[UUID, dict[UUID, Parent]] = {}
    grants: dict[UUID, dict[UUID, Grant]] = {}
    for case, parent, given in session.execute(query, values):
        cases[case.id] = case
        if parent is not None:
            parents.setdefault(case.id, {})[parent.id] = Parent(parent.citizen_id, parent.custody_holder)
        if given is not None:
            grants.setdefault(case.id, {})[given.id] = Grant(
                given.staff_id, Level(given.level), given.last_day, given.revoked_at is not None
            )
    consents = _consents(session, cases) if cases else {}
    return {
        key: Room(
            case,
            CaseFacts(
                owner=case.owner_id,
                owner_unit=case.owner.unit_id,
                organisation=case.organisation_id,
                youth=case.youth_id,
                birth_date=_known(case),
                status=Status(case.status),
                youth_access=Level(case.youth_access),
                parent_access=Level(case.parent_access),
                parents=tuple(parents.get(key, {}).values()),
                grants=tuple(grants.get(key, {}).values()),
                consents=tuple(consents.get(key, ())),
                owner_has_left=not case.owner.active,
            ),
        )
        for key, case in cases.items()
    }


def _known(case: Case) -> date:
    birth_date = case.youth.birth_date
    if birth_date is None:
        raise ValueError("a youth without a birth date")
    return birth_date


def _consents(session: Session, case_ids: Iterable[UUID]) -> dict[UUID, list[ConsentFact]]:
    found: dict[UUID, ConsentRow] = {}
    recipients: dict[UUID, set[Recipient]] = {}
    for consent, unit_id in session.execute(_CONSENTS, {"cases": list(case_ids)}):
        found[consent.id] = consent
        named = recipients.setdefault(consent.id, {PARENTS} if consent.to_parents else set())
        if unit_id is not None:
            named.add(unit_id)
    facts: dict[UUID, list[ConsentFact]] = {}
    for key, consent in found.items():
        facts.setdefault(consent.case_id, []).append(
            ConsentFact(
                consent.giver_id,
                frozenset(recipients[key]),
                consent.from_day,
                consent.until_day,
                consent.withdrawn_at is not None,
            )
        )
    return facts
