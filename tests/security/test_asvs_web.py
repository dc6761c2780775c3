"""Pages, requests and answers as OWASP ASVS 5.0 V1, V3, V4 and V13 to V15 ask for them, where no other test says it."""

import io
import re
import secrets
import time
from pathlib import Path

import pytest
from gunicorn.config import Config
from gunicorn.http.errors import ParseException
from gunicorn.http.parser import RequestParser
from werkzeug.datastructures import MultiDict

from auth.policy import StaffActor
from samrum import create_app
from samrum.services.cases import NewParent
from samrum.web.people.accounts import StaffForm
from support.logins import give_password
from support.papers import Papers
from support.world import YOUTH_CPR, World

STATIC = Path(__file__).parents[2] / "platform/samrum/static"
OURS = sorted(STATIC.glob("*.js"))
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 191 * 7 }}",
    "%(name)s {0} %s",
    "' OR 1=1 --",
)


@pytest.fixture
def birgit(world: World) -> StaffActor:
    return world.staff("Birgit", "Børn og Unge", case_creator=True)


@pytest.mark.parametrize("text", HOSTILE)
def test_what_people_type_is_shown_as_they_typed_it_and_does_nothing(world: World, text: str) -> None:
    papers = Papers.make(world)
    papers.send(comment=text)
    case_id = world.case(
        papers.owner, cpr="7508124993", name=text, parents=(NewParent(text, None, custody_holder=False),)
    )
    browser = world.client(papers.owner)
    for path in (papers.url, f"/rooms/{case_id}", f"/rooms/{case_id}/data", f"/rooms/{case_id}/log", "/rooms"):
        page = browser.get(path).text
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert "1337" not in page
    shown = browser.get(f"/rooms/{case_id}/data").text
    escaped = (
        text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&#34;").replace("'", "&#39;")
    )
    assert escaped in shown


@pytest.mark.parametrize("text", ["' OR '1'='1", "birgit@test.dk' --", "%", "birgit@test.dk%"])
def test_what_is_typed_never_becomes_part_of_a_query(world: World, birgit: StaffActor, text: str) -> None:
    assert give_password(world.client(), text, text).status_code == 422


def test_a_very_long_e_mail_is_refused_at_once() -> None:
    """A pattern that tries every way to split it would take hours."""
    started = time.perf_counter()
    for text in ("a@" + "." * 500_000 + " x", "a@" + "a." * 250_000 + " x", " " * 500_000 + "x", "a" * 500_000):
        form = StaffForm(MultiDict({"name": "Ny", "email": text}))
        form.unit.choices = [("UU", "UU")]
        assert not form.validate()
    assert time.perf_counter() - started < 5


@pytest.mark.parametrize(("proxies", "expected"), [(0, "127.0.0.1"), (1, "192.0.2.9")])
def test_an_address_is_believed_from_our_own_proxy_alone(tmp_path: Path, proxies: int, expected: str) -> None:
    world = World.make(tmp_path, trusted_proxies=proxies)
    app = create_app(world.platform.settings, world.platform)
    seen = []

    @app.before_request
    def look() -> None:
        from flask import request

        seen.append((request.remote_addr, request.host))

    app.test_client().get(
        "/health", headers={"X-Forwarded-For": "198.51.100.1, 192.0.2.9", "X-Real-IP": "198.51.100.1"}
    )
    assert seen == [(expected, "localhost")]


@pytest.mark.parametrize(
    "head",
    [
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        "Content-Length: 5\r\nContent-Length: 6\r\n",
        "Content-Length: +5\r\n",
        "Transfer-Encoding: chunked, identity\r\n",
        "Transfer-Encoding : chunked\r\n",
        "X-A: b\rX-C: d\r\n",
    ],
)
def test_a_request_whose_end_could_be_read_in_two_ways_is_refused_by_the_server(head: str) -> None:
    raw = f"POST /login/staff HTTP/1.1\r\nHost: localhost\r\n{head}\r\n0\r\n\r\n".encode()
    with pytest.raises(ParseException):
        next(RequestParser(Config(), io.BytesIO(raw), ("127.0.0.1", 1)))


def test_every_answer_says_what_it_is_and_in_which_letters(world: World, birgit: StaffActor) -> None:
    browser = world.client(birgit)
    for path in ("/", "/rooms", "/nowhere", "/health", "/static/samrum.css", "/static/samrum.js", "/static/logo.svg"):
        answer = browser.get(path)
        answer.close()
        kind = answer.headers["Content-Type"]
        assert kind == "application/json" or kind.endswith("; charset=utf-8"), (path, kind)


def test_no_other_site_may_read_an_answer(world: World, birgit: StaffActor) -> None:
    browser = world.client(birgit)
    for path in ("/", "/rooms", "/health", "/static/samrum.js"):
        answer = browser.get(path, headers={"Origin": "https://evil.example"})
        answer.close()
        assert not [name for name, _ in answer.headers if name.startswith("Access-Control-")]
    assert browser.get("/health?callback=steal").text.startswith("{")


def test_a_download_is_framed_by_nobody_and_runs_nothing(world: World) -> None:
    papers = Papers.make(world)
    papers.send()
    link = re.search(r'href="(/rooms/[^"]+/files/[0-9a-f-]{36}/1)"', papers.browser().get(papers.url).text)
    assert link is not None
    answer = papers.browser().get(link[1])
    policy = {part.strip() for part in answer.headers["Content-Security-Policy"].split(";")}
    assert policy >= {"default-src 'none'", "sandbox", "frame-ancestors 'none'", "base-uri 'none'"}
    assert answer.headers["Content-Disposition"].startswith("attachment")


def test_pages_fetch_nothing_from_anybody_else_and_leave_nothing_in_the_browser(
    world: World, birgit: StaffActor
) -> None:
    case_id = world.case(birgit)
    for path in ("/", f"/rooms/{case_id}", "/login/staff", "/rooms/new"):
        page = world.client(birgit).get(path).text
        assert not re.findall(r"(?:src|srcset|action|data|poster)=\"(?:https?:)?//", page)
        assert not re.findall(r"<link[^>]+href=\"(?:https?:)?//", page)
        assert not re.findall(r"\son\w+=|\sstyle=|<style|<script(?![^>]*\ssrc=)|javascript:", page)
    for script in OURS:
        assert not re.findall(r"localStorage|sessionStorage|indexedDB|document\.cookie|postMessage", script.read_text())


@pytest.mark.parametrize("script", OURS, ids=lambda path: path.name)
def test_our_scripts_keep_to_themselves_and_make_no_html_of_text(script: Path) -> None:
    text = script.read_text()
    assert re.search(r'^\(function \(\) \{\n  "use strict";', text, re.MULTILINE)
    assert not re.findall(r"innerHTML|outerHTML|insertAdjacentHTML|\beval\(|new Function|__proto__|jsonp", text)


def test_scripts_are_the_same_for_everybody(world: World, birgit: StaffActor) -> None:
    for script in OURS:
        anybody, somebody = (who.get(f"/static/{script.name}") for who in (world.client(), world.client(birgit)))
        assert anybody.data == somebody.data
        anybody.close()
        somebody.close()


def test_a_page_under_a_name_that_looks_like_a_file_is_not_there_and_not_kept(world: World, birgit: StaffActor) -> None:
    case_id = world.case(birgit)
    for path in (f"/rooms/{case_id}/x.css", f"/rooms/{case_id};x.css", "/login/mine/x.js", "/static/", "/static/../"):
        answer = world.client(birgit).get(path)
        assert answer.status_code in (404, 400), path
        assert answer.headers["Cache-Control"] == "no-store"


def test_only_files_that_pages_are_made_of_lie_where_everybody_can_fetch_them() -> None:
    ours = {path.suffix for path in STATIC.iterdir() if path.is_file()}
    assert ours <= {".css", ".js", ".svg"}
    all_of_them = {path.suffix for path in STATIC.rglob("*") if path.is_file() and path.name != ".collected"}
    assert all_of_them <= {".css", ".js", ".svg", ".png", ".woff", ".woff2", ".ttf", ".eot", ".md"}


def test_the_cookie_of_messages_and_language_is_signed_with_sha_256_and_small(world: World, birgit: StaffActor) -> None:
    answer = world.client().get("/language/en")
    cookie = next(line for line in answer.headers.getlist("Set-Cookie") if line.startswith("samrum="))
    value = cookie.split(";")[0].removeprefix("samrum=")
    assert len(value.rpartition(".")[2]) == 43, "32 bytes in base64"
    assert len(value) < 4000


def test_messages_that_are_never_shown_do_not_outgrow_the_cookie(world: World, birgit: StaffActor) -> None:
    browser = world.client(birgit)
    with browser.client.session_transaction() as session:
        session["_flashes"] = [("info", f"Besked {number}: {secrets.token_hex(60)}") for number in range(24)]
    browser.get("/language/en")
    with browser.client.session_transaction() as session:
        assert len(session["_flashes"]) == 5
        assert session["_flashes"][-1][1].startswith("Besked 23"), "the last ones are those that matter"
    cookie = browser.client.get_cookie("samrum")
    assert cookie is not None
    assert len(cookie.value) < 2000, "as long as messages are sentences, 4096 bytes are far away"


def test_no_address_carries_a_cpr_number_a_name_or_an_e_mail(world: World, birgit: StaffActor) -> None:
    case_id = world.case(birgit)
    for path in (f"/rooms/{case_id}", f"/rooms/{case_id}/access", f"/rooms/{case_id}/parents", "/rooms"):
        for address in re.findall(r"(?:href|action)=\"([^\"]+)\"", world.client(birgit).get(path).text):
            assert not re.search(rf"{YOUTH_CPR}|Sofie|Lind|@test", address), address


def test_no_answer_tells_the_versions_of_what_runs(world: World, birgit: StaffActor) -> None:
    for path in ("/", "/health", "/nowhere", "/rooms"):
        answer = world.client(birgit).get(path)
        assert "Server" not in answer.headers
        assert "X-Powered-By" not in answer.headers
        assert not re.search(r"(?i)werkzeug|gunicorn|flask|sqlalchemy|python/", answer.text)
