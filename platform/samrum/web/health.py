"""Whether the service can do its work, for the machines that watch it."""

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy import text

from samrum.db import DatabaseUnavailable
from samrum.web.current import platform
from samrum.web.gate import Audience, open_to
from storage import StorageError

blueprint = Blueprint("health", __name__)


@blueprint.get("/health")
@open_to(Audience.EVERYBODY)
def show() -> ResponseReturnValue:
    """200 when database and storage answer, else 503; which of them, and nothing more."""
    parts = {"database": _database(), "storage": _storage()}
    healthy = all(parts.values())
    answer = {"status": "ok" if healthy else "failing", **{name: "ok" if up else "down" for name, up in parts.items()}}
    return jsonify(answer), 200 if healthy else 503


def _database() -> bool:
    try:
        with platform().database.transaction(writes=False) as session:
            session.execute(text("SELECT 1 FROM audit_head"))
    except DatabaseUnavailable:
        return False
    return True


def _storage() -> bool:
    try:
        next(iter(platform().vault.store.list("health/")), None)
    except StorageError:
        return False
    return True
