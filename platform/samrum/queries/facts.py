"""The facts a decision needs, for one case or for many, in two queries."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Uuid, and_, bindparam, select
from sqlalchemy.orm import Session, aliased

from auth.policy import PARENTS, CaseFacts, Grant, Level, Parent, Recipient, Status
from auth.policy import Consent as ConsentFact
from samrum import models
from samrum.models import Case, CaseParent, Citizen, ConsentUnit, Document, Staff, Version
from samrum.models import Consent as ConsentRow
from samrum.plain import Plain, Prepared

# Asked at every request: the parts that never change are put together once, and rows of which only facts are needed
# come without the mapper.
_GRANT = aliased(models.Grant)
_OTHERS = (
    Staff.unit_id.label("owner_unit"),
    Staff.active.label("owner_active"),
    Citizen.birth_date,
    CaseParent.id.label("parent_id"),
    CaseParent.citizen_id.label("parent"),
    CaseParent.custody_holder,
    _GRANT.id.label("grant_id"),
    _GRANT.staff_id.label("granted_to"),
    _GRANT.level,
    _GRANT.last_day,
    _GRANT.revoked_at,
)
_PARENTS = CaseParent.case_id == Case.id
_OWN_GRANTS = and_(_GRANT.case_id == Case.id, _GRANT.staff_id == bindparam("viewer", type_=Uuid()))
_CASES = (
    select(Case, *_OTHERS)
    .join(Staff, Staff.id == Case.owner_id)
    .join(Citizen, Citizen.id == Case.youth_id)
    .outerjoin(CaseParent, _PARENTS)
    .outerjoin(_GRANT, _OWN_GRANTS)
)
_ONE_CASE = _CASES.where(Case.id == bindparam("case"))
_MANY_CASES = _CASES.with_only_columns(
    Case.id,
    Case.number,
    Case.youth_name,
    Case.organisation_id,
    Case.owner_id,
    Case.youth_id,
    Case.status,
    Case.youth_access,
    Case.parent_access,
    *_OTHERS,
    maintain_column_froms=True,
)
_LOCK = select(Case.id).where(Case.id == bindparam("case")).with_for_update()
_CONSENT_FACTS = select(
    ConsentRow.id,
    ConsentRow.case_id,
    ConsentRow.giver_id,
    ConsentRow.to_parents,
    ConsentRow.from_day,
    ConsentRow.until_day,
    ConsentRow.withdrawn_at,
    ConsentUnit.unit_id,
).outerjoin(ConsentUnit, ConsentUnit.consent_id == ConsentRow.id)
_CONSENTS = _CONSENT_FACTS.where(ConsentRow.case_id.in_(bindparam("cases", expanding=True)))
_CONSENTS_OF_ONE = Prepared(_CONSENT_FACTS.where(ConsentRow.case_id == bindparam("case")))


class KeyedCase(NamedTuple):
    """What it takes to open or seal what a case holds. ``number`` is what people call it by."""

    id: UUID
    organisation_id: UUID
    key_kek: str | None
    key_blob: bytes | None
    number: str


class VersionRow(NamedTuple):
    """What handing out a version needs to know of it."""

    id: UUID
    media_type: str
    size: int
    sealed_name: bytes
    wrapped_data_key: bytes


class _CaseRow(NamedTuple):
    """A row of the queries below: a case's own columns, which begin with those of ``KeyedCase``, and ``_OTHERS``."""

    id: UUID
    organisation_id: UUID
    key_kek: str | None
    key_blob: bytes | None
    number: str
    owner_id: UUID
    youth_id: UUID
    status: str
    youth_access: str
    parent_access: str
    owner_unit: UUID
    owner_active: bool
    birth_date: date | None
    parent_id: UUID | None
    parent: UUID | None
    custody_holder: bool | None
    grant_id: UUID | None
    granted_to: UUID | None
    level: str | None
    last_day: date | None
    revoked_at: datetime | None


_KEYED = (
    select(
        Case.id,
        Case.organisation_id,
        Case.key_kek,
        Case.key_blob,
        Case.number,
        Case.owner_id,
        Case.youth_id,
        Case.status,
        Case.youth_access,
        Case.parent_access,
        *_OTHERS,
    )
    .join(Staff, Staff.id == Case.owner_id)
    .join(Citizen, Citizen.id == Case.youth_id)
    .outerjoin(CaseParent, _PARENTS)
    .outerjoin(_GRANT, _OWN_GRANTS)
    .where(Case.id == bindparam("case"))
)
_CASE = Prepared(_KEYED)
_LOCK_FIRST = Prepared(_LOCK)
_VERSION = Prepared(
    _KEYED.add_columns(Version.id, Version.media_type, Version.size, Version.sealed_name, Version.wrapped_data_key)
    .outerjoin(Document, and_(Document.case_id == Case.id, Document.id == bindparam("document")))
    .outerjoin(Version, and_(Version.document_id == Document.id, Version.number == bindparam("number")))
)


@dataclass(frozen=True)
class Room:
    """A case's row, and the facts that decide about it for one viewer."""

    case: Case
    facts: CaseFacts


@dataclass(frozen=True)
class Listed:
    """A case as a list needs it: the facts that decide about it for one viewer, and what a line may say of it."""

    number: str
    youth_name: str
    facts: CaseFacts


def listed(session: Session, viewer: UUID | None, condition: ColumnElement[bool]) -> dict[UUID, Listed]:
    """The cases that meet ``condition``, by id; the ``grants`` among the facts are the viewer's."""
    connection = session.connection()
    rows: dict[UUID, Any] = {}
    others: dict[UUID, _Others] = {}
    for row in connection.execute(_MANY_CASES.where(condition), {"viewer": viewer}):
        rows[row.id] = row
        others.setdefault(row.id, _Others()).add(row)
    consents = _consents(connection.execute(_CONSENTS, {"cases": list(rows)})) if rows else {}
    return {
        key: Listed(row.number, row.youth_name, _facts(row, row, others[key], consents.get(key, [])))
        for key, row in rows.items()
    }


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
    rows = session.execute(query, {"viewer": viewer, "case": case_id}).all()
    if not rows:
        return None
    others = _Others()
    for row in rows:
        others.add(row)
    case = rows[0].Case
    consents = _consents(session.connection().execute(_CONSENTS, {"cases": [case_id]})).get(case_id, [])
    return Room(case, _facts(case, rows[0], others, consents))


def grant_fact(row: models.Grant) -> Grant:
    """What a decision needs of a grant."""
    return Grant(row.staff_id, Level(row.level), row.last_day, row.revoked_at is not None)


def case_and_facts(
    plain: Plain, viewer: UUID | None, case_id: UUID, *, lock: bool = False
) -> tuple[KeyedCase, CaseFacts] | None:
    """A case as far as its files need it, and the facts that decide about it for one viewer; ``lock`` as for a room."""
    if lock:
        plain.rows(_LOCK_FIRST, {"case": case_id})
    rows = plain.rows(_CASE, {"viewer": viewer, "case": case_id})
    return _with_facts(plain, rows) if rows else None


def version_and_facts(
    plain: Plain, viewer: UUID | None, case_id: UUID, document_id: UUID, number: int
) -> tuple[KeyedCase, CaseFacts, VersionRow | None] | None:
    """Likewise, with a version of the case's documents if there is that one."""
    rows = plain.rows(_VERSION, {"viewer": viewer, "case": case_id, "document": document_id, "number": number})
    if not rows:
        return None
    version = rows[0][len(_CaseRow._fields) :]
    is_there = version[0] is not None
    return *_with_facts(plain, rows), VersionRow._make(version) if is_there else None


def _with_facts(plain: Plain, rows: Sequence[Sequence[Any]]) -> tuple[KeyedCase, CaseFacts]:
    others = _Others()
    found = [_CaseRow._make(row[: len(_CaseRow._fields)]) for row in rows]
    for row in found:
        others.add(row)
    case = found[0]
    consents = _consents(plain.rows(_CONSENTS_OF_ONE, {"case": case.id})).get(case.id, [])
    return KeyedCase._make(case[: len(KeyedCase._fields)]), _facts(case, case, others, consents)


class _Others:
    """The parents of a case and the viewer's grants in it, each of which stands in several rows of a join."""

    def __init__(self) -> None:
        self.parents: dict[UUID, Parent] = {}
        self.grants: dict[UUID, Grant] = {}

    def add(self, row: Any) -> None:
        if row.parent_id is not None:
            self.parents[row.parent_id] = Parent(row.parent, row.custody_holder)
        if row.grant_id is not None:
            self.grants[row.grant_id] = Grant(
                row.granted_to, Level(row.level), row.last_day, row.revoked_at is not None
            )


def _facts(case: Any, row: Any, others: _Others, consents: list[ConsentFact]) -> CaseFacts:
    """``case`` has the columns of a case, ``row`` those of its owner and its youth."""
    if row.birth_date is None:
        raise ValueError("a youth without a birth date")
    return CaseFacts(
        owner=case.owner_id,
        owner_unit=row.owner_unit,
        organisation=case.organisation_id,
        youth=case.youth_id,
        birth_date=row.birth_date,
        status=Status(case.status),
        youth_access=Level(case.youth_access),
        parent_access=Level(case.parent_access),
        parents=tuple(others.parents.values()),
        grants=tuple(others.grants.values()),
        consents=tuple(consents),
        owner_has_left=not row.owner_active,
    )


def _consents(rows: Iterable[Sequence[Any]]) -> dict[UUID, list[ConsentFact]]:
    found: dict[UUID, tuple[Any, set[Recipient]]] = {}
    for key, *consent, unit in rows:
        if key not in found:
            found[key] = consent, set()
        if unit is not None:
            found[key][1].add(unit)
    facts: dict[UUID, list[ConsentFact]] = {}
    for (case_id, giver, to_parents, from_day, until_day, withdrawn_at), units in found.values():
        named = frozenset((*units, PARENTS) if to_parents else units)
        facts.setdefault(case_id, []).append(ConsentFact(giver, named, from_day, until_day, withdrawn_at is not None))
    return facts
