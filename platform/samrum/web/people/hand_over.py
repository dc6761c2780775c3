"""Giving a room without an owner to somebody else, without seeing into it."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import EmailField, Form, RadioField, StringField
from wtforms.validators import AnyOf, InputRequired, Length

from samrum.services import grants
from samrum.services.errors import Invalid
from samrum.web import once
from samrum.web.current import platform
from samrum.web.drafts import typed_before
from samrum.web.gate import Audience, caller, open_to
from samrum.web.people import blueprint
from samrum.web.rooms.forms import options
from samrum.web.words import HAND_OVER_REASONS, PROBLEMS

_NO_REASON = _l("Vælg, hvorfor rummet skal have en ny ejer")


class HandOverForm(Form):
    number = StringField(
        _l("Rummets nummer"),
        [InputRequired(_l("Skriv rummets nummer")), Length(max=20, message=_l("Nummeret er for langt"))],
    )
    email = EmailField(
        _l("Den nye ejers e-mail"),
        [InputRequired(_l("Skriv den nye ejers e-mail")), Length(max=254, message=_l("E-mailen er for lang"))],
    )
    why = RadioField(
        _l("Hvorfor?"),
        [InputRequired(_NO_REASON), AnyOf(HAND_OVER_REASONS, _NO_REASON)],
        choices=options(HAND_OVER_REASONS),
        validate_choice=False,
    )


@blueprint.route("/hand-over", methods=["GET", "POST"])
@open_to(Audience.ADMINISTRATOR, step_up_to_send=True)
def hand_over() -> ResponseReturnValue:
    given = request.form if request.method == "POST" else typed_before()
    form = HandOverForm(given, number=request.args.get("number"))
    if request.method == "POST" and form.validate():
        try:
            with once.only_once():
                grants.hand_over_ownerless(
                    platform(), caller(), form.number.data or "", form.email.data or "", form.why.data
                )
            flash(_("Rummet har fået en ny ejer."), "success")
            return redirect(url_for("people.staff"), 303)
        except Invalid as invalid:
            field = form[invalid.field or "number"]
            field.errors = [*field.errors, PROBLEMS[invalid.problem.value]]
    return render_template("people/hand_over.html", form=form), 422 if form.errors else 200
