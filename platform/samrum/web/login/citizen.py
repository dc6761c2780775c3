"""The way to the broker and back, for young people and parents."""

import json
from datetime import date
from uuid import UUID

from flask import flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from auth.oidc import AssuranceTooLow, AttemptExpired, Cancelled, LoginRequired, OidcError, ProviderUnavailable
from auth.policy import CitizenActor
from samrum.services import citizen_login, consents, receipts
from samrum.services.citizen_login import Arrival
from samrum.services.consents import ConsentForm
from samrum.services.errors import Denied, Invalid, LoginProblem, LoginRefused, NotThere
from samrum.services.platform import Caller
from samrum.web import cookies
from samrum.web.current import language, platform
from samrum.web.drafts import safe_path
from samrum.web.errors import unavailable
from samrum.web.gate import Audience, caller, forget_viewer, open_to
from samrum.web.login import blueprint
from samrum.web.login.entering import end_former, enter
from samrum.web.words import LOGIN_PROBLEMS, PROBLEMS


@blueprint.get("/citizen")
@open_to(Audience.EVERYBODY)
def citizen() -> ResponseReturnValue:
    """Send the citizen to the broker."""
    purpose = {"next": safe_path(request.args.get("next", "/"))}
    try:
        url = citizen_login.begin(platform(), cookies.visitor(), purpose)
    except OidcError:
        return unavailable("login")
    return redirect(url)


def go_and_consent(case_id: UUID, number: str, form: ConsentForm) -> ResponseReturnValue:
    """Send the citizen to the broker for a fresh login in which the consent is given."""
    purpose = {
        "consent": str(case_id),
        "person": str(current_user.login.actor.id),
        "form": json.dumps(
            {
                "units": sorted(str(unit) for unit in form.units),
                "to_parents": form.to_parents,
                "kinds": form.kinds,
                "purpose": form.purpose,
                "from_day": form.from_day.isoformat(),
                "until_day": form.until_day.isoformat(),
                "wording": form.wording_version,
            }
        ),
    }
    text = _("Du giver samtykke i Samrum, rum %(number)s", number=number)
    return redirect(citizen_login.begin(platform(), cookies.visitor(), purpose, reference_text=text), 303)


@blueprint.get("/citizen/callback")
@open_to(Audience.EVERYBODY)
def callback() -> ResponseReturnValue:
    """The citizen is back: log in, and carry out what the login was for."""
    try:
        query = request.query_string.decode("ascii", "replace")
        arrival = citizen_login.finish(platform(), caller(), cookies.visitor(), query)
    except OidcError as error:
        return _not_logged_in(error)
    except LoginRefused as refused:
        if refused.problem is not LoginProblem.OTHER_BROWSER:
            return _somebody_else(refused)
        return _failed(LOGIN_PROBLEMS[refused.problem.value])
    response = enter(arrival.token, safe_path(arrival.purpose.get("next", "/")))
    if "consent" in arrival.purpose:
        response.location = _consent(arrival)
    return response


def _consent(arrival: Arrival) -> str:
    """Give the consent that the citizen went to the broker for; returns where to go on."""
    case_id = UUID(arrival.purpose["consent"])
    if arrival.purpose["person"] != str(arrival.citizen.id):
        flash(LOGIN_PROBLEMS["consent_by_other"], "error")
        return "/"
    content = json.loads(arrival.purpose["form"])
    form = ConsentForm(
        units=frozenset(UUID(unit) for unit in content["units"]),
        to_parents=content["to_parents"],
        kinds=tuple(content["kinds"]),
        purpose=content["purpose"],
        from_day=date.fromisoformat(content["from_day"]),
        until_day=date.fromisoformat(content["until_day"]),
        wording_version=content["wording"],
    )
    giver = Caller(CitizenActor(arrival.citizen.id, arrival.citizen.active), request.remote_addr)
    try:
        consent_id = consents.give(platform(), giver, case_id, form, arrival.identity)
    except Invalid as invalid:
        flash(PROBLEMS[invalid.problem.value], "error")
        return url_for("rooms.give_consent", case_id=case_id)
    except (Denied, NotThere):
        flash(_("Samtykket kunne ikke gives, for rummet er ændret imens."), "error")
        return "/"
    receipts.keep(platform(), giver, case_id, consent_id, language())
    return url_for("consents.given", case_id=case_id, consent_id=consent_id)


def _not_logged_in(error: OidcError) -> ResponseReturnValue:
    """Each way of not getting in has its own plain sentence and a way on."""
    if isinstance(error, ProviderUnavailable):
        return unavailable("login")
    if isinstance(error, Cancelled):
        text = _("Du afbrød login. Der er ikke sket noget, og du kan prøve igen, når du vil.")
    elif isinstance(error, AttemptExpired):
        text = _("Der gik for lang tid, så login nåede at udløbe. Begynd forfra.")
    elif isinstance(error, LoginRequired):
        text = _("MitID vil gerne have, at du logger ind igen. Begynd forfra.")
    elif isinstance(error, AssuranceTooLow):
        text = _("Dit login er ikke sikkert nok. Log ind med MitID på sikringsniveauet Betydelig eller Høj.")
    else:
        text = _("Vi kunne ikke være sikre på svaret fra MitID, så vi stoppede. Prøv igen.")
    return _failed(text)


def _somebody_else(refused: LoginRefused) -> ResponseReturnValue:
    """Somebody has just shown who they are, and it is nobody here: the login that ran in this browser is not theirs."""
    end_former()
    forget_viewer()
    response = make_response(_failed(LOGIN_PROBLEMS[refused.problem.value]))
    cookies.drop_login(response)
    return response


def _failed(text: str) -> ResponseReturnValue:
    return render_template("login/citizen_failed.html", reason_text=text), 403
