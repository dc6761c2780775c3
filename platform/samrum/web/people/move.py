"""Moving somebody to another unit of the organisation."""

from uuid import UUID

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from samrum.services import people
from samrum.services.errors import Invalid
from samrum.web import once
from samrum.web.current import platform
from samrum.web.drafts import typed_before
from samrum.web.gate import Audience, caller, open_to
from samrum.web.people import blueprint
from samrum.web.people.accounts import UnitForm, put


@blueprint.route("/<uuid:staff_id>/move", methods=["GET", "POST"])
@open_to(Audience.ADMINISTRATOR, step_up_to_send=True)
def move(staff_id: UUID) -> ResponseReturnValue:
    """Put somebody into another unit; the page says first what comes of it."""
    person = people.person(platform(), caller(), staff_id)
    if person.is_self or not person.active:
        abort(404)
    form = UnitForm(request.form if request.method == "POST" else typed_before())
    units = people.units(platform(), caller())
    form.offer(units)  # the unit of now too: the second of two clicks names it
    if request.method == "POST" and form.validate():
        try:
            with once.only_once():
                people.move_staff(platform(), caller(), staff_id, form.chosen_unit())
            flash(_("Brugeren er flyttet. Det gælder fra nu af."), "success")
            return redirect(url_for("people.account", staff_id=staff_id), 303)
        except Invalid as invalid:
            put(form, invalid)
    form.offer([name for name in units if name != person.unit])
    return render_template("people/move.html", form=form, person=person), 422 if form.errors else 200
