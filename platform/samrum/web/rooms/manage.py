"""What the owner changes about a room: stamoplysninger, levels, closing and reopening."""

from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from auth.policy import Action, Level
from samrum.services import cases, rooms
from samrum.services.rooms import RoomView
from samrum.web import once
from samrum.web.current import platform
from samrum.web.gate import Audience, caller, open_to
from samrum.web.rooms import blueprint
from samrum.web.rooms.create import LevelsForm, MasterForm
from samrum.web.rooms.forms import is_sent, status, typed


class DataForm(MasterForm):
    cpr = None  # type: ignore[assignment]  # how WTForms leaves out a field


@blueprint.route("/<uuid:case_id>/data", methods=["GET", "POST"])
@open_to(Audience.STAFF)
def data(case_id: UUID) -> ResponseReturnValue:
    """Change stamoplysninger."""
    given = typed()
    form = DataForm(given)
    if is_sent(form):
        with once.only_once():
            cases.change_data(platform(), caller(), case_id, form.master_data())
        flash(_("Oplysningerne er gemt."), "success")
        if form.protected_address.data:
            flash(
                _(
                    "Forældrene ser ikke, hvor den unge er. Står det i en fil, et filnavn eller en bemærkning,"
                    " så luk for forældrenes adgang til filerne."
                ),
                "info",
            )
        return redirect(url_for("rooms.show", case_id=case_id), 303)
    view = _managed(case_id)
    form = form if given is not None else DataForm(obj=view)
    return render_template("rooms/data.html", room=view, form=form), status(form)


@blueprint.route("/<uuid:case_id>/levels", methods=["GET", "POST"])
@open_to(Audience.STAFF)
def levels(case_id: UUID) -> ResponseReturnValue:
    """What the young person and the parents may."""
    given = typed()
    form = LevelsForm(given)
    if is_sent(form):
        with once.only_once():
            cases.set_levels(
                platform(), caller(), case_id, Level(form.youth_access.data), Level(form.parent_access.data)
            )
        flash(_("Det er gemt og gælder fra nu af."), "success")
        return redirect(url_for("rooms.show", case_id=case_id), 303)
    view = _managed(case_id)
    form = form if given is not None else LevelsForm(obj=view)
    return render_template("rooms/levels.html", room=view, form=form), status(form)


@blueprint.get("/<uuid:case_id>/close")
@open_to(Audience.STAFF)
def close(case_id: UUID) -> ResponseReturnValue:
    """What closing means, and the button."""
    return render_template("rooms/close.html", room=_managed(case_id))


@blueprint.post("/<uuid:case_id>/close")
@open_to(Audience.STAFF)
def close_now(case_id: UUID) -> ResponseReturnValue:
    with once.only_once():
        cases.close(platform(), caller(), case_id)
    flash(_("Rummet er lukket."), "success")
    return redirect(url_for("rooms.show", case_id=case_id), 303)


@blueprint.get("/<uuid:case_id>/reopen")
@open_to(Audience.STAFF)
def reopen(case_id: UUID) -> ResponseReturnValue:
    """What reopening means, and the button."""
    return render_template("rooms/reopen.html", room=rooms.look(platform(), caller(), case_id, Action.REOPEN))


@blueprint.post("/<uuid:case_id>/reopen")
@open_to(Audience.STAFF)
def reopen_now(case_id: UUID) -> ResponseReturnValue:
    with once.only_once():
        cases.reopen(platform(), caller(), case_id)
    flash(_("Rummet er åbent igen."), "success")
    return redirect(url_for("rooms.show", case_id=case_id), 303)


def _managed(case_id: UUID) -> RoomView:
    return rooms.look(platform(), caller(), case_id, Action.MANAGE)
