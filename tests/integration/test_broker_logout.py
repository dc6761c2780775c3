"""The broker ends a citizen's logins here, server to server (OpenID Connect Back-Channel Logout 1.0)."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from auth.oidc.tokens import LOGOUT_EVENT
from auth.standin.claims import Login
from auth.standin.misbehaviour import Misbehaviour
from support.citizens import Place, Together, place_at, running_for_samrum
from support.logins import actions, is_logged_in
from support.standin import Standin

PATH = "/login/citizen/back-channel"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Standin, Path]]:
    with running_for_samrum(tmp_path_factory.mktemp("standin")) as found:
        yield found


@pytest.fixture
def place(running: tuple[Standin, Path], tmp_path: Path) -> Iterator[Place]:
    with place_at(*running, tmp_path) as found:
        yield found


def _at_broker(browser: Together) -> Login:
    """What the broker remembers of this browser."""
    cookie = browser.theirs.cookies["standin_session"]
    return browser.place.standin.broker._sessions[cookie]


def _tell(place: Place, token: str) -> TestResponse:
    return place.world.app.test_client().post(PATH, data={"logout_token": token})


def _logged_in(place: Place, person: str = "sofie") -> Together:
    browser = place.browser()
    browser.log_in(person)
    assert is_logged_in(browser.ours)
    return browser


def test_the_broker_s_session_ends_the_login_that_came_of_it(place: Place) -> None:
    browser, other = _logged_in(place), _logged_in(place)
    answer = _tell(place, place.standin.broker.logout_token(_at_broker(browser)))
    assert (answer.status_code, answer.data) == (200, b"")
    assert answer.headers["Cache-Control"] == "no-store"
    assert not is_logged_in(browser.ours)
    assert is_logged_in(other.ours), "another session of the same person at the broker runs on"
    assert ("logged_out", "broker") in actions(place.world)


def test_a_subject_without_a_session_ends_all_of_that_person_s_logins(place: Place) -> None:
    first, second, mette = _logged_in(place), _logged_in(place), _logged_in(place, "mette")
    broker = place.standin.broker
    claims = broker._common() | {
        "sub": _at_broker(first).subject("samrum"),
        "jti": "one of a kind",
        "events": {LOGOUT_EVENT: {}},
    }
    token = broker.keys.sign(claims, frozenset(), broker.settings.client_secret, "logout+jwt")
    assert _tell(place, token).status_code == 200
    assert not is_logged_in(first.ours)
    assert not is_logged_in(second.ours)
    assert is_logged_in(mette.ours)


def test_a_session_of_one_person_is_not_ended_in_the_name_of_another(place: Place) -> None:
    sofie, mette = _logged_in(place), _logged_in(place, "mette")
    broker = place.standin.broker
    claims = broker._common() | {
        "sub": _at_broker(sofie).subject("samrum"),
        "sid": _at_broker(mette).sid,
        "jti": "one of a kind",
        "events": {LOGOUT_EVENT: {}},
    }
    assert _tell(place, broker.keys.sign(claims, frozenset(), "", "logout+jwt")).status_code == 200
    assert is_logged_in(sofie.ours)
    assert is_logged_in(mette.ours)


def test_nobody_else_is_logged_out(place: Place) -> None:
    sofie, mette = _logged_in(place), _logged_in(place, "mette")
    staff = place.world.client(place.owner)
    _tell(place, place.standin.broker.logout_token(_at_broker(sofie)))
    assert is_logged_in(mette.ours)
    assert is_logged_in(staff)


def test_a_token_is_good_once(place: Place) -> None:
    browser = _logged_in(place)
    token = place.standin.broker.logout_token(_at_broker(browser))
    _tell(place, token)
    assert _tell(place, token).status_code == 200
    assert actions(place.world).count(("logged_out", "broker")) == 1


@pytest.mark.parametrize("token", ["", "nonsense", "a.b.c"])
def test_nonsense_ends_nothing(place: Place, token: str) -> None:
    browser = _logged_in(place)
    assert _tell(place, token).status_code == 400
    assert is_logged_in(browser.ours)


@pytest.mark.parametrize("does", [member for member in Misbehaviour if member.value.startswith("logout")])
def test_a_token_not_to_believe_ends_nothing(place: Place, does: Misbehaviour) -> None:
    browser = _logged_in(place)
    login = _at_broker(browser)
    place.standin.misbehave(does)
    answer = _tell(place, place.standin.broker.logout_token(login))
    assert answer.status_code == 400
    assert answer.json == {"error": "invalid_request"}
    assert is_logged_in(browser.ours)


def test_it_takes_posts_only_and_from_machines_only(place: Place) -> None:
    client = place.world.app.test_client()
    assert client.get(PATH).status_code == 405
    token = place.standin.broker.logout_token(_at_broker(_logged_in(place)))
    from_a_page = client.post(PATH, data={"logout_token": token}, headers={"Origin": "https://evil.example"})
    assert from_a_page.status_code == 400
