"""Invitations, new passwords and notices by mail, with a real mail server; and what happens while it is down."""

import re
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from auth.policy import StaffActor
from samrum.models import Staff, WaitingLetter
from samrum.services import mail, upkeep
from samrum.services.platform import SYSTEM
from support.logins import actions, give_password, is_logged_in, log_in
from support.mailing import mailing_world, subjects, text_of
from support.smtp import MailServer
from support.world import PASSWORD, World

NEW_PASSWORD = "syv grønne ænder danser"
NEW = {"name": "Ulla Friis", "email": "ulla@test.dk", "unit": "It"}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[MailServer]:
    with MailServer(tmp_path) as running:
        yield running


@pytest.fixture
def world(server: MailServer, tmp_path: Path) -> World:
    return mailing_world(tmp_path, server)


@pytest.fixture
def anna(world: World) -> StaffActor:
    return world.staff("Anna", "It", administrator=True)


@pytest.fixture
def birgit(world: World) -> StaffActor:
    return world.staff("Birgit", "Børn og Unge", case_creator=True)


def _code(letter: EmailMessage) -> str:
    found = re.search(r"/login/welcome#(\S+)", text_of(letter))
    assert found is not None
    assert text_of(letter).count(found[1]) == 2, "in the link and as text, for those without a script"
    return found[1]


def _choose(world: World, code: str, password: str = NEW_PASSWORD) -> TestResponse:
    return world.client().post("/login/welcome", {"code": code, "password": password})


def test_an_invitation_goes_by_mail_and_the_administrator_never_sees_the_code(
    world: World, server: MailServer, anna: StaffActor
) -> None:
    admin = world.client(anna)
    answer = admin.post("/people/new", NEW)
    page = admin.get(answer.location).text
    (letter,) = server.letters
    code = _code(letter)
    assert letter["To"] == "ulla@test.dk"
    assert code not in page
    assert code not in answer.text
    assert "Vi har sendt brugeren en mail" in page
    assert _choose(world, code).status_code == 303
    assert _choose(world, code).status_code == 422, "it is good once"
    ulla = world.client()
    assert give_password(ulla, "ulla@test.dk", NEW_PASSWORD).location.startswith("/login/staff/code")


def test_a_mail_says_nothing_about_anybody(world: World, server: MailServer, anna: StaffActor) -> None:
    world.client(anna).post("/people/new", NEW)
    text = text_of(server.letters[0]) + str(server.letters[0]["Subject"])
    assert not any(word in text for word in ("Ulla", "Friis", "Anna", "Testby", "It-"))
    assert "?" not in re.findall(r"http\S+", text)[0], "the code stands behind the #, where no server sees it"


def test_every_letter_can_be_written_and_names_nobody(world: World, server: MailServer, birgit: StaffActor) -> None:
    with world.platform.act(SYSTEM) as act:
        staff = act.session.get_one(Staff, birgit.id)
        kinds = [kind for kind in mail.Kind if kind not in (mail.Kind.INVITATION, mail.Kind.RESET)]
        for kind in kinds:
            mail.notify(world.platform, act, staff, kind)
    assert mail.deliver(world.platform) == len(kinds)
    assert len({letter["Subject"] for letter in server.letters}) == len(kinds)
    for letter in server.letters:
        assert "Birgit" not in text_of(letter)
        assert "{{" not in text_of(letter)


def test_without_the_mail_server_the_account_exists_and_the_invitation_is_sent_again(
    world: World, server: MailServer, anna: StaffActor
) -> None:
    server.stop()
    admin = world.client(anna)
    answer = admin.post("/people/new", NEW)
    page = admin.get(answer.location).text
    assert "mailen kunne ikke sendes" in page
    assert "Send invitationen igen" in page
    server.start()
    again = admin.post(f"{answer.location}/invite")
    assert "Vi har sendt brugeren en mail" in admin.get(again.location).text
    assert _choose(world, _code(server.letters[0])).status_code == 303


def test_a_second_click_sends_nothing_more_and_shows_no_code(
    world: World, server: MailServer, anna: StaffActor
) -> None:
    admin = world.client(anna)
    token = admin.token("/people/new")
    first = admin.post("/people/new", {**NEW, "once": token})
    second = admin.post("/people/new", {**NEW, "once": token})
    assert second.location == first.location
    assert len(server.letters) == 1


def test_a_forgotten_password_is_chosen_anew_and_the_second_factor_stands(
    world: World, server: MailServer, birgit: StaffActor
) -> None:
    other = world.client(birgit)
    browser = world.client()
    answer = browser.post("/login/forgot", {"email": " Birgit@Test.DK "})
    assert answer.status_code == 200
    (letter,) = server.letters
    assert letter["To"] == "birgit@test.dk"
    assert is_logged_in(other), "asking ends nothing"
    assert _choose(world, _code(letter)).status_code == 303
    assert not is_logged_in(other)
    assert give_password(browser).status_code == 422, "the old password is gone"
    half = give_password(browser, password=NEW_PASSWORD)
    page = browser.get(half.location).text
    assert "enrol-key" not in page, "the code from the old phone is asked for, not a new phone"
    assert not is_logged_in(browser)
    browser.post(half.location, {"code": world.code()})
    assert is_logged_in(browser)
    told = ["Your Samrum password was changed", "A new login to Samrum"]
    assert subjects(server, to="birgit@test.dk")[-2:] == told


def test_the_code_for_a_new_password_lasts_ten_minutes(world: World, server: MailServer, birgit: StaffActor) -> None:
    world.client().post("/login/forgot", {"email": "birgit@test.dk"})
    world.clock.move(minutes=10, seconds=1)
    assert _choose(world, _code(server.letters[0])).status_code == 422


def test_nobody_learns_who_has_an_account(world: World, server: MailServer, birgit: StaffActor) -> None:
    answers = [world.client().post("/login/forgot", {"email": email}) for email in ("birgit@test.dk", "x@test.dk")]
    server.stop()
    answers += [world.client().post("/login/forgot", {"email": email}) for email in ("birgit@test.dk", "x@test.dk")]
    pages = [re.sub(r'value="[^"]*"', "", answer.text) for answer in answers]
    assert [answer.status_code for answer in answers] == [200, 200, 503, 503]
    assert pages[0] == pages[1]
    assert pages[2] == pages[3]
    assert "Der er ikke sket noget" in pages[2]
    assert [letter["To"] for letter in server.letters] == ["birgit@test.dk"]


def test_a_code_is_sent_three_times_an_hour_at_most(world: World, server: MailServer, birgit: StaffActor) -> None:
    for email in ("birgit@test.dk", "x@test.dk"):
        codes = [world.client().post("/login/forgot", {"email": email}).status_code for _ in range(4)]
        assert codes == [200, 200, 200, 429]
    assert len(server.letters) == 3


def test_a_mailbox_alone_is_no_way_in(world: World, server: MailServer, anna: StaffActor, birgit: StaffActor) -> None:
    """With the factor reset, or never set up, a code by mail would be all there is to pass."""
    world.client().post("/login/forgot", {"email": "birgit@test.dk"})
    code = _code(server.letters[0])
    world.client(anna).post(f"/people/{birgit.id}/reset", {"identity": "leader"})
    assert _choose(world, code).status_code == 422, "a code that was out is worth nothing after a reset"
    world.client().post("/login/forgot", {"email": "birgit@test.dk"})
    assert subjects(server, to="birgit@test.dk")[1:] == ["Your second factor for Samrum was reset"]


def test_a_closed_account_gets_no_code(world: World, server: MailServer, anna: StaffActor, birgit: StaffActor) -> None:
    world.client(anna).post(f"/people/{birgit.id}/deactivate")
    assert world.client().post("/login/forgot", {"email": "birgit@test.dk"}).status_code == 200
    assert server.letters == []


def test_the_person_hears_of_every_change(world: World, server: MailServer, birgit: StaffActor) -> None:
    browser = world.client(birgit)
    browser.post("/login/mine/codes")
    browser.post("/login/mine/password", {"old": PASSWORD, "password": NEW_PASSWORD})
    assert subjects(server, to="birgit@test.dk") == [
        "New recovery codes for Samrum",
        "Your Samrum password was changed",
    ]


def test_a_notice_waits_for_the_mail_server_and_the_change_does_not(
    world: World, server: MailServer, birgit: StaffActor
) -> None:
    server.stop()
    browser = world.client(birgit)
    answer = browser.post("/login/mine/password", {"old": PASSWORD, "password": NEW_PASSWORD})
    assert (answer.status_code, answer.location) == (303, "/login/mine")
    server.start()
    world.clock.move(minutes=6)
    upkeep.collect_garbage(world.platform)
    assert subjects(server, to="birgit@test.dk") == ["Your Samrum password was changed"]
    with world.platform.database.transaction() as session:
        assert session.scalar(select(func.count()).select_from(WaitingLetter)) == 0


def test_an_address_that_is_not_served_holds_up_nobody_else(world: World, server: MailServer) -> None:
    wrong, right = world.staff("Wrong", "It"), world.staff("Right", "It")
    with world.platform.act(SYSTEM) as act:
        for who in (wrong, right):
            mail.notify(world.platform, act, act.session.get_one(Staff, who.id), mail.Kind.CODES_MADE)
            world.clock.move(seconds=1)
            act.now = world.clock.now()
        act.session.get_one(Staff, wrong.id).email = "no address"
    assert mail.deliver(world.platform) == 1
    assert [letter["To"] for letter in server.letters] == ["right@test.dk"]


def test_a_notice_that_nobody_took_for_a_month_is_given_up(
    world: World, server: MailServer, birgit: StaffActor
) -> None:
    server.stop()
    world.client(birgit).post("/login/mine/codes")
    world.clock.move(days=31)
    upkeep.collect_garbage(world.platform)
    with world.platform.database.transaction() as session:
        assert session.scalar(select(func.count()).select_from(WaitingLetter)) == 0


def test_asking_for_a_new_password_is_logged_and_so_is_asking_in_vain(world: World, birgit: StaffActor) -> None:
    world.client().post("/login/forgot", {"email": "birgit@test.dk"})
    world.client().post("/login/forgot", {"email": "nobody@test.dk"})
    assert actions(world) == [("password_reset_asked", None), ("login_failed", "password_reset")]


def test_without_a_mail_server_the_administrator_hands_the_code_over(tmp_path: Path) -> None:
    folder = tmp_path / "other"
    folder.mkdir()
    world = World.make(folder)
    admin = world.client(world.staff("Anna", "It", administrator=True))
    assert "single-use-code" in admin.post("/people/new", NEW).text
    assert world.client().get("/login/forgot").status_code == 404
    browser = world.client()
    world.staff("Birgit", "It")
    log_in(world, browser)
    assert is_logged_in(browser)
