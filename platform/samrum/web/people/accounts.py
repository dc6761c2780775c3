"""The list of accounts, creating one, and what can be done about one."""

import re
from uuid import UUID

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import EmailField, Form, RadioField, SelectField, SelectMultipleField, StringField
from wtforms.validators import AnyOf, InputRequired, Length, Regexp, ValidationError

from samrum.services import invitations, people
from samrum.services.errors import AlreadyDone, Invalid
from samrum.services.invitations import Invited
from samrum.services.people import Identity, NewStaff, StaffRow
from samrum.web import once
from samrum.web.current import platform
from samrum.web.drafts import typed_before
from samrum.web.gate import Audience, caller, open_to
from samrum.web.people import blueprint
from samrum.web.rooms.forms import options
from samrum.web.words import IDENTITIES, PROBLEMS, ROLES

_PAGE = 50
NEW_UNIT = "+"
_NO_IDENTITY = _l("Vælg, hvordan du ved, at det er brugeren selv")
_EMAIL = re.compile(r"\s*[^@\s]+@[^@\s.]+(?:\.[^@\s.]+)+\s*$")  # there is one way to match it: no time to be wasted


class UnitForm(Form):
    """Which unit: one of those there are, or a new one."""

    unit = SelectField(_l("Enhed"))
    new_unit = StringField(_l("Navn på den nye enhed"), [Length(max=200, message=_l("Navnet er for langt"))])

    def offer(self, units: list[str]) -> None:
        """The units to choose from."""
        offered = {"": _("Vælg en enhed"), **{name: name for name in units}, NEW_UNIT: _("En ny enhed")}
        self.offered = offered.keys()
        self.unit.choices = options(offered)
        self.unit.validate_choice = False

    def validate_unit(self, field: SelectField) -> None:
        if not field.data:
            raise ValidationError(PROBLEMS["unit_missing"])
        if field.data not in self.offered:
            raise ValidationError(_("Vælg en af enhederne på listen."))

    def chosen_unit(self) -> str:
        return str((self.new_unit.data if self.unit.data == NEW_UNIT else self.unit.data) or "")


class IdentityForm(Form):
    identity = RadioField(
        _l("Hvordan ved du, at det er brugeren selv, der beder om det?"),
        [InputRequired(_NO_IDENTITY), AnyOf(IDENTITIES, _NO_IDENTITY)],
        choices=options(IDENTITIES),
        validate_choice=False,
    )


class RolesForm(Form):
    roles = SelectMultipleField(_l("Hvad skal brugeren kunne?"), choices=options(ROLES))


class StaffForm(UnitForm, RolesForm):
    name = StringField(
        _l("Navn"), [InputRequired(_l("Skriv brugerens navn")), Length(max=200, message=_l("Navnet er for langt"))]
    )
    email = EmailField(
        _l("E-mail på arbejdet"),
        [
            InputRequired(_l("Skriv brugerens e-mail")),
            Length(max=254, message=_l("E-mailen er for lang")),
            Regexp(_EMAIL, message=_l("Skriv en hel e-mail, for eksempel navn@sted.dk")),
        ],
    )


@blueprint.get("")
@open_to(Audience.ADMINISTRATOR)
def staff() -> ResponseReturnValue:
    """The accounts of the administrator's own organisation, a page at a time."""
    after = request.args.get("after", type=UUID)
    found = people.list_staff(platform(), caller(), after=after, limit=_PAGE + 1)
    more = found[_PAGE - 1].id if len(found) > _PAGE else None
    return render_template("people/staff.html", people=found[:_PAGE], more=more, after=after)


@blueprint.route("/new", methods=["GET", "POST"])
@open_to(Audience.ADMINISTRATOR, step_up_to_send=True)
def create() -> ResponseReturnValue:
    """Create an account; the answer shows its single-use code, this once."""
    form = StaffForm(request.form if request.method == "POST" else typed_before())
    form.offer(people.units(platform(), caller()))
    if request.method == "POST" and form.validate():
        new = NewStaff(
            name=form.name.data or "",
            email=form.email.data or "",
            organisation="",
            unit=form.chosen_unit(),
            **{role: role in (form.roles.data or []) for role in ROLES},
        )
        try:
            return invited_page(invitations.create(platform(), caller(), new))
        except AlreadyDone as done:
            return second_click(done)
        except Invalid as invalid:
            put(form, invalid)
    page = render_template("people/create.html", form=form, by_mail=invitations.go_by_mail(platform()))
    return page, 422 if form.errors else 200


@blueprint.get("/<uuid:staff_id>")
@open_to(Audience.ADMINISTRATOR)
def account(staff_id: UUID) -> ResponseReturnValue:
    person = people.person(platform(), caller(), staff_id)
    return render_template("people/account.html", person=person, by_mail=invitations.go_by_mail(platform()))


@blueprint.route("/<uuid:staff_id>/invite", methods=["GET", "POST"])
@open_to(Audience.ADMINISTRATOR, step_up_to_send=True)
def invite(staff_id: UUID) -> ResponseReturnValue:
    """A new single-use code, for a first password or a forgotten one."""
    if request.method == "POST":
        try:
            return invited_page(invitations.renew(platform(), caller(), staff_id))
        except AlreadyDone as done:
            return second_click(done)
    return _ask("people/invite.html", staff_id)


@blueprint.route("/<uuid:staff_id>/reset", methods=["GET", "POST"])
@open_to(Audience.ADMINISTRATOR, step_up_to_send=True)
def reset(staff_id: UUID) -> ResponseReturnValue:
    """Forget the second factor; it is set up anew at the next login. The log keeps how it was known who asked."""
    form = IdentityForm(request.form if request.method == "POST" else typed_before())
    if request.method == "POST" and form.validate():
        with once.only_once():
            people.reset_second_factor(platform(), caller(), staff_id, Identity(form.identity.data))
        flash(_("Den gamle telefon virker ikke mere. Brugeren sætter en ny op ved næste login."), "success")
        return redirect(url_for("people.account", staff_id=staff_id), 303)
    return _ask("people/reset.html", staff_id, form)


@blueprint.route("/<uuid:staff_id>/deactivate", methods=["GET", "POST"])
@open_to(Audience.ADMINISTRATOR)
def deactivate(staff_id: UUID) -> ResponseReturnValue:
    """Close an account; its logins end at once."""
    if request.method == "POST":
        with once.only_once():
            people.deactivate_staff(platform(), caller(), staff_id)
        flash(_("Kontoen er lukket, og brugeren er logget ud."), "success")
        return redirect(url_for("people.account", staff_id=staff_id), 303)
    return _ask("people/deactivate.html", staff_id)


def _ask(template: str, staff_id: UUID, form: Form | None = None) -> ResponseReturnValue:
    """The page that asks first; there is none for one's own account or a closed one."""
    person: StaffRow = people.person(platform(), caller(), staff_id)
    if person.is_self or not person.active:
        abort(404)
    page = render_template(template, person=person, form=form, by_mail=invitations.go_by_mail(platform()))
    return page, 422 if form is not None and form.errors else 200


def invited_page(invited: Invited) -> ResponseReturnValue:
    """By mail where there is a mail server: then nobody but the person sees the code. Else it is shown, to be told."""
    if invited.code is not None:
        return _show_code(invited.staff_id, invited.code)
    if invited.sent:
        flash(_("Vi har sendt brugeren en mail med en kode til at vælge adgangskode. Den virker i en uge."), "success")
    else:
        flash(
            _("Kontoen er der, men mailen kunne ikke sendes, for mailserveren svarer ikke. Send den igen om lidt."),
            "warning",
        )
    return redirect(url_for("people.account", staff_id=invited.staff_id), 303)


def _show_code(staff_id: UUID, code: str) -> ResponseReturnValue:
    person = people.person(platform(), caller(), staff_id)
    return render_template("people/code.html", person=person, groups=code.split("-"))


def second_click(done: AlreadyDone) -> ResponseReturnValue:
    """The code in the answer to the first click was seen by nobody: show a new one in its place."""
    if done.result is None:
        return redirect(url_for("people.staff"), 303)
    if invitations.go_by_mail(platform()):
        flash(_("Brugeren får en mail med en kode. Kommer den ikke, så send den igen."), "info")
        return redirect(url_for("people.account", staff_id=done.result), 303)
    code = people.invitation_for_second_click(platform(), caller(again=True), done.result)
    if code is not None:
        return _show_code(done.result, code)
    flash(_("Koden er blevet vist én gang. Er den gået tabt, så lav en ny."), "info")
    return redirect(url_for("people.account", staff_id=done.result), 303)


def put(form: Form, invalid: Invalid) -> None:
    """Stand the problem at its field."""
    name = invalid.field or ""
    if name == "unit" and form["unit"].data == NEW_UNIT:
        name = "new_unit"
    text = PROBLEMS[invalid.problem.value]
    if name in form:
        form[name].errors = [*form[name].errors, text]
    else:
        form.form_errors.append(text)
