"""A fresh second factor in a running login, or all of it, before what is dangerous; then on with what was begun."""

from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from auth.passwords import MAXIMUM_LENGTH
from samrum.services import passkeys, second_factor, step_up
from samrum.services.errors import AlreadyDone, LoginProblem, LoginRefused
from samrum.web import cookies
from samrum.web.current import platform
from samrum.web.drafts import safe_path
from samrum.web.gate import Audience, caller, open_to
from samrum.web.login import blueprint
from samrum.web.login.entering import go_on
from samrum.web.login.staff import AnewForm, CodeForm, code_problem, given_code
from samrum.web.words import LOGIN_PROBLEMS


@blueprint.route("/again", methods=["GET", "POST"])
@open_to(Audience.STAFF)
def again() -> ResponseReturnValue:
    """Ask for a code or a passkey; who gave one lately goes straight on."""
    return _prove_it(CodeForm(given_code()), is_fresh=step_up.is_fresh(platform(), current_user.login.stepped_up_at))


@blueprint.route("/anew", methods=["GET", "POST"])
@open_to(Audience.STAFF)
def anew() -> ResponseReturnValue:
    """Ask for password and code, or a passkey, which is both."""
    return _prove_it(AnewForm(given_code()), is_fresh=step_up.is_fresh(platform(), current_user.login.proved_at))


def _prove_it(form: CodeForm, *, is_fresh: bool) -> ResponseReturnValue:
    target = safe_path(request.args.get("next", "/"))
    status = 422
    if request.method != "POST" and is_fresh:
        return redirect(target, 303)
    answer = request.form.get("answer", "")
    if request.method == "POST" and (answer or form.validate()):
        try:
            token = _give(form, answer)
        except AlreadyDone:
            return redirect(target, 303)
        except LoginRefused as refused:
            _tell(form, refused, is_answer=bool(answer))
            status = 429 if refused.problem is LoginProblem.TOO_MANY else 422
        else:
            return go_on(token, target)
    own = second_factor.own(platform(), caller())
    return render_template(
        "login/again.html",
        form=form,
        with_password=isinstance(form, AnewForm),
        onwards=target,
        has_passkeys=bool(own.passkeys) and passkeys.site(platform()) is not None,
        takes_code=not own.held.is_passkey_demanded,
    ), status if form.errors else 200


def _give(form: CodeForm, answer: str) -> str:
    """The login's new token. Raises ``AlreadyDone`` or ``LoginRefused``."""
    login_id = current_user.login.id
    if answer:
        return passkeys.give_again(platform(), caller(), login_id, cookies.visitor(), answer)
    password = (form.password.data or "")[: 4 * MAXIMUM_LENGTH] if isinstance(form, AnewForm) else None
    return step_up.with_code(platform(), caller(), login_id, form.code.data or "", password)


def _tell(form: CodeForm, refused: LoginRefused, *, is_answer: bool) -> None:
    """Stand the problem where it belongs."""
    text = code_problem(refused)
    if refused.problem is LoginProblem.WRONG and isinstance(form, AnewForm):
        form.password.errors = [str(LOGIN_PROBLEMS["wrong_password"])]
    elif is_answer or refused.problem is LoginProblem.PASSKEY_DEMANDED:
        form.form_errors.append(text)
    else:
        form.code.errors = [text]
