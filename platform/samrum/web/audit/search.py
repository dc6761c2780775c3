"""The search: what was looked for stands in the address by number, code and id, never by name."""

from typing import Any
from uuid import UUID

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import EmailField, Form, SelectField
from wtforms.validators import Length, Optional, ValidationError

from samrum.services import audit_search
from samrum.services.audit import Event
from samrum.services.audit_search import Found, Search
from samrum.web.audit import blueprint
from samrum.web.audit.labels import EVENTS, PEOPLE, REASONS, label
from samrum.web.current import platform
from samrum.web.gate import Audience, caller, open_to
from samrum.web.given import day, row_number
from samrum.web.rooms.forms import DayField, is_sent, name_field, one_line, options, status, typed
from samrum.web.words import IDENTITIES


class SearchForm(Form):
    number = name_field(_l("Rummets nummer"), longest=20)
    email = EmailField(
        _l("Hvem (en kollegas e-mail)"), [Length(max=254, message=_l("E-mailen er for lang"))], filters=[one_line]
    )
    action = SelectField(_l("Hvad"), choices=options({"": _l("Alt"), **EVENTS}))
    first = DayField(_l("Fra og med"), [Optional()])
    last = DayField(_l("Til og med"), [Optional()])

    def validate_last(self, field: DayField) -> None:
        if field.data and self.first.data and field.data < self.first.data:
            raise ValidationError(_("Den sidste dag er før den første. Vælg en senere dag."))


@blueprint.route("", methods=["GET", "POST"])
@open_to(Audience.AUDITOR)
def search() -> ResponseReturnValue:
    """The newest rows first, fifty at a time; sending the form leads to the address of what it asks for."""
    form = SearchForm(typed())
    if request.method == "POST":
        wanted = _asked_for(form) if is_sent(form) else None
        if wanted is not None:
            return redirect(url_for("audit.search", **address_of(wanted)), 303)
        return render_template("audit/search.html", form=form, found=None), status(form)
    wanted = wanted_here()
    before = request.args.get("before", type=row_number)
    found = audit_search.search(platform(), caller(), wanted, before=before)
    if not form.data["number"] and not form.data["email"]:
        form = SearchForm(data=_as_form(wanted, found))
    return render_template(
        "audit/search.html", form=form, found=found, here=address_of(wanted), is_first_page=before is None,
        EVENTS=EVENTS, REASONS=REASONS, PEOPLE=PEOPLE, IDENTITIES=IDENTITIES, label=label,
    )  # fmt: skip


def wanted_here() -> Search:
    """What the address asks for; what is no number, day or code in it asks for nothing."""
    action = request.args.get("action")
    return Search(
        request.args.get("room", type=UUID),
        request.args.get("actor", type=UUID),
        action if action in set(Event) else None,
        request.args.get("first", type=day),
        request.args.get("last", type=day),
    )


def address_of(wanted: Search) -> dict[str, Any]:
    given = {
        "room": wanted.case_id,
        "actor": wanted.actor_id,
        "action": wanted.action,
        "first": wanted.first,
        "last": wanted.last,
    }
    return {name: str(value) for name, value in given.items() if value is not None}


def _asked_for(form: SearchForm) -> Search | None:
    """What the form asks for; None, with an error at its field, where there is no such room or colleague."""
    case_id = audit_search.case_id_of(platform(), caller(), form.number.data) if form.number.data else None
    actor_id = audit_search.staff_id_of(platform(), caller(), form.email.data) if form.email.data else None
    if form.number.data and case_id is None:
        form.number.errors = [_("Din organisation har ikke et rum med det nummer. Tjek nummeret.")]
    if form.email.data and actor_id is None:
        form.email.errors = [_("Din organisation har ikke en bruger med den e-mail. Tjek stavningen.")]
    if form.errors:
        return None
    return Search(case_id, actor_id, form.action.data or None, form.first.data, form.last.data)


def _as_form(wanted: Search, found: Found) -> dict[str, object]:
    return {
        "number": found.number,
        "email": found.email,
        "action": wanted.action or "",
        "first": wanted.first,
        "last": wanted.last,
    }
