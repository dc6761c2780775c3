"""Every error, once, as a page that says what to do next."""

import logging
import uuid
from contextlib import suppress

from flask import Flask, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import format_decimal
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from auth.oidc import OidcError
from samrum.config import MIB
from samrum.db import DatabaseUnavailable
from samrum.services.errors import (
    Denied,
    FilesErased,
    InTrash,
    Invalid,
    LoginRefused,
    NotThere,
    ObjectMissing,
    StorageError,
)
from samrum.web import drafts, gate
from samrum.web.current import platform
from samrum.web.once import StaleForm
from samrum.web.words import PROBLEMS, REASONS

_log = logging.getLogger("samrum.errors")
_PAGES = frozenset({400, 403, 404, 405, 413, 429})


def install(app: Flask) -> None:
    app.register_error_handler(NotThere, _not_there)
    app.register_error_handler(Denied, _denied)
    app.register_error_handler(InTrash, _in_trash)
    app.register_error_handler(Invalid, _invalid)
    app.register_error_handler(LoginRefused, _login_refused)
    app.register_error_handler(FilesErased, lambda _error: page(410))
    app.register_error_handler(StaleForm, lambda _error: page(400, typed=typed()))
    app.register_error_handler(DatabaseUnavailable, lambda _error: unavailable("database"))
    app.register_error_handler(StorageError, _storage)
    app.register_error_handler(OidcError, lambda _error: unavailable("login"))
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unexpected)


def _login_refused(_error: LoginRefused) -> ResponseReturnValue:
    """The login ended between the gate and the use case: begin again at the front page."""
    return redirect(url_for("public.front"), 303)


def page(status: int, **values: object) -> ResponseReturnValue:
    """The error page of a status."""
    return render_template(f"errors/{status}.html", **values), status


def unavailable(what: str) -> ResponseReturnValue:
    """Something the service leans on does not answer: ``storage``, ``database`` or ``login``."""
    _log.warning("unavailable", extra={"what": what})
    if what == "database":
        gate.forget_viewer()
    retry_url = request.full_path.rstrip("?") if request.method == "GET" else request.path
    if request.endpoint == "login.callback":  # the broker's answer counts once: trying again begins at the broker
        retry_url = url_for("login.citizen")
    body = render_template("errors/503.html", what=what, retry_url=retry_url)
    return body, 503, {"Retry-After": "30"}


def typed() -> MultiDict[str, str]:
    """What the person had typed, to stand on the error page; nothing secret."""
    if request.mimetype == "multipart/form-data":
        return drafts.worth_keeping(g.get("fields_before_file", MultiDict()))
    return drafts.worth_keeping(request.form)


def limit_in_words() -> str:
    return str(_("%(size)s MB", size=format_decimal(platform().settings.upload_limit // MIB)))


def _not_there(_error: NotThere) -> ResponseReturnValue:
    """Whoever is logged in and reaches for what is not theirs leaves a row, whether it is there or not."""
    if current_user.is_authenticated:
        with suppress(DatabaseUnavailable):
            platform().log_denial(gate.caller(again=True), "not_there")
    return page(404)


def _denied(error: Denied) -> ResponseReturnValue:
    if error.decision.is_404:
        return page(404)
    reason = error.decision.reason.value
    return page(403, reason_text=REASONS[reason], next_step=_("Rummets nummer er %(number)s.", number=error.number))


def _in_trash(error: InTrash) -> ResponseReturnValue:
    return page(409, case_id=error.case_id, document_id=error.document_id, typed=typed())


def _invalid(error: Invalid) -> ResponseReturnValue:
    return render_template("errors/422.html", reason_text=PROBLEMS[error.problem.value]), 422


def _storage(error: StorageError) -> ResponseReturnValue:
    if isinstance(error, ObjectMissing):
        _log.error("an object of a version is missing")
    return unavailable("storage")


def _http(error: HTTPException) -> ResponseReturnValue:
    status = error.code or 500
    if error.response is not None or status < 400:
        return error
    if status == 413:
        return page(413, limit=limit_in_words())
    if isinstance(error, MethodNotAllowed):
        return render_template("errors/405.html"), 405, {"Allow": ", ".join(sorted(error.valid_methods or ()))}
    return page(status if status in _PAGES else (500 if status >= 500 else 400))


def _unexpected(error: Exception) -> ResponseReturnValue:
    reference = uuid.uuid4().hex[:8]
    _log.error("unexpected error", exc_info=error, extra={"reference": reference})
    return page(500, reference=reference)
