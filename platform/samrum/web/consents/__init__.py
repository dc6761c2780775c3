"""After a consent was given: what it says, and its receipt."""

from uuid import UUID

from flask import Blueprint, Response, render_template
from flask.typing import ResponseReturnValue

from samrum.services import receipts
from samrum.services.receipt_pdf import lines
from samrum.web.current import language, platform
from samrum.web.files.download import content_disposition
from samrum.web.gate import Audience, caller, open_to
from samrum.wording import wording

blueprint = Blueprint("consents", __name__, url_prefix="/rooms/<uuid:case_id>/consent/<uuid:consent_id>")


@blueprint.get("/given")
@open_to(Audience.CITIZEN)
def given(case_id: UUID, consent_id: UUID) -> ResponseReturnValue:
    """The confirmation: what was said yes to, the receipt, and how to take it back."""
    found = receipts.given(platform(), caller(), case_id, consent_id)
    words = wording(found.receipt.wording_version, language())
    return render_template(
        "consents/given.html",
        case_id=case_id,
        consent_id=consent_id,
        given=found,
        facts=lines(found.receipt, words),
        note=words.text("receipt", "neutral note") if found.receipt.hides_names else "",
    )


@blueprint.get("/receipt")
@open_to(Audience.CITIZEN)
def receipt(case_id: UUID, consent_id: UUID) -> ResponseReturnValue:
    """The receipt as a PDF."""
    name, content = receipts.own_receipt(platform(), caller(), case_id, consent_id, language())
    headers = {
        "Content-Disposition": content_disposition(name),
        "Content-Security-Policy": "default-src 'none'; sandbox",
    }
    return Response(content, mimetype="application/pdf", headers=headers)
