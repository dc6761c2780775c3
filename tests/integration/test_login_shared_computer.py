"""One computer, several citizens: nobody lands in the login of somebody else, here or at the broker."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select

from auth.standin.misbehaviour import Misbehaviour
from samrum.models import AuditRow, LoginSession
from support.citizens import Place, place_at, reasons, running_for_samrum
from support.logins import is_logged_in
from support.standin import Standin


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Standin, Path]]:
    with running_for_samrum(tmp_path_factory.mktemp("standin")) as found:
        yield found


@pytest.fixture
def place(running: tuple[Standin, Path], tmp_path: Path) -> Iterator[Place]:
    with place_at(*running, tmp_path) as found:
        yield found


def test_logging_out_ends_the_broker_s_session_and_comes_back(place: Place) -> None:
    browser = place.browser()
    browser.log_in("sofie")
    answer = browser.ours.post("/login/out", page="/login/sessions")
    assert answer.status_code == 303
    assert answer.location.startswith(f"{place.standin.url}/connect/endsession?")
    origin = f"{urlsplit(answer.location).scheme}://{urlsplit(answer.location).netloc}"
    assert origin in browser.ours.get("/").headers["Content-Security-Policy"], "the browser would not follow"
    back = browser.theirs.get(answer.location, allow_redirects=False, timeout=10)
    assert back.headers["Location"] == "http://localhost/login/out"
    assert "standin_session" not in browser.theirs.cookies
    assert browser.who() is None


def test_two_clicks_on_log_out_end_the_broker_s_session_too(place: Place) -> None:
    browser = place.browser()
    browser.log_in("sofie")
    cookie = browser.ours.client.get_cookie("samrum-login")
    assert cookie is not None
    token = browser.ours.token("/login/sessions")
    browser.ours.post("/login/out", {"once": token})
    browser.ours.client.set_cookie("samrum-login", cookie.value)
    assert "endsession" in browser.ours.post("/login/out", {"once": token}).location


def test_the_id_token_is_kept_sealed(place: Place) -> None:
    place.browser().log_in("sofie")
    with place.world.platform.database.transaction() as session:
        sealed = session.scalars(select(LoginSession.sealed_id_token)).one()
    assert sealed is not None
    assert not sealed.startswith(b"ey")
    assert place.world.platform.fields.open("id token", sealed).startswith(b"ey")


def test_the_next_citizen_at_the_computer_is_asked_who_they_are_when_the_first_logged_out(place: Place) -> None:
    browser = place.browser()
    browser.log_in("sofie")
    logout = browser.ours.post("/login/out", page="/login/sessions").location
    browser.theirs.get(logout, allow_redirects=False, timeout=10)
    browser.log_in("mette")
    assert browser.who() == place.mette.id


def test_the_next_citizen_is_asked_who_they_are_when_the_first_just_left(place: Place) -> None:
    browser = place.browser()
    browser.log_in("sofie")
    place.world.clock.move(minutes=31)
    assert browser.who() is None
    browser.log_in("mette")  # at_broker fails when the broker does not ask
    assert browser.who() == place.mette.id


def test_a_broker_that_lets_the_first_citizen_through_again_is_not_believed(place: Place) -> None:
    browser = place.browser()
    browser.log_in("sofie")
    place.world.clock.move(minutes=31)
    place.standin.clock.move(60)
    place.standin.misbehave(Misbehaviour.IGNORES_PROMPT)
    try:
        back = browser.theirs.get(browser.begin(), allow_redirects=False, timeout=10).headers["Location"]
        assert browser.ours.get(back.removeprefix("http://localhost")).status_code == 403
    finally:
        place.standin.clock.move(-60)
    assert browser.who() is None
    assert reasons(place) == ["not_a_fresh_login"]


def test_the_next_citizen_s_login_ends_the_first_one_s(place: Place) -> None:
    browser = place.browser()
    browser.log_in("sofie")
    first = browser.ours.client.get_cookie("samrum-login")
    assert first is not None
    browser.log_in("mette")
    assert browser.who() == place.mette.id
    browser.ours.client.set_cookie("samrum-login", first.value)
    assert not is_logged_in(browser.ours)


def test_somebody_unknown_at_the_computer_does_not_land_in_the_first_one_s_login(place: Place) -> None:
    browser = place.browser()
    browser.log_in("sofie")
    answer = browser.log_in("fremmed")
    assert answer.status_code == 403
    assert "Sofie" not in answer.text
    assert browser.who() is None
    assert browser.ours.get("/").status_code == 200, "the front page goes on to somebody's room"


def test_who_cancels_a_second_login_keeps_the_first(place: Place) -> None:
    browser = place.browser()
    browser.log_in("sofie")
    browser.ours.get(browser.at_broker(browser.begin(), cancel="1"))
    assert browser.who() == place.sofie.id
    with place.world.platform.database.transaction() as session:
        failed = session.scalars(select(AuditRow).where(AuditRow.action == "login_failed")).one()
    assert failed.actor_id is None, "nobody knows who cancelled"
