"""Whether the service can do its work, for the machines that watch it."""

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from samrum.services.health import answering
from samrum.web.current import platform
from samrum.web.gate import Audience, open_to

blueprint = Blueprint("health", __name__)


@blueprint.get("/health")
@open_to(Audience.EVERYBODY)
def show() -> ResponseReturnValue:
    """200 when database and storage answer, else 503; which of them, and nothing more."""
    parts = answering(platform())
    healthy = all(parts.values())
    answer = {"status": "ok" if healthy else "failing", **{name: "ok" if up else "down" for name, up in parts.items()}}
    return jsonify(answer), 200 if healthy else 503
