"""The cookies: one for the login, one that tells browsers apart before it; HttpOnly, gone with the browser. A third one
stays, and only says that this browser was used to log in before.
"""

import re
import secrets
from datetime import timedelta

from flask import Response, g, request, session

from samrum.services.notices import KNOWN_FOR
from samrum.web.current import platform

_MOST_MESSAGES = 5
_NAMES = {"login": "samrum-login", "visitor": "samrum-visitor", "device": "samrum-device"}
_DEVICE = re.compile(r"[\w-]{43}", re.ASCII)


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


def device() -> str:
    """The random value by which this browser is recognised when staff log in; made when it is first needed.

    It says nothing, opens nothing, and stays when somebody logs out. ``keep_device`` sets it.
    """
    found = request.cookies.get(name("device"), "")
    g.device = found if _DEVICE.fullmatch(found) else secrets.token_urlsafe(32)
    return str(g.device)


def keep_device(response: Response) -> None:
    """Keep the value that ``device`` gave in this request, if it did, for as long as a device is remembered."""
    if g.get("device"):
        _set(response, "device", g.device, KNOWN_FOR)


def set_login(response: Response, token: str) -> None:
    _set(response, "login", token)


def drop_login(response: Response) -> None:
    response.delete_cookie(name("login"), path="/", secure=_secure(), httponly=True, samesite="Lax")


def leave_nothing(response: Response) -> None:
    """End what this browser holds: the login, the visitor's value, and messages not yet shown. The language stays.

    The browser's own clearing is not asked to take cookies: it would take those of every site of the same domain.
    """
    drop_login(response)
    g.pop("new_visitor", None)
    response.delete_cookie(name("visitor"), path="/", secure=_secure(), httponly=True, samesite="Lax")
    forget_messages()
    response.headers["Clear-Site-Data"] = '"cache", "storage"'


def forget_messages() -> None:
    """Drop messages that were meant for whoever used this browser before."""
    session.pop("_flashes", None)


def keep_few_messages(response: Response) -> Response:
    """Forget the oldest of many messages that nobody has seen: a cookie over 4096 bytes is not kept by browsers."""
    waiting = session.get("_flashes", [])
    if len(waiting) > _MOST_MESSAGES:
        session["_flashes"] = waiting[-_MOST_MESSAGES:]
    return response


def _set(response: Response, kind: str, value: str, life: timedelta | None = None) -> None:
    response.set_cookie(name(kind), value, life, path="/", secure=_secure(), httponly=True, samesite="Lax")
