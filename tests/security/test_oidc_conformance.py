"""The OpenID Foundation's tests of a relying party, by their names, run against the stand-in.

The basic and configuration profiles, back-channel logout, and those of the FAPI 2 client tests that concern a client
of this kind. Each says what the provider does; the relying party must put up with it or refuse it for that reason.
"""

from pathlib import Path
from typing import NamedTuple

import pytest

from auth.oidc import CitizenIdentity, Refusal, Refused
from auth.standin import Misbehaviour
from support.standin import Citizen, Standin, running_standin

BASIC = "oidcc-client-test"
FAPI = "fapi2-security-profile-final-client-test"
LOGOUT = "oidcc-client-test-rp-backchannel-rpinitlogout"


class Case(NamedTuple):
    """A conformance test: what the provider does, and why that is refused (None: it is put up with)."""

    name: str
    does: tuple[Misbehaviour, ...]
    refused: Refusal | None


M = Misbehaviour
R = Refusal

CASES = [
    Case(f"{BASIC}", (), None),
    Case(f"{BASIC}-idtoken-sig-rs256", (), None),
    Case(f"{BASIC}-scope-userinfo-claims", (), None),
    Case(f"{BASIC}-client-secret-basic", (), None),
    Case(f"{BASIC}-discovery-openid-config", (), None),
    Case(f"{BASIC}-discovery-jwks-uri-keys", (), None),
    Case(f"{BASIC}-discovery-issuer-mismatch", (M.METADATA_OTHER_ISSUER,), R.METADATA_ISSUER_MISMATCH),
    Case(f"{BASIC}-invalid-iss", (M.OTHER_ISSUER,), R.ISSUER_MISMATCH),
    Case(f"{BASIC}-missing-sub", (M.NO_SUBJECT,), R.SUBJECT_MISSING),
    Case(f"{BASIC}-invalid-aud", (M.OTHER_AUDIENCE,), R.AUDIENCE_MISMATCH),
    Case(f"{BASIC}-missing-aud", (M.NO_AUDIENCE,), R.AUDIENCE_MISMATCH),
    Case(f"{BASIC}-missing-iat", (M.NO_ISSUED_AT,), R.ISSUED_AT_MISSING),
    Case(f"{BASIC}-kid-absent-single-jwks", (M.NO_KEY_ID,), None),
    Case(f"{BASIC}-idtoken-sig-none", (M.ALGORITHM_NONE,), R.ALGORITHM_REFUSED),
    Case(f"{BASIC}-invalid-sig-rs256", (M.BAD_SIGNATURE,), R.SIGNATURE_INVALID),
    Case(f"{BASIC}-invalid-sig-hs256", (M.SYMMETRIC_WITH_SECRET,), R.ALGORITHM_REFUSED),
    Case(f"{BASIC}-userinfo-invalid-sub", (M.USERINFO_OTHER_SUBJECT,), R.USERINFO_SUBJECT_MISMATCH),
    Case(f"{BASIC}-nonce-invalid", (M.OTHER_NONCE,), R.NONCE_MISMATCH),
    Case(f"{FAPI}-happy-path", (), None),
    Case(f"{FAPI}-discovery-issuer-mismatch", (M.METADATA_OTHER_ISSUER,), R.METADATA_ISSUER_MISMATCH),
    Case(f"{FAPI}-invalid-iss", (M.OTHER_ISSUER,), R.ISSUER_MISMATCH),
    Case(f"{FAPI}-invalid-missing-iss", (M.NO_ISSUER,), R.ISSUER_MISMATCH),
    Case(f"{FAPI}-invalid-aud", (M.OTHER_AUDIENCE,), R.AUDIENCE_MISMATCH),
    Case(f"{FAPI}-invalid-missing-aud", (M.NO_AUDIENCE,), R.AUDIENCE_MISMATCH),
    Case(f"{FAPI}-invalid-secondary-aud", (M.SECOND_AUDIENCE,), R.AUDIENCE_MISMATCH),
    Case(f"{FAPI}-valid-aud-as-array", (M.AUDIENCE_AS_LIST,), None),
    Case(f"{FAPI}-invalid-null-alg", (M.ALGORITHM_NONE,), R.ALGORITHM_REFUSED),
    Case(f"{FAPI}-invalid-alternate-alg", (M.OTHER_ALGORITHM,), R.ALGORITHM_REFUSED),
    Case(f"{FAPI}-invalid-expired-exp", (M.EXPIRED,), R.EXPIRED),
    Case(f"{FAPI}-invalid-missing-exp", (M.NO_EXPIRY,), R.EXPIRY_MISSING),
    Case(f"{FAPI}-invalid-nonce", (M.OTHER_NONCE,), R.NONCE_MISMATCH),
    Case(f"{FAPI}-invalid-missing-nonce", (M.NO_NONCE,), R.NONCE_MISMATCH),
    Case(f"{FAPI}-invalid-authorization-response-iss", (M.RESPONSE_OTHER_ISSUER,), R.RESPONSE_ISSUER_MISMATCH),
    Case(f"{FAPI}-remove-authorization-response-iss", (M.RESPONSE_WITHOUT_ISSUER,), R.RESPONSE_ISSUER_MISSING),
    Case(f"{FAPI}-ensure-authorization-response-with-invalid-state-fails", (M.RESPONSE_OTHER_STATE,), R.STATE_MISMATCH),
    Case(
        f"{FAPI}-ensure-authorization-response-with-invalid-missing-state-fails",
        (M.RESPONSE_WITHOUT_STATE,),
        R.STATE_MISMATCH,
    ),
    Case(f"{FAPI}-token-endpoint-response-without-expires_in", (M.NO_EXPIRES_IN,), None),
    Case(f"{FAPI}-token-type-case-insensitivity", (M.TOKEN_TYPE_IN_OTHER_CASE,), None),
]

LOGOUT_CASES = [
    Case(f"{LOGOUT}", (), None),
    Case(f"{LOGOUT}-alg-none", (M.ALGORITHM_NONE,), R.ALGORITHM_REFUSED),
    Case(f"{LOGOUT}-wrong-alg", (M.OTHER_ALGORITHM,), R.ALGORITHM_REFUSED),
    Case(f"{LOGOUT}-no-event", (M.LOGOUT_WITHOUT_EVENT,), R.LOGOUT_EVENT_MISSING),
    Case(f"{LOGOUT}-wrong-event", (M.LOGOUT_WITH_ANOTHER_EVENT,), R.LOGOUT_EVENT_MISSING),
    Case(f"{LOGOUT}-with-nonce", (M.LOGOUT_WITH_NONCE,), R.LOGOUT_WITH_NONCE),
    Case(f"{LOGOUT}-wrong-aud", (M.OTHER_AUDIENCE,), R.AUDIENCE_MISMATCH),
    Case(f"{LOGOUT}-wrong-iss", (M.OTHER_ISSUER,), R.ISSUER_MISMATCH),
]


def log_in(standin: Standin) -> CitizenIdentity:
    party = standin.relying_party()
    url, attempt = party.begin(fresh=True)
    return party.finish(attempt, Citizen().log_in(url))


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_a_login_is_accepted_or_refused_as_the_conformance_test_demands(case: Case, standin: Standin) -> None:
    standin.misbehave(*case.does)
    if case.refused is None:
        identity = log_in(standin)
        assert (identity.issuer, identity.cpr) == (standin.url, "0503101234")
    else:
        with pytest.raises(Refused) as refused:
            log_in(standin)
        assert refused.value.code is case.refused


@pytest.mark.parametrize("case", LOGOUT_CASES, ids=[case.name for case in LOGOUT_CASES])
def test_a_back_channel_logout_is_believed_or_refused_as_the_conformance_test_demands(
    case: Case, standin: Standin
) -> None:
    party = standin.relying_party()
    url, attempt = party.begin()
    citizen = Citizen()
    identity = party.finish(attempt, citizen.log_in(url))
    login = standin.broker.session(citizen.session.cookies["standin_session"])
    assert login is not None
    standin.misbehave(*case.does)
    token = standin.broker.logout_token(login)
    if case.refused is None:
        assert party.back_channel_logout(token) == (identity.subject, identity.sid)
    else:
        with pytest.raises(Refused) as refused:
            party.back_channel_logout(token)
        assert refused.value.code is case.refused


def test_oidcc_client_test_kid_absent_multiple_jwks_is_refused_as_ambiguous(tmp_path: Path) -> None:
    with running_standin(tmp_path) as standin:
        standin.broker.keys.rotate(keep_old=True)
        standin.misbehave(M.NO_KEY_ID)
        with pytest.raises(Refused) as refused:
            log_in(standin)
        assert refused.value.code is R.KEY_AMBIGUOUS
        standin.misbehave()
        assert log_in(standin).cpr == "0503101234"


def test_oidcc_client_test_signing_key_rotation_is_followed(tmp_path: Path) -> None:
    with running_standin(tmp_path) as standin:
        party = standin.relying_party()
        url, attempt = party.begin()
        before = party.finish(attempt, Citizen().log_in(url))
        standin.broker.keys.rotate()
        url, attempt = party.begin()
        assert party.finish(attempt, Citizen().log_in(url)).subject == before.subject


def test_oidcc_client_test_signing_key_rotation_just_before_signing_is_followed(tmp_path: Path) -> None:
    with running_standin(tmp_path) as standin:
        party = standin.relying_party()
        url, attempt = party.begin()
        party.finish(attempt, Citizen().log_in(url))
        url, attempt = party.begin()
        query = Citizen().log_in(url)
        standin.broker.keys.rotate()
        assert party.finish(attempt, query).cpr == "0503101234"


@pytest.mark.parametrize(
    ("name", "state"),
    [("oidcc-client-test-rp-init-logout", "where we were"), ("oidcc-client-test-rp-init-logout-no-state", None)],
)
def test_a_logout_we_begin_ends_the_brokers_session_and_comes_back(
    name: str, state: str | None, standin: Standin
) -> None:
    party, citizen = standin.relying_party(), Citizen()
    url, attempt = party.begin()
    identity = party.finish(attempt, citizen.log_in(url))
    cookie = citizen.session.cookies["standin_session"]
    address = party.logout_url(identity.id_token, state)
    assert address is not None
    back = citizen.open(address)
    assert back.headers["Location"] == "http://127.0.0.1:1/farvel" + ("?state=where+we+were" if state else ""), name
    assert standin.broker.session(cookie) is None
