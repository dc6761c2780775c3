"""Citizens at the login: a world beside a running stand-in, and a browser with cookies at both."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import requests
from werkzeug.test import TestResponse

from auth.oidc import RelyingParty
from auth.policy import CitizenActor, StaffActor
from samrum.cpr import Cpr
from samrum.services import sessions
from samrum.services.cases import NewParent
from support.logins import actions, is_logged_in
from support.standin import Standin, running_standin
from support.world import FATHER_CPR, MOTHER_CPR, YOUTH_CPR, World

PEOPLE: dict[str, dict[str, object]] = {
    "sofie": {"name": "Sofie Lind", "cpr": YOUTH_CPR, "birth_date": "2009-08-15"},
    "mette": {"name": "Mette Lind", "cpr": MOTHER_CPR, "birth_date": "1981-03-01"},
    "fremmed": {"name": "Frida Fremmed", "cpr": "6605920123", "birth_date": "1992-05-06"},
    "uden": {"name": "Uffe Uden", "cpr": None, "birth_date": "1990-01-01"},
    "svag": {"name": "Lone Svag", "cpr": FATHER_CPR, "birth_date": "1979-05-02", "loa": "low"},
}


class Together:
    """A browser with the cookies of the service and of the broker."""

    def __init__(self, place: "Place") -> None:
        self.place = place
        self.ours = place.world.client()
        self.theirs = requests.Session()

    def begin(self, path: str = "/login/citizen") -> str:
        """Press the button; the broker's address."""
        answer = self.ours.get(path)
        assert answer.status_code == 302, answer.text
        assert answer.location.startswith(self.place.standin.url)
        return str(answer.location)

    def at_broker(self, url: str, **choice: str) -> str:
        """Choose somebody, or cancel; the address on our side to which the broker sends back."""
        page = self.theirs.get(url, allow_redirects=False, timeout=10)
        assert page.status_code == 200, "the broker let somebody through without asking who"
        name = re.search(r'name="request" value="([^"]+)"', page.text)
        assert name is not None
        answer = self.theirs.post(
            f"{self.place.standin.url}/connect/authorize",
            data={"request": name[1], **choice},
            allow_redirects=False,
            timeout=10,
        )
        parts = urlsplit(answer.headers["Location"])
        assert parts.path == "/login/citizen/callback"
        return f"{parts.path}?{parts.query}"

    def log_in(self, person: str, path: str = "/login/citizen") -> TestResponse:
        return self.ours.get(self.at_broker(self.begin(path), person=person))

    def who(self) -> object:
        """The id of who is logged in, or None."""
        cookie = self.ours.client.get_cookie("samrum-login")
        if cookie is None or not is_logged_in(self.ours):
            return None
        login = sessions.look_up(self.place.world.platform, cookie.value)
        return login.actor.id if login else None


class Place:
    """A world whose citizens log in at a running stand-in."""

    def __init__(self, world: World, standin: Standin, people_file: Path) -> None:
        self.world = world
        self.standin = standin
        self.people_file = people_file
        owner = world.staff("Birgit", "Børn og Unge", case_creator=True)
        self.owner: StaffActor = owner
        parents = (
            NewParent("Mette Lind", Cpr.parse(MOTHER_CPR), custody_holder=True),
            NewParent("Jan Lind", Cpr.parse(FATHER_CPR), custody_holder=True),
            NewParent("Onkel Uden Nummer", None, custody_holder=False),
        )
        self.case_id = world.case(owner, parents=parents)
        self.sofie: CitizenActor = world.citizen(YOUTH_CPR)
        self.mette: CitizenActor = world.citizen(MOTHER_CPR)

    def people(self, **changes: dict[str, object]) -> None:
        known = [{"id": key, **values, **changes.get(key, {})} for key, values in PEOPLE.items()]
        self.people_file.write_text(json.dumps({"people": known}))

    def browser(self) -> Together:
        return Together(self)


@contextmanager
def running_for_samrum(folder: Path) -> Iterator[tuple[Standin, Path]]:
    """A stand-in where the worlds of tests are registered, and the file of its people."""
    file = folder / "citizens.json"
    file.write_text('{"people": []}')
    with running_standin(
        folder,
        client_id="samrum",
        client_secret="unused",
        redirect_uris=("http://localhost/login/citizen/callback",),
        post_logout_redirect_uris=("http://localhost/login/out",),
        people_file=file,
    ) as standin:
        yield standin, file


@contextmanager
def place_at(standin: Standin, file: Path, folder: Path) -> Iterator[Place]:
    """A new world whose citizens log in there."""
    world = World.make(folder, oidc_issuer=standin.url)
    party = RelyingParty(world.platform.relying_party.settings, standin.clock)
    object.__setattr__(world.platform, "relying_party", party)
    found = Place(world, standin, file)
    found.people()
    try:
        yield found
    finally:
        standin.misbehave()


def reasons(place: Place) -> list[str | None]:
    return [reason for action, reason in actions(place.world) if action == "login_failed"]
