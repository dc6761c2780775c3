"""The room's own page."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from flask import render_template, request
from flask.typing import ResponseReturnValue

from samrum.services import rooms
from samrum.services.rooms import RoomView
from samrum.web.current import platform
from samrum.web.gate import SIGNED_IN, caller, open_to
from samrum.web.naming import named
from samrum.web.rooms import blueprint
from samrum.web.rooms.standing import changes_at_eighteen, kinds_named, listed, standings
from samrum.web.words import REASONS

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@blueprint.get("/<uuid:case_id>")
@open_to(*SIGNED_IN)
def show(case_id: UUID) -> ResponseReturnValue:
    """The files first, then who may see what, why, and until when."""
    before = _before(request.args.get("before", ""))
    view = rooms.show(platform(), caller(), case_id, before=before)
    return render_template(
        "rooms/show.html",
        room=view,
        is_first_page=before is None,
        older=_cursor(view.older) if view.older else None,
        people=standings(view) if view.sees_all else [],
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


def _cursor(place: tuple[datetime, UUID]) -> str:
    """Where a page of files begins, as it stands in an address: microseconds and the document's id."""
    return f"{(place[0] - _EPOCH) // timedelta(microseconds=1)}.{place[1].hex}"


def _before(text: str) -> tuple[datetime, UUID] | None:
    moment, _dot, document = text.partition(".")
    try:
        return _EPOCH + timedelta(microseconds=int(moment)), UUID(document)
    except (ValueError, OverflowError):
        return None
