"""A new login takes the place of whatever ran in this browser before."""

from flask import make_response, redirect
from flask_login import current_user
from werkzeug.wrappers import Response

from samrum.services import sessions
from samrum.web import cookies
from samrum.web.current import platform
from samrum.web.gate import caller


def enter(token: str, target: str) -> Response:
    """Go on to ``target`` with the new login. On a shared computer nothing of the former one is left behind."""
    end_former()
    response = make_response(redirect(target, 303))
    cookies.set_login(response, token)
    cookies.keep_device(response)
    return response


def go_on(token: str, target: str | None = None, *, page: str | None = None) -> Response:
    """Go on to ``target``, or show a page, in the same login under its new token."""
    response = make_response(page if target is None else redirect(target, 303))
    cookies.set_login(response, token)
    return response


def end_former() -> None:
    """End the login that this browser came with, if there is one, and drop the messages meant for it."""
    former = getattr(current_user, "login", None)
    if former is not None and former.is_running:
        sessions.log_out(platform(), caller(half=True), former.id)
    cookies.forget_messages()
