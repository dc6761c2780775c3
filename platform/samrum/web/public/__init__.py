"""Pages that need no login."""

from flask import Blueprint, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from samrum.web.drafts import safe_path
from samrum.web.gate import Audience, open_to
from samrum.web.pages import LANGUAGES

blueprint = Blueprint("public", __name__)


@blueprint.get("/")
@open_to(Audience.EVERYBODY)
def front() -> ResponseReturnValue:
    """The two doors; whoever is logged in goes on to the rooms."""
    onwards = safe_path(request.args.get("next", "/"))
    if current_user.is_authenticated:
        is_administrator = current_user.kind == "staff" and current_user.login.actor.administrator
        home = url_for("people.staff") if is_administrator else url_for("rooms.mine")
        return redirect(onwards if onwards != "/" else home)
    return render_template("public/front.html", next=onwards)


@blueprint.get("/language/<lang>")
@open_to(Audience.EVERYBODY)
def language(lang: str) -> ResponseReturnValue:
    """Choose the language, and go back to where one was."""
    if lang in LANGUAGES:
        session["language"] = lang
    return redirect(safe_path(request.args.get("next", "/")))


@blueprint.get("/accessibility")
@open_to(Audience.EVERYBODY)
def accessibility() -> ResponseReturnValue:
    return render_template("public/accessibility.html")


@blueprint.get("/privacy")
@open_to(Audience.EVERYBODY)
def privacy() -> ResponseReturnValue:
    return render_template("public/privacy.html")
