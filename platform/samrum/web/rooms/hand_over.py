"""Handing the room over to a colleague."""

from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from wtforms import BooleanField, EmailField, Form
from wtforms.validators import InputRequired, Length

from auth.policy import Action
from samrum.services import grants, rooms
from samrum.services.errors import Invalid
from samrum.web import once
from samrum.web.current import platform
from samrum.web.gate import Audience, caller, open_to, turn_away
from samrum.web.rooms import blueprint
from samrum.web.rooms.forms import Filled, blame, is_sent, one_line, status, typed


class HandOverForm(Form):
    email = EmailField(
        _l("Kollegaens e-mail"),
        [
            Filled(_l("Skriv e-mailen på den, der skal overtage rummet")),
            Length(max=254, message=_l("E-mailen er for lang")),
        ],
        filters=[one_line],
    )
    understood = BooleanField(
        _l("Jeg ved, at jeg ikke selv kan åbne rummet bagefter"),
        [InputRequired(_l("Sæt kryds, når du har læst, hvad der sker"))],
    )


@blueprint.route("/<uuid:case_id>/hand-over", methods=["GET", "POST"])
@open_to(Audience.STAFF, step_up_to_send=True)
def hand_over(case_id: UUID) -> ResponseReturnValue:
    """Make a colleague the owner. The former owner keeps nothing, so the way on is the list of rooms."""
    if current_user.login.actor.never_sees_files:
        turn_away()
    form = HandOverForm(typed())
    if is_sent(form):
        try:
            with once.only_once():
                grants.hand_over(platform(), caller(), case_id, form.email.data or "")
        except Invalid as invalid:
            blame(form, invalid)
        else:
            flash(_("Rummet er givet videre. Din kollega ejer det nu."), "success")
            return redirect(url_for("rooms.mine"), 303)
    number = rooms.number_of(platform(), caller(), case_id, Action.HAND_OVER)
    return render_template("rooms/hand_over.html", case_id=case_id, number=number, form=form), status(form)
