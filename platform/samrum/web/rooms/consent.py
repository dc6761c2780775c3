"""Giving a consent, on a page that a 15-year-old understands."""

from dataclasses import replace
from datetime import date
from uuid import UUID

from flask import render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import Form, HiddenField, SelectMultipleField, TextAreaField
from wtforms.validators import InputRequired, Length, ValidationError

from auth.policy import PARENTS, Action
from samrum.services import consents, rooms
from samrum.services.consents import LONGEST_YEARS, ConsentForm
from samrum.services.errors import Invalid, Problem
from samrum.services.rooms import RoomView
from samrum.web.current import language, platform
from samrum.web.gate import Audience, caller, open_to
from samrum.web.login.citizen import go_and_consent
from samrum.web.naming import named
from samrum.web.rooms import blueprint
from samrum.web.rooms.forms import DayField, Filled, blame, is_sent, options, several_lines, status, typed
from samrum.web.rooms.standing import day, listed
from samrum.web.words import CONSENT_KINDS, PROBLEMS
from samrum.wording import Wording, current, wording

LONGEST_PURPOSE = 500


class GiveForm(Form):
    """Nothing is ticked beforehand: silence is no consent. ``wording`` is the version of the words on the page."""

    wording = HiddenField()
    recipients = SelectMultipleField(
        _l("Hvem må se filerne?"),
        [InputRequired(PROBLEMS[Problem.CONSENT_NOBODY_NAMED.value])],
        validate_choice=False,
    )
    kinds = SelectMultipleField(
        _l("Hvad må de få at vide noget om?"),
        [InputRequired(_l("Vælg mindst én ting, de må få at vide noget om"))],
        choices=options(CONSENT_KINDS),
        validate_choice=False,
    )
    purpose = TextAreaField(
        _l("Hvad skal de bruge det til?"),
        [
            Filled(_l("Skriv, hvad de skal bruge det til")),
            Length(max=LONGEST_PURPOSE, message=_l("Skriv højst %(max)d tegn")),
        ],
        filters=[several_lines],
    )
    until_day = DayField(_l("Til og med hvilken dag?"), [InputRequired(_l("Vælg den sidste dag"))])

    def validate_kinds(self, field: SelectMultipleField) -> None:
        if not set(field.data or ()) <= CONSENT_KINDS.keys():
            raise ValidationError(_("Vælg mindst én ting, de må få at vide noget om"))

    def consent(self, today: date) -> ConsentForm:
        """What was chosen. Raises ``Invalid`` for a recipient that no page offers."""
        chosen = set(self.recipients.data or ())
        try:
            units = frozenset(UUID(value) for value in chosen - {PARENTS.value})
        except ValueError as error:
            raise Invalid(Problem.CONSENT_UNKNOWN_UNIT, "units") from error
        until_day: date = self.until_day.data or today
        kinds = tuple(kind for kind in CONSENT_KINDS if kind in (self.kinds.data or ()))
        return ConsentForm(units, PARENTS.value in chosen, kinds, self.purpose.data or "", today, until_day)


@blueprint.route("/<uuid:case_id>/consent", methods=["GET", "POST"])
@open_to(Audience.CITIZEN)
def give_consent(case_id: UUID) -> ResponseReturnValue:
    """The form; what it says is given in a fresh login, so that it is certain who gave it."""
    given = typed()
    view = rooms.look(platform(), caller(), case_id, Action.GIVE_CONSENT)
    form = GiveForm(given) if given is not None else GiveForm(purpose=_purpose(view), until_day=years_on(view.today, 1))
    words = wording(current(), language())
    _put(words, form, view)
    if form.wording.data not in (None, "", str(words.version)):
        form.form_errors = [_("Teksten er blevet ændret, siden du åbnede siden. Læs den igen, før du siger ja.")]
    elif is_sent(form):
        try:
            consent = form.consent(view.today)
            # Going to the broker is no act yet: the same form may go there again, after the browser's "back".
            number = consents.check(platform(), replace(caller(), once=None), case_id, consent)
            return go_and_consent(case_id, number, consent)
        except Invalid as invalid:
            blame(form, Invalid(invalid.problem, "recipients") if invalid.field == "units" else invalid)
    already = {
        key: _("Du har allerede sagt ja til og med den %(day)s.", day=day(d)) for key, d in view.answered.items()
    }
    form.wording.data = str(words.version)
    page = render_template(
        "rooms/consent.html",
        room=view,
        form=form,
        words=words,
        hints=already,
        last_possible=years_on(view.today, LONGEST_YEARS),
        longest=LONGEST_PURPOSE,
    )
    return page, status(form)


def _put(words: Wording, form: GiveForm, view: RoomView) -> None:
    """Stand the words of this version, and the recipients of this room, in the form."""
    form.recipients.choices = options(recipients_of(view))
    form.kinds.choices = options(words.kinds(by_youth=view.is_youth))
    asked = {"who": form.recipients, "kinds": form.kinds, "purpose": form.purpose, "until": form.until_day}
    for key, field in asked.items():
        field.label.text = words.text("page", key)


def recipients_of(view: RoomView) -> dict[str, str]:
    """Whom a consent in this room can name, by the value of its box."""
    offered = {str(unit_id): named(name) for unit_id, name in view.choice.units}
    if view.choice.parents:
        label = _("Mine forældre: %(names)s") if view.is_youth else _("Forældrene: %(names)s")
        offered[PARENTS.value] = label % {"names": listed(view.choice.parents)}
    return offered


def _purpose(view: RoomView) -> str:
    if view.is_youth:
        return str(_("De skal arbejde sammen om at hjælpe mig videre med uddannelse og job."))
    return str(_("De skal arbejde sammen om at hjælpe %(name)s videre med uddannelse og job.", name=view.youth_name))


def years_on(today: date, years: int) -> date:
    """The same day so many years later."""
    is_leap_day = (today.month, today.day) == (2, 29)
    return today.replace(year=today.year + years, day=28 if is_leap_day else today.day)
