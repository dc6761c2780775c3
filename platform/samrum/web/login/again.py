"""A fresh second factor in the middle of a login, before what is dangerous; then on with what was begun."""

from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from samrum.services import passkeys, second_factor, step_up
from samrum.services.errors import AlreadyDone, LoginProblem, LoginRefused
from samrum.web import cookies
from samrum.web.current import platform
from samrum.web.drafts import safe_path
from samrum.web.gate import Audience, caller, open_to
from samrum.web.login import blueprint
from samrum.web.login.entering import go_on
from samrum.web.login.staff import code_form, code_problem


@blueprint.route("/again", methods=["GET", "POST"])
@open_to(Audience.STAFF)
def again() -> ResponseReturnValue:
    """Ask for a code or a passkey; who gave one lately goes straight on."""
    login = current_user.login
    target = safe_path(request.args.get("next", "/"))
    form = code_form()
    status = 422
    if request.method != "POST" and step_up.is_fresh(platform(), login.stepped_up_at):
        return redirect(target, 303)
    answer = request.form.get("answer", "")
    if request.method == "POST" and (answer or form.validate()):
        try:
            if answer:
                token = passkeys.give_again(platform(), caller(), login.id, cookies.visitor(), answer)
            else:
                token = step_up.with_code(platform(), caller(), login.id, form.code.data or "")
        except AlreadyDone:
            return redirect(target, 303)
        except LoginRefused as refused:
            text = code_problem(refused)
            if answer or refused.problem is LoginProblem.PASSKEY_DEMANDED:
                form.form_errors.append(text)
            else:
                form.code.errors = [text]
            status = 429 if refused.problem is LoginProblem.TOO_MANY else 422
        else:
            return go_on(token, target)
    own = second_factor.own(platform(), caller())
    return render_template(
        "login/again.html",
        form=form,
        onwards=target,
        has_passkeys=bool(own.passkeys) and passkeys.site(platform()) is not None,
        takes_code=not own.held.is_passkey_demanded,
    ), status if form.errors else 200
