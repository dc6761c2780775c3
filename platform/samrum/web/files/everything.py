"""All files of a room in one ZIP file."""

from uuid import UUID

from flask import Response, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from samrum.services.archive import Contents, open_archive, see_files
from samrum.services.errors import Invalid
from samrum.web import cookies
from samrum.web.current import platform
from samrum.web.files import blueprint
from samrum.web.files.download import ATTACHED, content_disposition
from samrum.web.gate import SIGNED_IN, caller, open_to, refreshed
from samrum.web.multipart import be_patient
from samrum.web.words import KINDS, PROBLEMS


@blueprint.get("/files/all")
@open_to(*SIGNED_IN)
def everything(case_id: UUID) -> ResponseReturnValue:
    """The newest version of every document, in a folder for each kind. HEAD tells the headers and sends nothing."""
    hub, asking, token = platform(), caller(), cookies.login_token() or ""
    try:
        if request.method == "HEAD":
            return Response(headers=_headers(see_files(hub, asking, case_id, _folder, log=True)))
        archive = open_archive(hub, asking, case_id, _folder)
    except Invalid as invalid:
        flash(PROBLEMS[invalid.problem.value], "info")
        return redirect(url_for("rooms.show", case_id=case_id))
    be_patient(request.environ)
    return Response(archive.pieces(lambda: refreshed(hub, asking, token)), headers=_headers(archive.contents))


def _folder(kind: str) -> str:
    return str(KINDS[kind])


def _headers(contents: Contents) -> dict[str, str]:
    return {
        "Content-Type": "application/zip",
        "Content-Disposition": content_disposition(_("Rum %(number)s", number=contents.number) + ".zip"),
        "Content-Length": str(contents.size),
        **ATTACHED,
    }
