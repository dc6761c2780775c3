"""A document's page: all its versions."""

from uuid import UUID

from flask import render_template
from flask.typing import ResponseReturnValue

from samrum.services.documents import document_history
from samrum.web.current import platform
from samrum.web.files import blueprint
from samrum.web.gate import SIGNED_IN, caller, open_to


@blueprint.get("/files/<uuid:document_id>")
@open_to(*SIGNED_IN)
def history(case_id: UUID, document_id: UUID) -> ResponseReturnValue:
    """Every version, the newest first: who, when, what it was made from, and its checksum."""
    page = document_history(platform(), caller(), case_id, document_id)
    return render_template("files/history.html", page=page, case_id=case_id, document_id=document_id)
