"""Passkeys (WebAuthn, W3C level 3) for staff, on py_webauthn: phishing-resistant, and a whole login by themselves.

User verification is always required, so that a passkey is two factors: the device, and what unlocks it. Passkeys are
discoverable, so that nobody types an e-mail; the user handle is an id that says nothing. Attestation is not asked for.
"""

import ipaddress
import secrets
from collections.abc import Collection
from dataclasses import dataclass, field
from json import JSONDecodeError, loads
from urllib.parse import urlsplit

import webauthn
from webauthn.helpers import (
    base64url_to_bytes,
    options_to_json,
    parse_authentication_credential_json,
    parse_client_data_json,
)
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

CHALLENGE_SECONDS = 300
LONGEST_ANSWER = 20_000  # characters; an answer without attestation is far below it

_NAME = "Samrum"
_MALFORMED = (WebAuthnException, ValueError, KeyError, TypeError, AttributeError)


class PasskeyRefused(Exception):
    """The browser's answer does not show what it should; the message is for the log and names nobody."""


@dataclass(frozen=True, slots=True)
class Site:
    """Where passkeys are good: the relying party id (a domain name) and the one origin they are used from."""

    rp_id: str
    origin: str

    @classmethod
    def of(cls, base_url: str) -> "Site | None":
        """The site at an address; None where there can be no passkeys: an IP address, or plain http elsewhere than on
        ``localhost`` (WebAuthn section 5.1.3 and the secure-contexts rule)."""
        parts = urlsplit(base_url)
        host = parts.hostname or ""
        if not host or _is_ip_address(host) or (parts.scheme != "https" and not _is_localhost(host)):
            return None
        return cls(host, f"{parts.scheme}://{parts.netloc}")


@dataclass(frozen=True, slots=True)
class NewPasskey:
    """What to keep of a passkey: its id, its public key (COSE), and how often it says it was used."""

    credential_id: bytes
    public_key: bytes
    sign_count: int


@dataclass(frozen=True, slots=True)
class Answer:
    """A browser's answer to a login's challenge, read but not believed yet."""

    credential_id: bytes
    user_handle: bytes | None
    challenge: bytes
    text: str = field(repr=False)


def new_challenge() -> bytes:
    """256 random bits, good for one answer."""
    return secrets.token_bytes(32)


def registration_options(
    site: Site, challenge: bytes, *, user_id: bytes, account: str, name: str, known: Collection[bytes]
) -> str:
    """What the browser needs to make a passkey, as JSON. ``known`` are the ids of those the person has already."""
    options = webauthn.generate_registration_options(
        rp_id=site.rp_id,
        rp_name=_NAME,
        user_id=user_id,
        user_name=account,
        user_display_name=name,
        challenge=challenge,
        timeout=CHALLENGE_SECONDS * 1000,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=one) for one in known],
    )
    return options_to_json(options)


def verify_registration(site: Site, challenge: bytes, answer: str) -> NewPasskey:
    """The passkey that the browser made (``answer`` is its JSON). Raises ``PasskeyRefused``."""
    _check_length(answer)
    try:
        verified = webauthn.verify_registration_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=site.rp_id,
            expected_origin=site.origin,
            require_user_verification=True,
        )
    except _MALFORMED as error:
        raise PasskeyRefused(type(error).__name__) from error
    return NewPasskey(verified.credential_id, verified.credential_public_key, verified.sign_count)


def authentication_options(site: Site, challenge: bytes, known: Collection[bytes] = ()) -> str:
    """What the browser needs to log in with a passkey, as JSON. ``known``: only one of these will do."""
    options = webauthn.generate_authentication_options(
        rp_id=site.rp_id,
        challenge=challenge,
        timeout=CHALLENGE_SECONDS * 1000,
        allow_credentials=[PublicKeyCredentialDescriptor(id=one) for one in known],
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return options_to_json(options)


def read_answer(text: str) -> Answer:
    """Which passkey answers which challenge, so that both can be looked up. Raises ``PasskeyRefused``."""
    _check_length(text)
    try:
        credential = parse_authentication_credential_json(text)
        client_data = parse_client_data_json(credential.response.client_data_json)
        return Answer(credential.raw_id, credential.response.user_handle, client_data.challenge, text)
    except _MALFORMED as error:
        raise PasskeyRefused(type(error).__name__) from error


def verify_authentication(
    site: Site, challenge: bytes, answer: Answer, *, user_id: bytes, public_key: bytes, sign_count: int
) -> int:
    """The new sign count of a passkey that answered rightly. Raises ``PasskeyRefused``.

    A count that does not grow, where the passkey counts at all, means that it was copied (WebAuthn section 6.1.1).
    """
    if answer.user_handle is not None and answer.user_handle != user_id:
        raise PasskeyRefused("user handle")
    if _is_embedded(answer.text):
        raise PasskeyRefused("cross origin")
    try:
        verified = webauthn.verify_authentication_response(
            credential=answer.text,
            expected_challenge=challenge,
            expected_rp_id=site.rp_id,
            expected_origin=site.origin,
            credential_public_key=public_key,
            credential_current_sign_count=sign_count,
            require_user_verification=True,
        )
    except _MALFORMED as error:
        raise PasskeyRefused(type(error).__name__) from error
    return verified.new_sign_count


def _is_embedded(text: str) -> bool:
    """Whether the browser says that the answer was given inside a page of somebody else."""
    try:
        client_data = loads(base64url_to_bytes(loads(text)["response"]["clientDataJSON"]))
    except (JSONDecodeError, UnicodeDecodeError, ValueError, KeyError, TypeError) as error:
        raise PasskeyRefused(type(error).__name__) from error
    return not isinstance(client_data, dict) or bool(client_data.get("crossOrigin"))


def _check_length(text: str) -> None:
    if len(text) > LONGEST_ANSWER:
        raise PasskeyRefused("too long")


def _is_ip_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _is_localhost(host: str) -> bool:
    return host == "localhost" or host.endswith(".localhost")
