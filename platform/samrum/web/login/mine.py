"""What one logs in with: password, app, passkeys, recovery codes."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from markupsafe import Markup
from wtforms import Form, PasswordField
from wtforms.validators import InputRequired, Length

from auth import totp
from auth.passwords import MAXIMUM_LENGTH
from samrum.services import passkeys, recovery, second_factor
from samrum.services.errors import AlreadyDone, LoginProblem, LoginRefused
from samrum.services.staff_login import provisioning_uri
from samrum.web.current import platform
from samrum.web.gate import Audience, caller, open_to
from samrum.web.login import blueprint
from samrum.web.login.entering import go_on
from samrum.web.login.staff import CodeForm
from samrum.web.words import LOGIN_PROBLEMS, PASSWORD_PROBLEMS


class NewPasswordForm(Form):
    old = PasswordField(
        _l("Din nuværende adgangskode"),
        [InputRequired(_l("Skriv den adgangskode, du har nu")), Length(max=4 * MAXIMUM_LENGTH)],
    )
    password = PasswordField(_l("Ny adgangskode"), [InputRequired(_l("Skriv en ny adgangskode"))])


@blueprint.get("/mine")
@open_to(Audience.STAFF)
def mine() -> ResponseReturnValue:
    """Everything one logs in with, and where to change it."""
    own = second_factor.own(platform(), caller())
    return render_template("login/mine.html", own=own, passkeys_work=passkeys.site(platform()) is not None)


@blueprint.route("/mine/codes", methods=["GET", "POST"])
@open_to(Audience.STAFF, anew=True)
def recovery_codes() -> ResponseReturnValue:
    """Make new recovery codes; the answer shows them, this once."""
    if request.method == "POST":
        try:
            token, codes = recovery.new_codes(platform(), caller(), current_user.login.id)
        except AlreadyDone:
            flash(_("Koderne er blevet vist én gang. Nåede du ikke at gemme dem, så lav nogle nye."), "info")
            return redirect(url_for("login.mine"), 303)
        return go_on(token, page=render_template("login/recovery_codes.html", codes=codes))
    own = second_factor.own(platform(), caller())
    return render_template("login/make_recovery_codes.html", left=own.recovery_codes_left)


@blueprint.route("/mine/app", methods=["GET", "POST"])
@open_to(Audience.STAFF, anew=True)
def new_app() -> ResponseReturnValue:
    """Move to another phone while the old one, a passkey or a recovery code is still at hand."""
    form = CodeForm(request.form)
    login = current_user.login
    status = 200
    if request.method == "POST" and form.validate():
        try:
            token = recovery.confirm_new_app(platform(), caller(), login.id, form.code.data or "")
        except AlreadyDone:
            return redirect(url_for("login.mine"), 303)
        except LoginRefused as refused:
            form.code.errors = [LOGIN_PROBLEMS[refused.problem.value]]
            status = _status(refused)
        else:
            flash(_("Fra nu af kommer koderne fra den nye app."), "success")
            return go_on(token, url_for("login.mine"))
    secret = recovery.new_app(platform(), caller(), login.id)
    picture = Markup(totp.qr_svg(provisioning_uri(secret, login.email)))  # noqa: S704 our own SVG
    groups = [secret[start : start + 4] for start in range(0, len(secret), 4)]
    page = render_template("login/new_app.html", form=form, email=login.email, qr_code=picture, groups=groups)
    return page, 422 if form.errors and status == 200 else status


@blueprint.route("/mine/password", methods=["GET", "POST"])
@open_to(Audience.STAFF, step_up=True)
def new_password() -> ResponseReturnValue:
    """Change the password: the old one and a fresh second factor are all of what one logs in with."""
    form = NewPasswordForm(request.form)
    status = 422
    if request.method == "POST" and form.validate():
        try:
            found = recovery.change_password(
                platform(), caller(), current_user.login.id, form.old.data or "", form.password.data or ""
            )
        except AlreadyDone:
            return redirect(url_for("login.mine"), 303)
        except LoginRefused as refused:
            wrong = refused.problem is LoginProblem.WRONG
            text = _("Det er ikke din nuværende adgangskode. Prøv igen.") if wrong else None
            form.old.errors = [text or LOGIN_PROBLEMS[refused.problem.value]]
            status = _status(refused)
        else:
            if isinstance(found, str):
                flash(_("Din adgangskode er ændret, og du er logget ud alle andre steder."), "success")
                return go_on(found, url_for("login.mine"))
            form.password.errors = [PASSWORD_PROBLEMS[problem.value] for problem in found]
    return render_template("login/new_password.html", form=form), status if form.errors else 200


def _status(refused: LoginRefused) -> int:
    return 429 if refused.problem is LoginProblem.TOO_MANY else 422
