"""The stand-in provider running on a port of its own, a browser that logs in at it, and a clock to move."""

import json
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from werkzeug.serving import make_server

from auth.oidc import ProviderSettings, RelyingParty
from auth.standin import Broker, StandinSettings, create_standin

CLIENT_ID = "samrum test"
CLIENT_SECRET = "s3cret: with+signs %&"
REDIRECT_URI = "http://127.0.0.1:1/login/tilbage"
LOGGED_OUT_URI = "http://127.0.0.1:1/farvel"

PEOPLE: list[dict[str, Any]] = [
    {"id": "maja", "name": "Maja Ærø Testesen", "cpr": "0503101234", "birth_date": "2010-03-05", "note": "den unge"},
    {"id": "bo", "name": "Bo Testesen", "cpr": "120380-1235", "birth_date": "1980-03-12", "loa": "high"},
    {"id": "lone", "name": "Lone Svag", "cpr": "010175-1236", "birth_date": "1975-01-01", "loa": "low"},
    {"id": "ny", "name": "Ny Borger", "cpr": None, "birth_date": "1999-12-31"},
]
STAFF = [
    {
        "name": "Anne Koordinator",
        "email": "anne@kommune.example",
        "totp_secret": "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
        "password": "hemmelig",
    }
]


class MovableClock:
    """The real time, moved by hand."""

    def __init__(self) -> None:
        self.shift = timedelta(0)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.shift

    def move(self, seconds: float) -> None:
        self.shift += timedelta(seconds=seconds)


@dataclass(frozen=True)
class Standin:
    """A stand-in that runs; `broker` holds its switches."""

    url: str
    broker: Broker
    clock: MovableClock
    settings: StandinSettings

    def misbehave(self, *members: str) -> None:
        self.broker.control.misbehave(*members)

    def relying_party(self, clock: MovableClock | None = None, **changes: Any) -> RelyingParty:
        """A relying party registered here."""
        settings: dict[str, Any] = {
            "issuer": self.url,
            "client_id": CLIENT_ID,
            "credential": CLIENT_SECRET,
            "redirect_uri": REDIRECT_URI,
            "post_logout_redirect_uri": LOGGED_OUT_URI,
            "profile": self.settings.profile,
        }
        return RelyingParty(ProviderSettings(**(settings | changes)), clock or self.clock)


class Citizen:
    """A browser with its cookies, used by hand. It stops where it would return to the service."""

    def __init__(self) -> None:
        self.session = requests.Session()

    def open(self, url: str) -> requests.Response:
        return self.session.get(url, allow_redirects=False, timeout=10)

    def log_in(self, url: str, person: str = "maja") -> str:
        """Follow an authorisation address as a person; the query the service gets back."""
        return self._answer(url, {"person": person})

    def cancel(self, url: str) -> str:
        return self._answer(url, {"cancel": "1"})

    def _answer(self, url: str, choice: dict[str, str]) -> str:
        page = self.open(url)
        if page.is_redirect:
            return returned_query(page)
        assert page.status_code == 200, page.text
        name = re.search(r'name="request" value="([^"]+)"', page.text)
        assert name is not None, page.text
        parts = urlsplit(url)
        answer = self.session.post(
            f"{parts.scheme}://{parts.netloc}/connect/authorize",
            data={"request": unescape(name[1]), **choice},
            allow_redirects=False,
            timeout=10,
        )
        return returned_query(answer)


def returned_query(response: requests.Response) -> str:
    """The query with which the provider sends a browser back to the service."""
    location = response.headers["Location"]
    assert location.startswith(REDIRECT_URI + "?"), location
    return urlsplit(location).query


@contextmanager
def running_standin(folder: Path, **changes: Any) -> Iterator[Standin]:
    """A stand-in with the test people, on a free port of this machine."""
    people = folder / "people.json"
    people.write_text(json.dumps({"people": PEOPLE, "staff": STAFF}))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        values: dict[str, Any] = {
            "environment": "test",
            "issuer": url,
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "redirect_uris": (REDIRECT_URI,),
            "post_logout_redirect_uris": (LOGGED_OUT_URI,),
            "people_file": people,
        }
        settings = StandinSettings(**(values | changes))
        clock = MovableClock()
        app = create_standin(settings, clock)
        server = make_server("127.0.0.1", 0, app, threaded=True, fd=listener.fileno())
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield Standin(url, app.extensions["standin"], clock, settings)
        finally:
            server.shutdown()
            thread.join()
            server.server_close()
