"""Making the passkey without which the organisation lets nobody in: the last step of a login."""

from flask import flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from samrum.services import first_passkey as services
from samrum.services import staff_login
from samrum.services.errors import LoginProblem, LoginRefused
from samrum.web.current import platform
from samrum.web.gate import Audience, caller, open_to
from samrum.web.login import blueprint
from samrum.web.login.entering import enter
from samrum.web.login.passkey import PasskeyForm
from samrum.web.login.staff import next_page, onwards
from samrum.web.words import LOGIN_PROBLEMS


@blueprint.route("/staff/passkey", methods=["GET", "POST"])
@open_to(Audience.HALF_LOGGED_IN)
def first_passkey() -> ResponseReturnValue:
    """Make a passkey, and be logged in with it; whoever may not yet is asked for a code first."""
    form = PasskeyForm(request.form)
    half, login = caller(half=True), current_user.login
    try:
        if request.method == "POST" and form.validate():
            entering, answer = caller(half=True, logs_in=True), request.form.get("answer", "")
            token = services.make(platform(), entering, login.id, form.name.data or "", answer)
            flash(_("Adgangsnøglen er klar, og du er logget ind. Næste gang skal du kun bruge den."), "success")
            return enter(token, next_page())
        if not staff_login.asked(platform(), half, login.id).makes_passkey:
            return _back()
    except LoginRefused as refused:
        if refused.problem is not LoginProblem.WRONG_PASSKEY:
            return _back()
        form.form_errors.append(LOGIN_PROBLEMS[refused.problem.value])
    page = render_template("login/first_passkey.html", form=form, onwards=onwards())
    return page, 422 if form.errors else 200


@blueprint.post("/staff/passkey/options")
@open_to(Audience.HALF_LOGGED_IN)
def first_passkey_options() -> ResponseReturnValue:
    """What the script needs to have the passkey made."""
    try:
        response = make_response(services.options(platform(), caller(half=True), current_user.login.id))
    except LoginRefused:
        return _back()
    response.mimetype = "application/json"
    return response


def _back() -> ResponseReturnValue:
    return redirect(url_for("login.second_step", next=onwards()), 303)
