"""What every upload goes through: form token, fields, the file as it streams in, and what can be wrong with it."""

import time
from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

from flask import g
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from wtforms import FileField, Form

from auth.policy import Action
from samrum.services.errors import Invalid, Problem
from samrum.services.incoming import Kept, NewVersion, receive
from samrum.services.platform import Act, Caller
from samrum.web import cookies, drafts, errors, once
from samrum.web.current import platform
from samrum.web.gate import caller, refreshed
from samrum.web.multipart import IncomingForm
from samrum.web.words import PROBLEMS

_ASK_EVERY: Final = 10.0
"""Seconds after which a running upload looks the login up again, which also keeps it from ending for want of use."""


class LoginEnded(Exception):
    """The login ended while the file was on its way."""


class ChosenFile(FileField):
    """The field a browser shows for a file; its bytes never pass through the form."""

    def process_formdata(self, _values: list[Any]) -> None:
        self.data = None


def arrive() -> IncomingForm:
    """The form as far as its file, its token checked. Raises ``StaleForm``, ``Invalid``, ``RequestEntityTooLarge``."""
    form = IncomingForm(platform().settings.upload_limit)
    g.fields_before_file = form.fields
    once.check(form.fields.get("once", ""))
    return form


def take(
    form: IncomingForm,
    case_id: UUID,
    new: NewVersion,
    *,
    action: Action = Action.WRITE_FILES,
    also: Callable[[Act, UUID], object] | None = None,
) -> Kept:
    """Stream the file into the room. Raises what ``receive`` and ``finish`` raise, and ``LoginEnded``."""
    asking = caller()
    chunks = form.chunks()
    if not new.file_name.strip() and not any(chunks):
        raise Invalid(Problem.FILE_MISSING, "file")  # browsers send a nameless, empty file for none
    with receive(platform(), asking, case_id, new, action=action) as incoming:
        asked = time.monotonic()
        for chunk in chunks:
            incoming.write(chunk)
            if time.monotonic() - asked > _ASK_EVERY:
                still(asking)
                asked = time.monotonic()
        return incoming.finish(also, refreshed=lambda: still(asking))


def still(asking: Caller) -> Caller:
    """The sender, looked up again. Raises ``LoginEnded``."""
    found = refreshed(platform(), asking, cookies.login_token() or "")
    if found is None:
        raise LoginEnded
    return found


def logged_out(form: IncomingForm) -> ResponseReturnValue:
    """The answer to ``LoginEnded``: log in again, the fields are kept."""
    return drafts.ask_to_log_in(current_user.login, streams=True, typed=form.fields)


def blame(form: Form, invalid: Invalid) -> int:
    """Put what is wrong at the field it belongs to; returns the status of the answer."""
    field = "recipients" if invalid.field == "units" else invalid.field or ""
    text = PROBLEMS[invalid.problem.value]
    if invalid.problem is Problem.FILE_TOO_LARGE:
        limit = errors.limit_in_words()
        text = _("Filen fylder mere end %(limit)s. Gør den mindre, eller del den i flere.", limit=limit)
    if field in form:
        form[field].errors = [text]
    else:
        form.form_errors = [*form.form_errors, text]
    return 413 if invalid.problem is Problem.FILE_TOO_LARGE else 422
