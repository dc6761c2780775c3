"""What an organisation's administrator sets for all of it."""

from dataclasses import dataclass

from auth.policy import StaffActor
from samrum.models import Organisation
from samrum.queries.factors import has_used_a_passkey, without_passkey
from samrum.services import passkeys
from samrum.services.audit import Event
from samrum.services.errors import Invalid, NotThere, Problem
from samrum.services.platform import Caller, Platform

STAFF_SHOWN_AS = ("name", "unit")


@dataclass(frozen=True)
class OrganisationView:
    """The administrator's own organisation. ``staff_shown_as``: how its staff are named to citizens.

    ``without_passkey``: how many of its accounts in use have none. ``may_demand``: what keeps this administrator from
    demanding passkeys, if anything does.
    """

    name: str
    staff_shown_as: str
    are_passkeys_demanded: bool
    without_passkey: int
    may_demand: Problem | None


def organisation(platform: Platform, caller: Caller) -> OrganisationView:
    """The administrator's own organisation. Raises ``NotThere``."""
    actor = _administrator(caller)
    with platform.database.transaction(writes=False) as session:
        row = session.get_one(Organisation, actor.organisation)
        return OrganisationView(
            row.name,
            row.staff_shown_as,
            row.passkeys_demanded_at is not None,
            without_passkey(session, row.id),
            _problem(platform, is_tried=has_used_a_passkey(session, actor.id)),
        )


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


def demand_passkeys(platform: Platform, caller: Caller, *, demanded: bool) -> None:
    """Decide whether staff get in with a passkey alone (OWASP ASVS 5.0 V6.3.3, level 3). Raises ``NotThere``, or
    ``Invalid`` where the administrator would be the first to be locked out: a passkey of theirs has to have worked."""
    actor = _administrator(caller)
    with platform.act(caller) as act:
        row = act.session.get_one(Organisation, actor.organisation, with_for_update=True)
        if (row.passkeys_demanded_at is not None) == demanded:
            return
        problem = _problem(platform, is_tried=has_used_a_passkey(act.session, actor.id)) if demanded else None
        if problem is not None:
            raise Invalid(problem)
        row.passkeys_demanded_at = act.now if demanded else None
        act.log(Event.ORGANISATION_CHANGED, subject_id=row.id, detail={"passkeys_demanded": demanded})


def _problem(platform: Platform, *, is_tried: bool) -> Problem | None:
    if passkeys.site(platform) is None:
        return Problem.PASSKEYS_IMPOSSIBLE
    return None if is_tried else Problem.PASSKEY_NEEDED_FIRST


def _administrator(caller: Caller) -> StaffActor:
    actor = caller.actor
    if not isinstance(actor, StaffActor) or not actor.administrator or not actor.active:
        raise NotThere
    return actor
