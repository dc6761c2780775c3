"""Logging out, so that nothing stays on a shared computer; and the list of one's own logins."""

from uuid import UUID

from flask import flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from auth.oidc import OidcError
from samrum.services import sessions
from samrum.services.sessions import Login
from samrum.web import cookies, once
from samrum.web.current import platform
from samrum.web.gate import SIGNED_IN, Audience, caller, open_to
from samrum.web.login import blueprint


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
    """One's own running logins; ends one of them, all others, or all."""
    login: Login = current_user.login
    running = sessions.own_logins(platform(), login)
    if request.method == "POST":
        which = request.form.get("which", "")
        ending = [line.id for line in running if _is_meant(which, line.id, is_this_one=line.is_this_one)]
        others = [login_id for login_id in ending if login_id != login.id]
        with once.only_once():
            sessions.end_own(platform(), caller(), others)
        if login.id in ending:
            return _leave(login)
        flash(_("Der er logget ud."), "success")
        return redirect(url_for("login.own_logins"), 303)
    return render_template("login/own_logins.html", running=running)


def _is_meant(which: str, login_id: UUID, *, is_this_one: bool) -> bool:
    return which == "all" or (which == "others" and not is_this_one) or which == str(login_id)


def _leave(login: Login | None) -> ResponseReturnValue:
    id_token = sessions.log_out(platform(), caller(half=True), login.id) if login is not None else None
    response = make_response(redirect(_broker_logout(id_token) or url_for("login.logged_out"), 303))
    cookies.leave_nothing(response)
    return response


def _broker_logout(id_token: str | None) -> str | None:
    try:
        return platform().relying_party.logout_url(id_token) if id_token else None
    except OidcError:
        return None
