"""Putting a new document into the room, and a new version of one that is there."""

from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import Form, HiddenField, TextAreaField
from wtforms.validators import Length

from samrum.services.documents import LONGEST_COMMENT, UploadPage, before_upload
from samrum.services.errors import AlreadyDone, Invalid
from samrum.services.filetypes import ACCEPT
from samrum.services.incoming import NewVersion
from samrum.web import drafts
from samrum.web.current import platform
from samrum.web.files import blueprint
from samrum.web.files.arriving import ChosenFile, LoginEnded, arrive, blame, logged_out, take
from samrum.web.gate import SIGNED_IN, caller, open_to
from samrum.web.given import version_number
from samrum.web.rooms.forms import select, several_lines
from samrum.web.words import KINDS

_COMMENT_LENGTH = Length(max=LONGEST_COMMENT, message=_l("Skriv en kortere bemærkning, højst %(max)d tegn"))


class VersionForm(Form):
    """A file and what its author says about it. ``based_on`` is the version the page showed."""

    based_on = HiddenField()
    comment = TextAreaField(_l("Bemærkning"), [_COMMENT_LENGTH], filters=[several_lines])
    file = ChosenFile(_l("Fil"))


class DocumentForm(Form):
    """A new document."""

    kind = select(_l("Hvad er det?"), KINDS, _l("Vælg, hvad det er for en slags fil"))
    comment = TextAreaField(_l("Bemærkning"), [_COMMENT_LENGTH], filters=[several_lines])
    file = ChosenFile(_l("Fil"))


@blueprint.route("/files/new", methods=["GET", "POST"])
@open_to(*SIGNED_IN, streams=True)
def upload(case_id: UUID) -> ResponseReturnValue:
    """A new document, typed as one of the tools."""
    status = 200
    if request.method == "POST":
        incoming = arrive()
        form = DocumentForm(incoming.fields)
        status = 422
        if form.validate():
            new = NewVersion(incoming.file_name or "", form.kind.data, comment=form.comment.data or "")
            try:
                take(incoming, case_id, new)
            except Invalid as invalid:
                status = blame(form, invalid)
            except LoginEnded:
                return logged_out(incoming)
            except AlreadyDone:
                return _to_the_room(case_id)
            else:
                return _to_the_room(case_id)
    else:
        form = DocumentForm(drafts.typed_before(), kind=request.args.get("kind"))
    page = before_upload(platform(), caller(), case_id)
    return _show("files/upload.html", form, page, case_id, status)


@blueprint.route("/files/<uuid:document_id>/new", methods=["GET", "POST"])
@open_to(*SIGNED_IN, streams=True)
def new_version(case_id: UUID, document_id: UUID) -> ResponseReturnValue:
    """A new version of a document. What came between is never written over: both are kept, and the person is told."""
    status = 200
    if request.method == "POST":
        incoming = arrive()
        form = VersionForm(incoming.fields)
        status = 422
        if form.validate():
            based_on = version_number(form.based_on.data)
            new = NewVersion(
                incoming.file_name or "", document_id=document_id, based_on=based_on, comment=form.comment.data or ""
            )
            try:
                kept = take(incoming, case_id, new)
            except Invalid as invalid:
                status = blame(form, invalid)
            except LoginEnded:
                return logged_out(incoming)
            except AlreadyDone:
                return _to_the_history(case_id, document_id)
            else:
                return _to_the_history(case_id, document_id, kept.number, kept.came_between)
    else:
        form = VersionForm(drafts.typed_before())
    page = before_upload(platform(), caller(), case_id, document_id)
    if page.newest is not None and version_number(form.based_on.data) is None:
        form.based_on.data = str(page.newest.number)
    return _show("files/new_version.html", form, page, case_id, status)


def _show(template: str, form: Form, page: UploadPage, case_id: UUID, status: int) -> ResponseReturnValue:
    limit = platform().settings.upload_limit
    answer = render_template(
        template,
        form=form,
        page=page,
        case_id=case_id,
        accept=ACCEPT.split(","),
        max_bytes=limit,
        limit=LONGEST_COMMENT,
    )
    return answer, status


def _to_the_room(case_id: UUID) -> ResponseReturnValue:
    flash(_("Filen er lagt op."), "success")
    return redirect(url_for("rooms.show", case_id=case_id), 303)


def _to_the_history(
    case_id: UUID, document_id: UUID, number: int | None = None, came_between: int | None = None
) -> ResponseReturnValue:
    if came_between is None:
        flash(_("Den nye version er lagt op."), "success")
    else:
        flash(
            _(
                "Din fil er gemt som version %(number)s. Men version %(between)s kom til, mens du arbejdede."
                " Begge er gemt. Læs nedenfor, hvad du gør nu.",
                number=number,
                between=came_between,
            ),
            "warning",
        )
    return redirect(url_for("files.history", case_id=case_id, document_id=document_id), 303)
