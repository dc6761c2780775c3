"""Passkeys at the browser: the challenge a script asks for, the login, and one's own passkeys."""

from uuid import UUID

from flask import Response, abort, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from wtforms import Form, StringField
from wtforms.validators import InputRequired, Length

from samrum.services import passkeys, second_factor
from samrum.services.errors import AlreadyDone, LoginProblem, LoginRefused
from samrum.web import cookies
from samrum.web.current import platform
from samrum.web.drafts import safe_path, typed_before
from samrum.web.gate import Audience, caller, open_to
from samrum.web.login import blueprint
from samrum.web.login.entering import enter, go_on
from samrum.web.login.staff import PasswordForm, ways_in
from samrum.web.words import LOGIN_PROBLEMS


class PasskeyForm(Form):
    name = StringField(
        _l("Hvad skal adgangsnøglen hedde?"),
        [InputRequired(_l("Giv adgangsnøglen et navn")), Length(max=80, message=_l("Navnet er for langt"))],
    )


@blueprint.post("/passkey/options")
@open_to(Audience.EVERYBODY)
def passkey_options() -> ResponseReturnValue:
    """A challenge for the script to hand to the browser; tied to this very browser."""
    try:
        return _json(passkeys.options(platform(), caller(), cookies.visitor()))
    except LoginRefused as refused:
        return _json("{}"), _status(refused)


@blueprint.post("/passkey")
@open_to(Audience.EVERYBODY)
def passkey() -> ResponseReturnValue:
    """The whole login in one step."""
    target = safe_path(request.args.get("next", "/"))
    try:
        answer = request.form.get("answer", "")
        token = passkeys.log_in(platform(), caller(logs_in=True), cookies.visitor(), answer)
    except LoginRefused as refused:
        form = PasswordForm()
        form.form_errors.append(LOGIN_PROBLEMS[refused.problem.value])
        onwards = target if target != "/" else None
        return render_template("login/staff.html", form=form, onwards=onwards, **ways_in()), _status(refused)
    return enter(token, target)


@blueprint.post("/mine/passkey/options")
@open_to(Audience.STAFF, anew=True)
def new_passkey_options() -> ResponseReturnValue:
    """What the script needs to have a passkey made."""
    try:
        return _json(passkeys.options_to_add(platform(), caller(), current_user.login.id))
    except LoginRefused:
        return _json("{}"), 409


@blueprint.route("/mine/passkey", methods=["GET", "POST"])
@open_to(Audience.STAFF, anew=True)
def new_passkey() -> ResponseReturnValue:
    """Name a passkey and keep it."""
    if passkeys.site(platform()) is None:
        abort(404)
    form = PasskeyForm(request.form if request.method == "POST" else typed_before())
    if request.method == "POST" and form.validate():
        try:
            token = passkeys.add(
                platform(), caller(), current_user.login.id, form.name.data or "", request.form.get("answer", "")
            )
        except AlreadyDone:
            return redirect(url_for("login.mine"), 303)
        except LoginRefused as refused:
            form.form_errors.append(LOGIN_PROBLEMS[refused.problem.value])
        else:
            flash(_("Adgangsnøglen er klar. Næste gang kan du logge ind med den alene."), "success")
            return go_on(token, url_for("login.mine"))
    return render_template("login/new_passkey.html", form=form), 422 if form.errors else 200


@blueprint.route("/mine/passkey/<uuid:passkey_id>/remove", methods=["GET", "POST"])
@open_to(Audience.STAFF, anew=True)
def revoke_passkey(passkey_id: UUID) -> ResponseReturnValue:
    """Take a passkey out of use."""
    if request.method == "POST":
        try:
            token = passkeys.revoke(platform(), caller(), current_user.login.id, passkey_id)
        except AlreadyDone:
            return redirect(url_for("login.mine"), 303)
        flash(_("Adgangsnøglen er fjernet."), "success")
        return go_on(token, url_for("login.mine"))
    own = second_factor.own(platform(), caller())
    found = next((row for row in own.passkeys if row.id == passkey_id), None)
    if found is None:
        abort(404)
    return render_template("login/revoke_passkey.html", passkey=found, may_go=own.held.may_lose_a_passkey())


def _json(text: str) -> Response:
    response = make_response(text)
    response.mimetype = "application/json"
    return response


def _status(refused: LoginRefused) -> int:
    return 429 if refused.problem is LoginProblem.TOO_MANY else 422
