import base64
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

import pytest
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from auth.oidc import IDURA, NETS, PROFILES, ClientAuthentication, ProviderSettings, ReferenceText
from auth.oidc.requests_out import authenticated_form, authorisation_parameters, shortened_reference

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
PLACE = ReferenceText("idp_params", path=("mitid", "reference_text"))
SETTINGS = ProviderSettings(
    issuer="https://broker.example/op",
    client_id="sam rum",
    credential="s:e+c r%et",
    redirect_uri="https://samrum.example/login",
)
TOKEN = "https://broker.example/op/connect/token"


def parameters(profile: str, **changes: Any) -> dict[str, str]:
    values: dict[str, Any] = {
        "state": "the state",
        "nonce": "the nonce",
        "code_verifier": "v" * 64,
        "fresh": False,
        "reference": None,
        "language": None,
    }
    return authorisation_parameters(SETTINGS, PROFILES[profile], **(values | changes))


def test_a_short_reference_text_is_sent_as_it_is() -> None:
    assert shortened_reference("Samtykke til Jobcentret", PLACE) == "Samtykke til Jobcentret"


@pytest.mark.parametrize("text", ["æ" * 200, "Samtykke " * 30, "x" * 98, "🙂" * 50])
def test_a_long_reference_text_is_cut_so_that_its_base64_fits(text: str) -> None:
    short = shortened_reference(text, PLACE)
    assert short.endswith("…")
    assert text.startswith(short[:-1].rstrip())
    assert 100 < len(base64.b64encode(short.encode())) <= 130


def test_a_reference_text_of_just_the_room_is_not_cut() -> None:
    assert shortened_reference("x" * 96, PLACE) == "x" * 96


def test_what_mitid_refuses_to_show_is_left_out_of_the_reference_text() -> None:
    assert shortened_reference("100% <b>sikkert</b>\n\tpå  to linjer", PLACE) == "100 b sikkert /b på to linjer"


@pytest.mark.parametrize("profile", sorted(PROFILES))
def test_every_request_is_a_code_flow_with_pkce(profile: str) -> None:
    sent = parameters(profile)
    assert sent["response_type"] == "code"
    assert sent["code_challenge_method"] == "S256"
    assert sent["code_challenge"] == create_s256_code_challenge("v" * 64)
    assert sent["redirect_uri"] == "https://samrum.example/login"
    assert "v" * 64 not in json.dumps(sent)
    assert "prompt" not in sent
    assert parameters(profile, fresh=True)["prompt"] == "login"


def test_the_reference_text_stands_beside_the_brokers_other_parameters() -> None:
    sent = json.loads(parameters("nets", reference="Læs æøå")["idp_params"])
    text = base64.b64encode("Læs æøå".encode()).decode()
    assert sent == {"mitid": {"loa_value": "substantial", "reference_text": text}}
    assert NETS.parameters["idp_params"] == {"mitid": {"loa_value": "substantial"}}
    assert parameters("idura", reference="a")["login_hint"] == "message:YQ=="


def test_the_reference_text_joins_a_plain_parameter_that_is_there_already() -> None:
    profile = replace(IDURA, parameters={"login_hint": "appswitch:browser"})
    sent = authorisation_parameters(
        SETTINGS, profile, state="s", nonce="n", code_verifier="v", fresh=False, reference="a", language=None
    )
    assert sent["login_hint"] == "appswitch:browser message:YQ=="


def test_a_secret_with_odd_characters_survives_basic_authentication() -> None:
    body, headers = authenticated_form(SETTINGS, TOKEN, TOKEN, {"code": "c"}, NOW)
    kind, encoded = headers["Authorization"].split()
    assert kind == "Basic"
    # RFC 6749 section 2.3.1: form-encoded first.
    assert base64.b64decode(encoded).decode() == "sam+rum:s%3Ae%2Bc+r%25et"
    assert parse_qs(body) == {"code": ["c"]}


def test_a_secret_in_the_form_is_not_in_the_headers() -> None:
    settings = replace(SETTINGS, authentication=ClientAuthentication.SECRET_POST)
    for form in ({"code": "c"}, {"code": "c", "client_id": "sam rum"}):
        body, headers = authenticated_form(settings, TOKEN, TOKEN, form, NOW)
        assert parse_qs(body) == {"code": ["c"], "client_id": ["sam rum"], "client_secret": ["s:e+c r%et"]}
    assert "Authorization" not in headers


@pytest.mark.parametrize("kind", ["RSA", "EC"])
def test_a_signed_assertion_is_short_lived_single_use_and_addressed(kind: str) -> None:
    key: RSAKey | ECKey = RSAKey.generate_key(2048) if kind == "RSA" else ECKey.generate_key("P-256")
    settings = replace(
        SETTINGS,
        authentication=ClientAuthentication.PRIVATE_KEY_JWT,
        credential=key.as_pem(private=True).decode(),
        key_id="key 1",
    )
    names = set()
    for _ in range(2):
        body, headers = authenticated_form(settings, TOKEN, TOKEN + "/par", {"code": "c"}, NOW)
        assert headers == {}
        form = parse_qs(body)
        assert form["client_assertion_type"] == ["urn:ietf:params:oauth:client-assertion-type:jwt-bearer"]
        token = jwt.decode(form["client_assertion"][0], key, algorithms=["RS256", "ES256"])
        assert token.header["kid"] == "key 1"
        claims = token.claims
        assert (claims["iss"], claims["sub"], claims["aud"]) == ("sam rum", "sam rum", TOKEN)
        assert claims["exp"] - claims["iat"] == 60
        assert claims["iat"] == int(NOW.timestamp())
        names.add(claims["jti"])
    assert len(names) == 2


def test_an_assertion_is_addressed_to_whom_the_settings_say() -> None:
    key = ECKey.generate_key("P-256")
    settings = replace(
        SETTINGS,
        authentication=ClientAuthentication.PRIVATE_KEY_JWT,
        credential=key.as_pem(private=True).decode(),
        assertion_audience="https://broker.example/op",
    )
    body, _ = authenticated_form(settings, TOKEN, TOKEN, {}, NOW)
    claims = jwt.decode(parse_qs(body)["client_assertion"][0], key, algorithms=["ES256"]).claims
    assert claims["aud"] == "https://broker.example/op"
