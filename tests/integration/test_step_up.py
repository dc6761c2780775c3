"""A fresh second factor before what is dangerous, and a new token whenever a login gains or changes something."""

import re
from uuid import UUID

import pytest
from sqlalchemy import select

from auth import totp
from auth.policy import StaffActor
from samrum.models import Grant, LoginSession
from samrum.services import sessions
from support.bench_logins import token_of_somebody
from support.logins import actions, give_password, is_logged_in
from support.passkeys import asked, make_passkey
from support.queries import counted_queries
from support.world import PASSWORD, Browser, World

PAGE = "/login/mine/codes"
STEP = "/login/mine/password"


@pytest.fixture
def birgit(world: World) -> StaffActor:
    return world.staff("Birgit", "Børn og Unge", case_creator=True)


@pytest.fixture
def ulla(world: World) -> StaffActor:
    return world.staff("Ulla", "UU")


@pytest.fixture
def browser(world: World, birgit: StaffActor) -> Browser:
    return world.client(birgit)


def _token(browser: Browser) -> str:
    cookie = browser.client.get_cookie("samrum-login")
    assert cookie is not None
    return cookie.value


def _grants(world: World, case_id: UUID) -> int:
    with world.platform.database.transaction() as session:
        return len(list(session.scalars(select(Grant).where(Grant.case_id == case_id))))


def _codes(browser: Browser) -> list[str]:
    return re.findall(r"<code>([^<]+)</code>", browser.post(PAGE).text)


def test_right_after_the_login_nothing_more_is_asked(world: World, browser: Browser) -> None:
    world.clock.move(minutes=9, seconds=59)
    assert browser.get(STEP).status_code == 200


def test_ten_minutes_later_a_code_is_asked_for_and_leads_back(world: World, browser: Browser) -> None:
    world.clock.move(minutes=10)
    asked = browser.get(STEP)
    assert (asked.status_code, asked.location) == (302, f"/login/again?next={STEP}")
    answer = browser.post(asked.location, {"code": world.code()})
    assert (answer.status_code, answer.location) == (303, STEP)
    assert browser.get(STEP).status_code == 200
    assert ("stepped_up", "app") in actions(world)


def test_a_wrong_code_leads_nowhere_and_many_are_stopped(world: World, browser: Browser) -> None:
    world.clock.move(minutes=10)
    found = [browser.post("/login/again", {"code": "000000"}).status_code for _ in range(9)]
    assert found == [422] * 8 + [429]
    assert browser.get(STEP).status_code == 302


def test_the_code_of_the_login_is_not_good_again(world: World, birgit: StaffActor) -> None:
    browser = world.client()
    give_password(browser)
    code = world.code()
    browser.post("/login/staff/code", {"code": code})
    assert browser.post("/login/again", {"code": code}, page="/login/sessions").status_code == 422


def test_giving_access_asks_and_keeps_what_was_typed(
    world: World, birgit: StaffActor, ulla: StaffActor, browser: Browser
) -> None:
    case_id = world.case(birgit)
    page = f"/rooms/{case_id}/access"
    world.clock.move(minutes=11)
    assert browser.get(page).status_code == 200, "looking is free"
    sent = browser.post(page, {"email": "ulla@test.dk", "level": "write"})
    assert sent.location.startswith(f"/login/again?next={page}?draft%3D")
    assert _grants(world, case_id) == 0
    back = browser.post(sent.location, {"code": world.code()})
    form = browser.get(back.location).text
    assert 'value="ulla@test.dk"' in form
    assert re.search(r"<input(?=[^>]*value=\"write\")(?=[^>]*checked)[^>]*>", form)
    assert browser.post(page, {"email": "ulla@test.dk", "level": "write"}).status_code == 303
    assert _grants(world, case_id) == 1


@pytest.mark.parametrize(
    ("path", "asked_at"),
    [
        ("/login/mine/codes", "/login/anew"),
        ("/login/mine/app", "/login/anew"),
        ("/login/mine/passkey", "/login/anew"),
        ("/login/mine/passkey/options", "/login/anew"),
        ("/login/mine/password", "/login/again"),
        ("/rooms/{case}/hand-over", "/login/again"),
    ],
)
def test_nothing_dangerous_is_done_without_it(
    world: World, birgit: StaffActor, browser: Browser, path: str, asked_at: str
) -> None:
    path = path.format(case=world.case(birgit))
    once = browser.token("/login/sessions")
    world.clock.move(minutes=11)
    answer = browser.post(path, {"once": once, "email": "x@test.dk"})
    assert answer.status_code == 303
    assert answer.location.startswith(f"{asked_at}?next=")


def test_what_one_logs_in_with_is_changed_after_password_and_code_and_not_after_a_code_alone(
    world: World, browser: Browser
) -> None:
    world.clock.move(minutes=11)
    assert browser.post("/login/again", {"code": world.code()}).status_code == 303
    assert browser.get(STEP).status_code == 200
    asked_again = browser.get(PAGE)
    assert (asked_again.status_code, asked_again.location) == (302, f"/login/anew?next={PAGE}")
    world.clock.move(minutes=1)
    before = _token(browser)
    answer = browser.post(asked_again.location, {"password": PASSWORD, "code": world.code()})
    assert (answer.status_code, answer.location) == (303, PAGE)
    assert _token(browser) != before
    assert browser.get(PAGE).status_code == 200
    world.clock.move(minutes=10)
    assert browser.get(PAGE).status_code == 302


def test_a_code_is_not_spent_beside_a_wrong_password_and_neither_is_enough(world: World, browser: Browser) -> None:
    world.clock.move(minutes=11)
    code = world.code()
    for form in ({"password": "forkert", "code": code}, {"password": "", "code": code}, {"code": code}):
        assert browser.post("/login/anew", form).status_code == 422
    assert "Det er ikke din adgangskode" in browser.post("/login/anew", {"password": "forkert", "code": code}).text
    assert browser.post("/login/anew", {"password": PASSWORD, "code": "000000"}).status_code == 422
    assert browser.get(PAGE).status_code == 302
    assert browser.post("/login/anew", {"password": PASSWORD, "code": code}).status_code == 303


def test_a_recovery_code_goes_with_the_password_too(world: World, browser: Browser) -> None:
    code = _codes(browser)[0]
    world.clock.move(minutes=11)
    assert browser.post("/login/anew", {"password": "forkert", "recovery": code}).status_code == 422
    assert browser.post("/login/anew", {"password": PASSWORD, "recovery": code}).status_code == 303


def test_guessing_the_password_in_a_login_that_was_left_open_is_throttled(world: World, browser: Browser) -> None:
    world.clock.move(minutes=11)
    form = {"password": "gæt", "code": "000000"}
    assert [browser.post("/login/anew", form).status_code for _ in range(9)] == [422] * 8 + [429]
    right = {"password": PASSWORD, "code": world.code()}
    assert browser.post("/login/anew", right).status_code == 429


def test_a_passkey_is_all_of_it(world: World, browser: Browser) -> None:
    phone = make_passkey(browser)
    world.clock.move(minutes=11)
    answer = browser.post(f"/login/anew?next={PAGE}", {"answer": phone.get(asked(browser, "/login/anew"))})
    assert (answer.status_code, answer.location) == (303, PAGE)
    assert browser.get(PAGE).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/people/{who}/reset",
        "/people/{who}/invite",
        "/people/{who}/move",
        "/people/new",
        "/people/hand-over",
        "/people/{who}/reopen",
        "/people/organisation/passkeys",
    ],
)
def test_nor_by_an_administrator(world: World, ulla: StaffActor, path: str) -> None:
    admin = world.client(world.staff("Anna", "It", administrator=True))
    path = path.format(who=ulla.id)
    world.clock.move(minutes=11)
    assert admin.post(path).location.startswith(f"/login/again?next={path}")


def test_every_view_that_is_dangerous_says_so(world: World) -> None:
    """A new one of these must carry the mark; a list here is shorter than a forgotten one."""
    marked = {
        name
        for name, view in world.app.view_functions.items()
        if any(getattr(view, mark, False) for mark in ("step_up", "step_up_to_send", "anew"))
    }
    assert marked >= {
        *("rooms.access", "rooms.hand_over", "people.hand_over", "people.create", "people.invite", "people.reset"),
        *("people.move", "people.reopen", "people.demand_passkeys", "audit.as_csv", "audit.as_json_lines"),
        *("login.new_passkey", "login.new_passkey_options", "login.revoke_passkey", "login.recovery_codes"),
        *("login.new_app", "login.new_password"),
    }
    changing = {name for name, view in world.app.view_functions.items() if getattr(view, "anew", False)}
    assert changing == {
        *("login.new_passkey", "login.new_passkey_options", "login.revoke_passkey"),
        *("login.recovery_codes", "login.new_app"),
    }


def test_a_citizen_is_never_asked(world: World, birgit: StaffActor) -> None:
    case_id = world.case(birgit)
    youth = world.client(world.citizen("7508094993"))
    world.clock.move(minutes=20)
    assert youth.get(f"/rooms/{case_id}").status_code == 200
    assert youth.get("/login/again").status_code == 404
    assert youth.get("/login/mine").status_code == 404


def test_stepping_up_exchanges_the_token(world: World, browser: Browser) -> None:
    world.clock.move(minutes=10)
    before = _token(browser)
    browser.post("/login/again", {"code": world.code()})
    assert _token(browser) != before
    assert sessions.look_up(world.platform, before) is None
    assert is_logged_in(browser)


@pytest.mark.parametrize(
    ("page", "form"),
    [("/login/again?next=/rooms", {}), ("/login/mine/codes", {}), ("/login/mine/password", {"old": PASSWORD})],
)
def test_two_clicks_keep_the_login(world: World, browser: Browser, page: str, form: dict[str, object]) -> None:
    """The second click leaves with the token that the first one exchanges."""
    once, before = browser.token("/login/mine/app"), _token(browser)
    form = {**form, "once": once, "code": world.code(), "password": "syv grønne ænder danser"}
    browser.post(page, form)
    first = _token(browser)
    browser.client.set_cookie("samrum-login", before)
    second = browser.post(page, form)
    assert (second.status_code, second.location) == (303, page)
    assert is_logged_in(browser)
    assert sessions.look_up(world.platform, first) is None, "the first answer was shown to nobody"


def test_an_old_token_alone_is_worth_nothing(world: World, browser: Browser) -> None:
    once, before = browser.token("/login/mine/codes"), _token(browser)
    other_form = browser.token("/login/mine/codes")
    browser.post(PAGE, {"once": once})
    for form, minutes in ((other_form, 0), ("made.up", 0), (once, 2)):
        world.clock.move(minutes=minutes)
        browser.client.set_cookie("samrum-login", before)
        assert browser.post(PAGE, {"once": form}).status_code == 401


def test_changing_a_factor_ends_every_other_login_and_exchanges_this_one_s_token(
    world: World, birgit: StaffActor, browser: Browser
) -> None:
    other, before = world.client(birgit), _token(browser)
    assert len(_codes(browser)) == 10
    assert sessions.look_up(world.platform, before) is None
    assert is_logged_in(browser)
    assert not is_logged_in(other)


def test_a_password_is_changed_with_the_old_one_only(world: World, birgit: StaffActor, browser: Browser) -> None:
    other = world.client(birgit)
    new = "syv grønne ænder danser"
    assert browser.post("/login/mine/password", {"old": "forkert", "password": new}).status_code == 422
    assert browser.post("/login/mine/password", {"old": PASSWORD, "password": "123"}).status_code == 422
    assert is_logged_in(other)
    assert browser.post("/login/mine/password", {"old": PASSWORD, "password": new}).status_code == 303
    assert is_logged_in(browser)
    assert not is_logged_in(other)
    assert give_password(world.client()).status_code == 422
    assert give_password(world.client(), password=new).status_code == 303


def test_a_recovery_code_stands_in_for_the_app_once(world: World, birgit: StaffActor, browser: Browser) -> None:
    codes = _codes(browser)
    for expected in (303, 422):
        fresh = world.client()
        half = give_password(fresh)
        assert fresh.post(half.location, {"code": f" {codes[0].lower()} "}).status_code == expected
    assert ("recovery_code_used", None) in actions(world)
    assert "9 tilbage" in browser.get("/login/mine").text


def test_new_recovery_codes_make_the_old_ones_worthless(world: World, browser: Browser) -> None:
    old = _codes(browser)
    _codes(browser)
    fresh = world.client()
    assert fresh.post(give_password(fresh).location, {"code": old[0]}).status_code == 422


def test_recovery_codes_are_somebody_s_own(world: World, browser: Browser, ulla: StaffActor) -> None:
    codes = _codes(browser)
    fresh = world.client()
    half = give_password(fresh, "ulla@test.dk")
    assert fresh.post(half.location, {"code": codes[0]}).status_code == 422


def test_moving_to_another_phone_needs_a_code_of_the_new_one(world: World, browser: Browser) -> None:
    page = browser.get("/login/mine/app").text
    key = re.search(r'id="enrol-key">(.*?)</p>', page, re.DOTALL)
    assert key is not None
    secret = "".join(re.findall(r"<span>(\w{4})</span>", key[1]))
    assert browser.post("/login/mine/app", {"code": world.code()}).status_code == 422
    code = totp.code_at(secret, world.clock.now())
    assert browser.post("/login/mine/app", {"code": code}).status_code == 303
    fresh = world.client()
    half = give_password(fresh)
    world.clock.move(minutes=1)
    assert fresh.post(half.location, {"code": world.code()}).status_code == 422
    assert fresh.post(half.location, {"code": totp.code_at(secret, world.clock.now())}).status_code == 303


def test_the_session_check_costs_one_query(world: World) -> None:
    token = token_of_somebody(world)
    with counted_queries(world.platform) as seen:
        assert sessions.look_up(world.platform, token) is not None
    assert len(seen) == 1


def test_tokens_are_kept_hashed_and_challenges_sealed(world: World, birgit: StaffActor, browser: Browser) -> None:
    once = browser.token("/login/mine/passkey")
    browser.post("/login/mine/passkey/options", {"once": once})
    with world.platform.database.transaction() as session:
        row = session.scalars(select(LoginSession).where(LoginSession.staff_id == birgit.id)).one()
    assert _token(browser).encode() not in row.token_hash
    assert row.sealed_challenge is not None
    assert b"challenge" not in row.sealed_challenge


@pytest.mark.parametrize("path", ["/audit/log.csv", "/audit/log.jsonl"])
def test_nor_does_an_auditor_take_the_log_out_without_it(world: World, path: str) -> None:
    auditor = world.client(world.staff("Rie", "Revisionen", auditor=True))
    assert auditor.get(path).status_code == 200
    world.clock.move(minutes=11)
    assert auditor.get(path).location.startswith(f"/login/again?next={path}")
