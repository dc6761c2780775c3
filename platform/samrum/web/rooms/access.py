"""The owner's page on which colleagues get in."""

from datetime import date
from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import EmailField, Form
from wtforms.validators import Length, Optional

from auth.policy import Action, Level
from samrum.services import grants, rooms
from samrum.services.errors import Invalid, NotThere
from samrum.web import once
from samrum.web.current import platform
from samrum.web.gate import Audience, caller, open_to
from samrum.web.rooms import blueprint
from samrum.web.rooms.forms import DayField, Filled, blame, is_sent, one_line, radios, status, typed
from samrum.web.rooms.standing import standings
from samrum.web.words import LEVELS

_GRANTED = {level: LEVELS[level] for level in ("read", "write")}


class GrantForm(Form):
    email = EmailField(
        _l("Kollegaens e-mail"),
        [Filled(_l("Skriv kollegaens e-mail")), Length(max=254, message=_l("E-mailen er for lang"))],
        filters=[one_line],
    )
    level = radios(_l("Hvad må kollegaen?"), _GRANTED, _l("Vælg, hvad kollegaen må"))
    last_day = DayField(_l("Sidste dag med adgang"), [Optional()])


@blueprint.route("/<uuid:case_id>/access", methods=["GET", "POST"])
@open_to(Audience.STAFF, step_up_to_send=True)
def access(case_id: UUID) -> ResponseReturnValue:
    """Who has access, and the form that gives it."""
    form = GrantForm(typed())
    if is_sent(form):
        last_day: date | None = form.last_day.data
        try:
            with once.only_once():
                grants.set_grant(platform(), caller(), case_id, form.email.data or "", Level(form.level.data), last_day)
        except Invalid as invalid:
            blame(form, invalid)
        else:
            flash(_("Adgangen er gemt. Se nedenfor, om der mangler noget, før kollegaen kan se filerne."), "success")
            return redirect(url_for("rooms.access", case_id=case_id), 303)
    view = rooms.look(platform(), caller(), case_id, Action.MANAGE)
    people = [line for line in standings(view) if line.member is not None]
    return render_template("rooms/access.html", room=view, people=people, form=form), status(form)


@blueprint.get("/<uuid:case_id>/access/<uuid:grant_id>/revoke")
@open_to(Audience.STAFF)
def revoke(case_id: UUID, grant_id: UUID) -> ResponseReturnValue:
    """What taking the access back means, and the button."""
    view = rooms.look(platform(), caller(), case_id, Action.MANAGE)
    member = next((member for member in view.team if member.grant_id == grant_id), None)
    if member is None:
        raise NotThere
    return render_template("rooms/revoke.html", room=view, member=member)


@blueprint.post("/<uuid:case_id>/access/<uuid:grant_id>/revoke")
@open_to(Audience.STAFF)
def revoke_now(case_id: UUID, grant_id: UUID) -> ResponseReturnValue:
    with once.only_once():
        grants.revoke_grant(platform(), caller(), case_id, grant_id)
    flash(_("Adgangen er fjernet og virker ikke længere."), "success")
    return redirect(url_for("rooms.access", case_id=case_id), 303)
