"""Withdrawing a consent: as easy as giving one."""

from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from auth.policy import Action
from samrum.services import consents, rooms
from samrum.services.errors import NotThere
from samrum.web import once
from samrum.web.current import platform
from samrum.web.gate import SIGNED_IN, caller, open_to
from samrum.web.rooms import blueprint
from samrum.web.rooms.standing import kinds_named


@blueprint.get("/<uuid:case_id>/consent/<uuid:consent_id>/withdraw")
@open_to(*SIGNED_IN)
def withdraw_consent(case_id: UUID, consent_id: UUID) -> ResponseReturnValue:
    """What happens then, and the button. The owner records what was said on paper or by word of mouth."""
    by_owner = current_user.kind == "staff"
    action = Action.MANAGE if by_owner else Action.WITHDRAW_CONSENT
    view = rooms.look(platform(), caller(), case_id, action)
    consent = next((line for line in view.consents if line.id == consent_id), None)
    if consent is None or not (by_owner or consent.giver_id == current_user.login.actor.id):
        raise NotThere
    if not consent.can_be_withdrawn:
        return redirect(url_for("rooms.show", case_id=case_id))
    return render_template(
        "rooms/withdraw.html", room=view, consent=consent, by_owner=by_owner, kinds_named=kinds_named
    )


@blueprint.post("/<uuid:case_id>/consent/<uuid:consent_id>/withdraw")
@open_to(*SIGNED_IN)
def withdraw_now(case_id: UUID, consent_id: UUID) -> ResponseReturnValue:
    by_owner = current_user.kind == "staff"
    with once.only_once():
        if by_owner:
            consents.record_withdrawal(platform(), caller(), case_id, consent_id)
        else:
            consents.withdraw(platform(), caller(), case_id, consent_id)
    flash(_("Samtykket er trukket tilbage. Det gælder fra nu af."), "success")
    return redirect(url_for("rooms.show", case_id=case_id), 303)
