"""The stand-in as it is started for a demo, and its pages in a real browser."""

import json
import os
import socket
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
import requests

from support.standin import CLIENT_SECRET, Citizen, MovableClock, running_standin

if TYPE_CHECKING:
    from playwright.sync_api import Browser

from auth.oidc import ProviderSettings, RelyingParty

ROOT = Path(__file__).parents[2]
AXE = ROOT / "deploy" / "frontend" / "node_modules" / "axe-core" / "axe.min.js"


def command(port: int, people: Path) -> list[str]:
    options = {
        "--issuer": f"http://127.0.0.1:{port}",
        "--client-id": "samrum",
        "--redirect-uri": "http://127.0.0.1:1/login/tilbage",
        "--people": str(people),
    }
    return [sys.executable, "-m", "auth.standin", *(word for option in options.items() for word in option)]


def environment(**changes: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SAMRUM_")}
    return kept | changes


@pytest.mark.parametrize("named", [{}, {"SAMRUM_ENV": "production"}])
def test_the_command_refuses_production_and_what_does_not_say(named: dict[str, str], tmp_path: Path) -> None:
    done = subprocess.run(
        command(1, tmp_path / "people.json"),
        cwd=ROOT,
        env=environment(SAMRUM_OIDC_CLIENT_SECRET=CLIENT_SECRET, **named),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 2
    assert "demo or test" in done.stderr


def test_the_command_needs_a_secret(tmp_path: Path) -> None:
    done = subprocess.run(
        command(1, tmp_path / "people.json"),
        cwd=ROOT,
        env=environment(SAMRUM_ENV="demo"),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 2
    assert "SAMRUM_OIDC_CLIENT_SECRET" in done.stderr


def test_the_command_serves_a_login(tmp_path: Path) -> None:
    people = tmp_path / "people.json"
    people.write_text(
        json.dumps({"people": [{"id": "a", "name": "A B", "cpr": "0101001234", "birth_date": "2000-01-01"}]})
    )
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    process = subprocess.Popen(
        command(port, people),
        cwd=ROOT,
        env=environment(SAMRUM_ENV="demo", SAMRUM_OIDC_CLIENT_SECRET=CLIENT_SECRET),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        url = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                requests.get(url, timeout=1)
                break
            except requests.ConnectionError:
                time.sleep(0.1)
        settings = ProviderSettings(
            issuer=url, client_id="samrum", credential=CLIENT_SECRET, redirect_uri="http://127.0.0.1:1/login/tilbage"
        )
        party = RelyingParty(settings, MovableClock())
        address, attempt = party.begin()
        assert party.finish(attempt, Citizen().log_in(address, "a")).cpr == "0101001234"
    finally:
        process.terminate()
        process.wait(timeout=10)


@pytest.mark.browser
@pytest.mark.parametrize("width", [390, 1280])
def test_a_citizen_chooses_with_the_keyboard_and_comes_back(width: int, chromium: "Browser", tmp_path: Path) -> None:
    came_back: list[str] = []

    class Service(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            came_back.append(self.path)
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(b"<title>Samrum</title>")

        def log_message(self, *_: object) -> None:
            pass

    service = ThreadingHTTPServer(("127.0.0.1", 0), Service)
    threading.Thread(target=service.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{service.server_port}/login/tilbage"
    try:
        with running_standin(tmp_path, redirect_uris=(address,)) as standin:
            party = standin.relying_party(redirect_uri=address)
            url, attempt = party.begin("Samtykke til, at Jobcentret må læse mål- og aftaleskemaet", fresh=True)
            context = chromium.new_context(viewport={"width": width, "height": 800}, locale="da-DK")
            page = context.new_page()
            complaints: list[str] = []
            page.on("console", lambda message: complaints.append(message.text))
            page.goto(url)
            page.reload()
            assert page.locator("h1").inner_text() == "Vælg en testperson"
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            page.get_by_role("button", name="Bo Testesen").focus()
            page.keyboard.press("Enter")
            page.wait_for_url(f"{address}**")
            query = next(urlsplit(path).query for path in came_back if path.startswith("/login/tilbage"))
            assert party.finish(attempt, query).cpr == "1203801235"
            assert [text for text in complaints if "favicon" not in text] == []
            context.close()
    finally:
        service.shutdown()
        service.server_close()


@pytest.mark.browser
@pytest.mark.skipif(not AXE.exists(), reason="needs `python deploy/collect.py --tests`")
def test_the_pages_have_no_accessibility_faults_that_axe_can_find(chromium: "Browser", tmp_path: Path) -> None:
    with running_standin(tmp_path) as standin:
        url, _ = standin.relying_party().begin("Samtykke til Jobcentret", fresh=True)
        context = chromium.new_context(viewport={"width": 390, "height": 800}, bypass_csp=True)
        page = context.new_page()
        for address in (url, standin.url + "/", standin.url + "/koder", standin.url + "/nowhere"):
            page.goto(address)
            page.add_script_tag(path=AXE)
            found = page.evaluate("axe.run().then(result => result.violations.map(each => each.id + ': ' + each.help))")
            assert found == [], address
        context.close()
