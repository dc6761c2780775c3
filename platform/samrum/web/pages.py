"""What every page gets: language, viewer, navigation, headers."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import Babel, get_locale
from flask_babel import gettext as _
from flask_login import current_user

from samrum.config import Settings
from samrum.services.cases import may_create
from samrum.web import cookies, gate, once
from samrum.web.current import platform
from samrum.web.naming import named
from samrum.web.words import KINDS, LEVELS, PLACEMENTS

LANGUAGES = ("da", "en")
_THIS_MACHINE = {"localhost", "127.0.0.1"}
_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none';"
    " form-action 'self' {broker}; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()",
}


def install(app: Flask) -> None:
    Babel(app, locale_selector=_language, default_timezone="Europe/Copenhagen")
    app.before_request(_go_home)
    app.context_processor(_context)
    app.add_template_filter(named)
    app.after_request(cookies.set_visitor)
    app.after_request(cookies.keep_few_messages)
    app.after_request(_headers(app.extensions["samrum"].settings))


def _go_home() -> ResponseReturnValue | None:
    """A demo is found under two names of this machine; forms, logins and passkeys are good under one."""
    if platform().settings.is_production or request.method != "GET":
        return None
    home = urlsplit(platform().settings.base_url)
    if request.host != home.netloc and {home.hostname, urlsplit(request.host_url).hostname} == _THIS_MACHINE:
        return redirect(f"{home.scheme}://{home.netloc}{request.full_path.rstrip('?')}")
    return None


def _language() -> str:
    chosen = session.get("language")
    return chosen if chosen in LANGUAGES else "da"


def _context() -> dict[str, Any]:
    viewer = getattr(g, "_login_user", None)
    viewer = viewer if getattr(viewer, "is_authenticated", False) else None
    return {
        "viewer": viewer,
        "nav": _navigation() if viewer else [],
        "demo": not platform().settings.is_production,
        "lang": str(get_locale() or "da"),
        "once": once.field,
        "KINDS": KINDS,
        "LEVELS": LEVELS,
        "PLACEMENTS": PLACEMENTS,
    }


def _navigation() -> list[tuple[str, str, bool]]:
    """(label, address, whether it is this page) for whoever is logged in."""
    actor = current_user.login.actor
    is_staff = current_user.kind == "staff"
    entries = []
    if not is_staff or not actor.never_sees_files:
        entries.append((_("Mine rum") if is_staff else _("Mit rum"), "rooms.mine"))
    if is_staff and may_create(gate.caller()):
        entries.append((_("Opret et rum"), "rooms.create"))
    if is_staff and (actor.administrator or may_create(gate.caller())):
        entries.append((_("Huskeliste"), "worklist.show"))
    if is_staff and actor.administrator:
        entries.append((_("Brugere"), "people.staff"))
    if is_staff and actor.auditor:
        entries.append((_("Log"), "audit.search"))
    entries.append((_("Dit login"), "login.mine") if is_staff else (_("Mine logins"), "login.own_logins"))
    return [(label, url_for(endpoint), request.endpoint == endpoint) for label, endpoint in entries]


def _headers(settings: Settings) -> Callable[[Response], Response]:
    # Forms may lead to the broker besides our own pages: browsers hold a form's redirects to the policy as well.
    broker = urlsplit(settings.oidc_issuer)
    headers = {
        name: value.replace("{broker}", f"{broker.scheme}://{broker.netloc}") for name, value in _HEADERS.items()
    }
    if settings.secure_cookies:
        headers["Strict-Transport-Security"] = "max-age=63072000; includeSubDomains"
    return lambda response: _with(headers, response)


def _with(headers: Mapping[str, str], response: Response) -> Response:
    for name, value in headers.items():
        response.headers.setdefault(name, value)
    if request.endpoint != "static" or response.status_code >= 400:
        response.headers.setdefault("Cache-Control", "no-store")
        response.vary.add("Cookie")
    return response
