"""Opening a closed account again, without what it had before."""

from uuid import UUID

from flask import abort, render_template, request
from flask.typing import ResponseReturnValue

from samrum.services import invitations, people
from samrum.services.errors import AlreadyDone, Invalid
from samrum.services.reopening import Roles
from samrum.web.current import platform
from samrum.web.drafts import typed_before
from samrum.web.gate import Audience, caller, open_to
from samrum.web.people import blueprint
from samrum.web.people.accounts import RolesForm, invited_page, put, second_click
from samrum.web.words import ROLES


@blueprint.route("/<uuid:staff_id>/reopen", methods=["GET", "POST"])
@open_to(Audience.ADMINISTRATOR, step_up_to_send=True)
def reopen(staff_id: UUID) -> ResponseReturnValue:
    """Ask what the account is to do from now on; the person is invited anew."""
    form = RolesForm(request.form if request.method == "POST" else typed_before())
    if request.method == "POST" and form.validate():
        roles = Roles(**{role: role in (form.roles.data or []) for role in ROLES})
        try:
            return invited_page(invitations.reopen(platform(), caller(), staff_id, roles))
        except AlreadyDone as done:
            return second_click(done)
        except Invalid as invalid:
            put(form, invalid)
    person = people.person(platform(), caller(), staff_id)
    if person.active and not form.errors:
        abort(404)
    page = render_template("people/reopen.html", form=form, person=person, by_mail=invitations.go_by_mail(platform()))
    return page, 422 if form.errors else 200
