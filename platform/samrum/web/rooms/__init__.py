"""The rooms: a young person's files, the people around them, and who may see what."""

from flask import Blueprint

blueprint = Blueprint("rooms", __name__, url_prefix="/rooms")

from samrum.web.rooms import (  # noqa: E402, F401
    access,
    consent,
    create,
    hand_over,
    log,
    manage,
    mine,
    parents,
    room,
    withdraw,
)
