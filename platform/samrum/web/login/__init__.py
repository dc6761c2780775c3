"""Logging in and out."""

from flask import Blueprint

blueprint = Blueprint("login", __name__, url_prefix="/login")

from samrum.web.login import (  # noqa: E402, F401
    again,
    back_channel,
    citizen,
    first_passkey,
    forgot,
    mine,
    out,
    passkey,
    staff,
)
