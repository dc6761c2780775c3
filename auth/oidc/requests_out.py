"""What is sent to the provider: the authorisation request's parameters and the proof of who the service is."""

import base64
import json
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import quote_plus, urlencode

from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.client import create_s256_code_challenge
from authlib.oauth2.rfc7523 import private_key_jwt_sign
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from auth.oidc.profiles import BrokerProfile, ReferenceText
from auth.oidc.settings import ClientAuthentication, ProviderSettings

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_LIFETIME = 60


def shortened_reference(text: str, place: ReferenceText) -> str:
    """The text as MitID will show it: one line, without the characters it refuses, cut to fit in base64."""
    line = " ".join("".join(" " if character in "%<>" else character for character in text).split())
    room = place.longest // 4 * 3
    if len(line.encode()) <= room:
        return line
    return line.encode()[: room - len("…".encode())].decode(errors="ignore").rstrip() + "…"


def authorisation_parameters(
    settings: ProviderSettings,
    profile: BrokerProfile,
    *,
    state: str,
    nonce: str,
    code_verifier: str,
    fresh: bool,
    reference: str | None,
    language: str | None,
) -> dict[str, str]:
    """The parameters of an authorisation request: code flow, PKCE S256 (RFC 7636), the broker's own besides."""
    extra: dict[str, object] = dict(profile.parameters)
    if reference is not None and profile.reference is not None:
        _place(extra, profile.reference, base64.b64encode(reference.encode()).decode())
    parameters = {
        "response_type": "code",
        "response_mode": "query",
        "client_id": settings.client_id,
        "redirect_uri": settings.redirect_uri,
        "scope": " ".join(profile.scopes),
        "state": state,
        "nonce": nonce,
        "code_challenge": create_s256_code_challenge(code_verifier),
        "code_challenge_method": "S256",
        **{name: value if isinstance(value, str) else _compact(value) for name, value in extra.items()},
    }
    if fresh:
        parameters["prompt"] = "login"
    if language:
        parameters["ui_locales"] = language
    return parameters


def authenticated_form(
    settings: ProviderSettings, token_endpoint: str, endpoint: str, form: Mapping[str, str], now: datetime
) -> tuple[str, dict[str, str]]:
    """The urlencoded form and the headers that carry the service's proof to an endpoint of the provider."""
    if settings.authentication is ClientAuthentication.PRIVATE_KEY_JWT:
        assertion = _assertion(settings, settings.assertion_audience or token_endpoint, int(now.timestamp()))
        proof = {
            "client_id": settings.client_id,
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": assertion,
        }
        return urlencode({**form, **proof}), {}
    name, secret = settings.client_id, settings.credential
    if settings.authentication is ClientAuthentication.SECRET_BASIC:
        # RFC 6749 section 2.3.1 wants both form-encoded before they are joined; Authlib leaves that out.
        name, secret = quote_plus(name), quote_plus(secret)
    else:
        # A pushed request names the client already, and a provider refuses a parameter that comes twice.
        form = {key: value for key, value in form.items() if key != "client_id"}
    headers: dict[str, str] = {}
    client = ClientAuth(name, secret, settings.authentication.value)
    _, headers, body = client.prepare("POST", endpoint, headers, urlencode(form))
    return body, headers


def _assertion(settings: ProviderSettings, audience: str, now: int) -> str:
    header = {"kid": settings.key_id} if settings.key_id else {}
    key = signing_key(settings.credential)
    algorithm = "RS256" if isinstance(key, RSAKey) else "ES256"
    assertion: str = private_key_jwt_sign(
        key,
        settings.client_id,
        audience,
        alg=algorithm,
        header=header,
        issued_at=now,
        expires_at=now + ASSERTION_LIFETIME,
    )
    return assertion


def signing_key(pem: str) -> RSAKey | ECKey:
    """The private key of private_key_jwt: RSA, or a P-256 curve. ValueError for anything else."""
    for kind in (RSAKey, ECKey):
        try:
            key = kind.import_key(pem)
        except (JoseError, ValueError, TypeError):
            continue
        if key.is_private and (isinstance(key, RSAKey) or key.curve_name == "P-256"):
            return key
    raise ValueError("the credential is no private RSA or P-256 key in PEM")


def _place(parameters: dict[str, object], place: ReferenceText, encoded: str) -> None:
    if not place.path:
        before = parameters.get(place.parameter)
        parameters[place.parameter] = f"{before} {place.prefix}{encoded}" if before else place.prefix + encoded
        return
    root = parameters[place.parameter] = json.loads(json.dumps(parameters.get(place.parameter, {})))
    for step in place.path[:-1]:
        root = root.setdefault(step, {})
    root[place.path[-1]] = encoded


def _compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=True)
