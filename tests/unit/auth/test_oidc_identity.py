from datetime import UTC, datetime
from typing import Any

import pytest

from auth.oidc import GENERIC, IDURA, NETS, SIGNICAT, Assurance, BrokerProfile, Refusal, Refused
from auth.oidc.identity import CitizenIdentity, ClaimReader

NSIS = "https://data.gov.dk/concept/core/nsis/"


def read(profile: BrokerProfile, id_claims: dict[str, Any], userinfo: dict[str, Any]) -> CitizenIdentity:
    reader = ClaimReader(profile, {"sub": "s", **id_claims}, userinfo)
    return reader.identity("https://broker.example", "the token", Assurance.HIGH)


def assurance(profile: BrokerProfile, id_claims: dict[str, Any], userinfo: dict[str, Any] | None = None) -> object:
    return ClaimReader(profile, id_claims, userinfo or {}).assurance()


def test_the_cpr_number_is_ten_digits_however_it_is_written() -> None:
    assert read(NETS, {}, {"dk.cpr": "0503101234"}).cpr == "0503101234"
    assert read(NETS, {}, {"dk.cpr": " 050310-1234 "}).cpr == "0503101234"


@pytest.mark.parametrize(
    "missing", [{}, {"dk.cpr": ""}, {"dk.cpr": None}, {"dk.cpr": 503101234}, {"dk.cpr": ["0503101234"]}]
)
def test_a_missing_cpr_number_is_none(missing: dict[str, Any]) -> None:
    assert read(NETS, {}, missing).cpr is None


@pytest.mark.parametrize(
    "wrong", ["050310123", "05031012345", "050310 1234", "o503101234", "٠٥٠٣١٠١٢٣٤", "0503101234\n0"]
)
def test_a_cpr_number_that_is_none_is_refused(wrong: str) -> None:
    with pytest.raises(Refused) as refused:
        read(NETS, {}, {"dk.cpr": wrong})
    assert refused.value.code is Refusal.CPR_MALFORMED


def test_the_signed_token_wins_over_what_the_userinfo_endpoint_says() -> None:
    identity = read(IDURA, {"cprNumberIdentifier": "0503101234"}, {"cprNumberIdentifier": "9"})
    assert identity.cpr == "0503101234"


@pytest.mark.parametrize(
    ("claims", "moment"),
    [
        ({"auth_time": 1772442000}, datetime(2026, 3, 2, 9, tzinfo=UTC)),
        ({"auth_time": "1772442000"}, datetime(2026, 3, 2, 9, tzinfo=UTC)),
        ({"authenticationinstant": "2026-03-02T10:00:00+01:00"}, datetime(2026, 3, 2, 9, tzinfo=UTC)),
        ({"authenticationinstant": "2026-03-02T09:00:00Z"}, datetime(2026, 3, 2, 9, tzinfo=UTC)),
        ({"authenticationinstant": "2026-03-02T09:00:00"}, None),
        ({"auth_time": "soon"}, None),
        ({"auth_time": True}, None),
        ({"auth_time": 10**30}, None),
        ({"auth_time": [1]}, None),
        ({}, None),
    ],
)
def test_the_time_of_the_login_is_a_moment_or_nothing(claims: dict[str, Any], moment: datetime | None) -> None:
    assert read(IDURA, claims, {}).auth_time == moment


def test_the_time_of_the_login_is_not_believed_from_the_userinfo_endpoint() -> None:
    assert read(NETS, {}, {"auth_time": 1772442000}).auth_time is None


@pytest.mark.parametrize(
    ("profile", "claims", "level"),
    [
        (NETS, {"loa": NSIS + "Low"}, Assurance.LOW),
        (NETS, {"loa": NSIS + "Substantial"}, Assurance.SUBSTANTIAL),
        (NETS, {"loa": NSIS + "High"}, Assurance.HIGH),
        (NETS, {"loa": "High"}, None),
        (NETS, {"acr": NSIS + "High"}, None),
        (IDURA, {"loA": "SUBSTANTIAL"}, Assurance.SUBSTANTIAL),
        (IDURA, {"authenticationtype": "urn:grn:authn:dk:mitid:low"}, Assurance.LOW),
        (IDURA, {"loA": "HIGH", "authenticationtype": "urn:grn:authn:dk:mitid:low"}, Assurance.LOW),
        (IDURA, {"loA": "HIGH", "authenticationtype": "urn:grn:authn:se:bankid"}, None),
        (SIGNICAT, {"mitid_loa": "HIGH"}, Assurance.HIGH),
        (GENERIC, {"acr": NSIS + "Substantial"}, Assurance.SUBSTANTIAL),
        (GENERIC, {"acr": ["x"]}, None),
        (GENERIC, {}, None),
    ],
)
def test_the_level_is_the_lowest_that_is_stated_and_none_if_one_cannot_be_read(
    profile: BrokerProfile, claims: dict[str, Any], level: Assurance | None
) -> None:
    assert assurance(profile, claims) is level


def test_the_level_is_believed_from_userinfo_only_where_the_broker_states_it_nowhere_else() -> None:
    assert assurance(NETS, {}, {"loa": NSIS + "High"}) is None
    assert assurance(SIGNICAT, {}, {"mitid_loa": "SUBSTANTIAL"}) is Assurance.SUBSTANTIAL


def test_an_identity_shows_nothing_personal_when_printed() -> None:
    identity = read(NETS, {"sid": "the sid"}, {"dk.cpr": "0503101234"})
    for personal in ("0503101234", "Maja", "the sid", "the token"):
        assert personal not in repr(identity)
