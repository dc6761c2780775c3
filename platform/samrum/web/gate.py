"""Who may reach a page at all: every view says so, and a view that says nothing is reached by nobody.

What somebody may do in a case is the policy's to decide; the gate only tells people apart.
"""

from collections.abc import Callable
from dataclasses import replace
from enum import Enum
from typing import Any, NoReturn, TypeVar

from flask import Flask, abort, current_app, g, make_response, redirect, request
from flask.typing import ResponseReturnValue
from flask_login import AnonymousUserMixin, LoginManager, UserMixin, current_user

from auth.policy import Reason, StaffActor
from samrum.db import DatabaseUnavailable
from samrum.services import sessions, step_up
from samrum.services.platform import Caller, Platform
from samrum.services.sessions import Login, Stage
from samrum.web import cookies, drafts, once
from samrum.web.current import platform
from samrum.web.devices import device_in_words


class Audience(Enum):
    """Whom a view is for."""

    EVERYBODY = "everybody"
    HALF_LOGGED_IN = "half_logged_in"  # password given, second factor not; the view looks whether it still counts
    STAFF = "staff"
    CITIZEN = "citizen"
    ADMINISTRATOR = "administrator"
    AUDITOR = "auditor"


View = TypeVar("View", bound=Callable[..., ResponseReturnValue])

SIGNED_IN = (Audience.STAFF, Audience.CITIZEN)
_SAFE = ("GET", "HEAD")


class Viewer(UserMixin):  # type: ignore[misc]
    """Whoever is looking: Flask-Login's user, made of the login row at every request."""

    def __init__(self, login: Login) -> None:
        self.login = login
        self.name = login.name
        self.subtitle = login.subtitle
        self.kind = "staff" if login.is_staff else "citizen"

    @property
    def is_authenticated(self) -> bool:
        return self.login.is_running and self.login.stage is Stage.FULL

    def get_id(self) -> str:
        return str(self.login.actor.id)


def open_to(
    *audiences: Audience,
    streams: bool = False,
    step_up: bool = False,
    step_up_to_send: bool = False,
    anew: bool = False,
    from_machines: bool = False,
) -> Callable[[View], View]:
    """Mark a view with whom it is for.

    ``streams``: it reads the body itself, and checks the form token itself. ``step_up``: staff give a second factor
    first, unless they did so lately; ``step_up_to_send``: likewise, but looking at the page is free.
    ``anew``: staff show all of what they log in with first, unless they did so lately.
    ``from_machines``: no form of ours leads here, so that there is no form token; the view checks who sent it.
    """

    def mark(view: View) -> View:
        view.audiences = frozenset(audiences)  # type: ignore[attr-defined]
        view.streams = streams  # type: ignore[attr-defined]
        view.step_up = step_up  # type: ignore[attr-defined]
        view.step_up_to_send = step_up_to_send  # type: ignore[attr-defined]
        view.anew = anew  # type: ignore[attr-defined]
        view.from_machines = from_machines  # type: ignore[attr-defined]
        return view

    return mark


def caller(*, half: bool = False, again: bool = False, logs_in: bool = False) -> Caller:
    """Who asks in this request, with the form token once it has been checked. ``half``: also without second factor.
    ``again``: without the token, for what the second of two clicks still needs. ``logs_in``: with what the browser is
    recognised by the next time."""
    knows_who = current_user.is_authenticated or (half and getattr(current_user, "login", None) is not None)
    actor = current_user.login.actor if knows_who else None
    token = None if again else g.get("once")
    device = device_in_words(request.user_agent.string)
    return Caller(actor, request.remote_addr or "unknown", token, device, cookies.device() if logs_in else "")


def refreshed(hub: Platform, before: Caller, token: str) -> Caller | None:
    """The same caller, looked up again; None once the login has ended. Needs no request."""
    login = sessions.look_up(hub, token)
    if login is None or not login.is_running or login.stage is not Stage.FULL:
        return None
    return replace(before, actor=login.actor)


def turn_away() -> NoReturn:
    """The page is for other kinds of people. It stands in the log, and in the room's own where it was about a room."""
    case_id = (request.view_args or {}).get("case_id")
    platform().log_denial(caller(again=True), Reason.NOT_ATTACHED.value, case_id)
    abort(404)


def forget_viewer() -> None:
    """Go on as if nobody were logged in, as when the database cannot say who is."""
    g._login_user = AnonymousUserMixin()  # noqa: SLF001 where Flask-Login keeps its answer


def install(app: Flask) -> None:
    manager = LoginManager(app)
    manager.session_protection = None

    @manager.request_loader
    def _load(_request: object) -> Viewer | None:
        token = cookies.login_token()
        login = sessions.look_up(platform(), token) if token else None
        return Viewer(login) if login else None

    app.before_request(_enforce)


def _enforce() -> ResponseReturnValue | None:
    if request.method not in _SAFE:
        once.check_origin()
    if request.endpoint is None or request.endpoint == "static":
        return None
    view: Any = current_app.view_functions[request.endpoint]
    audiences: frozenset[Audience] = getattr(view, "audiences", frozenset())
    try:
        login: Login | None = getattr(current_user, "login", None)
    except DatabaseUnavailable:
        if Audience.EVERYBODY not in audiences or request.method not in _SAFE:
            raise
        forget_viewer()
        login = None
    streams = getattr(view, "streams", False)
    if Audience.EVERYBODY not in audiences and (refusal := _refuse(login, audiences, streams)) is not None:
        return refusal
    if login is not None and login.is_staff and (page := _to_prove_it(view, login)) is not None:
        return drafts.ask_to_prove_it(login, page, streams=streams)
    if request.method not in _SAFE and not streams and not getattr(view, "from_machines", False):
        once.check(request.form.get("once", ""))
        if any("\0" in value for _name, value in request.form.items(multi=True)):
            abort(400)  # nobody types it, and PostgreSQL takes none in a text
    return None


def _refuse(login: Login | None, audiences: frozenset[Audience], streams: bool) -> ResponseReturnValue | None:
    if not audiences:
        abort(404)
    if Audience.HALF_LOGGED_IN in audiences and login is not None and login.stage is Stage.PASSWORD:
        return None
    if login is None and not streams and (second := _second_click()) is not None:
        return second
    if login is None or not login.is_running:
        return drafts.ask_to_log_in(login, streams=streams)
    if login.stage is not Stage.FULL:
        return redirect(drafts.second_step(), 303)
    if Audience.HALF_LOGGED_IN in audiences:
        return redirect(drafts.safe_path(request.args.get("next", "/")), 303)
    if not _belongs(login, audiences):
        turn_away()
    return None


def _second_click() -> ResponseReturnValue | None:
    """Where the first of two clicks exchanged the login's token, the second one comes with the old: go on with it."""
    if request.method in _SAFE or not cookies.login_token():
        return None
    try:
        once.check(request.form.get("once", ""))
    except once.StaleForm:
        return None
    token = sessions.token_after_exchange(platform(), g.pop("once"))
    if token is None:
        return None
    response = make_response(redirect(request.full_path.rstrip("?"), 303))
    cookies.set_login(response, token)
    return response


def _to_prove_it(view: Any, login: Login) -> str | None:
    """The page where staff first show, for this request to the view, that it is they; None where they did so lately."""
    if getattr(view, "anew", False):
        return None if step_up.is_fresh(platform(), login.proved_at) else "login.anew"
    to_send = getattr(view, "step_up_to_send", False) and request.method not in _SAFE
    wanted = getattr(view, "step_up", False) or to_send
    return "login.again" if wanted and not step_up.is_fresh(platform(), login.stepped_up_at) else None


def _belongs(login: Login, audiences: frozenset[Audience]) -> bool:
    actor = login.actor
    if not isinstance(actor, StaffActor):
        return Audience.CITIZEN in audiences
    roles = {Audience.STAFF: True, Audience.ADMINISTRATOR: actor.administrator, Audience.AUDITOR: actor.auditor}
    return any(holds for audience, holds in roles.items() if audience in audiences)
