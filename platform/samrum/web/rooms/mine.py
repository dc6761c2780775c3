"""My rooms."""

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from samrum.services import cases, rooms
from samrum.web.current import platform
from samrum.web.gate import SIGNED_IN, caller, open_to
from samrum.web.rooms import blueprint
from samrum.web.words import REASONS


@blueprint.get("")
@open_to(*SIGNED_IN)
def mine() -> ResponseReturnValue:
    """The rooms that one is in; a citizen with one room goes straight to it."""
    lines = rooms.my_rooms(platform(), caller())
    if current_user.kind == "citizen" and len(lines) == 1:
        return redirect(url_for("rooms.show", case_id=lines[0].id))
    return render_template(
        "rooms/mine.html",
        current=[line for line in lines if not line.is_closed],
        closed=[line for line in lines if line.is_closed],
        may_create=cases.may_create(caller()),
        reasons=REASONS,
    )
