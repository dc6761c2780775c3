"""The room's own page."""

from uuid import UUID

from flask import render_template, request
from flask.typing import ResponseReturnValue

from samrum.services import rooms
from samrum.services.rooms import RoomView
from samrum.web.current import platform
from samrum.web.gate import SIGNED_IN, caller, open_to
from samrum.web.given import cursor, cursor_in
from samrum.web.naming import named
from samrum.web.rooms import blueprint
from samrum.web.rooms.standing import at_a_glance, changes_at_eighteen, kinds_named, listed, standings
from samrum.web.words import REASONS


@blueprint.get("/<uuid:case_id>")
@open_to(*SIGNED_IN)
def show(case_id: UUID) -> ResponseReturnValue:
    """The files first, then who may see what, why, and until when."""
    before = cursor_in(request.args.get("before", ""))
    view = rooms.show(platform(), caller(), case_id, before=before)
    people = standings(view) if view.sees_all else []
    return render_template(
        "rooms/show.html",
        room=view,
        is_first_page=before is None,
        older=cursor(view.older) if view.older else None,
        people=people,
        glance=at_a_glance(people),
        at_eighteen=changes_at_eighteen(view),
        silent=_silent(view),
        unanswered=listed([named(name) for unit, name in view.choice.units if str(unit) not in view.answered]),
        has_answered=bool(view.answered),
        reasons=REASONS,
        kinds_named=kinds_named,
    )


def _silent(view: RoomView) -> list[str]:
    """Those whose consent counts and who have none in force."""
    counting = {view.youth_id: view.youth_name} if view.sees_all else {}
    if view.is_minor:
        counting |= {parent.citizen_id: parent.name for parent in view.parents if parent.custody_holder}
    heard = {consent.giver_id for consent in view.consents if consent.status == "in_force"}
    return [name for citizen, name in counting.items() if citizen not in heard]
