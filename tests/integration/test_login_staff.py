"""Staff at the login pages: password, second factor, and what a wrong turn leads to."""

import re
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest

from auth.passwords import needs_rehash
from auth.policy import StaffActor
from samrum.models import Staff
from samrum.services import people
from samrum.services.platform import SYSTEM
from support.logins import actions, give_password, is_logged_in, log_in
from support.world import PASSWORD, World


@pytest.fixture
def birgit(world: World) -> StaffActor:
    return world.staff("Birgit", "Børn og Unge", case_creator=True)


def test_password_and_code_let_in(world: World, birgit: StaffActor) -> None:
    browser = world.client()
    first = give_password(browser)
    assert (first.status_code, first.location) == (303, "/login/staff/code")
    second = browser.post("/login/staff/code", {"code": world.code()})
    assert (second.status_code, second.location) == (303, "/")
    assert is_logged_in(browser)
    assert actions(world) == [("logged_in", None)]


def test_a_password_alone_opens_nothing(world: World, birgit: StaffActor) -> None:
    browser = world.client()
    give_password(browser)
    answer = browser.get("/login/sessions")
    assert (answer.status_code, answer.location) == (303, "/login/staff/code?next=/login/sessions")


def test_the_way_one_was_going_is_gone_on(world: World, birgit: StaffActor) -> None:
    browser = world.client()
    first = browser.post("/login/staff?next=/rooms/new", {"email": "birgit@test.dk", "password": PASSWORD})
    assert first.location == "/login/staff/code?next=/rooms/new"
    assert browser.post(first.location, {"code": world.code()}).location == "/rooms/new"


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "http://evil.example",
        "https:evil.example",
        "http:evil.example",
        "javascript:alert(1)",
        " //evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "evil.example",
        "",
        "@evil.example",
        "/ok\r\nSet-Cookie: a=b",
    ],
)
def test_no_address_leads_away_after_the_login(world: World, birgit: StaffActor, target: str) -> None:
    browser = world.client()
    query = urlencode({"next": target})
    page = f"/login/staff?{query}"
    code_page = browser.post(page, {"email": "birgit@test.dk", "password": PASSWORD}).location
    assert code_page == "/login/staff/code"
    assert browser.post(f"{code_page}?{query}", {"code": world.code()}, page=code_page).location == "/"


@pytest.mark.parametrize(
    "encoded", ["%2f%2fevil.example", "/%2fevil.example", "/%5cevil.example", "%5c%5cevil.example"]
)
def test_an_encoded_address_leads_nowhere_else(world: World, birgit: StaffActor, encoded: str) -> None:
    browser = world.client()
    location = browser.get(f"/language/en?next={encoded}").location
    assert urlsplit(location).netloc == ""
    assert location == "/"


def test_a_wrong_code_is_told_and_logged_and_the_page_works_on(world: World, birgit: StaffActor) -> None:
    browser = world.client()
    give_password(browser)
    answer = browser.post("/login/staff/code", {"code": "000000"})
    assert answer.status_code == 422
    assert "Koden passer ikke" in answer.text
    assert actions(world) == [("login_failed", "second_factor")]
    assert browser.post("/login/staff/code", {"code": world.code()}).status_code == 303


def test_a_code_lets_in_once(world: World, birgit: StaffActor) -> None:
    code = world.code()
    first, second = world.client(), world.client()
    give_password(first)
    give_password(second)
    assert first.post("/login/staff/code", {"code": code}).status_code == 303
    assert second.post("/login/staff/code", {"code": code}).status_code == 422


def test_two_clicks_on_the_password_form_lead_to_the_code(world: World, birgit: StaffActor) -> None:
    browser = world.client()
    form = {"once": browser.token("/login/staff"), "email": "birgit@test.dk", "password": PASSWORD}
    visitor = browser.client.get_cookie("samrum-visitor")
    assert visitor is not None
    assert browser.post("/login/staff", dict(form)).status_code == 303
    browser.client.delete_cookie("samrum-login")  # the second click left before the first answer came
    assert browser.post("/login/staff", dict(form)).status_code == 303
    assert browser.post("/login/staff/code", {"code": world.code()}).status_code == 303


def test_two_clicks_on_the_code_form_let_in_once(world: World, birgit: StaffActor) -> None:
    browser = world.client()
    give_password(browser)
    half = browser.client.get_cookie("samrum-login")
    assert half is not None
    form = {"once": browser.token("/login/staff/code"), "code": world.code()}
    assert browser.post("/login/staff/code", dict(form)).status_code == 303
    first = browser.client.get_cookie("samrum-login")
    browser.client.set_cookie("samrum-login", half.value)
    assert browser.post("/login/staff/code", dict(form)).location == "/"
    assert is_logged_in(browser)
    assert first is not None
    browser.client.set_cookie("samrum-login", first.value)
    assert not is_logged_in(browser), "the first click's login goes on beside the second's"
    assert actions(world) == [("logged_in", None)]


def test_the_second_click_counts_for_a_moment_only(world: World, birgit: StaffActor) -> None:
    browser = world.client()
    give_password(browser)
    half = browser.client.get_cookie("samrum-login")
    assert half is not None
    form = {"once": browser.token("/login/staff/code"), "code": world.code()}
    browser.post("/login/staff/code", dict(form))
    world.clock.move(minutes=2)
    browser.client.set_cookie("samrum-login", half.value)
    assert browser.post("/login/staff/code", dict(form)).status_code in (303, 422)
    assert not is_logged_in(browser)


def test_two_clicks_with_a_wrong_code_are_a_wrong_code(world: World, birgit: StaffActor) -> None:
    browser = world.client()
    give_password(browser)
    form = {"once": browser.token("/login/staff/code"), "code": "000000"}
    assert browser.post("/login/staff/code", dict(form)).status_code == 422
    assert browser.post("/login/staff/code", dict(form)).status_code == 422


def test_a_password_counts_for_a_quarter_of_an_hour(world: World, birgit: StaffActor) -> None:
    browser = world.client()
    give_password(browser)
    token = browser.token("/login/staff/code")
    world.clock.move(minutes=16)
    answer = browser.post("/login/staff/code", {"once": token, "code": world.code()})
    assert (answer.status_code, answer.location) == (303, "/login/staff")
    assert "Der gik for lang tid" in browser.get("/login/staff").text
    assert browser.get("/login/staff/code").location == "/login/staff"


def test_a_deactivated_account_is_out_at_once(world: World, birgit: StaffActor) -> None:
    browser, half = world.client(), world.client()
    log_in(world, browser)
    give_password(half)
    people.deactivate_staff(world.platform, SYSTEM, birgit.id)
    assert browser.get("/login/sessions").location == "/?next=/login/sessions"
    assert half.get("/login/staff/code").location == "/login/staff"
    assert give_password(world.client()).status_code == 422


def test_a_login_gets_a_new_token_at_every_step(world: World, birgit: StaffActor) -> None:
    browser = world.client()
    browser.client.set_cookie("samrum-login", "planted-by-somebody-else")
    tokens = ["planted-by-somebody-else"]
    for path, form in (
        ("/login/staff", {"email": "birgit@test.dk", "password": PASSWORD}),
        ("/login/staff/code", {"code": world.code()}),
    ):
        browser.post(path, dict(form))
        cookie = browser.client.get_cookie("samrum-login")
        assert cookie is not None
        tokens.append(cookie.value)
    assert len(set(tokens)) == 3
    for old in tokens[:2]:
        browser.client.set_cookie("samrum-login", old)
        assert not is_logged_in(browser)


def test_a_new_login_ends_the_one_that_ran_in_the_same_browser(world: World, birgit: StaffActor) -> None:
    browser = world.client()
    log_in(world, browser)
    first = browser.client.get_cookie("samrum-login")
    assert first is not None
    world.staff("Carl", "UU")
    give_password(browser, "carl@test.dk")
    browser.client.set_cookie("samrum-login", first.value)
    assert not is_logged_in(browser)


def test_a_message_for_one_person_is_never_shown_to_the_next(world: World, birgit: StaffActor) -> None:
    browser = world.client()
    with browser.client.session_transaction() as session:
        session["_flashes"] = [("info", "Noget om en ung")]
    give_password(browser)
    assert "Noget om en ung" not in browser.get("/login/staff/code").text


@pytest.fixture
def secure(tmp_path: Path) -> World:
    """A world behind TLS."""
    return World.make(tmp_path, base_url="https://samrum.example.dk", secure_cookies=True)


def test_cookies_are_host_only_and_travel_over_tls_alone(secure: World) -> None:
    secure.staff("Birgit", "UU")
    client = secure.app.test_client()
    base = "https://samrum.example.dk"
    page = client.get("/login/staff", base_url=base)
    token = re.search(r'name="once" value="([^"]+)"', page.text)
    assert token is not None
    answer = client.post(
        "/login/staff",
        base_url=base,
        data={"once": token[1], "email": "birgit@test.dk", "password": PASSWORD},
        headers={"Origin": base},
    )
    assert answer.status_code == 303
    cookies = [*page.headers.getlist("Set-Cookie"), *answer.headers.getlist("Set-Cookie")]
    cookies += client.get("/language/en", base_url=base).headers.getlist("Set-Cookie")
    token = re.search(r'name="once" value="([^"]+)"', client.get("/login/staff/code", base_url=base).text)
    assert token is not None
    code = {"once": token[1], "code": secure.code()}
    entered = client.post("/login/staff/code", base_url=base, data=code, headers={"Origin": base})
    cookies += entered.headers.getlist("Set-Cookie")
    assert {cookie.split("=")[0] for cookie in cookies} == {
        "__Host-samrum-visitor", "__Host-samrum-login", "__Host-samrum", "__Host-samrum-device"
    }  # fmt: skip
    for cookie in cookies:
        attributes = {part.strip().lower() for part in cookie.split(";")[1:]}
        assert {"secure", "httponly", "path=/", "samesite=lax"} <= attributes
        stays = {part.split("=")[0] for part in attributes} & {"domain", "expires", "max-age"}
        is_device = cookie.startswith("__Host-samrum-device=")
        assert stays == ({"expires", "max-age"} if is_device else set()), "gone with the browser, but for one"


def test_a_password_is_hashed_anew_at_the_login_after_the_cost_was_raised(world: World, birgit: StaffActor) -> None:
    def stored() -> str:
        with world.platform.database.transaction(writes=False) as session:
            return session.get_one(Staff, birgit.id).password_hash or ""

    before, dearer = stored(), replace(world.platform.password_cost, passes=2)
    world.app.extensions["samrum"] = world.platform = replace(world.platform, password_cost=dearer)
    give_password(world.client(), password="forkert adgangskode")
    assert stored() == before, "only who knows the password renews it"
    give_password(world.client())
    renewed = stored()
    assert not needs_rehash(renewed, dearer)
    give_password(world.client())
    assert stored() == renewed, "once is enough"
