"""Logging in and out."""

from flask import Blueprint

blueprint = Blueprint("login", __name__, url_prefix="/login")

from samrum.web.login import citizen, out, staff  # noqa: E402, F401
