from typing import Any

import pytest
from joserfc.jwk import ECKey, RSAKey

from auth.oidc import PROFILES, Assurance, ClientAuthentication, ProviderSettings, RelyingParty
from auth.oidc.settings import is_secure
from support.standin import MovableClock

GOOD: dict[str, Any] = {
    "issuer": "https://broker.example/op",
    "client_id": "samrum",
    "credential": "hush",
    "redirect_uri": "https://samrum.example/login",
}


@pytest.mark.parametrize(
    "url",
    [
        "https://broker.example/op",
        "https://broker.example:8443",
        "http://localhost:9000/op",
        "http://127.0.0.1:9000",
        "http://127.8.8.8",
        "http://[::1]:9000",
    ],
)
def test_https_is_secure_and_this_very_machine_is_too(url: str) -> None:
    assert is_secure(url)
    assert is_secure(url, loopback=False) is url.startswith("https:")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://broker.example",
        "http://localhost.evil.example",
        "http://127.0.0.1.evil.example",
        "http://0.0.0.0",
        "http://10.0.0.1",
        "ftp://localhost",
        "javascript:alert(1)",
        "//broker.example",
        "https://",
        "https://user:password@broker.example",
        "https://broker.example/#part",
        "https://broker.example:99999",
        "https://[broken",
    ],
)
def test_anything_else_is_not(url: str) -> None:
    assert not is_secure(url)


@pytest.mark.parametrize(
    "changes",
    [
        {"issuer": "http://broker.example"},
        {"redirect_uri": "http://samrum.example/login"},
        {"post_logout_redirect_uri": "http://samrum.example/"},
        {"client_id": ""},
        {"credential": ""},
        {"algorithms": ("RS256", "none")},
        {"algorithms": ("HS256",)},
        {"algorithms": ()},
        {"leeway": 120},
        {"leeway": -1},
    ],
)
def test_settings_that_open_a_door_are_refused_at_the_start(changes: dict[str, Any]) -> None:
    ProviderSettings(**GOOD)
    with pytest.raises(ValueError, match=r"address|credential|algorithms|leeway"):
        ProviderSettings(**(GOOD | changes))


def test_a_private_key_that_is_none_is_refused_at_the_start() -> None:
    def party(credential: str) -> RelyingParty:
        settings = GOOD | {"credential": credential, "authentication": ClientAuthentication.PRIVATE_KEY_JWT}
        return RelyingParty(ProviderSettings(**settings), MovableClock())

    rsa = RSAKey.generate_key(2048)
    party(rsa.as_pem(private=True).decode())
    party(ECKey.generate_key("P-256").as_pem(private=True).decode())
    for wrong in ("a secret", rsa.as_pem(private=False).decode(), ECKey.generate_key("P-384").as_pem().decode()):
        with pytest.raises(ValueError, match="private RSA or P-256"):
            party(wrong)


def test_the_credential_never_shows() -> None:
    assert "hush" not in repr(ProviderSettings(**GOOD))


def test_the_levels_of_assurance_are_in_order() -> None:
    assert [level for level in Assurance if level.reaches(Assurance.SUBSTANTIAL)] == [
        Assurance.SUBSTANTIAL,
        Assurance.HIGH,
    ]


def test_every_profile_asks_for_openid_and_can_tell_a_level() -> None:
    for name, profile in PROFILES.items():
        assert profile.name == name
        assert profile.scopes[0] == "openid"
        assert set(profile.assurance_values.values()) == set(Assurance)
