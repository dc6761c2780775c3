"""The login pages in a real browser: what its history, its cookies and its security policy make of them."""

import json
import re
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from werkzeug.serving import make_server

from support.citizens import PEOPLE
from support.logins import actions
from support.standin import running_standin
from support.world import PASSWORD, World

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, ViewportSize

pytestmark = pytest.mark.browser
PHONE: "ViewportSize" = {"width": 390, "height": 844}


@dataclass
class Site:
    """A world that answers at an address of this machine, and a stand-in where its citizens log in."""

    world: World
    url: str
    broker: str
    complaints: list[str] = field(default_factory=list)

    def watch(self, page: "Page") -> "Page":
        """Note whatever the browser complains of, such as a policy that stops something."""
        page.on("console", lambda message: self.complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        return page


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    file = tmp_path / "citizens.json"
    file.write_text(json.dumps({"people": [{"id": key, **values} for key, values in PEOPLE.items()]}))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        addresses = {
            "redirect_uris": (f"{url}/login/citizen/callback",),
            "post_logout_redirect_uris": (f"{url}/login/out",),
        }
        with running_standin(
            tmp_path, client_id="samrum", client_secret="unused", people_file=file, **addresses
        ) as standin:
            world = World.make(tmp_path, base_url=url, oidc_issuer=standin.url)
            server = make_server("127.0.0.1", 0, world.app, threaded=True, fd=listener.fileno())
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
            thread.start()
            try:
                world.case(world.staff("Birgit", "Børn og Unge", case_creator=True))
                yield Site(world, url, standin.url)
            finally:
                server.shutdown()
                thread.join()
                server.server_close()


@pytest.fixture
def new_page(site: Site, chromium: "Browser") -> Iterator[Callable[..., "Page"]]:
    contexts = []

    def new(*, scripts: bool = True) -> "Page":
        context = chromium.new_context(viewport=PHONE, java_script_enabled=scripts, locale="da-DK")
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        return site.watch(page)

    yield new
    for context in contexts:
        context.close()


def log_in_citizen(site: Site, page: "Page", name: str = "Sofie Lind") -> None:
    page.goto(site.url)
    page.get_by_role("link", name=re.compile("Log ind med MitID")).click()
    page.get_by_role("button", name=re.compile(name)).click()
    page.wait_for_url(f"{site.url}/**")


def log_out(page: "Page") -> None:
    page.get_by_role("button", name="Menu").click()
    page.get_by_role("dialog").get_by_role("button", name="Log ud").click()


def test_a_citizen_logs_in_and_out_and_nothing_is_left_behind_the_back_button(
    site: Site, new_page: Callable[..., "Page"]
) -> None:
    page = new_page()
    log_in_citizen(site, page)
    page.wait_for_url(f"{site.url}/rooms/*")
    assert "Birgit" in page.locator("main").inner_text()
    log_out(page)
    page.wait_for_url(f"{site.url}/login/out")
    assert page.get_by_role("heading", level=1).inner_text() == "Du er logget ud"
    assert not [cookie for cookie in page.context.cookies() if "login" in (cookie.get("name") or "")]
    for _ in range(3):
        page.go_back()
        page.wait_for_load_state()
        if not page.url.startswith(site.url):
            break
        text = page.locator("body").inner_text()
        assert "Birgit" not in text
        assert "Sofie" not in text
    assert site.complaints == []


def test_the_next_citizen_at_the_computer_is_asked_and_lands_with_themselves(
    site: Site, new_page: Callable[..., "Page"]
) -> None:
    page = new_page()
    log_in_citizen(site, page)
    page.wait_for_url(f"{site.url}/rooms/*")
    site.world.clock.move(hours=1)
    log_in_citizen(site, page, "Frida Fremmed")
    assert "Du blev ikke logget ind" in page.locator("main").inner_text()
    page.goto(f"{site.url}/rooms")
    assert page.url == f"{site.url}/?next=/rooms"


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_double_click_logs_in_all_the_same(site: Site, new_page: Callable[..., "Page"], *, scripts: bool) -> None:
    page = new_page(scripts=scripts)
    page.goto(f"{site.url}/login/staff")
    page.get_by_label("E-mail", exact=True).fill("birgit@test.dk")
    page.get_by_label("Adgangskode", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Videre").dblclick()
    page.wait_for_url("**/login/staff/code")
    page.get_by_label("Kode fra din app").fill(site.world.code())
    page.get_by_role("button", name="Log ind", exact=True).dblclick()
    page.wait_for_url(f"{site.url}/rooms")
    page.goto(f"{site.url}/login/sessions")
    assert page.locator(".entry").count() == 1
    assert [action for action, _ in actions(site.world) if action == "logged_in"] == ["logged_in"]


def test_logging_out_works_without_scripts(site: Site, new_page: Callable[..., "Page"]) -> None:
    page = new_page(scripts=False)
    log_in_citizen(site, page)
    page.get_by_role("button", name="Log ud").first.click()
    page.wait_for_url(f"{site.url}/login/out")
