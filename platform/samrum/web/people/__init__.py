"""Accounts of professionals, for the administrators of their organisation."""

from flask import Blueprint

blueprint = Blueprint("people", __name__, url_prefix="/people")

from samrum.web.people import accounts, hand_over, move, organisation, reopen  # noqa: E402, F401
