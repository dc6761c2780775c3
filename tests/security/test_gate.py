"""The gate in front of every page: who passes, by which methods, and with which headers the answer leaves."""

from pathlib import Path

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from auth.policy import StaffActor
from samrum.db import make_engine
from samrum.web.gate import Audience
from storage import Unavailable
from support.logins import give_password
from support.world import YOUTH_CPR, Browser, World

ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
PAGES = ("/", "/health", "/privacy", "/accessibility", "/language/en", "/login/staff", "/login/welcome", "/login/out",
         "/login/sessions", "/login/staff/code", "/people", "/people/new", "/rooms", "/nowhere",
         "/login/citizen/callback", "/static/samrum.css", "/static/none.css")  # fmt: skip


@pytest.fixture
def anne(world: World) -> StaffActor:
    return world.staff("Anne", "Administrationen", administrator=True)


def directives(answer: TestResponse) -> dict[str, list[str]]:
    policy = answer.headers["Content-Security-Policy"]
    return {words[0]: words[1:] for words in (part.split() for part in policy.split(";"))}


@pytest.mark.parametrize("path", PAGES)
def test_every_answer_carries_the_headers(world: World, anne: StaffActor, path: str) -> None:
    for browser in (world.client(), world.client(anne)):
        answer = browser.get(path)
        answer.close()
        for name, value in ALWAYS.items():
            assert answer.headers[name] == value, name
        policy = directives(answer)
        assert policy["default-src"] == ["'self'"]
        assert policy["frame-ancestors"] == ["'none'"]
        assert policy["object-src"] == ["'none'"]
        assert policy["base-uri"] == ["'none'"]
        assert policy["form-action"] == ["'self'", "http://127.0.0.1:9"], "our own pages and the broker"
        assert "unsafe" not in answer.headers["Content-Security-Policy"]
        assert "Strict-Transport-Security" not in answer.headers
        assert "Server" not in answer.headers
        if not path.startswith("/static/samrum"):
            assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", [*PAGES, "/people/hand-over"])
def test_every_answer_tells_the_browser_to_stay_on_tls(tmp_path: Path, path: str) -> None:
    world = World.make(tmp_path, base_url="https://samrum.example.dk", secure_cookies=True)
    answer = world.app.test_client().get(path, base_url="https://samrum.example.dk")
    answer.close()
    assert answer.headers["Strict-Transport-Security"] == "max-age=63072000; includeSubDomains"


def test_refused_and_failed_answers_carry_the_headers_too(world: World, anne: StaffActor) -> None:
    browser = world.client(anne)
    answers = [browser.client.post("/people/new"), browser.client.put("/people"), browser.client.post("/nowhere")]
    broken(world.app)
    answers.append(browser.get("/broken"))
    assert [answer.status_code for answer in answers] == [400, 405, 404, 500]
    for answer in answers:
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert directives(answer)["frame-ancestors"] == ["'none'"]


def broken(app: Flask) -> None:
    """A page open to everybody that fails with a name in the error's text."""

    def view() -> str:
        raise RuntimeError("Sofie Lind 150809-4993")

    view.audiences = frozenset({Audience.EVERYBODY})  # type: ignore[attr-defined]
    app.view_functions["broken"] = view
    app.url_map.add(app.url_rule_class("/broken", endpoint="broken", methods=["GET"]))


def test_every_view_says_whom_it_is_for(world: World) -> None:
    unmarked = {
        endpoint
        for endpoint, view in world.app.view_functions.items()
        if endpoint != "static" and not getattr(view, "audiences", None)
    }
    assert unmarked == set()


def test_a_view_that_says_nothing_is_reached_by_nobody(world: World, anne: StaffActor) -> None:
    world.app.view_functions["forgotten"] = lambda: "here I am"
    world.app.url_map.add(world.app.url_rule_class("/forgotten", endpoint="forgotten", methods=["GET", "POST"]))
    owner = world.staff("Birgit", "Børn og Unge", case_creator=True)
    world.case(owner)
    for person in (None, anne, owner, world.staff("Rikke", "DPO", auditor=True), world.citizen(YOUTH_CPR)):
        browser = world.client(person)
        assert browser.get("/forgotten").status_code == 404
        assert browser.post("/forgotten", page="/login/staff").status_code == 404


@pytest.mark.parametrize("method", ["OPTIONS", "TRACE", "PUT", "PATCH", "DELETE", "CONNECT", "PROPFIND", "GETX"])
@pytest.mark.parametrize("path", ["/", "/login/staff", "/people", "/health"])
def test_other_methods_are_refused_with_those_there_are(world: World, anne: StaffActor, method: str, path: str) -> None:
    for browser in (world.client(), world.client(anne)):
        answer = browser.client.open(path, method=method)
        assert answer.status_code == 405
        assert set(answer.headers["Allow"].split(", ")) <= {"GET", "HEAD", "POST"}
        assert "GET" in answer.headers["Allow"]


def test_a_post_where_there_is_only_a_page_is_refused(world: World, anne: StaffActor) -> None:
    browser = world.client(anne)
    answer = browser.client.post("/people", data={"once": browser.token("/people/new")})
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize("path", ["/", "/people", "/login/sessions", "/nowhere", "/health"])
def test_asking_for_the_head_alone_gives_what_the_page_would(world: World, anne: StaffActor, path: str) -> None:
    browser = world.client(anne)
    head, page = browser.client.head(path), browser.get(path)
    assert head.status_code == page.status_code
    assert head.data == b""
    assert head.headers["Cache-Control"] == "no-store"


def test_a_head_without_a_login_is_sent_to_the_front_page(world: World) -> None:
    assert world.client().client.head("/people").location == "/?next=/people"


def test_the_first_step_opens_the_second_and_nothing_else(world: World, anne: StaffActor) -> None:
    browser = world.client()
    give_password(browser, "anne@test.dk")
    for path in ("/people", "/people/new", "/login/sessions", "/rooms"):
        answer = browser.get(path)
        assert (answer.status_code, answer.location.split("?")[0]) == (303, "/login/staff/code"), path
    refused = browser.post("/people/hand-over", {"number": "ABCD-2345"}, page="/login/staff/code")
    assert refused.location.startswith("/login/staff/code")


def test_who_is_logged_in_has_no_business_at_the_second_step(world: World, anne: StaffActor) -> None:
    assert world.client(anne).get("/login/staff/code?next=/people/new").location == "/people/new"
    assert world.client(anne).get("/login/staff/code?next=//evil.example").location == "/"
    assert world.client().get("/login/staff/code").location == "/?next=/login/staff/code"


@pytest.mark.parametrize("cookie", ["", "x", "æøå", "a" * 3000, "../../etc/passwd", "' OR 1=1 --"])
def test_a_made_up_login_is_no_login(world: World, cookie: str) -> None:
    browser = world.client()
    browser.client.set_cookie("samrum-login", cookie)
    assert browser.get("/login/sessions").location == "/?next=/login/sessions"


def test_an_address_with_two_slashes_leads_nowhere_else(world: World) -> None:
    for path in ("//evil.example/people", "/people//", "///login/staff"):
        answer = world.client().client.get("http://localhost" + path)
        location = answer.headers.get("Location", "/")
        assert location.startswith(("/", "http://localhost/"))
        assert not location.startswith("//")


class TestErrorPages:
    def test_a_failure_shows_a_reference_and_nothing_else(
        self, world: World, anne: StaffActor, caplog: pytest.LogCaptureFixture
    ) -> None:
        broken(world.app)
        answer = world.client(anne).get("/broken")
        assert answer.status_code == 500
        for secret in ("Sofie", "150809", "RuntimeError", "Traceback", "test_gate"):
            assert secret not in answer.text
        (record,) = [record for record in caplog.records if record.message == "unexpected error"]
        assert str(vars(record)["reference"]) in answer.text

    @pytest.mark.parametrize("word", ["Sofie-Lind", "1508094993", "mettes%20skema.docx", "<script>alert(1)</script>"])
    def test_what_is_not_there_is_not_repeated(self, world: World, word: str) -> None:
        answer = world.client().get(f"/rooms-of/{word}")
        assert answer.status_code == 404
        body = answer.text.split("<main", 1)[1]
        assert word not in body
        assert "<script>alert" not in answer.text

    def test_a_body_too_large_is_told_so(self, world: World) -> None:
        answer = world.client().client.post("/login/staff", data={"email": "x" * 2_000_000})
        assert answer.status_code == 413

    def test_a_form_that_is_none_is_refused_plainly(self, world: World) -> None:
        browser = world.client()
        for body, kind in ((b"\xff\xfe\x00", "application/x-www-form-urlencoded"), (b"--x\r\n", "multipart/form-data"),
                           (b"--x\r\n", "multipart/form-data; boundary=x"), (b"{}", "application/json")):  # fmt: skip
            assert browser.client.post("/login/staff", data=body, content_type=kind).status_code == 400


class TestWithoutADatabase:
    @pytest.fixture
    def broken_world(self, world: World, anne: StaffActor) -> Browser:
        browser = world.client(anne)
        world.platform.database.engine.dispose()
        world.platform.database.engine = make_engine("sqlite:////nowhere/at/all.sqlite")
        return browser

    def test_the_open_pages_still_answer_and_know_nobody(self, broken_world: Browser) -> None:
        for path in ("/", "/privacy", "/accessibility"):
            answer = broken_world.get(path)
            assert answer.status_code == 200
            assert "Anne" not in answer.text

    @pytest.mark.parametrize("path", ["/people", "/login/sessions", "/rooms"])
    def test_the_others_say_that_it_will_pass(self, broken_world: Browser, path: str) -> None:
        answer = broken_world.get(path)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
        assert "Samrum er ikke klar lige nu" in answer.text
        assert f'href="{path}"' in answer.text

    def test_a_form_is_not_carried_out(self, broken_world: Browser) -> None:
        answer = broken_world.client.post("/login/staff", data={"email": "anne@test.dk", "password": "x"})
        assert answer.status_code == 503

    def test_the_watchers_are_told_which_part_is_down(self, broken_world: Browser) -> None:
        answer = broken_world.get("/health")
        assert answer.status_code == 503
        assert answer.json == {"status": "failing", "database": "down", "storage": "ok"}


class TestHealth:
    def test_a_healthy_service_says_so_in_three_words(self, world: World) -> None:
        answer = world.client().get("/health")
        assert (answer.status_code, answer.json) == (200, {"status": "ok", "database": "ok", "storage": "ok"})
        assert "Set-Cookie" not in answer.headers
        assert answer.headers["Cache-Control"] == "no-store"

    def test_a_store_that_is_down_is_told(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        def down(_prefix: str) -> object:
            raise Unavailable("store")

        monkeypatch.setattr(world.platform.vault.store, "list", down)
        answer = world.client().get("/health")
        assert answer.status_code == 503
        assert answer.json == {"status": "failing", "database": "ok", "storage": "down"}
