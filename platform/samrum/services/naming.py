"""What staff and units are called to whoever is looking.

To a citizen each organisation's own staff is named as that organisation chose. Where the young person's address is
protected, a parent is shown no unit and no organisation, for their names say where the young person lives, goes to
school or is treated; nor who works there, for a name leads to the place in one search. Only the owner is named, being
the one a parent can turn to. A unit is then a neutral kind and a number that stays with it in this case, so that a
parent can still say yes to one and no to another; the consent itself holds the unit, and the owner can say who it is.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from uuid import UUID

from auth.policy import CitizenActor
from samrum.models import Case, CaseUnit, Staff, Unit
from samrum.queries.naming import cases_new_to, units_in_order
from samrum.services.platform import Act


class Kind(Enum):
    """Whether a unit belongs to the organisation whose case it is."""

    INTERNAL = "internal"
    EXTERNAL = "external"


@dataclass(frozen=True)
class Neutral:
    """A unit without its name. ``number`` tells those of a kind apart; None for one that was never in the team."""

    kind: Kind
    number: int | None = None


Shown = str | Neutral


@dataclass(frozen=True)
class Naming:
    """How staff and units of one case are called to one viewer. ``neutral`` is None where they are named."""

    to_citizen: bool
    owner_id: UUID
    organisation_id: UUID
    neutral: dict[UUID, Neutral] | None = None

    def unit(self, unit: Unit) -> Shown:
        """A unit and its organisation."""
        if self.neutral is not None:
            return self._neutral(unit)
        return f"{unit.name}, {unit.organisation.name}"

    def units(self, units: Iterable[Unit]) -> list[Shown]:
        """Several units, in order."""
        return sorted((self.unit(unit) for unit in units), key=in_order)

    def person(self, staff: Staff) -> tuple[Shown, Shown]:
        """Who somebody is and from where; the second is empty where the first says it all."""
        if self.neutral is not None:
            return (staff.name, "") if staff.id == self.owner_id else (self._neutral(staff.unit), "")
        if self.to_citizen and staff.unit.organisation.staff_shown_as == "unit":
            return staff.unit.name, ""
        return staff.name, staff.unit.name

    def _neutral(self, unit: Unit) -> Neutral:
        known = self.neutral or {}
        kind = Kind.INTERNAL if unit.organisation_id == self.organisation_id else Kind.EXTERNAL
        return known.get(unit.id) or Neutral(kind)


def in_order(shown: Shown) -> tuple[str, int]:
    """What to sort by: it tells nothing more than the names do. Internal units come before external ones."""
    return (shown, 0) if isinstance(shown, str) else ("2" if shown.kind is Kind.EXTERNAL else "1", shown.number or 0)


def naming(act: Act, case: Case) -> Naming:
    """How the caller gets to see the names of staff and units in this case."""
    is_citizen = isinstance(act.caller.actor, CitizenActor)
    hides = case.protected_address and is_citizen and act.caller.id != case.youth_id
    return Naming(is_citizen, case.owner_id, case.organisation_id, _numbers(act, case) if hides else None)


def neutral_naming(act: Act, case: Case) -> Naming:
    """As a parent gets to see them where the address is protected, for a paper that parents may read."""
    return Naming(True, case.owner_id, case.organisation_id, _numbers(act, case))


def units_come(act: Act, staff: Staff) -> None:
    """Give the unit of somebody who was let into a case, or who changed units, its number in every such case."""
    act.session.flush()
    for case_id in cases_new_to(act.session, staff.id, staff.unit_id):
        act.add_first(CaseUnit(case_id=case_id, unit_id=staff.unit_id, since=act.now))


def _numbers(act: Act, case: Case) -> dict[UUID, Neutral]:
    labels: dict[UUID, Neutral] = {}
    count = dict.fromkeys(Kind, 0)
    for unit, organisation in units_in_order(act.session, case.id):
        kind = Kind.INTERNAL if organisation == case.organisation_id else Kind.EXTERNAL
        count[kind] += 1
        labels[unit] = Neutral(kind, count[kind])
    return labels
