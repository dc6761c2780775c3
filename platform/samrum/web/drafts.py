"""A form sent after the login ended: what was typed is kept for the same person, and stands in the form again."""

import json
from uuid import UUID

from flask import flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.datastructures import MultiDict

from samrum.models import Draft
from samrum.queries.logins import draft_of
from samrum.services.sessions import Login
from samrum.web import cookies, once
from samrum.web.current import platform
from samrum.web.multipart import fields_before_file

_NOT_KEPT = ("once", "password", "old", "code", "draft", "answer", "recovery")


def second_step() -> str:
    return url_for("login.second_step", next=_back())


def ask_to_log_in(
    login: Login | None, *, streams: bool, typed: "MultiDict[str, str] | None" = None
) -> ResponseReturnValue:
    """Answer a request without a running login: the login page, and what was typed is kept or at least shown.

    ``typed`` is what a view has read already of a body that streams in.
    """
    if request.method in ("GET", "HEAD"):
        response = make_response(redirect(url_for("public.front", next=_back())))
        cookies.drop_login(response)
        return response
    if typed is None:
        typed = fields_before_file(platform().settings.upload_limit) if streams else request.form
    kept = worth_keeping(typed)
    if login is None:
        return render_template("errors/logged_out.html", typed=kept, back=request.path), 401
    once.check(typed.get("once", ""))
    draft_id = _keep(login.actor.id, kept) if kept else None
    flash(_("Du var blevet logget ud. Log ind igen, så står det, du skrev, der stadig."), "info")
    back = request.path + (f"?draft={draft_id}" if draft_id else "")
    response = make_response(redirect(url_for("public.front", next=back), 303))
    cookies.drop_login(response)
    return response


def ask_to_prove_it(login: Login, page: str, *, streams: bool) -> ResponseReturnValue:
    """Answer a request that wants a factor given anew: the page that asks for it, and what was typed is kept."""
    if request.method in ("GET", "HEAD"):
        return redirect(url_for(page, next=_back()))
    typed = fields_before_file(platform().settings.upload_limit) if streams else request.form
    once.check(typed.get("once", ""))
    kept = worth_keeping(typed)
    draft_id = _keep(login.actor.id, kept) if kept else None
    back = request.path + (f"?draft={draft_id}" if draft_id else "")
    return redirect(url_for(page, next=back), 303)


def worth_keeping(typed: "MultiDict[str, str]") -> "MultiDict[str, str]":
    """A form's fields without passwords, codes and tokens."""
    return MultiDict((name, value) for name, value in typed.items(multi=True) if name not in _NOT_KEPT)


def typed_before() -> MultiDict[str, str] | None:
    """What this person had typed into this form when the login ended; given back once, not to a HEAD request."""
    if request.method == "HEAD":
        return None
    try:
        draft_id = UUID(request.args.get("draft", ""))
    except ValueError:
        return None
    hub = platform()
    with hub.database.transaction() as session:
        draft = draft_of(session, current_user.login.actor.id, draft_id)
        if draft is None:
            return None
        session.delete(draft)
        sealed = draft.sealed
    flash(_("Her er det, du havde skrevet. Har du valgt en fil, skal du vælge den igen."), "info")
    return MultiDict(json.loads(hub.fields.open("draft", sealed)))


def _keep(person_id: UUID, typed: "MultiDict[str, str]") -> UUID:
    hub = platform()
    content = json.dumps(list(typed.items(multi=True))).encode()
    draft = Draft(person_id=person_id, sealed=hub.fields.seal("draft", content), at=hub.clock.now())
    with hub.database.transaction() as session:
        session.add(draft)
        session.flush()
        return draft.id


def _back() -> str:
    return request.full_path.rstrip("?") if request.method in ("GET", "HEAD") else "/"


def safe_path(path: str) -> str:
    """A path on this very site to go on to, or the front page."""
    is_ours = path.startswith("/") and not path.startswith(("//", "/\\")) and "\\" not in path and path.isprintable()
    return path if is_ours else "/"
