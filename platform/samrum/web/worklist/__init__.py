"""What one has to see to, before it is too late."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from samrum.services import worklist
from samrum.web.current import platform
from samrum.web.gate import Audience, caller, open_to

blueprint = Blueprint("worklist", __name__, url_prefix="/worklist")


@blueprint.get("")
@open_to(Audience.STAFF)
def show() -> ResponseReturnValue:
    """The owner's lists; for an administrator the rooms whose owner has left, by their numbers."""
    found = worklist.worklist(platform(), caller())
    return render_template(
        "worklist/show.html",
        todo=found,
        consent_days=worklist.CONSENT_DAYS,
        birthday_days=worklist.BIRTHDAY_DAYS,
        grant_days=worklist.GRANT_DAYS,
    )
