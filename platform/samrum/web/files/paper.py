"""Recording a consent that was signed on paper, together with its scan."""

from dataclasses import replace
from datetime import date
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import RadioField, SelectMultipleField, TextAreaField
from wtforms.validators import InputRequired, Length

from auth.policy import Action
from samrum.services import consents, rooms
from samrum.services.consents import LONGEST_YEARS, ConsentForm
from samrum.services.errors import AlreadyDone, Invalid, NotThere, Problem
from samrum.services.filetypes import ACCEPT
from samrum.services.incoming import NewVersion
from samrum.services.rooms import RoomView
from samrum.web import drafts
from samrum.web.current import platform
from samrum.web.files import blueprint
from samrum.web.files.arriving import ChosenFile, LoginEnded, arrive, blame, logged_out, take
from samrum.web.gate import Audience, caller, open_to
from samrum.web.multipart import IncomingForm
from samrum.web.rooms.consent import LONGEST_PURPOSE, GiveForm, recipients_of, years_on
from samrum.web.rooms.forms import DayField, Filled, options, several_lines
from samrum.web.words import CONSENT_KINDS, PROBLEMS


class PaperForm(GiveForm):
    """What stands on the paper: who signed it, for whom, what, why and how long; and the scan of it.

    All fields anew, in the order of the page: mistakes are listed in that order.
    """

    giver = RadioField(
        _l("Hvem har skrevet under?"), [InputRequired(_l("Vælg, hvem der har skrevet under"))], validate_choice=False
    )
    recipients = SelectMultipleField(
        _l("Hvem må se filerne?"),
        [InputRequired(PROBLEMS[Problem.CONSENT_NOBODY_NAMED.value])],
        validate_choice=False,
    )
    kinds = SelectMultipleField(
        _l("Hvilke oplysninger må de få?"),
        [InputRequired(_l("Vælg mindst én slags oplysninger"))],
        choices=options(CONSENT_KINDS),
        validate_choice=False,
    )
    purpose = TextAreaField(
        _l("Hvad skal de bruge oplysningerne til?"),
        [
            Filled(_l("Skriv formålet, som det står på papiret")),
            Length(max=LONGEST_PURPOSE, message=_l("Skriv højst %(max)d tegn")),
        ],
        filters=[several_lines],
    )
    from_day = DayField(_l("Fra og med"), [InputRequired(_l("Vælg den første dag"))])
    until_day = DayField(_l("Til og med"), [InputRequired(_l("Vælg den sidste dag"))])
    file = ChosenFile(_l("Det underskrevne papir"))

    def consent(self, today: date) -> ConsentForm:
        return replace(super().consent(today), from_day=self.from_day.data or today)


@blueprint.route("/paper-consent", methods=["GET", "POST"])
@open_to(Audience.STAFF, streams=True)
def paper_consent(case_id: UUID) -> ResponseReturnValue:
    """The owner's form for a signed paper. The consent counts from the moment its scan is stored."""
    if request.method == "POST":
        incoming = arrive()
        view = rooms.look(platform(), caller(), case_id, Action.MANAGE)
        form = PaperForm(incoming.fields)
        _offer(form, view)
        status = 422
        if form.validate():
            try:
                _record(incoming, case_id, form, view.today)
            except Invalid as invalid:
                status = blame(form, invalid)
            except LoginEnded:
                return logged_out(incoming)
            except AlreadyDone:
                return _recorded(case_id)
            else:
                return _recorded(case_id)
    else:
        view = rooms.look(platform(), caller(), case_id, Action.MANAGE)
        form = PaperForm(drafts.typed_before(), from_day=view.today, until_day=years_on(view.today, 1))
        _offer(form, view)
        status = 200
    page = render_template(
        "files/paper_consent.html",
        form=form,
        room=view,
        case_id=case_id,
        accept=ACCEPT.split(","),
        max_bytes=platform().settings.upload_limit,
        longest=LONGEST_PURPOSE,
        last_possible=years_on(view.today, LONGEST_YEARS),
    )
    return page, status


def _record(incoming: IncomingForm, case_id: UUID, form: PaperForm, today: date) -> None:
    consent = form.consent(today)
    try:
        giver_id = UUID(form.giver.data)
    except ValueError as error:
        raise NotThere from error
    consents.check_paper(platform(), caller(), case_id, giver_id, consent)
    take(
        incoming,
        case_id,
        NewVersion(incoming.file_name or "", "consent_form"),
        action=Action.MANAGE,
        also=lambda act, scan_id: consents.record_paper(act, case_id, giver_id, consent, scan_id),
    )


def _offer(form: PaperForm, view: RoomView) -> None:
    """Whom the form lets one choose: the givers whose consent counts, and those a consent can name."""
    givers = {str(view.youth_id): view.youth_name}
    if view.is_minor:
        givers |= {str(parent.citizen_id): parent.name for parent in view.parents if parent.custody_holder}
    form.giver.choices = options(givers)
    form.recipients.choices = options(recipients_of(view))


def _recorded(case_id: UUID) -> ResponseReturnValue:
    flash(_("Samtykket er registreret, og papiret er lagt op."), "success")
    return redirect(url_for("rooms.show", case_id=case_id), 303)
