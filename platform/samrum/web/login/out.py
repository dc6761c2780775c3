"""Logging out, so that nothing stays on a shared computer; and the list of one's own logins."""

from uuid import UUID

from flask import Response, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from auth.oidc import OidcError
from samrum.services import sessions, step_up
from samrum.services.errors import AlreadyDone, LoginProblem, LoginRefused
from samrum.services.platform import Caller
from samrum.services.sessions import Login
from samrum.web import cookies, once
from samrum.web.current import platform
from samrum.web.gate import SIGNED_IN, Audience, caller, open_to
from samrum.web.login import blueprint
from samrum.web.login.staff import GivenPassword
from samrum.web.words import LOGIN_PROBLEMS


@blueprint.post("/out")
@open_to(Audience.EVERYBODY)
def logout() -> ResponseReturnValue:
    """End the login here and, for a citizen, at the broker."""
    return _leave(getattr(current_user, "login", None))


@blueprint.get("/out")
@open_to(Audience.EVERYBODY)
def logged_out() -> ResponseReturnValue:
    """Says so, and what else to think of; whoever is logged in is not told otherwise."""
    if current_user.is_authenticated:
        return redirect(url_for("public.front"))
    return render_template("login/logged_out.html")


@blueprint.route("/sessions", methods=["GET", "POST"])
@open_to(*SIGNED_IN)
def own_logins() -> ResponseReturnValue:
    """One's own running logins; ends one of them, all others, or all. Others take one factor given lately: staff write
    the password there and then, citizens log in with MitID again."""
    login: Login = current_user.login
    running = sessions.own_logins(platform(), login)
    may_end = step_up.may_end_others(platform(), login)
    form = GivenPassword(request.form)
    if request.method == "POST":
        which = request.form.get("which", "")
        ending = [line.id for line in running if _is_meant(which, line.id, is_this_one=line.is_this_one)]
        others = [login_id for login_id in ending if login_id != login.id]
        if not others or may_end:
            return _end(login, ending, others, caller())
        if login.is_staff and form.validate():
            try:
                token = step_up.with_password(platform(), caller(), login.id, form.password.data or "")
            except AlreadyDone:
                return redirect(url_for("login.own_logins"), 303)
            except LoginRefused as refused:
                is_wrong = refused.problem is LoginProblem.WRONG
                form.password.errors = [LOGIN_PROBLEMS["wrong_password" if is_wrong else refused.problem.value]]
            else:
                response = _end(login, ending, others, caller(again=True))
                if login.id not in ending:
                    cookies.set_login(response, token)
                return response
    page = render_template("login/own_logins.html", running=running, may_end=may_end, form=form)
    return page, 422 if request.method == "POST" else 200


def _end(login: Login, ending: list[UUID], others: list[UUID], who: Caller) -> Response:
    with once.only_once():
        sessions.end_own(platform(), who, others)
    if login.id in ending:
        return _leave(login)
    flash(_("Der er logget ud."), "success")
    return make_response(redirect(url_for("login.own_logins"), 303))


def _is_meant(which: str, login_id: UUID, *, is_this_one: bool) -> bool:
    return which == "all" or (which == "others" and not is_this_one) or which == str(login_id)


def _leave(login: Login | None) -> Response:
    id_token = sessions.log_out(platform(), caller(half=True), login.id) if login is not None else None
    response = make_response(redirect(_broker_logout(id_token) or url_for("login.logged_out"), 303))
    cookies.leave_nothing(response)
    return response


def _broker_logout(id_token: str | None) -> str | None:
    try:
        return platform().relying_party.logout_url(id_token) if id_token else None
    except OidcError:
        return None
