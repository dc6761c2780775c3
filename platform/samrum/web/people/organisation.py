"""What the administrator sets for the whole organisation."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import Form, RadioField
from wtforms.validators import AnyOf, InputRequired

from samrum.services import organisations
from samrum.web import once
from samrum.web.current import platform
from samrum.web.drafts import typed_before
from samrum.web.gate import Audience, caller, open_to
from samrum.web.people import blueprint
from samrum.web.rooms.forms import options
from samrum.web.words import PROBLEMS

_CHOICES = {"name": _l("Med navn og enhed"), "unit": _l("Kun med enhed")}
_MISSING = _l("Vælg, hvordan jeres ansatte skal stå")


class OrganisationForm(Form):
    staff_shown_as = RadioField(
        _l("Hvordan skal jeres ansatte stå for de unge og forældrene?"),
        [InputRequired(_MISSING), AnyOf(list(_CHOICES), message=_MISSING)],
        choices=options(_CHOICES),
        validate_choice=False,
    )


@blueprint.route("/organisation", methods=["GET", "POST"])
@open_to(Audience.ADMINISTRATOR)
def organisation() -> ResponseReturnValue:
    """How citizens see who opened and uploaded what; and what staff log in with."""
    given = request.form if request.method == "POST" else typed_before()
    form = OrganisationForm(given)
    if request.method == "POST" and form.validate():
        with once.only_once():
            organisations.show_staff_as(platform(), caller(), form.staff_shown_as.data)
        flash(_("Det er gemt og gælder fra nu af."), "success")
        return redirect(url_for("people.organisation"), 303)
    found = organisations.organisation(platform(), caller())
    if given is None:
        form = OrganisationForm(obj=found)
    return render_template("people/organisation.html", organisation=found, form=form), 422 if form.errors else 200


@blueprint.route("/organisation/passkeys", methods=["GET", "POST"])
@open_to(Audience.ADMINISTRATOR, step_up_to_send=True)
def demand_passkeys() -> ResponseReturnValue:
    """Demand passkeys of all staff, or stop demanding them; the page says first what comes of it."""
    if request.method == "POST" and request.form.get("demanded") in ("yes", "no"):
        demanded = request.form["demanded"] == "yes"
        with once.only_once():
            organisations.demand_passkeys(platform(), caller(), demanded=demanded)
        on, off = _("Fra nu af kommer jeres ansatte kun ind med en adgangsnøgle."), _("Kravet er fjernet.")
        flash(on if demanded else off, "success")
        return redirect(url_for("people.organisation"), 303)
    found = organisations.organisation(platform(), caller())
    problem = PROBLEMS[found.may_demand.value] if found.may_demand is not None else None
    status = 422 if request.method == "POST" else 200
    return render_template("people/demand_passkeys.html", organisation=found, problem=problem), status
