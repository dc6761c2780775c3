"""The addresses the relying party's server talks to: metadata, keys, pushed requests, tokens, userinfo; control."""

import base64
import binascii
import hmac
from typing import Any
from urllib.parse import unquote_plus

from flask import Blueprint, abort, current_app, jsonify, redirect, request
from flask.typing import ResponseReturnValue
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from auth.oidc.requests_out import ASSERTION_TYPE
from auth.standin.broker import Broker, GrantError
from auth.standin.misbehaviour import Misbehaviour

blueprint = Blueprint("machine", __name__)


def broker() -> Broker:
    """The stand-in of the running application."""
    held = current_app.extensions["standin"]
    assert isinstance(held, Broker)  # noqa: S101 for the type checker
    return held


def _address(member: Misbehaviour, url: str) -> str:
    """The address, or a plain-http one elsewhere while the stand-in misbehaves so."""
    return "http://broker.example" + url.removeprefix(broker().settings.issuer) if broker().does(member) else url


@blueprint.get("/.well-known/openid-configuration")
def metadata() -> ResponseReturnValue:
    """OpenID Connect Discovery 1.0."""
    held = broker()
    held.count("metadata")
    if held.does(Misbehaviour.METADATA_DOWN):
        abort(503)
    settings = held.settings
    connect = settings.issuer + "/connect"
    content: dict[str, Any] = {
        "issuer": settings.issuer,
        "authorization_endpoint": _address(Misbehaviour.METADATA_PLAIN_AUTHORISATION, f"{connect}/authorize"),
        "token_endpoint": _address(Misbehaviour.METADATA_PLAIN_TOKEN_ENDPOINT, f"{connect}/token"),
        "jwks_uri": _address(Misbehaviour.METADATA_PLAIN_KEYS, f"{settings.issuer}/keys"),
        "userinfo_endpoint": f"{connect}/userinfo",
        "end_session_endpoint": f"{connect}/endsession",
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": [settings.algorithm],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": ["RS256", "ES256"],
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
        "authorization_response_iss_parameter_supported": True,
        "require_pushed_authorization_requests": settings.require_pushed_requests,
    }
    if settings.pushed_requests:
        content["pushed_authorization_request_endpoint"] = f"{connect}/par"
    if held.does(Misbehaviour.METADATA_ENORMOUS):
        content["padding"] = "a" * 1_000_000
    if held.does(Misbehaviour.METADATA_OTHER_ISSUER):
        content["issuer"] = "https://broker.example"
    if held.does(Misbehaviour.METADATA_WITHOUT_TOKEN_ENDPOINT):
        del content["token_endpoint"]
    if held.does(Misbehaviour.METADATA_OFFERS_NONE):
        content["id_token_signing_alg_values_supported"] = ["none", "HS256", settings.algorithm]
    if held.does(Misbehaviour.METADATA_WITHOUT_RESPONSE_ISSUER):
        del content["authorization_response_iss_parameter_supported"]
    return jsonify(content)


@blueprint.get("/keys")
def keys() -> ResponseReturnValue:
    """The JSON Web Key Set."""
    broker().count("keys")
    return jsonify(broker().keys.public())


@blueprint.post("/connect/par")
def push() -> ResponseReturnValue:
    """RFC 9126: the authorisation request, handed over server to server."""
    broker().count("par")
    if not broker().settings.pushed_requests or not _is_our_client("/connect/par"):
        return jsonify(error="invalid_client"), 401
    parameters = {
        name: value
        for name, value in request.form.items()
        if not name.startswith(("client_assertion", "client_secret"))
    }
    name = broker().keep_request(parameters)
    return jsonify(request_uri=f"urn:ietf:params:oauth:request_uri:{name}", expires_in=60), 201


@blueprint.post("/connect/token")
def token() -> ResponseReturnValue:
    """RFC 6749 section 4.1.3."""
    held = broker()
    held.count("token")
    if held.does(Misbehaviour.TOKEN_DOWN):
        abort(503)
    if held.does(Misbehaviour.TOKEN_REDIRECTS):
        return redirect(held.settings.issuer + "/connect/token", 307)
    if held.does(Misbehaviour.TOKEN_NO_JSON):
        return "<p>Service Unavailable</p>"
    if not _is_our_client("/connect/token"):
        return jsonify(error="invalid_client"), 401
    try:
        grant = held.redeem(request.form)
    except GrantError as error:
        return jsonify(error=str(error)), 400
    return jsonify(held.tokens(grant))


@blueprint.route("/connect/userinfo", methods=["GET", "POST"])
def userinfo() -> ResponseReturnValue:
    """OpenID Connect Core 1.0 section 5.3."""
    if broker().does(Misbehaviour.USERINFO_DOWN):
        abort(503)
    kind, _, value = request.headers.get("Authorization", "").partition(" ")
    claims = broker().userinfo(value) if kind.lower() == "bearer" else None
    if claims is None:
        return jsonify(error="invalid_token"), 401, {"WWW-Authenticate": 'Bearer error="invalid_token"'}
    return jsonify(claims)


@blueprint.post("/control")
def control() -> ResponseReturnValue:
    """For tests in other processes: `{"misbehave": [...], "next_error": [error, description], "rotate": {...},
    "log_out": person id}`, each optional, with the control token as bearer."""
    held = broker()
    expected = held.settings.control_token
    if expected is None or not hmac.compare_digest(request.headers.get("Authorization", ""), f"Bearer {expected}"):
        abort(404)
    wanted = request.get_json()
    if "misbehave" in wanted:
        held.control.misbehave(*wanted["misbehave"])
    if "next_error" in wanted:
        held.control.next_error = tuple(wanted["next_error"]) if wanted["next_error"] else None
    if "rotate" in wanted:
        held.keys.rotate(**wanted["rotate"])
    statuses = held.log_out_person(wanted["log_out"]) if "log_out" in wanted else []
    return jsonify(told=statuses, seen=held.control.requests_seen)


def _is_our_client(path: str) -> bool:
    settings, form = broker().settings, request.form
    if any(len(values) > 1 for _, values in form.lists()):
        return False
    if form.get("client_assertion_type") == ASSERTION_TYPE:
        audiences = {settings.issuer, settings.issuer + path, settings.issuer + "/connect/token"}
        return _is_good_assertion(form.get("client_assertion", ""), audiences)
    kind, _, encoded = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() == "basic":
        try:
            name, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return False
        name, secret = unquote_plus(name), unquote_plus(secret)
    else:
        name, secret = form.get("client_id", ""), form.get("client_secret", "")
    return name == settings.client_id and hmac.compare_digest(secret.encode(), settings.client_secret.encode())


def _is_good_assertion(assertion: str, audiences: set[str]) -> bool:
    settings = broker().settings
    if settings.client_public_key is None:
        return False
    kind = RSAKey if _algorithm(assertion) == "RS256" else ECKey
    try:
        key = kind.import_key(settings.client_public_key)
        claims = jwt.decode(assertion, key, algorithms=["RS256", "ES256"]).claims
    except (JoseError, ValueError):
        return False
    now = broker().clock.now().timestamp()
    return (
        claims.get("iss") == claims.get("sub") == settings.client_id
        and claims.get("aud") in audiences
        and isinstance(claims.get("exp"), int)
        and now < claims["exp"] <= now + 3600
        and broker().spend_assertion(str(claims.get("jti")))
    )


def _algorithm(token: str) -> str:
    """The algorithm a token names; nothing for what is no token."""
    try:
        return str(jws.extract_compact(token.encode()).headers().get("alg"))
    except (JoseError, ValueError):
        return ""
