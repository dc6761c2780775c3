"""How long a login runs, how it ends, and what is left in the browser afterwards."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from auth.policy import StaffActor
from samrum.models import AuditRow, Citizen, LoginSession
from samrum.services import people, upkeep
from samrum.services.platform import SYSTEM
from support.logins import actions, give_password, is_logged_in, log_in
from support.world import PASSWORD, YOUTH_CPR, Browser, World


@pytest.fixture
def birgit(world: World) -> StaffActor:
    return world.staff("Birgit", "Børn og Unge", case_creator=True)


def choices(browser: Browser) -> list[str]:
    """What the page of one's own logins can end, the values of its buttons."""
    return re.findall(r'name="which" value="([^"]+)"', browser.get("/login/sessions").text)


def test_a_login_that_is_used_goes_on_until_the_day_is_over(world: World, birgit: StaffActor) -> None:
    browser = world.client(birgit)
    for _ in range(20):
        assert is_logged_in(browser)
        world.clock.move(minutes=29)
    assert is_logged_in(browser)
    world.clock.move(minutes=10 * 60 - 20 * 29 - 1)
    assert is_logged_in(browser)
    world.clock.move(minutes=1)
    assert not is_logged_in(browser)


def test_a_login_that_is_not_used_ends_after_half_an_hour(world: World, birgit: StaffActor) -> None:
    browser = world.client(birgit)
    world.clock.move(minutes=30)
    answer = browser.get("/login/sessions")
    assert answer.location == "/?next=/login/sessions"
    assert any(cookie.startswith("samrum-login=;") for cookie in answer.headers.getlist("Set-Cookie"))


def test_the_limits_are_the_settings(world: World) -> None:
    settings = world.platform.settings.model_copy(update={"session_idle_minutes": 5, "session_hours": 1})
    object.__setattr__(world.platform, "settings", settings)
    browser = world.client(world.staff("Birgit", "UU"))
    for _ in range(14):
        world.clock.move(minutes=4)
        assert is_logged_in(browser)
    world.clock.move(minutes=4)
    assert not is_logged_in(browser)
    idle = world.client(world.staff("Carl", "UU"))
    world.clock.move(minutes=5)
    assert not is_logged_in(idle)


def test_logging_out_ends_the_login_and_clears_the_browser(world: World, birgit: StaffActor) -> None:
    browser = world.client()
    log_in(world, browser)
    cookie = browser.client.get_cookie("samrum-login")
    assert cookie is not None
    answer = browser.post("/login/out", page="/login/sessions")
    assert (answer.status_code, answer.location) == (303, "/login/out")
    assert set(answer.headers["Clear-Site-Data"].split(", ")) == {'"cache"', '"storage"'}
    assert answer.headers["Cache-Control"] == "no-store"
    assert browser.client.get_cookie("samrum-login") is None
    assert browser.client.get_cookie("samrum-visitor") is None
    browser.client.set_cookie("samrum-login", cookie.value)
    assert not is_logged_in(browser), "the login goes on for who kept the cookie"
    assert actions(world) == [("logged_in", None), ("logged_out", None)]
    assert "Du er logget ud" in browser.get("/login/out").text


def test_two_clicks_on_log_out_log_out_once(world: World, birgit: StaffActor) -> None:
    browser = world.client(birgit)
    cookie = browser.client.get_cookie("samrum-login")
    assert cookie is not None
    token = browser.token("/login/sessions")
    assert browser.post("/login/out", {"once": token}).location == "/login/out"
    browser.client.set_cookie("samrum-login", cookie.value)
    assert browser.post("/login/out", {"once": token}).location == "/login/out"
    assert actions(world) == [("logged_out", None)]


def test_a_login_run_out_is_logged_out_as_its_own(world: World, birgit: StaffActor) -> None:
    browser = world.client(birgit)
    token = browser.token("/login/sessions")
    world.clock.move(hours=2)
    assert browser.post("/login/out", {"once": token}).status_code == 303
    with world.platform.database.transaction() as session:
        row = session.scalars(select(AuditRow).where(AuditRow.action == "logged_out")).one()
    assert (row.actor_kind, row.actor_id) == ("staff", birgit.id)


def test_the_page_that_says_logged_out_does_not_say_so_to_who_is_not(world: World, birgit: StaffActor) -> None:
    assert world.client(birgit).get("/login/out").location == "/"


def test_logging_out_needs_the_form_of_this_browser(world: World, birgit: StaffActor) -> None:
    browser = world.client(birgit)
    assert browser.client.post("/login/out").status_code == 400
    assert is_logged_in(browser)


def test_every_login_of_ones_own_is_listed_with_its_device(world: World, birgit: StaffActor) -> None:
    here = world.client()
    here.client.environ_base["HTTP_USER_AGENT"] = "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0"
    log_in(world, here)
    world.clock.move(minutes=5)
    world.client(birgit)
    world.client(world.staff("Carl", "UU"))
    page = here.get("/login/sessions").text
    assert "Firefox, Windows" in page
    assert page.count('class="entry"') == 2, "one's own two, and nobody else's"
    assert page.count("Denne browser") == 1


def test_one_other_login_is_ended(world: World, birgit: StaffActor) -> None:
    here, there = world.client(birgit), world.client(birgit)
    one, *rest = choices(here)
    assert rest == ["others", "all"]
    assert here.post("/login/sessions", {"which": one}).location == "/login/sessions"
    assert not is_logged_in(there)
    assert is_logged_in(here)
    assert actions(world) == [("logged_out", None)]


def test_all_other_logins_are_ended(world: World, birgit: StaffActor) -> None:
    here, *others = [world.client(birgit) for _ in range(3)]
    here.post("/login/sessions", {"which": "others"})
    assert is_logged_in(here)
    assert not any(is_logged_in(browser) for browser in others)


def test_where_only_the_password_was_given_nobody_is_logged_in_and_all_others_ends_it_too(
    world: World, birgit: StaffActor
) -> None:
    browser, half = world.client(), world.client()
    log_in(world, browser)
    give_password(half)
    assert browser.get("/login/sessions").text.count("Sidst brugt") == 1
    browser.post("/login/sessions", {"which": "others"})
    assert half.get("/login/staff/code").location == "/login/staff"


def test_all_logins_are_ended_this_one_too(world: World, birgit: StaffActor) -> None:
    here, there = world.client(birgit), world.client(birgit)
    answer = here.post("/login/sessions", {"which": "all"})
    assert answer.location == "/login/out"
    assert "Clear-Site-Data" in answer.headers
    assert not is_logged_in(here)
    assert not is_logged_in(there)


SESSIONS = "/login/sessions"


def test_who_logged_in_to_end_a_stranger_s_login_is_asked_for_nothing_more(world: World, birgit: StaffActor) -> None:
    stranger = world.client(birgit)
    world.clock.move(minutes=25)
    assert is_logged_in(stranger)
    here = world.client()
    log_in(world, here)
    assert here.post(SESSIONS, {"which": "others"}).status_code == 303
    assert not is_logged_in(stranger)


def test_later_the_password_ends_other_logins_on_the_very_page(world: World, birgit: StaffActor) -> None:
    """One factor, and one that whoever lost the phone still has."""
    here, stranger = world.client(birgit), world.client(birgit)
    world.clock.move(minutes=10)
    before = here.client.get_cookie("samrum-login")
    page = here.get(SESSIONS).text
    assert 'type="password"' in page
    for form in ({"which": "others"}, {"which": "others", "password": "forkert"}, {"which": "all", "password": ""}):
        answer = here.post(SESSIONS, form)
        assert answer.status_code == 422
        assert "Skriv din adgangskode" in answer.text or "Det er ikke din adgangskode" in answer.text
        assert is_logged_in(stranger)
    assert here.post(SESSIONS, {"which": "others", "password": PASSWORD}).status_code == 303
    assert not is_logged_in(stranger)
    assert is_logged_in(here)
    assert here.client.get_cookie("samrum-login") != before, "who has shown again who they are gets a new token"
    assert actions(world)[-2:] == [("stepped_up", "password"), ("logged_out", None)]


def test_all_is_this_one_too_with_the_password(world: World, birgit: StaffActor) -> None:
    here, stranger = world.client(birgit), world.client(birgit)
    world.clock.move(minutes=10)
    answer = here.post(SESSIONS, {"which": "all", "password": PASSWORD})
    assert answer.location == "/login/out"
    assert not is_logged_in(here)
    assert not is_logged_in(stranger)


def test_the_password_alone_opens_nothing_else(world: World, birgit: StaffActor) -> None:
    here, _ = world.client(birgit), world.client(birgit)
    world.clock.move(minutes=10)
    here.post(SESSIONS, {"which": "others", "password": PASSWORD})
    assert here.get("/login/mine/password").location.startswith("/login/again")
    assert here.get("/login/mine/codes").location.startswith("/login/anew")


def test_a_code_will_do_as_well_and_who_has_only_this_login_needs_neither(world: World, birgit: StaffActor) -> None:
    here, stranger = world.client(birgit), world.client(birgit)
    world.clock.move(minutes=11)
    assert here.post(f"/login/again?next={SESSIONS}", {"code": world.code()}).location == SESSIONS
    assert 'type="password"' not in here.get(SESSIONS).text
    here.post(SESSIONS, {"which": "others"})
    assert not is_logged_in(stranger)
    world.clock.move(minutes=11)
    assert 'type="password"' not in here.get(SESSIONS).text
    assert here.post(SESSIONS, {"which": "all"}).location == "/login/out"


def test_guessing_the_password_there_is_throttled(world: World, birgit: StaffActor) -> None:
    here, stranger = world.client(birgit), world.client(birgit)
    world.clock.move(minutes=10)
    guesses = [here.post(SESSIONS, {"which": "others", "password": f"gæt {n}"}).status_code for n in range(8)]
    assert guesses == [422] * 8
    assert "for mange forsøg" in here.post(SESSIONS, {"which": "others", "password": PASSWORD}).text
    assert is_logged_in(stranger)


def test_two_clicks_with_the_password_keep_the_login(world: World, birgit: StaffActor) -> None:
    here, stranger = world.client(birgit), world.client(birgit)
    world.clock.move(minutes=10)
    before = here.client.get_cookie("samrum-login")
    assert before is not None
    form = {"once": here.token(SESSIONS), "which": "others", "password": PASSWORD}
    here.post(SESSIONS, form)
    here.client.set_cookie("samrum-login", before.value)
    assert here.post(SESSIONS, form).status_code == 303
    assert is_logged_in(here)
    assert not is_logged_in(stranger)


def test_a_citizen_logs_in_with_mitid_again_first(world: World, birgit: StaffActor) -> None:
    world.case(birgit)
    youth = world.citizen(YOUTH_CPR)
    here, stranger = world.client(youth), world.client(youth)
    world.clock.move(minutes=10)
    page = here.get(SESSIONS).text
    assert 'href="/login/citizen?next=/login/sessions"' in page
    assert 'type="password"' not in page
    for which in ("others", "all"):
        assert here.post(SESSIONS, {"which": which, "password": PASSWORD}).status_code == 422
        assert is_logged_in(stranger)
    anew = world.client(youth)  # as MitID leads back
    assert anew.post(SESSIONS, {"which": "others"}).status_code == 303
    assert not is_logged_in(stranger)
    assert not is_logged_in(here)


def test_nobody_ends_the_login_of_somebody_else(world: World, birgit: StaffActor) -> None:
    carl = world.staff("Carl", "UU")
    theirs = world.client(carl)
    world.client(carl)
    victim = choices(theirs)[0]
    mine = world.client(birgit)
    assert mine.post("/login/sessions", {"which": victim}).status_code == 303
    assert len(choices(theirs)) == 3
    assert actions(world) == []


def test_what_belonged_to_a_login_is_swept_within_a_day_or_two(world: World, birgit: StaffActor) -> None:
    world.client(birgit)
    with world.platform.database.transaction() as session:
        row = session.scalars(select(LoginSession)).one()
        row.sealed_id_token = b"sealed"
    world.clock.move(days=1, seconds=1)
    upkeep.collect_garbage(world.platform)
    with world.platform.database.transaction() as session:
        assert session.scalars(select(LoginSession)).one().sealed_id_token is None
    world.clock.move(days=30)
    upkeep.collect_garbage(world.platform)
    with world.platform.database.transaction() as session:
        assert session.scalars(select(LoginSession)).all() == []


def test_the_database_knows_no_token(world: World, birgit: StaffActor) -> None:
    browser = world.client(birgit)
    cookie = browser.client.get_cookie("samrum-login")
    assert cookie is not None
    path = world.platform.settings.database_url.get_secret_value().removeprefix("sqlite:///")
    content = b"".join(Path(path + part).read_bytes() for part in ("", "-wal"))
    assert cookie.value.encode() not in content


def test_nothing_of_one_person_is_kept_by_a_browser_or_a_proxy(world: World, birgit: StaffActor) -> None:
    browser = world.client(birgit)
    for path in ("/", "/login/sessions", "/login/staff", "/login/out", "/nowhere"):
        answer = browser.get(path)
        assert answer.headers["Cache-Control"] == "no-store", path
        assert "Cookie" in answer.headers["Vary"], path


def test_a_citizen_whose_account_is_closed_is_out_at_once(world: World, birgit: StaffActor) -> None:
    world.case(birgit)
    youth = world.citizen(YOUTH_CPR)
    browser = world.client(youth)
    assert is_logged_in(browser)
    with world.platform.database.transaction() as session:
        session.get_one(Citizen, youth.id).active = False
    assert not is_logged_in(browser)


def test_a_login_is_looked_up_again_at_every_request(world: World, birgit: StaffActor) -> None:
    browser = world.client(birgit)
    assert is_logged_in(browser)
    people.deactivate_staff(world.platform, SYSTEM, birgit.id)
    assert not is_logged_in(browser)


def test_the_last_use_is_written_once_a_minute_at_most(world: World, birgit: StaffActor) -> None:
    browser = world.client(birgit)

    def last_seen() -> timedelta:
        with world.platform.database.transaction() as session:
            return world.clock.now() - session.scalars(select(LoginSession)).one().last_seen_at

    world.clock.move(seconds=59)
    is_logged_in(browser)
    assert last_seen() == timedelta(seconds=59)
    world.clock.move(seconds=2)
    is_logged_in(browser)
    assert last_seen() == timedelta(0)
