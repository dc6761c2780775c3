"""What staff are told of their logins by mail, with a real mail server; and how seldom."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from auth.policy import StaffActor
from samrum.models import KnownDevice, WaitingLetter
from samrum.services import people, upkeep
from samrum.services.notices import KNOWN_FOR
from samrum.services.people import Identity, NewStaff
from samrum.services.platform import SYSTEM
from support.logins import enrolment_secret, give_password, is_logged_in
from support.mailing import mailing_world, subjects, text_of
from support.passkeys import log_in_with, make_passkey
from support.smtp import MailServer
from support.world import PASSWORD, Browser, World

BIRGIT = "birgit@test.dk"
NEW = "A new login to Samrum"
TRIES = "Tries before your login to Samrum"
CLOSED = "Many tries at your account in Samrum"
CLOSED_CODE = "Many wrong codes for Samrum"
CODE = "/login/staff/code"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[MailServer]:
    with MailServer(tmp_path) as running:
        yield running


@pytest.fixture
def world(server: MailServer, tmp_path: Path) -> World:
    return mailing_world(tmp_path, server)


@pytest.fixture
def birgit(world: World) -> StaffActor:
    return world.staff("Birgit", "Børn og Unge", case_creator=True)


def log_in(world: World, browser: Browser, email: str = BIRGIT) -> None:
    world.clock.move(minutes=1)
    assert give_password(browser, email).status_code == 303
    assert browser.post(CODE, {"code": world.code()}).status_code == 303
    assert is_logged_in(browser)


def device(browser: Browser) -> str | None:
    found = browser.client.get_cookie("samrum-device")
    return found.value if found is not None else None


# A device that was not seen before


def test_a_login_from_a_browser_not_seen_before_is_told_once(
    world: World, server: MailServer, birgit: StaffActor
) -> None:
    browser = world.client()
    log_in(world, browser)
    assert subjects(server, to=BIRGIT) == [NEW]
    for _ in range(2):
        browser.post("/login/out", page="/login/sessions")
        assert not is_logged_in(browser)
        log_in(world, browser)
    assert subjects(server, to=BIRGIT) == [NEW], "the browser is known, also after logging out"


def test_the_mail_says_when_and_what_to_do_and_nothing_of_anybody(
    world: World, server: MailServer, birgit: StaffActor
) -> None:
    log_in(world, world.client())
    text = text_of(server.letters[0])
    assert "2.11.2026 kl. 12.01" in text
    assert "http://localhost/login/sessions" in text
    assert not any(word in text for word in ("Birgit", "127.0.0.1", "Børn", "Testby"))


def test_a_thief_with_password_and_phone_is_told_of_in_another_browser(
    world: World, server: MailServer, birgit: StaffActor
) -> None:
    log_in(world, world.client())
    thief = world.client()
    thief.client.environ_base["HTTP_USER_AGENT"] = FIREFOX
    log_in(world, thief)
    assert subjects(server, to=BIRGIT) == [NEW, NEW]


def test_a_browser_that_keeps_no_cookie_is_told_of_once_a_day(
    world: World, server: MailServer, birgit: StaffActor
) -> None:
    for _ in range(3):
        log_in(world, world.client())
    assert subjects(server, to=BIRGIT) == [NEW]
    world.clock.move(days=1)
    log_in(world, world.client())
    assert subjects(server, to=BIRGIT) == [NEW, NEW]


def test_a_passkey_on_a_new_device_is_told_of_too(world: World, server: MailServer, birgit: StaffActor) -> None:
    phone = make_passkey(world.client(birgit))
    server.letters.clear()
    assert log_in_with(world, phone) == 303
    assert subjects(server, to=BIRGIT) == [NEW]


def test_a_browser_known_to_one_colleague_is_new_to_another_and_they_cannot_be_matched(
    world: World, server: MailServer, birgit: StaffActor
) -> None:
    world.staff("Ulla", "UU")
    browser = world.client()
    log_in(world, browser)
    shared = device(browser)
    browser.post("/login/out", page="/login/sessions")
    log_in(world, browser, "ulla@test.dk")
    assert device(browser) == shared
    assert subjects(server, to="ulla@test.dk") == [NEW]
    with world.platform.database.transaction() as session:
        rows = session.scalars(select(KnownDevice)).all()
    assert len({row.token_hash for row in rows}) == len(rows) == 2


def test_the_cookie_is_for_staff_who_got_in_and_opens_nothing(world: World, birgit: StaffActor) -> None:
    browser = world.client()
    give_password(browser)
    browser.post(CODE, {"code": "000000"})
    assert device(browser) is None
    log_in(world, browser)
    value = device(browser)
    assert value is not None
    assert re.fullmatch(r"[\w-]{43}", value)
    other = world.client()
    other.client.set_cookie("samrum-device", value)
    assert not is_logged_in(other)
    other.client.set_cookie("samrum-device", "x" * 4000)
    log_in(world, other)
    assert device(other) not in (None, value, "x" * 4000)


def test_after_half_a_year_a_device_is_forgotten(world: World, server: MailServer, birgit: StaffActor) -> None:
    browser = world.client()
    log_in(world, browser)
    world.clock.move(days=KNOWN_FOR.days)
    upkeep.collect_garbage(world.platform)
    with world.platform.database.transaction() as session:
        assert session.scalar(select(func.count()).select_from(KnownDevice)) == 1, "not a day too early"
    world.clock.move(days=1)
    upkeep.collect_garbage(world.platform)
    with world.platform.database.transaction() as session:
        assert session.scalar(select(func.count()).select_from(KnownDevice)) == 0


def test_after_a_reset_no_device_is_known(world: World, server: MailServer, birgit: StaffActor) -> None:
    browser = world.client()
    log_in(world, browser)
    people.reset_second_factor(world.platform, SYSTEM, birgit.id, Identity.IN_PERSON)
    with world.platform.database.transaction() as session:
        assert session.scalar(select(func.count()).select_from(KnownDevice)) == 0


def test_setting_an_app_up_is_told_of_in_one_mail(world: World, server: MailServer) -> None:
    _, code = people.create_staff(world.platform, SYSTEM, NewStaff("Ny", "ny@test.dk", "Testby Kommune", "UU"))
    world.client().post("/login/welcome", {"code": code, "password": PASSWORD})
    server.letters.clear()
    browser = world.client()
    give_password(browser, "ny@test.dk")
    browser.post(CODE, {"code": world.code(enrolment_secret(browser.get(CODE)))})
    assert subjects(server, to="ny@test.dk") == ["A code app was set up for Samrum"]


# Tries that failed, and then a login


@pytest.mark.parametrize(("tries", "expected"), [(2, [NEW]), (3, [TRIES])])
def test_tries_before_a_login_are_told_of_when_they_are_many(
    world: World, server: MailServer, birgit: StaffActor, tries: int, expected: list[str]
) -> None:
    for number in range(tries):
        give_password(world.client(), password=f"gæt {number}")
    log_in(world, world.client())
    assert subjects(server, to=BIRGIT) == expected


def test_wrong_codes_count_with_wrong_passwords_and_each_is_told_of_once(
    world: World, server: MailServer, birgit: StaffActor
) -> None:
    browser = world.client()
    log_in(world, browser)
    server.letters.clear()
    world.clock.move(seconds=1)
    give_password(world.client(), password="gæt")
    guesser = world.client()
    give_password(guesser)
    for code in ("000000", "000001"):
        guesser.post(CODE, {"code": code})
    log_in(world, browser)
    assert subjects(server, to=BIRGIT) == [TRIES]
    log_in(world, browser)
    assert subjects(server, to=BIRGIT) == [TRIES], "what was told of is not told again"


def test_a_slow_guesser_is_told_of_at_the_next_login(world: World, server: MailServer, birgit: StaffActor) -> None:
    """One who waits before each try, so that nothing is ever closed."""
    browser = world.client()
    log_in(world, browser)
    server.letters.clear()
    for number in range(4):
        world.clock.move(minutes=20)
        give_password(world.client(), password=f"gæt {number}")
    log_in(world, browser)
    assert subjects(server, to=BIRGIT) == [TRIES]


# A closed account


def guess(world: World, times: int, email: str = BIRGIT) -> list[int]:
    return [give_password(world.client(), email, f"gæt {number}").status_code for number in range(times)]


def test_who_is_closed_out_by_guesses_hears_of_it_once_a_day(
    world: World, server: MailServer, birgit: StaffActor
) -> None:
    guess(world, 7)
    assert server.letters == []
    guess(world, 1)
    assert subjects(server, to=BIRGIT) == [CLOSED]
    for _ in range(3):
        world.clock.move(minutes=16)
        guess(world, 9)
    assert subjects(server, to=BIRGIT) == [CLOSED], "a guesser fills nobody's mailbox"
    world.clock.move(days=1)
    guess(world, 8)
    assert subjects(server, to=BIRGIT) == [CLOSED, CLOSED]


def test_a_right_password_at_the_last_try_closes_nothing(world: World, server: MailServer, birgit: StaffActor) -> None:
    guess(world, 7)
    log_in(world, world.client())
    assert CLOSED not in subjects(server, to=BIRGIT)


def test_wrong_codes_are_another_mail_for_whoever_gives_them_has_the_password(
    world: World, server: MailServer, birgit: StaffActor
) -> None:
    browser = world.client()
    give_password(browser)
    for number in range(8):
        browser.post(CODE, {"code": f"00000{number}"})
    assert subjects(server, to=BIRGIT) == [CLOSED_CODE]
    assert "kun med din adgangskode" in text_of(server.letters[0])


def test_nobody_is_told_of_an_account_that_is_not_there_or_closed(
    world: World, server: MailServer, birgit: StaffActor
) -> None:
    people.deactivate_staff(world.platform, SYSTEM, birgit.id)
    assert guess(world, 9) == guess(world, 9, "nobody@test.dk") == [422] * 8 + [429]
    assert server.letters == []


def test_the_answer_does_not_wait_for_the_mail(tmp_path: Path, server: MailServer) -> None:
    """Else the time it takes would tell that there is such an account."""
    folder = tmp_path / "waiting"
    folder.mkdir()
    world = mailing_world(folder, server)
    put_off: list[object] = []
    object.__setattr__(world.platform, "later", put_off.append)
    world.staff("Birgit", "It")
    guess(world, 8)
    guess(world, 8, "nobody@test.dk")
    assert len(put_off) == 2, "as much is put off for nobody as for somebody"
    assert server.letters == []


def test_an_id_typed_as_an_e_mail_closes_nobody_s_second_step(world: World, birgit: StaffActor) -> None:
    for name in (str(birgit.id), f"id {birgit.id}", f"account id {birgit.id}"):
        guess(world, 8, name)
    log_in(world, world.client())


def test_without_a_mail_server_a_login_is_a_login(tmp_path: Path) -> None:
    folder = tmp_path / "other"
    folder.mkdir()
    world = World.make(folder)
    world.staff("Birgit", "It")
    guess(world, 3)
    log_in(world, world.client())
    with world.platform.database.transaction() as session:
        assert session.scalar(select(func.count()).select_from(WaitingLetter)) == 0, "nothing waits that nobody sends"
