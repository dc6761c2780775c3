"""The parents in a room: who they are, and who holds custody."""

from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, Form, StringField

from auth.policy import Action
from samrum.services import cases, rooms
from samrum.services.cases import NewParent
from samrum.services.errors import Invalid, NotThere
from samrum.services.room_parts import ParentLine
from samrum.services.rooms import RoomView
from samrum.web import once
from samrum.web.current import platform
from samrum.web.gate import Audience, caller, open_to
from samrum.web.rooms import blueprint
from samrum.web.rooms.create import MOST_PARENTS
from samrum.web.rooms.forms import blame, cpr_number, is_sent, name_field, one_line, parsed_cpr, radios, status, typed

_CUSTODY = {"yes": _l("Ja"), "no": _l("Nej")}


class AddParentForm(Form):
    name = name_field(_l("Forælderens navn"), _l("Skriv forælderens navn"))
    cpr = StringField(_l("CPR-nummer"), [cpr_number], filters=[one_line])
    custody_holder = BooleanField(_l("Har forældremyndighed"))


class CustodyForm(Form):
    custody_holder = radios(_l("Har forældremyndighed?"), _CUSTODY, _l("Vælg ja eller nej"))


@blueprint.route("/<uuid:case_id>/parents", methods=["GET", "POST"])
@open_to(Audience.STAFF)
def parents(case_id: UUID) -> ResponseReturnValue:
    """The list of parents, and the form that adds one."""
    form = AddParentForm(typed())
    if is_sent(form):
        new = NewParent(form.name.data or "", parsed_cpr(form.cpr), bool(form.custody_holder.data))
        try:
            with once.only_once():
                cases.add_parent(platform(), caller(), case_id, new)
        except Invalid as invalid:
            blame(form, invalid)
        else:
            flash(_("Forælderen er tilføjet."), "success")
            return redirect(url_for("rooms.parents", case_id=case_id), 303)
    view = _managed(case_id)
    is_full = len(view.parents) >= MOST_PARENTS
    return render_template("rooms/parents.html", room=view, form=form, is_full=is_full), status(form)


@blueprint.route("/<uuid:case_id>/parents/<uuid:parent_id>", methods=["GET", "POST"])
@open_to(Audience.STAFF)
def parent(case_id: UUID, parent_id: UUID) -> ResponseReturnValue:
    """Custody on or off."""
    given = typed()
    form = CustodyForm(given)
    if is_sent(form):
        with once.only_once():
            cases.set_custody(platform(), caller(), case_id, parent_id, form.custody_holder.data == "yes")
        flash(_("Det er gemt og gælder fra nu af."), "success")
        return redirect(url_for("rooms.parents", case_id=case_id), 303)
    view = _managed(case_id)
    line = _line(view, parent_id)
    form = form if given is not None else CustodyForm(custody_holder="yes" if line.custody_holder else "no")
    return render_template("rooms/parent.html", room=view, parent=line, form=form), status(form)


@blueprint.get("/<uuid:case_id>/parents/<uuid:parent_id>/remove")
@open_to(Audience.STAFF)
def remove_parent(case_id: UUID, parent_id: UUID) -> ResponseReturnValue:
    """What removing a parent means, and the button."""
    view = _managed(case_id)
    return render_template("rooms/remove_parent.html", room=view, parent=_line(view, parent_id))


@blueprint.post("/<uuid:case_id>/parents/<uuid:parent_id>/remove")
@open_to(Audience.STAFF)
def remove_parent_now(case_id: UUID, parent_id: UUID) -> ResponseReturnValue:
    with once.only_once():
        cases.remove_parent(platform(), caller(), case_id, parent_id)
    flash(_("Forælderen er fjernet fra rummet."), "success")
    return redirect(url_for("rooms.parents", case_id=case_id), 303)


def _managed(case_id: UUID) -> RoomView:
    return rooms.look(platform(), caller(), case_id, Action.MANAGE)


def _line(view: RoomView, parent_id: UUID) -> ParentLine:
    found = next((line for line in view.parents if line.id == parent_id), None)
    if found is None:
        raise NotThere
    return found
