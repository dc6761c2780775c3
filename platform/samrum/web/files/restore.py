"""Making an older version the newest again."""

from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from samrum.services.errors import AlreadyDone, Invalid
from samrum.services.restore import before_restore, restore_version
from samrum.web import drafts
from samrum.web.current import platform
from samrum.web.files import blueprint
from samrum.web.files.arriving import LoginEnded, still
from samrum.web.gate import SIGNED_IN, caller, open_to
from samrum.web.given import version_number
from samrum.web.words import PROBLEMS

_ADDRESS = "/files/<uuid:document_id>/<int(max=2147483647):number>/restore"


@blueprint.get(_ADDRESS)
@open_to(*SIGNED_IN)
def restore(case_id: UUID, document_id: UUID, number: int) -> ResponseReturnValue:
    """What it means, and the button."""
    return _ask(case_id, document_id, number, 200)


@blueprint.post(_ADDRESS)
@open_to(*SIGNED_IN)
def restore_now(case_id: UUID, document_id: UUID, number: int) -> ResponseReturnValue:
    """A new version with the older one's content. What came between stays, and the person is told."""
    seen = version_number(request.form.get("seen"))
    if seen is None:
        return _ask(case_id, document_id, number, 422)
    asking = caller()
    try:
        kept = restore_version(
            platform(), asking, case_id, document_id, number, seen=seen, refreshed=lambda: still(asking)
        )
    except LoginEnded:
        return drafts.ask_to_log_in(current_user.login, streams=False)
    except Invalid as invalid:
        flash(PROBLEMS[invalid.problem.value], "warning")
    except AlreadyDone:
        flash(_("Version %(number)s er gjort til den nyeste.", number=number), "success")
    else:
        if kept.came_between is None:
            flash(_("Version %(number)s er gjort til den nyeste.", number=number), "success")
        else:
            flash(
                _(
                    "Version %(number)s er gjort til den nyeste. Men version %(between)s kom til imens."
                    " Begge er gemt. Læs nedenfor, hvad du gør nu.",
                    number=number,
                    between=kept.came_between,
                ),
                "warning",
            )
    return redirect(url_for("files.history", case_id=case_id, document_id=document_id), 303)


def _ask(case_id: UUID, document_id: UUID, number: int, status: int) -> ResponseReturnValue:
    try:
        page = before_restore(platform(), caller(), case_id, document_id, number)
    except Invalid as invalid:
        flash(PROBLEMS[invalid.problem.value], "info")
        return redirect(url_for("files.history", case_id=case_id, document_id=document_id), 303)
    return render_template("files/restore.html", page=page, case_id=case_id), status
