"""Which published keys may sign at all."""

from collections.abc import Callable
from typing import Any

import pytest
from joserfc.errors import SecurityWarning
from joserfc.jwk import ECKey, Key, RSAKey

from auth.oidc import Refusal, Refused
from auth.oidc.provider import _first_fit, _signing_key


def entry(key: Key, **changes: Any) -> dict[str, Any]:
    return {**key.as_dict(private=False), **changes}


def accept(fits: Key) -> Callable[[Key], str]:
    def verify(key: Key) -> str:
        if key is not fits:
            raise Refused(Refusal.SIGNATURE_INVALID)
        return "believed"

    return verify


@pytest.fixture(scope="module")
def rsa() -> RSAKey:
    return RSAKey.generate_key(2048)


def test_a_public_key_for_signatures_is_taken(rsa: RSAKey) -> None:
    assert _signing_key(entry(rsa)) is not None
    assert _signing_key(entry(rsa, use="sig")) is not None
    assert _signing_key(entry(ECKey.generate_key("P-256"))) is not None


def test_a_key_that_must_not_or_cannot_sign_is_left_out(rsa: RSAKey) -> None:
    for wrong in (
        {"kty": "oct", "k": "c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0"},
        entry(rsa, use="enc"),
        {**entry(rsa), "n": "!"},
        {"kty": "RSA"},
        {"kty": "AKP", "alg": "ML-DSA-44"},
        "text",
        None,
    ):
        assert _signing_key(wrong) is None


def test_a_key_too_small_to_be_safe_is_left_out() -> None:
    with pytest.warns(SecurityWarning):
        assert _signing_key({"kty": "RSA", "e": "AQAB", "n": "AOS_" + "Ab8v" * 42 + "Aw"}) is None


def test_the_named_key_is_asked_and_no_other(rsa: RSAKey) -> None:
    keys = [RSAKey.import_key(entry(rsa, kid=name)) for name in ("one", "two")]
    assert _first_fit({"alg": "RS256", "kid": "two"}, tuple(keys), accept(keys[1])) == "believed"
    with pytest.raises(Refused) as refused:
        _first_fit({"alg": "RS256", "kid": "one"}, tuple(keys), accept(keys[1]))
    assert refused.value.code is Refusal.SIGNATURE_INVALID
    with pytest.raises(Refused) as refused:
        _first_fit({"alg": "RS256", "kid": "three"}, tuple(keys), accept(keys[1]))
    assert refused.value.code is Refusal.KEY_UNKNOWN


def test_every_key_of_the_same_name_is_tried(rsa: RSAKey) -> None:
    keys = tuple(RSAKey.import_key(entry(rsa, kid="one")) for _ in range(3))
    for key in keys:
        assert _first_fit({"alg": "RS256", "kid": "one"}, keys, accept(key)) == "believed"


def test_a_key_serves_only_the_algorithms_of_its_kind(rsa: RSAKey) -> None:
    ec = ECKey.import_key(entry(ECKey.generate_key("P-256"), kid="ec"))
    named = RSAKey.import_key(entry(rsa, kid="rsa", alg="PS256"))
    for header in ({"alg": "RS256", "kid": "ec"}, {"alg": "ES384", "kid": "ec"}, {"alg": "RS256", "kid": "rsa"}):
        with pytest.raises(Refused) as refused:
            _first_fit(header, (ec, named), lambda _: "believed")
        assert refused.value.code is Refusal.KEY_UNKNOWN
    assert _first_fit({"alg": "ES256", "kid": "ec"}, (ec, named), lambda _: "believed") == "believed"
    assert _first_fit({"alg": "PS256"}, (ec, named), lambda _: "believed") == "believed"
