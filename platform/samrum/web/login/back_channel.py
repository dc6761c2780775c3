"""The broker tells, server to server, that a citizen has logged out there (OpenID Connect Back-Channel Logout 1.0)."""

from flask import jsonify, request
from flask.typing import ResponseReturnValue

from auth.oidc import OidcError, ProviderUnavailable
from samrum.services import broker_logout
from samrum.web.current import platform
from samrum.web.gate import Audience, caller, open_to
from samrum.web.login import blueprint


@blueprint.post("/citizen/back-channel")
@open_to(Audience.EVERYBODY, from_machines=True)
def back_channel() -> ResponseReturnValue:
    """200 once the logins have ended; 400 for a token not to believe (section 2.8); nothing is told besides."""
    try:
        broker_logout.log_out(platform(), caller(), request.form.get("logout_token", ""))
    except ProviderUnavailable:
        return jsonify(error="temporarily_unavailable"), 503
    except OidcError:
        return jsonify(error="invalid_request"), 400
    return "", 200
