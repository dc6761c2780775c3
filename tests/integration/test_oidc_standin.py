"""The relying party and the stand-in together: every broker profile, every way for a client to prove itself, logout."""

import json
import re
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from joserfc.jwk import ECKey, RSAKey

from auth.oidc import PROFILES, Assurance, ClientAuthentication, Refusal, Refused
from auth.standin import NotInProduction, create_standin
from auth.standin.claims import claims_of
from auth.totp import verify
from support.standin import LOGGED_OUT_URI, REDIRECT_URI, Citizen, Standin, running_standin

BANNER = "DEMO \N{EN DASH} ikke MitID"


@pytest.fixture(scope="module")
def standin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standin]:
    with running_standin(tmp_path_factory.mktemp("standin"), control_token="let me") as running:
        yield running


@pytest.fixture(params=["nets", "idura", "signicat", "generic"], scope="module")
def broker(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standin]:
    with running_standin(tmp_path_factory.mktemp("broker"), profile=request.param) as running:
        yield running


def test_a_citizen_logs_in_at_every_broker_and_is_the_same_the_next_time(broker: Standin) -> None:
    party = broker.relying_party()
    identities = []
    for _ in range(2):
        url, attempt = party.begin("Samtykke til Jobcentret", fresh=True)
        identities.append(party.finish(attempt, Citizen().log_in(url, "bo")))
    first, second = identities
    assert first.subject == second.subject
    assert first.issuer == broker.url
    assert first.assurance is Assurance.HIGH
    assert first.auth_time is not None
    assert first.cpr == (None if broker.settings.profile == "generic" else "1203801235")
    if broker.settings.profile != "generic":
        assert first.transaction_id
        assert first.transaction_id != second.transaction_id


def test_somebody_without_a_cpr_number_has_none_at_any_broker(broker: Standin) -> None:
    party = broker.relying_party()
    url, attempt = party.begin()
    assert party.finish(attempt, Citizen().log_in(url, "ny")).cpr is None


def test_the_reference_text_is_shown_to_the_citizen_where_the_broker_can(broker: Standin) -> None:
    party = broker.relying_party()
    url, attempt = party.begin("Samtykke til, at Jobcentret må læse æøå", fresh=True)
    page = Citizen().open(url).text
    can = broker.settings.profile in ("nets", "idura")
    assert ("Samtykke til, at Jobcentret må læse æøå" in page) is can
    assert attempt.reference == ("Samtykke til, at Jobcentret må læse æøå" if can else None)


def test_each_broker_is_asked_in_its_own_words(broker: Standin) -> None:
    url, _ = broker.relying_party().begin("Samtykke", fresh=True, language="da")
    Citizen().open(url)
    asked = broker.broker.control.last_request
    assert asked["prompt"] == "login"
    assert asked["ui_locales"] == "da"
    expected: dict[str, dict[str, str]] = {
        "nets": {
            "scope": "openid ssn",
            "idp_values": "mitid",
            "idp_params": '{"mitid":{"loa_value":"substantial","reference_text":"U2FtdHlra2U="}}',
        },
        "idura": {
            "scope": "openid ssn",
            "acr_values": "urn:grn:authn:dk:mitid:substantial",
            "login_hint": "message:U2FtdHlra2U=",
        },
        "signicat": {"scope": "openid nin mitid-extra", "acr_values": "idp:mitid"},
        "generic": {"scope": "openid"},
    }
    assert expected[broker.settings.profile].items() <= asked.items()


def test_no_name_and_no_birth_date_is_asked_of_a_broker(broker: Standin) -> None:
    """The stand-in answers a scope with what the real broker's documentation lists for it."""
    party = broker.relying_party()
    url, attempt = party.begin()
    identity = party.finish(attempt, Citizen().log_in(url))
    assert identity.assurance is Assurance.SUBSTANTIAL
    assert identity.transaction_id is not None or broker.settings.profile == "generic"
    login = broker.broker.log_in(broker.broker.people()[0])[1]
    scopes = frozenset(PROFILES[broker.settings.profile].scopes)
    id_claims, userinfo = claims_of(broker.settings.profile, login, scopes, date(2026, 11, 2))
    told = {*id_claims, *userinfo} & {"name", "birthdate", "mitid.identity_name", "mitid.date_of_birth", "given_name"}
    assert told == ({"name", "birthdate"} if broker.settings.profile == "idura" else set())


def test_logout_comes_back_and_ends_the_session_at_every_broker(broker: Standin) -> None:
    party, citizen = broker.relying_party(), Citizen()
    url, attempt = party.begin()
    identity = party.finish(attempt, citizen.log_in(url))
    address = party.logout_url(identity.id_token)
    assert address is not None
    assert citizen.open(address).headers["Location"] == LOGGED_OUT_URI
    url, _ = party.begin()
    assert "Vælg en testperson" in citizen.open(url).text


def test_the_cpr_number_of_an_id_token_never_goes_into_the_logout_address(tmp_path: Path) -> None:
    with running_standin(tmp_path, profile="idura") as standin:
        party = standin.relying_party()
        url, attempt = party.begin()
        identity = party.finish(attempt, Citizen().log_in(url))
        assert "id_token_hint" not in (party.logout_url(identity.id_token) or "")


def test_without_a_hint_the_return_address_is_ignored_as_at_the_real_broker(standin: Standin) -> None:
    page = Citizen().open(standin.relying_party().logout_url(None) or "")
    assert page.status_code == 200
    assert "Du er logget ud" in page.text


def test_a_running_broker_session_lets_the_citizen_in_without_asking(standin: Standin) -> None:
    party, citizen = standin.relying_party(), Citizen()
    url, attempt = party.begin()
    first = party.finish(attempt, citizen.log_in(url))
    url, attempt = party.begin()
    answer = citizen.open(url)
    assert answer.status_code == 302
    again = party.finish(attempt, urlsplit(answer.headers["Location"]).query)
    assert (again.subject, again.sid, again.auth_time) == (first.subject, first.sid, first.auth_time)


@pytest.mark.parametrize("method", list(ClientAuthentication))
@pytest.mark.parametrize("pushed", [True, False])
@pytest.mark.parametrize("kind", ["RSA", "EC"])
def test_the_service_proves_itself_in_every_way_with_and_without_pushed_requests(
    method: ClientAuthentication, pushed: bool, kind: str, tmp_path: Path
) -> None:
    key: RSAKey | ECKey = RSAKey.generate_key(2048) if kind == "RSA" else ECKey.generate_key("P-256")
    changes: dict[str, Any] = {"authentication": method}
    if method is ClientAuthentication.PRIVATE_KEY_JWT:
        changes |= {"credential": key.as_pem(private=True).decode(), "key_id": "our key"}
    with running_standin(
        tmp_path, client_public_key=key.as_pem(private=False).decode(), require_pushed_requests=pushed
    ) as standin:
        party = standin.relying_party(**changes, pushed_requests=pushed)
        url, attempt = party.begin()
        assert ("request_uri" in parse_qs(urlsplit(url).query)) is pushed
        assert party.finish(attempt, Citizen().log_in(url)).cpr == "0503101234"


def test_a_wrong_secret_is_refused(standin: Standin) -> None:
    with pytest.raises(Refused) as refused:
        standin.relying_party(credential="wrong").begin()
    assert refused.value.code is Refusal.CLIENT_REFUSED
    party = standin.relying_party(credential="wrong", pushed_requests=False)
    url, attempt = party.begin()
    with pytest.raises(Refused) as refused:
        party.finish(attempt, Citizen().log_in(url))
    assert refused.value.code is Refusal.CLIENT_REFUSED


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "PS256"])
def test_the_permitted_algorithms_all_work(algorithm: str, tmp_path: Path) -> None:
    with running_standin(tmp_path, algorithm=algorithm) as standin:
        party = standin.relying_party()
        url, attempt = party.begin()
        assert party.finish(attempt, Citizen().log_in(url)).cpr == "0503101234"


def test_one_relying_party_serves_many_citizens_at_once(standin: Standin) -> None:
    party = standin.relying_party()
    found: list[str | None] = []

    def log_in(person: str) -> None:
        url, attempt = party.begin(fresh=True)
        found.append(party.finish(attempt, Citizen().log_in(url, person)).cpr)

    threads = [threading.Thread(target=log_in, args=(person,)) for person in ("maja", "bo", "ny") * 4]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(str(cpr) for cpr in found) == sorted(["1203801235", "0503101234", "None"] * 4)


def test_the_broker_tells_the_service_when_a_session_ends(tmp_path: Path) -> None:
    received: list[str] = []

    class Service(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            received.extend(form["logout_token"])
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    service = ThreadingHTTPServer(("127.0.0.1", 0), Service)
    threading.Thread(target=service.serve_forever, daemon=True).start()
    try:
        address = f"http://127.0.0.1:{service.server_port}/logout"
        with running_standin(tmp_path, back_channel_logout_uri=address) as standin:
            party, citizen = standin.relying_party(), Citizen()
            url, attempt = party.begin()
            identity = party.finish(attempt, citizen.log_in(url))
            assert standin.broker.log_out_person("maja") == [200]
            assert party.back_channel_logout(received[0]) == (identity.subject, identity.sid)
            url, attempt = party.begin()
            identity = party.finish(attempt, citizen.log_in(url))
            citizen.open(party.logout_url(identity.id_token) or "")
            assert party.back_channel_logout(received[1]) == (identity.subject, identity.sid)
    finally:
        service.shutdown()
        service.server_close()


@pytest.mark.parametrize("environment", ["production", "", "PRODUCTION", "staging"])
def test_the_stand_in_refuses_to_run_anywhere_but_in_demo_and_test(environment: str, tmp_path: Path) -> None:
    with pytest.raises(NotInProduction), running_standin(tmp_path, environment=environment):
        pass


@pytest.mark.parametrize("path", ["/", "/koder", "/nowhere", "/connect/authorize", "/connect/endsession"])
def test_every_page_says_that_it_is_not_mitid_and_runs_no_script(path: str, standin: Standin) -> None:
    page = requests.get(standin.url + path, timeout=5)
    assert BANNER in page.text
    assert '<html lang="da">' in page.text
    assert not re.search(r"<script|<style|\sstyle=|\son\w+=", page.text)
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert page.headers["Cache-Control"] == "no-store"


def test_the_page_to_choose_on_names_the_service_and_the_people_with_their_age(standin: Standin) -> None:
    url, _ = standin.relying_party().begin(fresh=True)
    page = Citizen().open(url).text
    assert BANNER in page
    assert "Samrum" in page
    born = date(2010, 3, 5)
    today = datetime.now(UTC).date()
    age = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    assert "Maja Ærø Testesen" in page
    assert f"{age} år · den unge" in page
    assert "0503101234" not in page


@pytest.mark.parametrize(
    "changes",
    [{"client_id": "somebody-else"}, {"redirect_uri": "https://evil.example/"}, {"redirect_uri": REDIRECT_URI + "/x"}],
)
def test_an_unknown_client_or_address_gets_a_page_and_no_redirect(changes: dict[str, str], standin: Standin) -> None:
    url, _ = standin.relying_party(pushed_requests=False).begin()
    parts = urlsplit(url)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()} | changes
    answer = requests.get(f"{standin.url}{parts.path}", params=query, allow_redirects=False, timeout=5)
    assert answer.status_code == 400


@pytest.mark.parametrize(
    "changes",
    [{"code_challenge_method": "plain"}, {"response_type": "token"}, {"scope": "ssn"}, {"prompt": "none"}],
)
def test_a_request_that_cannot_be_met_comes_back_as_an_error(changes: dict[str, str], standin: Standin) -> None:
    url, attempt = standin.relying_party(pushed_requests=False).begin()
    query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()} | changes
    answer = requests.get(f"{standin.url}/connect/authorize", params=query, allow_redirects=False, timeout=5)
    back = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert back["state"] == [attempt.state]
    assert "error" in back
    assert "code" not in back


def test_the_codes_of_the_demo_staff_are_those_of_their_app(standin: Standin) -> None:
    page = requests.get(standin.url + "/koder", timeout=5).text
    code = re.search(r'<code class="code">(\d{6})</code>', page)
    assert code is not None
    assert "Anne Koordinator" in page
    assert "anne@kommune.example" in page
    assert verify("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", code[1], standin.clock.now(), None) is not None


def test_the_page_with_codes_is_missing_where_there_are_no_staff(tmp_path: Path) -> None:
    with running_standin(tmp_path) as standin:
        assert standin.settings.people_file is not None
        standin.settings.people_file.write_text(json.dumps([{"id": "a", "name": "A B", "birth_date": "2000-01-01"}]))
        assert requests.get(standin.url + "/koder", timeout=5).status_code == 404
        url, _ = standin.relying_party().begin()
        assert "A B" in Citizen().open(url).text


def test_tests_elsewhere_steer_the_stand_in_with_the_token_alone(standin: Standin) -> None:
    control = f"{standin.url}/control"
    body = {"misbehave": ["other_nonce"], "next_error": ["access_denied", "user_aborted"]}
    assert requests.post(control, json=body, timeout=5).status_code == 404
    assert requests.post(control, json=body, headers={"Authorization": "Bearer no"}, timeout=5).status_code == 404
    assert standin.broker.control.active == frozenset()
    allowed = {"Authorization": "Bearer let me"}
    assert requests.post(control, json=body, headers=allowed, timeout=5).status_code == 200
    assert standin.broker.control.next_error == ("access_denied", "user_aborted")
    requests.post(control, json={"misbehave": [], "next_error": None}, headers=allowed, timeout=5)
    assert standin.broker.control.active == frozenset()


def test_without_a_control_token_nobody_steers(tmp_path: Path) -> None:
    with running_standin(tmp_path) as standin:
        answer = requests.post(standin.url + "/control", json={}, headers={"Authorization": "Bearer None"}, timeout=5)
        assert answer.status_code == 404


def test_the_application_is_made_anew_each_time(standin: Standin) -> None:
    first, second = create_standin(standin.settings), create_standin(standin.settings)
    assert first.extensions["standin"] is not second.extensions["standin"]
