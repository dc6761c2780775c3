"""Random small municipalities, written into a database: what the lists find there is held against the policy.

A municipality is made of values first (actors, case facts), and its rows are made from those, so that the database is
the only thing between the facts it was built from and the facts that are read back.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, delete, insert

from auth.policy import (
    PARENTS,
    Actor,
    CaseFacts,
    CitizenActor,
    Consent,
    Grant,
    Level,
    Parent,
    Recipient,
    StaffActor,
    Status,
)
from samrum import models

DAY = timedelta(days=1)
LONG_AGO = datetime(2024, 1, 1, tzinfo=UTC)
# Birthdays whose 18th falls on or beside a leap day, a night when the clocks change, or the turn of the year.
BIRTHS = [
    date(2008, 2, 28),
    date(2008, 2, 29),
    date(2008, 3, 1),
    date(2008, 3, 29),
    date(2008, 10, 25),
    date(2008, 6, 15),
    date(2010, 2, 28),
    date(2010, 3, 1),
    date(2007, 12, 31),
    date(2001, 1, 1),
]
# Moments with the day that a Danish calendar on the wall shows, looked up and not computed.
MOMENTS = [
    (datetime(2025, 12, 30, 22, 59, 59, 999999, UTC), date(2025, 12, 30)),
    (datetime(2025, 12, 30, 23, 0, tzinfo=UTC), date(2025, 12, 31)),
    (datetime(2026, 2, 26, 23, 0, tzinfo=UTC), date(2026, 2, 27)),
    (datetime(2026, 2, 27, 22, 59, 59, 999999, UTC), date(2026, 2, 27)),
    (datetime(2026, 2, 27, 23, 0, tzinfo=UTC), date(2026, 2, 28)),
    (datetime(2026, 2, 28, 22, 59, 59, 999999, UTC), date(2026, 2, 28)),
    (datetime(2026, 2, 28, 23, 0, tzinfo=UTC), date(2026, 3, 1)),
    (datetime(2026, 3, 28, 22, 59, 59, 999999, UTC), date(2026, 3, 28)),
    (datetime(2026, 3, 28, 23, 0, tzinfo=UTC), date(2026, 3, 29)),  # the clocks go forward at 02:00 ...
    (datetime(2026, 3, 29, 1, 0, tzinfo=UTC), date(2026, 3, 29)),
    (datetime(2026, 3, 29, 21, 59, 59, 999999, UTC), date(2026, 3, 29)),
    (datetime(2026, 3, 29, 22, 0, tzinfo=UTC), date(2026, 3, 30)),  # ... so that the day had 23 hours
    (datetime(2026, 6, 14, 21, 59, 59, 999999, UTC), date(2026, 6, 14)),
    (datetime(2026, 6, 14, 22, 0, tzinfo=UTC), date(2026, 6, 15)),
    (datetime(2026, 10, 24, 21, 59, 59, 999999, UTC), date(2026, 10, 24)),
    (datetime(2026, 10, 24, 22, 0, tzinfo=UTC), date(2026, 10, 25)),  # the clocks go back at 03:00 ...
    (datetime(2026, 10, 25, 1, 30, tzinfo=UTC), date(2026, 10, 25)),
    (datetime(2026, 10, 25, 22, 59, 59, 999999, UTC), date(2026, 10, 25)),
    (datetime(2026, 10, 25, 23, 0, tzinfo=UTC), date(2026, 10, 26)),  # ... so that the day had 25 hours
    (datetime(2028, 2, 28, 12, 0, tzinfo=UTC), date(2028, 2, 28)),
    (datetime(2028, 2, 29, 12, 0, tzinfo=UTC), date(2028, 2, 29)),
    (datetime(2028, 3, 1, 12, 0, tzinfo=UTC), date(2028, 3, 1)),
]
_TABLES: list[type[models.Base]] = [
    models.Organisation,
    models.Unit,
    models.Staff,
    models.Citizen,
    models.Case,
    models.CaseParent,
    models.Grant,
    models.Consent,
    models.ConsentUnit,
]
_DAYS = sorted({day for _, day in MOMENTS})


@dataclass(frozen=True)
class Municipality:
    """Actors, cases by id with all their facts, and each citizen's birth date."""

    staff: list[StaffActor]
    citizens: list[CitizenActor]
    births: dict[UUID, date | None]
    cases: dict[UUID, CaseFacts]

    @property
    def actors(self) -> list[Actor]:
        """Everybody, and somebody whom the database does not know."""
        nobody = UUID(int=1)
        return [*self.staff, *self.citizens, StaffActor(nobody, nobody, nobody), CitizenActor(nobody)]

    @staticmethod
    def number(case_id: UUID) -> str:
        return f"N{case_id.hex[:12]}"

    def facts_for(self, viewer: UUID | None, case_id: UUID) -> CaseFacts:
        """What the queries read of a case: its grants are the viewer's only."""
        facts = self.cases[case_id]
        return replace(facts, grants=tuple(grant for grant in facts.grants if grant.staff == viewer))


def make(dice: random.Random, *, cases: int = 24, staff: int = 14, citizens: int = 14) -> Municipality:
    """A municipality with its suppliers: so few people and units that every tie comes up often."""

    def new_id() -> UUID:
        return UUID(int=dice.getrandbits(128), version=4)

    units = [(new_id(), organisation) for organisation in (new_id(), new_id()) for _ in range(2)]
    professionals = [_professional(dice, new_id(), *dice.choice(units)) for _ in range(staff)]
    # One id stands for a colleague and for a citizen: nothing may take the one for the other.
    people = [CitizenActor(professionals[0].id), *(CitizenActor(new_id(), _mostly(dice)) for _ in range(citizens - 1))]
    # A parent without a CPR number has no birth date here, and is nobody's young person.
    births = {person.id: dice.choice(BIRTHS) if number < citizens - 3 else None for number, person in enumerate(people)}
    pairs = [(owner, youth) for owner in professionals for youth in people if births[youth.id] is not None]
    dice.shuffle(pairs)
    one_each = {(owner.organisation, youth.id): owner for owner, youth in pairs}
    made = {}
    for (organisation, youth), owner in list(one_each.items())[:cases]:
        birth = births[youth]
        assert birth is not None
        made[new_id()] = _facts(dice, owner, youth, birth, organisation, professionals, people, [u for u, _ in units])
    return Municipality(professionals, people, births, made)


def _mostly(dice: random.Random) -> bool:
    return dice.random() < 0.85


def _professional(dice: random.Random, key: UUID, unit: UUID, organisation: UUID) -> StaffActor:
    role = dice.choice(("", "", "", "", "", "administrator", "auditor", "both"))
    return StaffActor(
        key,
        unit,
        organisation,
        active=_mostly(dice),
        case_creator=dice.random() < 0.5,
        administrator=role in ("administrator", "both"),
        auditor=role in ("auditor", "both"),
    )


def _facts(
    dice: random.Random,
    owner: StaffActor,
    youth: UUID,
    birth: date,
    organisation: UUID,
    staff: list[StaffActor],
    people: list[CitizenActor],
    units: list[UUID],
) -> CaseFacts:
    parents = tuple(Parent(person.id, dice.random() < 0.6) for person in dice.sample(people, dice.randrange(4)))
    givers = [youth, *(parent.citizen for parent in parents), *(dice.choice(people).id for _ in range(2))]
    return CaseFacts(
        owner=owner.id,
        owner_unit=owner.unit,
        organisation=organisation,
        youth=youth,
        birth_date=birth,
        status=dice.choice((Status.ACTIVE, Status.ACTIVE, Status.CLOSED)),
        youth_access=dice.choice(list(Level)),
        parent_access=dice.choice(list(Level)),
        parents=parents,
        grants=tuple(grant for person in dice.sample(staff, 6) for grant in _grants(dice, person.id)),
        consents=tuple(
            _consent(dice, giver, [*units, PARENTS]) for giver in givers for _ in range(dice.choice((0, 1, 1, 1, 2)))
        ),
        owner_has_left=not owner.active,
    )


def _grants(dice: random.Random, staff: UUID) -> list[Grant]:
    """Somebody's grants over time: any number taken back, and at most one that was not."""

    def one(*, revoked: bool) -> Grant:
        last_day = dice.choice((None, dice.choice(_DAYS), dice.choice(_DAYS) + dice.choice((-1, 1)) * DAY))
        return Grant(staff, dice.choice((Level.READ, Level.WRITE)), last_day, revoked)

    former = [one(revoked=True) for _ in range(dice.choice((0, 0, 1, 2)))]
    return [*former, one(revoked=False)] if dice.random() < 0.75 else former


def _consent(dice: random.Random, giver: UUID, recipients: list[Recipient]) -> Consent:
    from_day, until_day = date(2025, 6, 1), date(2028, 12, 31)
    if dice.random() < 0.4:
        from_day = dice.choice(_DAYS) + dice.choice((-30, -1, 0, 1)) * DAY
        until_day = from_day + dice.choice((0, 1, 28, 365)) * DAY
    named = frozenset(recipient for recipient in recipients if dice.random() < 0.8)
    return Consent(giver, named, from_day, until_day, dice.random() < 0.1)


def clear(connection: Connection) -> None:
    """Take every municipality out of the database again."""
    for table in reversed(_TABLES):
        connection.execute(delete(table))


def write(connection: Connection, town: Municipality) -> None:
    """Write the municipality into a migrated database, beside those that are there already."""
    new_id = _counter(min(person.id for person in town.staff))
    staff = {person.id: person for person in town.staff}
    organisations = {person.organisation for person in town.staff}
    units = {person.unit: person.organisation for person in town.staff}
    named = {unit for facts in town.cases.values() for consent in facts.consents for unit in consent.recipients}
    for unit in named - {PARENTS} - units.keys():
        assert isinstance(unit, UUID)
        units[unit] = min(organisations)
    rows: dict[Any, list[dict[str, object]]] = {
        models.Organisation: [{"id": key, "name": str(key)} for key in organisations],
        models.Unit: [{"id": key, "organisation_id": home, "name": str(key)} for key, home in units.items()],
        models.Staff: [
            {
                "id": person.id,
                "unit_id": person.unit,
                "name": "Fagperson",
                "email": f"{person.id}@test.dk",
                "case_creator": person.case_creator,
                "administrator": person.administrator,
                "auditor": person.auditor,
                "active": person.active,
                "created_at": LONG_AGO,
            }
            for person in staff.values()
        ],
        models.Citizen: [
            {"id": person.id, "name": "Borger", "birth_date": town.births[person.id], "active": person.active}
            for person in town.citizens
        ],
        models.Case: [_case(town, key) for key in town.cases],
        models.CaseParent: [
            {"id": new_id(), "case_id": key, "citizen_id": parent.citizen, "name": "Forælder",
             "custody_holder": parent.custody_holder}
            for key, facts in town.cases.items()
            for parent in facts.parents
        ],
        models.Grant: [
            {"id": new_id(), "case_id": key, "staff_id": grant.staff, "level": grant.level.value,
             "last_day": grant.last_day, "granted_by": facts.owner, "granted_at": LONG_AGO,
             "revoked_by": facts.owner if grant.revoked else None, "revoked_at": LONG_AGO if grant.revoked else None}
            for key, facts in town.cases.items()
            for grant in facts.grants
        ],
        models.Consent: [],
        models.ConsentUnit: [],
    }  # fmt: skip
    for key, facts in town.cases.items():
        for consent in facts.consents:
            consent_id = new_id()
            rows[models.Consent].append(_consent_row(consent_id, key, consent))
            rows[models.ConsentUnit].extend(
                {"consent_id": consent_id, "unit_id": unit} for unit in consent.recipients if unit is not PARENTS
            )
    for table in _TABLES:
        if rows[table]:
            connection.execute(insert(table), rows[table])


def _case(town: Municipality, key: UUID) -> dict[str, object]:
    facts = town.cases[key]
    return {
        "id": key,
        "number": town.number(key),
        "organisation_id": facts.organisation,
        "owner_id": facts.owner,
        "youth_id": facts.youth,
        "youth_name": f"Ung {town.number(key)}",
        "status": facts.status.value,
        "youth_access": facts.youth_access.value,
        "parent_access": facts.parent_access.value,
        "coordinator": "",
        "placement": "home",
        "created_at": LONG_AGO,
        "key_blob": b"",
        "key_kek": "",
    }


def _consent_row(key: UUID, case_id: UUID, consent: Consent) -> dict[str, object]:
    return {
        "id": key,
        "case_id": case_id,
        "giver_id": consent.giver,
        "to_parents": PARENTS in consent.recipients,
        "kinds": "",
        "purpose": "",
        "from_day": consent.from_day,
        "until_day": consent.until_day,
        "method": "oidc",
        "wording_version": 1,
        "given_at": LONG_AGO,
        "withdrawn_at": LONG_AGO if consent.withdrawn else None,
    }


def _counter(before: UUID) -> Callable[[], UUID]:
    last = before.int

    def new_id() -> UUID:
        nonlocal last
        last += 1
        return UUID(int=last)

    return new_id
