"""What an organisation's administrator sets for all of it."""

from dataclasses import dataclass

from auth.policy import StaffActor
from samrum.models import Organisation
from samrum.services.audit import Event
from samrum.services.errors import NotThere
from samrum.services.platform import Caller, Platform

STAFF_SHOWN_AS = ("name", "unit")


@dataclass(frozen=True)
class OrganisationView:
    """The administrator's own organisation. ``staff_shown_as``: how its staff are named to citizens."""

    name: str
    staff_shown_as: str


def organisation(platform: Platform, caller: Caller) -> OrganisationView:
    """The administrator's own organisation. Raises ``NotThere``."""
    actor = _administrator(caller)
    with platform.database.transaction(writes=False) as session:
        row = session.get_one(Organisation, actor.organisation)
        return OrganisationView(row.name, row.staff_shown_as)


def show_staff_as(platform: Platform, caller: Caller, how: str) -> None:
    """Decide how citizens see who opened and uploaded what: by name and unit, or by unit alone. Raises ``NotThere``."""
    actor = _administrator(caller)
    if how not in STAFF_SHOWN_AS:
        raise NotThere
    with platform.act(caller) as act:
        row = act.session.get_one(Organisation, actor.organisation, with_for_update=True)
        if row.staff_shown_as != how:
            row.staff_shown_as = how
            act.log(Event.ORGANISATION_CHANGED, subject_id=row.id, detail={"staff_shown_as": how})


def _administrator(caller: Caller) -> StaffActor:
    actor = caller.actor
    if not isinstance(actor, StaffActor) or not actor.administrator or not actor.active:
        raise NotThere
    return actor
