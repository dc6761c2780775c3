"""Staff: invitation, password, second factor."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from markupsafe import Markup
from werkzeug.datastructures import MultiDict
from wtforms import EmailField, Form, PasswordField, StringField
from wtforms.validators import InputRequired, Length

from auth import totp
from auth.passwords import MAXIMUM_LENGTH
from samrum.services import invitations, passkeys, staff_login
from samrum.services.errors import AlreadyDone, LoginProblem, LoginRefused
from samrum.services.platform import Caller
from samrum.services.sessions import Login
from samrum.services.staff_login import provisioning_uri
from samrum.web.current import platform
from samrum.web.drafts import safe_path
from samrum.web.gate import Audience, caller, open_to
from samrum.web.login import blueprint
from samrum.web.login.entering import enter, go_on
from samrum.web.words import LOGIN_PROBLEMS, PASSWORD_PROBLEMS


class PasswordForm(Form):
    email = EmailField(
        _l("E-mail"), [InputRequired(_l("Skriv din e-mail")), Length(max=254, message=_l("E-mailen er for lang"))]
    )
    password = PasswordField(
        _l("Adgangskode"),
        [
            InputRequired(_l("Skriv din adgangskode")),
            Length(max=4 * MAXIMUM_LENGTH, message=PASSWORD_PROBLEMS["too_long"]),
        ],
    )


class GivenPassword(Form):
    """The password alone, to stand before whatever else is asked for."""

    password = PasswordField(
        _l("Adgangskode"),
        [
            InputRequired(_l("Skriv din adgangskode")),
            Length(max=4 * MAXIMUM_LENGTH, message=PASSWORD_PROBLEMS["too_long"]),
        ],
    )


class CodeForm(Form):
    code = StringField(
        _l("Kode fra din app"),
        [
            InputRequired(_l("Skriv de seks cifre fra din app")),
            Length(max=20, message=_l("Skriv de seks cifre fra din app")),
        ],
    )


class AnewForm(CodeForm, GivenPassword):
    """All of what one logs in with, in the order in which it is asked for."""


def given_code() -> MultiDict[str, str]:
    """What was sent: a recovery code has a field of its own, and is a code like any other."""
    given = MultiDict(request.form)
    if given.get("recovery"):
        given["code"] = given["recovery"]
    return given


def code_problem(refused: LoginRefused) -> str:
    """Why a code did not do, by which of the two fields it came in."""
    is_recovery = bool(request.form.get("recovery")) and refused.problem is LoginProblem.WRONG_CODE
    return str(LOGIN_PROBLEMS["wrong_recovery_code" if is_recovery else refused.problem.value])


class WelcomeForm(Form):
    code = StringField(
        _l("Engangskode"),
        [InputRequired(_l("Skriv den kode, du har fået")), Length(max=60, message=_l("Skriv den kode, du har fået"))],
    )
    password = PasswordField(_l("Ny adgangskode"), [InputRequired(_l("Skriv en ny adgangskode"))])


@blueprint.route("/staff", methods=["GET", "POST"])
@open_to(Audience.EVERYBODY)
def staff() -> ResponseReturnValue:
    """The first step: e-mail and password."""
    form = PasswordForm(request.form)
    if request.method == "POST" and form.validate():
        try:
            token = staff_login.give_password(platform(), caller(), form.email.data or "", form.password.data or "")
        except LoginRefused as refused:
            return _refused("login/staff.html", form, form.password, refused)
        return enter(token, url_for("login.second_step", next=onwards()))
    return render_template("login/staff.html", form=form, onwards=onwards(), **ways_in()), 422 if form.errors else 200


def ways_in() -> dict[str, bool]:
    """What besides a password there is on the login page."""
    return {"passkeys_work": passkeys.site(platform()) is not None, "resets_work": invitations.go_by_mail(platform())}


@blueprint.route("/staff/code", methods=["GET", "POST"])
@open_to(Audience.HALF_LOGGED_IN)
def second_step() -> ResponseReturnValue:
    """The second step: a code from the app; at the first login the app is set up here."""
    login = current_user.login
    form = CodeForm(given_code())
    half = caller(half=True)
    try:
        if request.method == "POST" and form.validate():
            entering = caller(half=True, logs_in=True)
            entered = staff_login.give_code(platform(), entering, login.id, form.code.data or "")
            if not entered.is_complete:
                return go_on(entered.token, url_for("login.first_passkey", next=onwards()))
            response = enter(entered.token, next_page())
            if entered.set_up:
                flash(_("Telefonen er sat op. Lav også nødkoder under Dit login til den dag, den er væk."), "info")
            return response
        return _ask_for_code(form, half, login, 422 if form.errors else 200)
    except LoginRefused as refused:
        if refused.problem is LoginProblem.LOGIN_ENDED:
            flash(LOGIN_PROBLEMS[refused.problem.value], "warning")
            return redirect(url_for("login.staff", next=onwards()), 303)
        form.code.errors = [code_problem(refused)]
        return _ask_for_code(form, half, login, _status(refused))


def _ask_for_code(form: CodeForm, half: Caller, login: Login, status: int) -> ResponseReturnValue:
    """The page that asks for what comes next; raises ``LoginRefused`` when the half login has ended."""
    asked = staff_login.asked(platform(), half, login.id)
    if asked.makes_passkey:
        return redirect(url_for("login.first_passkey", next=onwards()), 303)
    secret = asked.new_secret
    if not (asked.takes_app or secret):  # there is no field for the app's code to stand the error at
        form.form_errors, form.code.errors = [*form.form_errors, *form.code.errors], []
    picture = Markup(totp.qr_svg(provisioning_uri(secret, login.email))) if secret else None  # noqa: S704 our own SVG
    groups = [secret[start : start + 4] for start in range(0, len(secret), 4)] if secret else []
    page = render_template(
        "login/code.html",
        form=form,
        asked=asked,
        email=login.email,
        qr_code=picture,
        groups=groups,
        onwards=onwards(),
        passkeys_work=secret is None and passkeys.site(platform()) is not None,
    )
    return page, status


@blueprint.route("/welcome", methods=["GET", "POST"])
@open_to(Audience.EVERYBODY)
def welcome() -> ResponseReturnValue:
    """Choose the first password with the invitation code."""
    form = WelcomeForm(request.form)
    if request.method == "POST" and form.validate():
        try:
            problems = staff_login.accept_invitation(
                platform(), caller(), form.code.data or "", form.password.data or ""
            )
        except LoginRefused as refused:
            return _refused("login/welcome.html", form, form.code, refused)
        except AlreadyDone as done:
            if done.result is None:
                return redirect(url_for("login.welcome"), 303)
            problems = []
        if not problems:
            flash(_("Din adgangskode er gemt. Log ind med den nu."), "success")
            return redirect(url_for("login.staff"), 303)
        form.password.errors = [PASSWORD_PROBLEMS[problem.value] for problem in problems]
    return render_template("login/welcome.html", form=form), 422 if form.errors else 200


def _refused(template: str, form: Form, field: StringField, refused: LoginRefused) -> ResponseReturnValue:
    field.errors = [LOGIN_PROBLEMS[refused.problem.value]]
    return render_template(template, form=form, onwards=onwards(), **ways_in()), _status(refused)


def _status(refused: LoginRefused) -> int:
    return 429 if refused.problem is LoginProblem.TOO_MANY else 422


def next_page() -> str:
    return safe_path(request.args.get("next", "/"))


def onwards() -> str | None:
    """Where to go on to, for an address; None where that is the front page anyway."""
    target = next_page()
    return target if target != "/" else None
