"""The trash of a room: what lies there, moving a document there, and bringing it back."""

from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from samrum.services.trash import LastPlan, before_trash, move_to_trash, show_trash
from samrum.services.trash import bring_back as take_out
from samrum.web import once
from samrum.web.current import platform
from samrum.web.files import blueprint
from samrum.web.gate import SIGNED_IN, caller, open_to
from samrum.web.given import cursor, cursor_in


@blueprint.get("/trash")
@open_to(*SIGNED_IN)
def trash(case_id: UUID) -> ResponseReturnValue:
    """What was moved there last first; older things are a link away."""
    before = cursor_in(request.args.get("before", ""))
    page = show_trash(platform(), caller(), case_id, before=before)
    older = cursor(page.older) if page.older else None
    return render_template("files/trash.html", page=page, case_id=case_id, older=older, is_first_page=before is None)


@blueprint.get("/files/<uuid:document_id>/trash")
@open_to(*SIGNED_IN)
def before_moving(case_id: UUID, document_id: UUID) -> ResponseReturnValue:
    """What it means, and the button."""
    page = before_trash(platform(), caller(), case_id, document_id)
    return render_template("files/before_trash.html", page=page, case_id=case_id)


@blueprint.post("/files/<uuid:document_id>/trash")
@open_to(*SIGNED_IN)
def move_away(case_id: UUID, document_id: UUID) -> ResponseReturnValue:
    """Done at once, with a button to undo it. The room's last mål- og aftaleskema is asked about first."""
    although_last = "although_last" in request.form
    try:
        with once.only_once():
            move_to_trash(platform(), caller(), case_id, document_id, although_last=although_last)
    except LastPlan:
        return redirect(url_for("files.before_moving", case_id=case_id, document_id=document_id), 303)
    undo = url_for("files.bring_back", case_id=case_id, document_id=document_id)
    # a message with a button: the page asks for the token when it shows it
    flash({"text": _("Filen er flyttet til papirkurven."), "undo": undo}, "success")  # type: ignore[arg-type]
    return redirect(url_for("rooms.show", case_id=case_id), 303)


@blueprint.post("/files/<uuid:document_id>/bring-back")
@open_to(*SIGNED_IN)
def bring_back(case_id: UUID, document_id: UUID) -> ResponseReturnValue:
    """Back to where it was in the room."""
    with once.only_once():
        take_out(platform(), caller(), case_id, document_id)
    flash(_("Filen er lagt tilbage."), "success")
    return redirect(url_for("rooms.show", case_id=case_id), 303)
