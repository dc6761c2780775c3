"""The cookies: one for the login, one that tells browsers apart before it. HttpOnly, gone with the browser."""

import secrets

from flask import Response, g, request

from samrum.web.current import platform

_NAMES = {"login": "samrum-login", "visitor": "samrum-visitor"}


def _secure() -> bool:
    return platform().settings.secure_cookies


def name(kind: str) -> str:
    """The cookie's name: with the ``__Host-`` prefix wherever it travels over TLS only."""
    return ("__Host-" if _secure() else "") + _NAMES[kind]


def login_token() -> str | None:
    return request.cookies.get(name("login"))


def visitor() -> str:
    """A random value that stays with this browser; made when it is first needed, set with the answer."""
    found = request.cookies.get(name("visitor")) or g.get("new_visitor")
    if not found:
        found = g.new_visitor = secrets.token_urlsafe(32)
    return str(found)


def set_visitor(response: Response) -> Response:
    if g.get("new_visitor"):
        _set(response, "visitor", g.new_visitor)
    return response


def set_login(response: Response, token: str) -> None:
    _set(response, "login", token)


def drop_login(response: Response) -> None:
    response.delete_cookie(name("login"), path="/", secure=_secure(), httponly=True, samesite="Lax")


def _set(response: Response, kind: str, value: str) -> None:
    response.set_cookie(name(kind), value, path="/", secure=_secure(), httponly=True, samesite="Lax")
