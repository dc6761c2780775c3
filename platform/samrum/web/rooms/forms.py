"""What the forms of the rooms share: fields that speak plain Danish, and errors put where they belong."""

from collections.abc import Iterable, Mapping
from typing import Any

from flask import request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import MultiDict
from wtforms import DateField, Field, Form, RadioField, SelectField, StringField
from wtforms.fields import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import AnyOf, InputRequired, Length, ValidationError

from samrum.cpr import Cpr, InvalidCpr
from samrum.services.errors import Invalid
from samrum.web import drafts
from samrum.web.words import PROBLEMS

_DAY_FORMATS = ["%Y-%m-%d", "%d-%m-%Y", "%d.%m.%Y", "%d/%m/%Y"]


def typed() -> MultiDict[str, str] | None:
    """What stands in the form: what was sent, or what was typed before the login ended."""
    return request.form if request.method == "POST" else drafts.typed_before()


def is_sent(form: Form) -> bool:
    """Whether the form was sent, and nothing in it is wrong so far."""
    return request.method == "POST" and form.validate()


def blame(form: Form, invalid: Invalid) -> None:
    """Put what a service found wrong at the field it belongs to."""
    text = PROBLEMS[invalid.problem.value]
    if invalid.field is None or not _blame(form, invalid.field, text):
        form.form_errors = [*form.form_errors, text]


def status(form: Form) -> int:
    return 422 if form.errors else 200


def one_line(value: str | None) -> str:
    """A line of text without odd characters and without spaces around it."""
    shown = (character if character.isprintable() else " " for character in value or "")
    return " ".join("".join(shown).split())


def several_lines(value: str | None) -> str:
    lines = (value or "").replace("\r\n", "\n").split("\n")
    return "\n".join(one_line(line) for line in lines).strip()


def name_field(label: str, missing: str | None = None, longest: int = 200, **more: Any) -> StringField:
    """A line of text; ``missing`` is what to say when it must not be empty."""
    too_long = Length(max=longest, message=_l("Skriv højst %(max)d tegn"))
    required = [Filled(missing)] if missing else []
    return StringField(label, [*required, too_long], filters=[one_line], **more)


def options(choices: Mapping[str, str]) -> list[Any]:
    """Choices of a field, from codes and their labels."""
    return [SelectChoice(value, label) for value, label in choices.items()]


def radios(label: str, choices: Mapping[str, str], missing: str, **more: Any) -> RadioField:
    return RadioField(label, _one_of(choices, missing), choices=options(choices), validate_choice=False, **more)


def select(label: str, choices: Mapping[str, str], missing: str) -> SelectField:
    with_none = options({"": _l("Vælg"), **choices})
    return SelectField(label, _one_of(choices, missing), choices=with_none, validate_choice=False)


class Filled(InputRequired):
    """Required, and more than spaces."""

    def __call__(self, form: Any, field: Any) -> None:
        super().__call__(form, field)
        if not field.data:
            raise ValidationError(self.message or "")


class DayField(DateField):
    """A calendar day, as the browser's date field sends it or as people write it."""

    def __init__(self, label: str, validators: list[Any], **more: Any) -> None:
        super().__init__(label, validators, format=_DAY_FORMATS, **more)

    def process_formdata(self, valuelist: list[Any]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError as error:
            raise ValueError(_("Skriv en dato, der findes, for eksempel 31-12-2027")) from error


def cpr_number(_form: object, field: Field) -> None:
    """Validator: empty, or a CPR number that can exist."""
    parsed_cpr(field)


def parsed_cpr(field: Field) -> Cpr | None:
    """The CPR number in a field. Raises ``ValidationError``."""
    if not field.data:
        return None
    try:
        return Cpr.parse(field.data)
    except InvalidCpr as error:
        if error.args == ("date",):
            raise ValidationError(
                _("De første seks tal i CPR-nummeret er ikke en dato, der findes. Tjek nummeret.")
            ) from error
        raise ValidationError(_("Et CPR-nummer har 10 tal, for eksempel 010203-1234. Tjek nummeret.")) from error


def _one_of(choices: Mapping[str, str], missing: str) -> list[Any]:
    return [InputRequired(missing), AnyOf(list(choices), message=missing)]


def _blame(fields: Iterable[Any], name: str, text: str) -> bool:
    for field in fields:
        if field.type == "FormField" and _blame(field.form, name, text):
            return True
        if field.name == name:
            field.errors = [text]
            return True
    return False
