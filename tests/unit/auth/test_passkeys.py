import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth.passkeys import (
    NewPasskey,
    PasskeyRefused,
    Site,
    authentication_options,
    new_challenge,
    read_answer,
    registration_options,
    verify_authentication,
    verify_registration,
)
from support.authenticator import PRESENT, SoftAuthenticator, unpadded

SITE = Site("samrum.example.dk", "https://samrum.example.dk")
PERSON = b"sixteen bytes id"


@pytest.fixture
def authenticator() -> SoftAuthenticator:
    return SoftAuthenticator(SITE.origin, SITE.rp_id)


def _register(authenticator: SoftAuthenticator, challenge: bytes | None = None) -> NewPasskey:
    challenge = challenge or new_challenge()
    options = registration_options(SITE, challenge, user_id=PERSON, account="a@b.dk", name="Anne", known=[])
    return verify_registration(SITE, challenge, authenticator.create(options))


def _log_in(authenticator: SoftAuthenticator, passkey: NewPasskey, site: Site = SITE, person: bytes = PERSON) -> int:
    challenge = new_challenge()
    answer = read_answer(authenticator.get(authentication_options(site, challenge)))
    assert answer.challenge == challenge
    assert answer.credential_id == passkey.credential_id
    return verify_authentication(
        site,
        challenge,
        answer,
        user_id=person,
        public_key=passkey.public_key,
        sign_count=passkey.sign_count,
    )


def test_a_passkey_that_was_made_here_logs_in(authenticator: SoftAuthenticator) -> None:
    assert _log_in(authenticator, _register(authenticator)) == 1


def test_the_browser_is_asked_to_unlock_the_device_and_to_keep_the_passkey_findable() -> None:
    made = json.loads(
        registration_options(SITE, b"c" * 32, user_id=PERSON, account="a@b.dk", name="Anne", known=[b"x"])
    )
    assert made["authenticatorSelection"] == {
        "residentKey": "required",
        "requireResidentKey": True,
        "userVerification": "required",
    }
    assert made["attestation"] == "none"
    assert made["user"]["id"] == unpadded(PERSON)
    assert [one["id"] for one in made["excludeCredentials"]] == [unpadded(b"x")]
    asked = json.loads(authentication_options(SITE, b"c" * 32))
    assert asked["userVerification"] == "required"
    assert asked["rpId"] == "samrum.example.dk"
    assert asked["allowCredentials"] == []


def test_a_device_that_was_not_unlocked_is_refused_at_both_ends(authenticator: SoftAuthenticator) -> None:
    passkey = _register(authenticator)
    authenticator.flags = PRESENT
    with pytest.raises(PasskeyRefused):
        _log_in(authenticator, passkey)
    with pytest.raises(PasskeyRefused):
        _register(authenticator)


@pytest.mark.parametrize("origin", ["https://samrum.example.dk.evil.dk", "http://samrum.example.dk", "https://evil.dk"])
def test_an_answer_given_to_another_page_is_refused(authenticator: SoftAuthenticator, origin: str) -> None:
    passkey = _register(authenticator)
    authenticator.origin = origin
    with pytest.raises(PasskeyRefused):
        _log_in(authenticator, passkey)


def test_an_answer_for_another_domain_is_refused(authenticator: SoftAuthenticator) -> None:
    passkey = _register(authenticator)
    authenticator.rp_id = "evil.dk"
    with pytest.raises(PasskeyRefused):
        _log_in(authenticator, passkey)


def test_an_answer_given_inside_somebody_elses_page_is_refused(authenticator: SoftAuthenticator) -> None:
    passkey = _register(authenticator)
    authenticator.cross_origin = True
    with pytest.raises(PasskeyRefused, match="cross origin"):
        _log_in(authenticator, passkey)


def test_an_answer_to_another_challenge_is_refused(authenticator: SoftAuthenticator) -> None:
    passkey = _register(authenticator)
    answer = read_answer(authenticator.get(authentication_options(SITE, new_challenge())))
    with pytest.raises(PasskeyRefused):
        verify_authentication(
            SITE, new_challenge(), answer, user_id=PERSON, public_key=passkey.public_key, sign_count=0
        )


def test_a_signature_of_another_key_is_refused(authenticator: SoftAuthenticator) -> None:
    passkey = _register(authenticator)
    forger = SoftAuthenticator(SITE.origin, SITE.rp_id, credential_id=authenticator.credential_id, user_handle=PERSON)
    with pytest.raises(PasskeyRefused):
        _log_in(forger, passkey)


def test_a_passkey_of_somebody_else_is_refused(authenticator: SoftAuthenticator) -> None:
    passkey = _register(authenticator)
    with pytest.raises(PasskeyRefused, match="user handle"):
        _log_in(authenticator, passkey, person=b"another person's")


def test_a_copied_passkey_is_noticed_by_its_count(authenticator: SoftAuthenticator) -> None:
    passkey = dataclasses.replace(_register(authenticator), sign_count=7)
    authenticator.sign_count = 3
    with pytest.raises(PasskeyRefused):
        _log_in(authenticator, passkey)


def test_what_was_made_for_another_challenge_is_no_new_passkey(authenticator: SoftAuthenticator) -> None:
    options = registration_options(SITE, new_challenge(), user_id=PERSON, account="a@b.dk", name="Anne", known=[])
    with pytest.raises(PasskeyRefused):
        verify_registration(SITE, new_challenge(), authenticator.create(options))


@given(st.text() | st.binary().map(repr) | st.recursive(st.none() | st.text(), st.lists).map(json.dumps))
def test_nonsense_is_refused_and_nothing_else(text: str) -> None:
    with pytest.raises(PasskeyRefused):
        read_answer(text)
    with pytest.raises(PasskeyRefused):
        verify_registration(SITE, b"c" * 32, text)


@given(st.sampled_from(["clientDataJSON", "authenticatorData", "signature", "userHandle"]), st.binary(max_size=80))
def test_an_answer_with_a_part_exchanged_is_refused(part: str, content: bytes) -> None:
    authenticator = SoftAuthenticator(SITE.origin, SITE.rp_id)
    passkey = _register(authenticator)
    challenge = new_challenge()
    answer = json.loads(authenticator.get(authentication_options(SITE, challenge)))
    answer["response"][part] = unpadded(content)
    with pytest.raises(PasskeyRefused):
        verify_authentication(
            SITE,
            challenge,
            read_answer(json.dumps(answer)),
            user_id=PERSON,
            public_key=passkey.public_key,
            sign_count=passkey.sign_count,
        )


def test_a_very_long_answer_is_not_even_read() -> None:
    with pytest.raises(PasskeyRefused, match="too long"):
        read_answer("x" * 20_001)


@pytest.mark.parametrize(
    ("base_url", "site"),
    [
        ("https://samrum.example.dk", SITE),
        ("https://samrum.example.dk:8443", Site("samrum.example.dk", "https://samrum.example.dk:8443")),
        ("http://localhost:8000", Site("localhost", "http://localhost:8000")),
        ("http://127.0.0.1:8000", None),
        ("https://[::1]:8000", None),
        ("http://samrum.example.dk", None),
    ],
)
def test_passkeys_are_offered_only_where_browsers_take_them(base_url: str, site: Site | None) -> None:
    assert Site.of(base_url) == site
