"""A form counts from our own page, in the browser and the login it was made for; what was typed is not lost."""

import html
import re

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from auth.policy import StaffActor
from samrum.models import Draft
from samrum.services import people, upkeep
from samrum.services.platform import SYSTEM, Caller
from support.logins import is_logged_in
from support.world import PASSWORD, Browser, World

TYPED = {"name": "Ulla Vejleder Hansen", "email": "ulla@test.dk", "unit": "Administrationen"}


@pytest.fixture
def anne(world: World) -> StaffActor:
    return world.staff("Anne", "Administrationen", administrator=True)


@pytest.fixture
def agnes(world: World) -> StaffActor:
    return world.staff("Agnes", "Administrationen", administrator=True)


def accounts(world: World, administrator: StaffActor) -> int:
    return len(people.list_staff(world.platform, Caller(administrator)))


def refused(answer: TestResponse) -> bool:
    return answer.status_code == 400 and "Siden var åben for længe" in answer.text


@pytest.mark.parametrize("token", [None, "", ".", "x", "x.y", "æ.ø", "a" * 5000, "\x00.\x00"])
def test_a_form_without_its_token_is_refused_and_shows_what_was_typed(
    world: World, anne: StaffActor, token: str | None
) -> None:
    browser = world.client(anne)
    form = TYPED | ({} if token is None else {"once": token})
    answer = browser.client.post("/people/new", data=form)
    assert refused(answer)
    assert "Ulla Vejleder Hansen" in answer.text
    assert accounts(world, anne) == 1


def test_a_token_changed_in_one_place_is_refused(world: World, anne: StaffActor) -> None:
    browser = world.client(anne)
    nonce, proof = browser.token("/people/new").split(".")
    for wrong in (f"{nonce[:-1]}!.{proof}", f"{nonce}.{proof[:-2]}AA", f"{proof}.{nonce}", f"{nonce}.", f".{proof}"):
        assert refused(browser.post("/people/new", TYPED | {"once": wrong})), wrong


def test_a_token_of_another_browser_is_refused(world: World, anne: StaffActor) -> None:
    theirs = world.client(anne).token("/people/new")
    assert refused(world.client(anne).post("/people/new", TYPED | {"once": theirs}))
    visitor = world.client().token("/login/staff")
    wrong = world.client().post("/login/staff", {"once": visitor, "email": "anne@test.dk", "password": PASSWORD})
    assert refused(wrong)


def test_a_token_from_before_the_login_does_not_count_after_it(world: World, anne: StaffActor) -> None:
    browser = world.client()
    before = browser.token("/login/staff")
    browser.client.set_cookie("samrum-login", world.client(anne).client.get_cookie("samrum-login").value)  # type: ignore[union-attr]
    assert is_logged_in(browser)
    assert refused(browser.post("/people/new", TYPED | {"once": before}))


def test_a_browser_without_cookies_is_refused_rather_than_believed(world: World, anne: StaffActor) -> None:
    token = world.client().token("/login/staff")
    answer = world.app.test_client(use_cookies=False).post(
        "/login/staff", data={"once": token, "email": "anne@test.dk", "password": PASSWORD}
    )
    assert refused(answer)


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:9999"},
        {"Origin": "https://localhost"},
        {"Origin": "http://localhost.evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_form_that_comes_from_another_site_is_refused(
    world: World, anne: StaffActor, headers: dict[str, str]
) -> None:
    browser = world.client(anne)
    form = TYPED | {"once": browser.token("/people/new")}
    assert refused(browser.client.post("/people/new", data=form, headers=headers))
    assert accounts(world, anne) == 1


@pytest.mark.parametrize("headers", [{"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}, {}])
def test_a_form_from_our_own_page_is_carried_out(world: World, anne: StaffActor, headers: dict[str, str]) -> None:
    browser = world.client(anne)
    form = TYPED | {"once": browser.token("/people/new")}
    assert browser.client.post("/people/new", data=form, headers=headers).status_code == 200
    assert accounts(world, anne) == 2


def test_no_page_shows_a_password_or_a_code_again(world: World, anne: StaffActor) -> None:
    secret = "meget hemmelige ord"
    for path in ("/login/staff", "/login/welcome", "/people/new"):
        form = {"password": secret, "code": "kode med mellemrum", "email": "noget langt her"}
        answer = world.client().client.post(path, data=form)
        assert secret not in answer.text
        assert "kode med mellemrum" not in answer.text
        assert "noget langt her" in answer.text


class TestAfterTheLoginEnded:
    def late(self, world: World, browser: Browser, **more: str) -> TestResponse:
        """A form sent after the login ran out."""
        token = browser.token("/people/new")
        world.clock.move(hours=1)
        return browser.client.post("/people/new", data=TYPED | {"once": token, **more})

    def test_what_was_typed_stands_in_the_form_when_the_same_person_is_back(
        self, world: World, anne: StaffActor
    ) -> None:
        browser = world.client(anne)
        answer = self.late(world, browser)
        assert answer.status_code == 303
        path = re.fullmatch(r"/\?next=(/people/new)\?draft(?:%3D|=)([0-9a-f-]{36})", answer.location)
        assert path is not None, answer.location
        assert "Log ind igen, så står det, du skrev, der stadig" in html.unescape(browser.get("/").text)
        back = f"{path[1]}?draft={path[2]}"
        page = world.client(anne).get(back).text
        assert 'value="Ulla Vejleder Hansen"' in page
        assert 'value="ulla@test.dk"' in page
        assert accounts(world, anne) == 1
        assert "Ulla" not in world.client(anne).get(back).text, "it is given back once"

    def test_another_person_at_the_computer_never_gets_it(
        self, world: World, anne: StaffActor, agnes: StaffActor
    ) -> None:
        browser = world.client(anne)
        draft = self.late(world, browser).location.rsplit("draft", 1)[1][-36:]
        assert "Ulla" not in world.client(agnes).get(f"/people/new?draft={draft}").text
        assert "Ulla" not in world.client().get(f"/people/new?draft={draft}").text
        assert 'value="Ulla Vejleder Hansen"' in world.client(anne).get(f"/people/new?draft={draft}").text

    def test_it_is_kept_sealed_and_not_for_long(self, world: World, anne: StaffActor) -> None:
        self.late(world, world.client(anne), password="hemmelig")
        with world.platform.database.transaction() as session:
            (draft,) = session.scalars(select(Draft))
        assert b"Ulla" not in draft.sealed
        opened = world.platform.fields.open("draft", draft.sealed)
        assert b"Ulla" in opened
        assert b"hemmelig" not in opened
        assert b"once" not in opened
        world.clock.move(days=1, seconds=1)
        upkeep.collect_garbage(world.platform)
        with world.platform.database.transaction() as session:
            assert session.scalars(select(Draft)).all() == []

    def test_nothing_is_kept_of_what_another_site_sends(self, world: World, anne: StaffActor) -> None:
        browser = world.client(anne)
        token = browser.token("/people/new")
        world.clock.move(hours=1)
        wrong = [
            browser.client.post("/people/new", data=TYPED),
            browser.client.post("/people/new", data=TYPED | {"once": "x.y"}),
            browser.client.post(
                "/people/new", data=TYPED | {"once": token}, headers={"Origin": "https://evil.example"}
            ),
        ]
        assert all(refused(answer) for answer in wrong)
        with world.platform.database.transaction() as session:
            assert session.scalars(select(Draft)).all() == []

    def test_without_any_login_it_is_shown_and_not_kept(self, world: World) -> None:
        answer = world.client().client.post("/people/new", data=TYPED)
        assert answer.status_code == 401
        assert "Du er logget ud" in answer.text
        assert "Ulla Vejleder Hansen" in answer.text
        assert 'href="/?next=/people/new"' in answer.text
        with world.platform.database.transaction() as session:
            assert session.scalars(select(Draft)).all() == []

    def test_a_closed_account_s_form_is_not_carried_out(
        self, world: World, anne: StaffActor, agnes: StaffActor
    ) -> None:
        browser = world.client(anne)
        token = browser.token("/people/new")
        people.deactivate_staff(world.platform, SYSTEM, anne.id)
        assert browser.post("/people/new", TYPED | {"once": token}).status_code == 303
        assert accounts(world, agnes) == 2
