"""Logging out, so that nothing stays on a shared computer."""

from flask import make_response, redirect, render_template
from flask.typing import ResponseReturnValue
from flask_login import current_user

from auth.oidc import OidcError
from samrum.services import sessions
from samrum.web import cookies, once
from samrum.web.current import platform
from samrum.web.gate import Audience, caller, open_to
from samrum.web.login import blueprint


@blueprint.post("/out")
@open_to(Audience.EVERYBODY)
def logout() -> ResponseReturnValue:
    """End the login here and, for a citizen, at the broker."""
    login = getattr(current_user, "login", None)
    id_token = None
    if login is not None:
        with once.only_once():
            id_token = sessions.log_out(platform(), caller(), login.id)
    response = make_response(redirect(_broker_logout(id_token) or "/login/out", 303))
    cookies.drop_login(response)
    response.headers["Clear-Site-Data"] = '"cache", "cookies", "storage"'
    return response


@blueprint.get("/out")
@open_to(Audience.EVERYBODY)
def logged_out() -> ResponseReturnValue:
    return render_template("login/logged_out.html")


def _broker_logout(id_token: str | None) -> str | None:
    try:
        return platform().relying_party.logout_url(id_token) if id_token else None
    except OidcError:
        return None
