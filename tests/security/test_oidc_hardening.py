"""What the relying party refuses beyond the conformance tests: the doors a library leaves open, and old tricks."""

import base64
import json
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from auth.oidc import (
    Assurance,
    AssuranceTooLow,
    AttemptExpired,
    Cancelled,
    CitizenIdentity,
    LoginRequired,
    OidcError,
    ProviderUnavailable,
    Refusal,
    Refused,
)
from auth.standin import Misbehaviour
from support.standin import Citizen, MovableClock, Standin, running_standin

M = Misbehaviour


def log_in(
    standin: Standin, *, person: str = "maja", fresh: bool = True, language: str | None = None
) -> CitizenIdentity:
    party = standin.relying_party()
    url, attempt = party.begin(fresh=fresh, language=language)
    return party.finish(attempt, Citizen().log_in(url, person))


def refusal(standin: Standin, *does: Misbehaviour, fresh: bool = True) -> Refusal:
    standin.misbehave(*does)
    with pytest.raises(Refused) as refused:
        log_in(standin, fresh=fresh)
    return refused.value.code


@pytest.mark.parametrize(
    ("does", "code"),
    [
        (M.METADATA_PLAIN_TOKEN_ENDPOINT, Refusal.INSECURE_ENDPOINT),
        (M.METADATA_PLAIN_KEYS, Refusal.INSECURE_ENDPOINT),
        (M.METADATA_PLAIN_AUTHORISATION, Refusal.INSECURE_ENDPOINT),
        (M.METADATA_WITHOUT_TOKEN_ENDPOINT, Refusal.METADATA_MALFORMED),
        (M.METADATA_ENORMOUS, Refusal.ANSWER_MALFORMED),
        (M.RESPONSE_WITHOUT_CODE, Refusal.RESPONSE_MALFORMED),
        (M.TOKEN_REDIRECTS, Refusal.ANSWER_MALFORMED),
        (M.TOKEN_NO_JSON, Refusal.ANSWER_MALFORMED),
        (M.NO_ID_TOKEN, Refusal.ID_TOKEN_MISSING),
        (M.NO_ACCESS_TOKEN, Refusal.ACCESS_TOKEN_MISSING),
        (M.EMPTY_SUBJECT, Refusal.SUBJECT_MISSING),
        (M.OTHER_AUDIENCE_OUR_PARTY, Refusal.AUDIENCE_MISMATCH),
        (M.OTHER_PARTY, Refusal.AUDIENCE_MISMATCH),
        (M.ISSUED_LAST_WEEK, Refusal.ISSUED_TOO_LONG_AGO),
        (M.ISSUED_TOMORROW, Refusal.ISSUED_IN_THE_FUTURE),
        (M.EXPIRED_HALF_A_MINUTE_AGO, Refusal.EXPIRED),
        (M.EXPIRY_NOT_A_NUMBER, Refusal.EXPIRY_MISSING),
        (M.EXPIRY_INFINITE, Refusal.EXPIRY_MISSING),
        (M.EXPIRY_ENORMOUS, Refusal.EXPIRY_MISSING),
        (M.NOT_YET_VALID, Refusal.NOT_YET_VALID),
        (M.OTHER_ACCESS_TOKEN_HASH, Refusal.ACCESS_TOKEN_HASH_MISMATCH),
        (M.NO_ALGORITHM, Refusal.TOKEN_MALFORMED),
        (M.SYMMETRIC_WITH_PUBLIC_KEY, Refusal.ALGORITHM_REFUSED),
        (M.FOREIGN_KEY, Refusal.SIGNATURE_INVALID),
        (M.UNKNOWN_KEY_ID, Refusal.KEY_UNKNOWN),
        (M.OTHER_TOKEN_TYPE, Refusal.TOKEN_TYPE),
        (M.USERINFO_WITHOUT_SUBJECT, Refusal.USERINFO_SUBJECT_MISMATCH),
        (M.MALFORMED_CPR, Refusal.CPR_MALFORMED),
        (M.OLD_LOGIN, Refusal.NOT_A_FRESH_LOGIN),
        (M.NO_LOGIN_TIME, Refusal.NOT_A_FRESH_LOGIN),
    ],
)
def test_a_provider_that_misbehaves_is_refused_for_that_reason(
    does: Misbehaviour, code: Refusal, standin: Standin
) -> None:
    assert refusal(standin, does) is code


def test_an_unsigned_token_is_refused_even_where_the_provider_says_it_may_be(standin: Standin) -> None:
    assert refusal(standin, M.METADATA_OFFERS_NONE, M.ALGORITHM_NONE) is Refusal.ALGORITHM_REFUSED
    assert refusal(standin, M.METADATA_OFFERS_NONE, M.SYMMETRIC_WITH_SECRET) is Refusal.ALGORITHM_REFUSED


def test_a_wrong_issuer_in_the_response_is_refused_even_where_the_provider_never_promised_one(
    standin: Standin,
) -> None:
    standin.misbehave(M.METADATA_WITHOUT_RESPONSE_ISSUER, M.RESPONSE_WITHOUT_ISSUER)
    assert log_in(standin).cpr == "0503101234"
    code = refusal(standin, M.METADATA_WITHOUT_RESPONSE_ISSUER, M.RESPONSE_OTHER_ISSUER)
    assert code is Refusal.RESPONSE_ISSUER_MISMATCH


def test_the_password_of_the_citizen_who_was_here_before_does_not_count_as_a_fresh_login(standin: Standin) -> None:
    party, citizen = standin.relying_party(), Citizen()
    url, attempt = party.begin()
    party.finish(attempt, citizen.log_in(url, "bo"))
    standin.clock.move(60)
    standin.misbehave(M.IGNORES_PROMPT)
    url, attempt = party.begin(fresh=True)
    with pytest.raises(Refused) as refused:
        party.finish(attempt, citizen.log_in(url, "maja"))
    assert refused.value.code is Refusal.NOT_A_FRESH_LOGIN


def test_a_fresh_login_lets_another_citizen_choose_again(standin: Standin) -> None:
    party, citizen = standin.relying_party(), Citizen()
    url, attempt = party.begin(fresh=True)
    first = party.finish(attempt, citizen.log_in(url, "bo"))
    url, attempt = party.begin(fresh=True)
    second = party.finish(attempt, citizen.log_in(url, "maja"))
    assert (first.cpr, second.cpr) == ("1203801235", "0503101234")
    assert first.subject != second.subject


@pytest.mark.parametrize(
    ("person", "does", "level"),
    [
        ("lone", (), Assurance.LOW),
        ("maja", (M.NO_ASSURANCE,), None),
        ("maja", (M.UNKNOWN_ASSURANCE,), None),
        ("maja", (M.ASSURANCE_IN_USERINFO_ONLY,), None),
    ],
)
def test_a_login_below_substantial_or_of_no_stated_level_is_too_low(
    person: str, does: tuple[Misbehaviour, ...], level: Assurance | None, standin: Standin
) -> None:
    standin.misbehave(*does)
    with pytest.raises(AssuranceTooLow) as low:
        log_in(standin, person=person)
    assert low.value.assurance is level


@pytest.mark.parametrize("does", [M.METADATA_DOWN, M.TOKEN_DOWN, M.USERINFO_DOWN])
def test_a_provider_that_is_down_is_said_to_be_down(does: Misbehaviour, standin: Standin) -> None:
    standin.misbehave(does)
    with pytest.raises(ProviderUnavailable):
        log_in(standin)


def test_a_provider_that_cannot_be_reached_is_said_to_be_down(standin: Standin) -> None:
    party = standin.relying_party(issuer="http://127.0.0.1:9")
    with pytest.raises(ProviderUnavailable):
        party.begin()


def test_cancel_is_just_cancelled(standin: Standin) -> None:
    party = standin.relying_party()
    url, attempt = party.begin()
    with pytest.raises(Cancelled):
        party.finish(attempt, Citizen().cancel(url))


@pytest.mark.parametrize(
    ("error", "description", "kind"),
    [
        ("access_denied", "user_aborted", Cancelled),
        ("login_required", None, LoginRequired),
        ("interaction_required", None, LoginRequired),
        ("temporarily_unavailable", None, ProviderUnavailable),
        ("server_error", "boom", ProviderUnavailable),
    ],
)
def test_an_error_of_the_broker_has_its_own_kind(
    error: str, description: str | None, kind: type[OidcError], standin: Standin
) -> None:
    standin.broker.control.next_error = (error, description)
    with pytest.raises(kind):
        log_in(standin)


@pytest.mark.parametrize(("error", "description"), [("access_denied", "mitid_blocked"), ("invalid_scope", None)])
def test_an_error_that_is_no_cancel_is_not_called_one(error: str, description: str | None, standin: Standin) -> None:
    standin.broker.control.next_error = (error, description)
    with pytest.raises(Refused) as refused:
        log_in(standin)
    assert refused.value.code is Refusal.PROVIDER_ERROR


def test_an_error_with_somebody_elses_state_does_not_end_our_login(standin: Standin) -> None:
    party = standin.relying_party()
    _, attempt = party.begin()
    forged = urlencode(
        {"error": "access_denied", "error_description": "user_aborted", "state": "x", "iss": standin.url}
    )
    with pytest.raises(Refused) as refused:
        party.finish(attempt, forged)
    assert refused.value.code is Refusal.STATE_MISMATCH


def test_a_code_counts_once(standin: Standin) -> None:
    party = standin.relying_party()
    url, attempt = party.begin()
    query = Citizen().log_in(url)
    party.finish(attempt, query)
    with pytest.raises(Refused) as refused:
        party.finish(attempt, query)
    assert refused.value.code is Refusal.CODE_REFUSED


def test_a_code_of_another_login_cannot_be_slipped_in(standin: Standin) -> None:
    party = standin.relying_party()
    url, _ = party.begin()
    stolen = parse_qs(Citizen().log_in(url, "bo"))["code"][0]
    url, attempt = party.begin()
    own = parse_qs(Citizen().log_in(url, "maja"))
    query = urlencode({"code": stolen, "state": own["state"][0], "iss": own["iss"][0]})
    with pytest.raises(Refused) as refused:
        party.finish(attempt, query)
    assert refused.value.code is Refusal.CODE_REFUSED


def test_the_answer_to_one_attempt_does_not_finish_another(standin: Standin) -> None:
    party = standin.relying_party()
    first_url, _ = party.begin()
    _, second = party.begin()
    with pytest.raises(Refused) as refused:
        party.finish(second, Citizen().log_in(first_url))
    assert refused.value.code is Refusal.STATE_MISMATCH


def test_an_attempt_begun_at_another_provider_is_not_finished_here(standin: Standin) -> None:
    party = standin.relying_party()
    url, attempt = party.begin()
    query = Citizen().log_in(url)
    with pytest.raises(Refused) as refused:
        party.finish(replace(attempt, issuer="https://broker.example"), query)
    assert refused.value.code is Refusal.ATTEMPT_OF_ANOTHER_PROVIDER


def test_an_attempt_lives_a_quarter_of_an_hour(standin: Standin) -> None:
    party = standin.relying_party()
    url, attempt = party.begin()
    query = Citizen().log_in(url)
    with pytest.raises(AttemptExpired):
        party.finish(replace(attempt, created_at=attempt.created_at.replace(year=attempt.created_at.year - 1)), query)
    standin.clock.move(901)
    with pytest.raises(AttemptExpired):
        party.finish(attempt, query)


@pytest.mark.parametrize("name", ["state", "code", "iss", "error"])
def test_a_parameter_given_twice_is_refused(name: str, standin: Standin) -> None:
    party = standin.relying_party()
    url, attempt = party.begin()
    query = Citizen().log_in(url)
    with pytest.raises(Refused) as refused:
        party.finish(attempt, f"{query}&{name}=a&{name}=b")
    assert refused.value.code is Refusal.RESPONSE_MALFORMED


def test_the_clocks_may_differ_by_seconds_but_no_more(standin: Standin) -> None:
    for seconds, accepted in ((4, True), (-4, True), (20, False), (-20, False)):
        clock = MovableClock()
        clock.shift = standin.clock.shift
        clock.move(seconds)
        party = standin.relying_party(clock)
        url, attempt = party.begin(fresh=True)
        query = Citizen().log_in(url)
        if accepted:
            assert party.finish(attempt, query).cpr == "0503101234"
        else:
            with pytest.raises(Refused):
                party.finish(attempt, query)


def test_a_withdrawn_key_is_believed_for_minutes_and_not_until_a_restart(tmp_path: Path) -> None:
    with running_standin(tmp_path) as standin:
        party = standin.relying_party()
        old = standin.broker.keys.current
        url, attempt = party.begin()
        party.finish(attempt, Citizen().log_in(url))
        standin.broker.keys.rotate()
        standin.broker.keys._keys.append(old)
        published = standin.broker.keys.public
        standin.broker.keys.public = lambda: {"keys": published()["keys"][:1]}  # type: ignore[index, method-assign]
        standin.clock.move(301)
        url, attempt = party.begin()
        with pytest.raises(Refused) as refused:
            party.finish(attempt, Citizen().log_in(url))
        assert refused.value.code is Refusal.KEY_UNKNOWN


def test_a_key_replaced_under_the_same_name_is_fetched_again(tmp_path: Path) -> None:
    with running_standin(tmp_path) as standin:
        party = standin.relying_party()
        url, attempt = party.begin()
        party.finish(attempt, Citizen().log_in(url))
        standin.broker.keys.rotate(same_name=True)
        url, attempt = party.begin()
        assert party.finish(attempt, Citizen().log_in(url)).cpr == "0503101234"


def test_forged_tokens_do_not_make_us_ask_for_keys_without_end(standin: Standin) -> None:
    party = standin.relying_party()
    url, attempt = party.begin()
    party.finish(attempt, Citizen().log_in(url))
    standin.misbehave(M.UNKNOWN_KEY_ID)
    login = standin.broker.log_in(standin.broker.people()[0])[1]
    for _ in range(20):
        with pytest.raises(Refused):
            party.back_channel_logout(standin.broker.logout_token(login))
    assert standin.broker.control.requests_seen["keys"] == 2
    standin.clock.move(31)
    with pytest.raises(Refused):
        party.back_channel_logout(standin.broker.logout_token(login))
    assert standin.broker.control.requests_seen["keys"] == 3


def test_metadata_and_keys_are_not_asked_for_at_every_login(standin: Standin) -> None:
    party = standin.relying_party()
    for _ in range(3):
        url, attempt = party.begin()
        party.finish(attempt, Citizen().log_in(url))
    assert standin.broker.control.requests_seen["metadata"] == 1
    assert standin.broker.control.requests_seen["keys"] == 1


def test_nothing_personal_stands_in_an_address_or_shows_when_printed(standin: Standin) -> None:
    party = standin.relying_party()
    url, attempt = party.begin("Samtykke til Jobcentret", fresh=True)
    query = Citizen().log_in(url)
    identity = party.finish(attempt, query)
    printed = f"{attempt!r} {identity!r} {party.settings!r} {standin.settings!r}"
    for secret in (attempt.state, attempt.nonce, attempt.code_verifier, identity.id_token, identity.subject):
        assert secret not in printed
    for secret in ("0503101234", "Maja", "2010-03-05", party.settings.credential, attempt.nonce, attempt.code_verifier):
        assert secret not in printed + url + query
    claims = json.loads(base64.urlsafe_b64decode(identity.id_token.split(".")[1] + "=="))
    assert not {"dk.cpr", "mitid.identity_name", "mitid.date_of_birth"} & claims.keys()
    assert "0503101234" not in json.dumps(claims)


def test_every_attempt_has_its_own_unguessable_state_nonce_and_verifier(standin: Standin) -> None:
    party = standin.relying_party(pushed_requests=False)
    attempts = []
    for _ in range(5):
        url, attempt = party.begin()
        asked = parse_qs(urlsplit(url).query)
        assert asked["state"] == [attempt.state]
        assert asked["nonce"] == [attempt.nonce]
        assert asked["code_challenge_method"] == ["S256"]
        assert asked["code_challenge"] != [attempt.code_verifier]
        assert asked["response_type"] == ["code"]
        attempts.append(attempt)
    values = {value for attempt in attempts for value in (attempt.state, attempt.nonce, attempt.code_verifier)}
    assert len(values) == 15
    assert all(len(value) >= 43 for value in values)
