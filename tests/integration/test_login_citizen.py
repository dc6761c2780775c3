"""Citizens at the login, through a running stand-in for the broker: who gets in, and who does not."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import select

from auth.oidc import RelyingParty
from auth.standin.misbehaviour import Misbehaviour
from samrum.models import Citizen, CitizenLogin
from support.citizens import Place, place_at, reasons, running_for_samrum
from support.logins import actions
from support.standin import Standin
from support.world import MOTHER_CPR, YOUTH_CPR


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Standin, Path]]:
    with running_for_samrum(tmp_path_factory.mktemp("standin")) as found:
        yield found


@pytest.fixture
def place(running: tuple[Standin, Path], tmp_path: Path) -> Iterator[Place]:
    with place_at(*running, tmp_path) as found:
        yield found


def test_a_citizen_logs_in_and_is_tied_to_the_broker_s_subject_once(place: Place) -> None:
    browser = place.browser()
    answer = browser.log_in("sofie")
    assert (answer.status_code, answer.location) == (303, "/")
    assert browser.who() == place.sofie.id
    assert browser.ours.get("/").location.endswith("/rooms")
    assert place.browser().log_in("sofie").status_code == 303
    done = [action for action, _ in actions(place.world) if action.startswith(("citizen", "log"))]
    assert done == ["citizen_linked", "logged_in", "logged_in"]
    with place.world.platform.database.transaction() as session:
        assert session.scalars(select(CitizenLogin)).one().citizen_id == place.sofie.id


def test_the_way_one_was_going_is_gone_on_and_never_away(place: Place) -> None:
    path = f"/rooms/{place.case_id}"
    assert place.browser().log_in("sofie", f"/login/citizen?next={path}").location == path
    assert place.browser().log_in("sofie", "/login/citizen?next=//evil.example").location == "/"
    assert place.browser().log_in("sofie", "/login/citizen?next=/%5Cevil.example").location == "/"


def test_no_address_tells_who_logs_in(place: Place) -> None:
    browser = place.browser()
    url = browser.begin()
    back = browser.at_broker(url, person="sofie")
    for address in (url, back, browser.ours.get(back).location):
        assert YOUTH_CPR not in address
        assert "Sofie" not in address


def test_somebody_who_is_in_no_room_is_told_so_and_gets_no_login(place: Place) -> None:
    browser = place.browser()
    answer = browser.log_in("fremmed")
    assert answer.status_code == 403
    assert "du er ikke med i noget rum" in answer.text
    assert "Frida" not in answer.text
    assert "6605920123" not in answer.text
    assert browser.who() is None
    assert reasons(place) == ["unknown_citizen"]


def test_without_a_cpr_number_nobody_is_taken_for_somebody_who_has_none(place: Place) -> None:
    browser = place.browser()
    assert browser.log_in("uden").status_code == 403
    assert browser.who() is None
    with place.world.platform.database.transaction() as session:
        assert session.scalars(select(CitizenLogin)).all() == []


def test_somebody_known_is_let_in_without_a_cpr_number(place: Place) -> None:
    place.browser().log_in("sofie")
    place.people(sofie={"cpr": None})
    browser = place.browser()
    browser.log_in("sofie")
    assert browser.who() == place.sofie.id


def test_a_login_whose_cpr_number_has_become_another_s_is_refused(place: Place) -> None:
    place.browser().log_in("sofie")
    place.people(sofie={"cpr": MOTHER_CPR})
    browser = place.browser()
    answer = browser.log_in("sofie")
    assert answer.status_code == 403
    assert "passer ikke med det, vi har registreret" in answer.text
    assert browser.who() is None
    assert reasons(place) == ["other_person"]


def test_a_closed_account_is_not_opened_by_the_broker(place: Place) -> None:
    with place.world.platform.database.transaction() as session:
        session.get_one(Citizen, place.sofie.id).active = False
    browser = place.browser()
    assert browser.log_in("sofie").status_code == 403
    assert reasons(place) == ["account_inactive"]


def test_a_login_of_low_assurance_is_refused(place: Place) -> None:
    browser = place.browser()
    answer = browser.log_in("svag")
    assert answer.status_code == 403
    assert "ikke sikkert nok" in answer.text
    assert reasons(place) == ["AssuranceTooLow"]


def test_who_cancels_is_told_that_nothing_happened(place: Place) -> None:
    browser = place.browser()
    answer = browser.ours.get(browser.at_broker(browser.begin(), cancel="1"))
    assert answer.status_code == 403
    assert "Du afbrød login" in answer.text
    assert reasons(place) == ["Cancelled"]


@pytest.mark.parametrize(
    ("error", "description", "status", "sentence", "reason"),
    [
        ("access_denied", "mitid_user_aborted", 403, "Du afbrød login", "Cancelled"),
        ("login_required", None, 403, "MitID vil gerne have, at du logger ind igen", "LoginRequired"),
        ("temporarily_unavailable", None, 503, "Du kan ikke logge ind lige nu", "ProviderUnavailable"),
        ("invalid_scope", None, 403, "Vi kunne ikke være sikre på svaret fra MitID", "provider_error"),
    ],
)
def test_every_error_of_the_broker_is_a_sentence_of_its_own_and_a_way_on(
    place: Place, error: str, description: str | None, status: int, sentence: str, reason: str
) -> None:
    browser = place.browser()
    place.standin.broker.control.next_error = (error, description)
    back = urlsplit(browser.theirs.get(browser.begin(), allow_redirects=False, timeout=10).headers["Location"])
    answer = browser.ours.get(f"{back.path}?{back.query}")
    assert answer.status_code == status
    assert sentence in answer.text
    assert 'href="/login/citizen"' in answer.text
    assert reasons(place) == [reason]
    assert browser.who() is None
    assert browser.log_in("sofie").status_code == 303, "the next try is a new one"


def test_an_answer_counts_once(place: Place) -> None:
    browser = place.browser()
    back = browser.at_broker(browser.begin(), person="sofie")
    assert browser.ours.get(back).status_code == 303
    answer = browser.ours.get(back)
    assert answer.status_code == 403
    assert "Der gik for lang tid" in answer.text
    assert browser.who() == place.sofie.id


def test_an_answer_in_another_browser_is_refused_and_spent(place: Place) -> None:
    browser, attacker = place.browser(), place.browser()
    back = attacker.at_broker(attacker.begin(), person="fremmed")
    victim = browser.ours.get(back)
    assert victim.status_code == 403
    assert "begyndt i en anden browser" in victim.text
    assert reasons(place) == ["other_browser"]
    assert attacker.ours.get(back).status_code == 403


def test_an_answer_that_comes_too_late_is_refused(place: Place) -> None:
    browser = place.browser()
    back = browser.at_broker(browser.begin(), person="sofie")
    place.standin.clock.move(901)
    try:
        assert browser.ours.get(back).status_code == 403
    finally:
        place.standin.clock.move(-901)
    assert reasons(place) == ["AttemptExpired"]


@pytest.mark.parametrize("query", ["", "state=x", "state=x&code=y", "state=%00&code=y", "code=y", "state=æ&code=ø"])
def test_an_answer_nobody_asked_for_is_refused(place: Place, query: str) -> None:
    answer = place.browser().ours.get(f"/login/citizen/callback?{query}")
    assert answer.status_code == 403
    assert reasons(place) == ["AttemptExpired"]


def test_an_answer_that_names_its_state_twice_is_refused(place: Place) -> None:
    browser = place.browser()
    back = browser.at_broker(browser.begin(), person="sofie")
    state = parse_qs(urlsplit(back).query)["state"][0]
    assert browser.ours.get(f"{back}&state={state}").status_code == 403
    assert browser.who() is None


def test_a_broker_that_does_not_answer_is_a_page_that_says_so(place: Place) -> None:
    place.standin.misbehave(Misbehaviour.METADATA_DOWN)
    fresh = RelyingParty(place.world.platform.relying_party.settings, place.standin.clock)
    object.__setattr__(place.world.platform, "relying_party", fresh)
    answer = place.browser().ours.get("/login/citizen")
    assert answer.status_code == 503
    assert "Du kan ikke logge ind lige nu" in answer.text
    place.standin.misbehave()
    assert place.browser().log_in("sofie").status_code == 303


def test_a_broker_that_fails_half_way_is_a_page_that_says_so(place: Place) -> None:
    browser = place.browser()
    back = browser.at_broker(browser.begin(), person="sofie")
    place.standin.misbehave(Misbehaviour.TOKEN_DOWN)
    assert browser.ours.get(back).status_code == 503
    assert browser.who() is None
