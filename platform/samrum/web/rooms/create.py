"""Opening a room for a young person."""

import re

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from wtforms import BooleanField, Form, FormField, RadioField, StringField
from wtforms.validators import ValidationError

from auth.policy import Level
from samrum.cpr import Cpr
from samrum.services import cases
from samrum.services.cases import MasterData, NewCase, NewParent
from samrum.services.errors import AlreadyDone, Invalid, NotThere
from samrum.web.current import platform
from samrum.web.gate import Audience, caller, open_to
from samrum.web.rooms import blueprint
from samrum.web.rooms.forms import (
    Filled,
    blame,
    cpr_number,
    is_sent,
    name_field,
    one_line,
    parsed_cpr,
    radios,
    select,
    status,
    typed,
)
from samrum.web.words import LEVELS, PLACEMENTS

MOST_PARENTS = 3


class MasterForm(Form):
    """Stamoplysninger. The CPR number is entered once and for all."""

    youth_name = name_field(_l("Den unges navn"), _l("Skriv den unges navn"))
    cpr = StringField(
        _l("Den unges CPR-nummer"), [Filled(_l("Skriv den unges CPR-nummer")), cpr_number], filters=[one_line]
    )
    coordinator = name_field(_l("Koordinator"), _l("Skriv, hvem der er koordinator"))
    placement = select(_l("Hvor den unge bor"), PLACEMENTS, _l("Vælg, hvor den unge bor"))
    trusted_adult = name_field(_l("Den unges voksen"), longest=300)
    protected_address = BooleanField(_l("Forældrene må ikke få at vide, hvor den unge er"))

    def master_data(self) -> MasterData:
        return MasterData(
            self.youth_name.data or "",
            self.coordinator.data or "",
            self.placement.data,
            self.trusted_adult.data or "",
            bool(self.protected_address.data),
        )


class ParentForm(Form):
    """A parent or guardian; all of it may be left out."""

    name = name_field(_l("Navn"))
    cpr = StringField(_l("CPR-nummer"), [cpr_number], filters=[one_line])
    custody_holder = BooleanField(_l("Har forældremyndighed"))

    def validate_name(self, field: StringField) -> None:
        if not field.data and (self.cpr.data or self.custody_holder.data):
            raise ValidationError(_("Skriv forælderens navn"))

    def new_parent(self) -> NewParent:
        return NewParent(self.name.data or "", parsed_cpr(self.cpr), bool(self.custody_holder.data))


def _youth_access() -> RadioField:
    return radios(_l("Hvad må den unge?"), LEVELS, _l("Vælg, hvad den unge må"), default="write")


def _parent_access() -> RadioField:
    return radios(_l("Hvad må forældrene?"), LEVELS, _l("Vælg, hvad forældrene må"), default="none")


class LevelsForm(Form):
    """How far the files are open to the young person and the parents."""

    youth_access = _youth_access()
    parent_access = _parent_access()


class NewRoomForm(MasterForm):
    parent_1 = FormField(ParentForm)
    parent_2 = FormField(ParentForm)
    parent_3 = FormField(ParentForm)
    youth_access = _youth_access()
    parent_access = _parent_access()

    @property
    def parents(self) -> "list[FormField[ParentForm]]":
        return [self.parent_1, self.parent_2, self.parent_3]

    def new_case(self) -> NewCase:
        return NewCase(
            self.master_data(),
            Cpr.parse(self.cpr.data or ""),
            [entry.new_parent() for entry in self._filled()],
            Level(self.youth_access.data),
            Level(self.parent_access.data),
        )

    def blame(self, invalid: Invalid) -> None:
        """Put an error at its field: the service counts the parents without the empty ones."""
        found = re.fullmatch(r"parents-(\d+)-cpr", invalid.field or "")
        field = self._filled()[int(found[1])].cpr.name if found else invalid.field
        blame(self, Invalid(invalid.problem, field))

    def _filled(self) -> list[ParentForm]:
        return [entry.form for entry in self.parents if entry.form.name.data]


@blueprint.route("/new", methods=["GET", "POST"])
@open_to(Audience.STAFF)
def create() -> ResponseReturnValue:
    """The form for a new room, and the room it makes: one, however often the button is pressed."""
    if not cases.may_create(caller()):
        raise NotThere
    form = NewRoomForm(typed(), coordinator=current_user.name)
    if is_sent(form):
        try:
            case_id = cases.create_case(platform(), caller(), form.new_case())
        except Invalid as invalid:
            form.blame(invalid)
        except AlreadyDone as done:
            return redirect(url_for("rooms.show", case_id=done.result), 303)
        else:
            flash(_("Rummet er oprettet. Giv nu de kolleger adgang, som skal være med."), "success")
            return redirect(url_for("rooms.show", case_id=case_id), 303)
    return render_template("rooms/create.html", form=form), status(form)
