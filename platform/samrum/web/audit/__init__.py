"""The audit log, for the auditors of an organisation."""

from flask import Blueprint

blueprint = Blueprint("audit", __name__, url_prefix="/audit")

from samrum.web.audit import export, review, search  # noqa: E402, F401
