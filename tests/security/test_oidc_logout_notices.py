"""Which logout notices of the broker are not believed."""

import base64

import pytest
from joserfc import jwt

from auth.oidc import (
    Refusal,
    Refused,
)
from auth.standin import Misbehaviour
from support.standin import Citizen, Standin

M = Misbehaviour


@pytest.mark.parametrize(
    "token",
    [
        "",
        "a.b",
        "a.b.c",
        "....",
        "é.é.é",
        base64.urlsafe_b64encode(b"[]").decode().rstrip("=") + ".e30.e30",
        "x" * 200_000,
    ],
)
def test_nonsense_is_no_logout_token(token: str, standin: Standin) -> None:
    with pytest.raises(Refused) as refused:
        standin.relying_party().back_channel_logout(token)
    assert refused.value.code is Refusal.TOKEN_MALFORMED


@pytest.mark.parametrize(
    ("does", "code"),
    [
        (M.LOGOUT_OF_NOBODY, Refusal.LOGOUT_OF_NOBODY),
        (M.LOGOUT_WITHOUT_ID, Refusal.CLAIM_INVALID),
        (M.EXPIRED, Refusal.EXPIRED),
        (M.ISSUED_LAST_WEEK, Refusal.ISSUED_TOO_LONG_AGO),
        (M.NO_ISSUED_AT, Refusal.ISSUED_AT_MISSING),
        (M.SYMMETRIC_WITH_PUBLIC_KEY, Refusal.ALGORITHM_REFUSED),
        (M.BAD_SIGNATURE, Refusal.SIGNATURE_INVALID),
        (M.OTHER_TOKEN_TYPE, Refusal.TOKEN_TYPE),
    ],
)
def test_a_logout_token_not_to_believe_is_refused(does: Misbehaviour, code: Refusal, standin: Standin) -> None:
    login = standin.broker.log_in(standin.broker.people()[0])[1]
    standin.misbehave(does)
    with pytest.raises(Refused) as refused:
        standin.relying_party().back_channel_logout(standin.broker.logout_token(login))
    assert refused.value.code is code


def test_an_id_token_is_no_logout_token_and_the_other_way_round(standin: Standin) -> None:
    party = standin.relying_party()
    url, attempt = party.begin()
    citizen = Citizen()
    identity = party.finish(attempt, citizen.log_in(url))
    with pytest.raises(Refused) as refused:
        party.back_channel_logout(identity.id_token)
    assert refused.value.code is Refusal.TOKEN_TYPE
    with pytest.raises(Refused) as refused:
        standin.relying_party(untyped_logout_tokens=True).back_channel_logout(identity.id_token)
    assert refused.value.code is Refusal.LOGOUT_EVENT_MISSING, "where the type does not tell, the event does"
    logout_token = standin.broker.logout_token(standin.broker.log_in(standin.broker.people()[0])[1])
    with pytest.raises(Refused) as refused:
        party._tokens.id_token(logout_token, nonce="n", access_token=None, not_before=attempt.created_at)
    assert refused.value.code is Refusal.TOKEN_TYPE


@pytest.mark.parametrize("header", [{"typ": "JWT"}, {}, {"typ": "at+jwt"}, {"typ": "logout+jwt "}])
def test_a_logout_token_without_its_type_is_believed_only_where_the_broker_is_known_to_leave_it_out(
    standin: Standin, header: dict[str, str]
) -> None:
    broker = standin.broker
    login = broker.log_in(broker.people()[0])[1]
    key = broker.keys.current
    claims = jwt.decode(broker.logout_token(login), key, algorithms=["RS256"]).claims
    token = jwt.encode({"alg": "RS256", "kid": str(key.kid), **header}, claims, key)
    with pytest.raises(Refused) as refused:
        standin.relying_party().back_channel_logout(token)
    assert refused.value.code is Refusal.TOKEN_TYPE
    lenient = standin.relying_party(untyped_logout_tokens=True)
    if header.get("typ", "JWT") == "JWT":
        assert lenient.back_channel_logout(token).sid == login.sid
    else:
        with pytest.raises(Refused):
            lenient.back_channel_logout(token)
