"""The files of a room: putting them there, their history, and fetching them."""

from flask import Blueprint

from samrum.web.multipart import let_the_sender_finish

blueprint = Blueprint("files", __name__, url_prefix="/rooms/<uuid:case_id>")
blueprint.after_request(let_the_sender_finish)

from samrum.web.files import download, everything, history, paper, restore, trash, upload  # noqa: E402, F401
