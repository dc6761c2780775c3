"""A small municipality for tests: a platform on real parts, its people, and a browser-like client for each of them."""

import dataclasses
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

from flask import Flask
from flask.testing import FlaskClient
from jinja2.bccache import Bucket, BytecodeCache
from werkzeug.test import TestResponse

from auth import totp
from auth.passwords import Cost, hash_password
from auth.policy import CitizenActor, Level, StaffActor
from samrum import create_app, migrations
from samrum.assembly import make_platform
from samrum.config import Settings
from samrum.cpr import Cpr
from samrum.db import make_engine
from samrum.fieldkeys import FieldKeys
from samrum.models import Citizen, Staff
from samrum.queries.people import citizen_by_cpr, staff_by_email
from samrum.services import cases, consents, grants, people, sessions
from samrum.services.cases import MasterData, NewCase, NewParent
from samrum.services.consents import ConsentForm
from samrum.services.people import NewStaff
from samrum.services.platform import SYSTEM, Caller, Platform
from samrum.services.sessions import Stage
from samrum.web import cookies
from storage import KeyFile, MemoryStore, ObjectStore, Vault

CHEAP = Cost(passes=1, memory_kib=8, lanes=1)
PASSWORD = "fire tilfældige kloge ord"
YOUTH_CPR, MOTHER_CPR, FATHER_CPR = "7508094993", "6103814994", "6205790995"
NOON = datetime(2026, 11, 2, 11, 0, tzinfo=UTC)


@dataclass
class SteppingClock:
    """A clock that stands still until the test moves it."""

    moment: datetime = NOON

    def now(self) -> datetime:
        return self.moment

    def move(self, **by: float) -> None:
        self.moment += timedelta(**by)


class _Compiled(BytecodeCache):
    """The templates as they were compiled for an earlier world of this run."""

    def __init__(self) -> None:
        self._known: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._known:
            bucket.bytecode_from_string(self._known[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._known[bucket.key] = bucket.bytecode_to_string()


_TEMPLATES = _Compiled()


@lru_cache
def _empty_database() -> bytes:
    """An SQLite database after all migrations, which take half a second."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "empty.sqlite"
        engine = make_engine(f"sqlite:///{path}")
        migrations.upgrade(engine)
        engine.dispose()
        return path.read_bytes()


@dataclass(frozen=True)
class Evidence:
    transaction_id: str | None = "test-transaction"
    assurance: object = "Substantial"


@dataclass
class World:
    """The platform under test and the way into it. Days and ages count from ``clock``."""

    platform: Platform
    clock: SteppingClock
    app: Flask

    @classmethod
    def make(
        cls, folder: Path, *, store: ObjectStore | None = None, database_url: str = "", **settings: object
    ) -> "World":
        """A new, empty world in ``folder``: SQLite and memory unless a database address and a store are given."""
        KeyFile.create(folder / "kek")
        FieldKeys.create(folder / "fields")
        chosen = Settings(
            **{  # type: ignore[arg-type]
                "env": "demo",
                "base_url": "http://localhost",
                "database_url": database_url or f"sqlite:///{folder / 'samrum.sqlite'}",
                "key_file": folder / "kek",
                "field_key_file": folder / "fields",
                "s3_endpoint": "http://127.0.0.1:9",
                "s3_access_key": "unused",
                "s3_secret_key": "unused",
                "oidc_issuer": "http://127.0.0.1:9",
                "oidc_client_id": "samrum",
                "oidc_client_secret": "unused",
                "secure_cookies": False,
                "recheck_seconds": 0.2,
                **settings,
            }
        )
        clock = SteppingClock()
        platform = make_platform(chosen)
        vault = Vault(store or MemoryStore(), platform.vault.wrapper)
        platform = dataclasses.replace(platform, clock=clock, vault=vault, password_cost=CHEAP, code_cost=CHEAP)
        if database_url:
            migrations.upgrade(platform.database.engine)
        else:
            (folder / "samrum.sqlite").write_bytes(_empty_database())
        app = create_app(chosen, platform)
        app.jinja_env.bytecode_cache = _TEMPLATES
        return cls(platform, clock, app)

    def staff(self, name: str, unit: str, *, organisation: str = "Testby Kommune", **roles: bool) -> StaffActor:
        """A professional with the e-mail ``name@test.dk``, password and second factor set."""
        email = f"{name.lower()}@test.dk"
        staff_id, _ = people.create_staff(self.platform, SYSTEM, NewStaff(name, email, organisation, unit, **roles))
        with self.platform.database.transaction() as session:
            row = session.get_one(Staff, staff_id)
            row.password_hash = hash_password(PASSWORD, CHEAP)
            row.sealed_totp = self.platform.fields.seal("totp", b"JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
            loaded = staff_by_email(session, email)
            assert loaded is not None
            return sessions.staff_actor(loaded)

    def citizen(self, cpr: str) -> CitizenActor:
        """The registered citizen with this CPR number."""
        with self.platform.database.transaction() as session:
            found = citizen_by_cpr(session, self.platform.fields.index_cpr(Cpr.parse(cpr)))
            assert found is not None
            return CitizenActor(found.id, found.active)

    def case(
        self,
        owner: StaffActor,
        *,
        cpr: str = YOUTH_CPR,
        name: str = "Sofie Lind",
        parents: tuple[NewParent, ...] = (),
        youth_access: Level = Level.WRITE,
        parent_access: Level = Level.READ,
    ) -> UUID:
        """A case for a youth who is 17 years old on the clock's first day, unless another CPR number is given."""
        data = MasterData(name, "Birgit Madsen", "home", "Mormor Inge")
        new = NewCase(data, Cpr.parse(cpr), list(parents), youth_access, parent_access)
        return cases.create_case(self.platform, Caller(owner), new)

    def grant(
        self, owner: StaffActor, case_id: UUID, email: str, level: Level = Level.READ, last_day: date | None = None
    ) -> None:
        grants.set_grant(self.platform, Caller(owner), case_id, email, level, last_day)

    def consent(
        self, giver: CitizenActor, case_id: UUID, *units: UUID, to_parents: bool = False, days: int = 365
    ) -> UUID:
        today = self.clock.now().date()
        form = ConsentForm(
            frozenset(units), to_parents, ("education",), "Hjælp til skole", today, today + timedelta(days=days)
        )
        return consents.give(self.platform, Caller(giver), case_id, form, Evidence())

    def client(self, person: StaffActor | CitizenActor | None = None) -> "Browser":
        """A browser, logged in as ``person`` without passing the login pages."""
        browser = Browser(self.app.test_client())
        if person is not None:
            with self.platform.act(SYSTEM) as act:
                row: Staff | Citizen
                if isinstance(person, StaffActor):
                    row = act.session.get_one(Staff, person.id)
                else:
                    row = act.session.get_one(Citizen, person.id)
                token = sessions.begin(act, row, Stage.FULL, act.now)
            with self.app.test_request_context():
                name = cookies.name("login")
            browser.client.set_cookie(name, token)
        return browser

    def code(self, secret: str = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP") -> str:
        """The second-factor code of ``staff`` at this moment of the clock."""
        return totp.code_at(secret, self.clock.now())


@dataclass
class Browser:
    """A Flask test client that fills in a page's form token as a browser does."""

    client: FlaskClient

    def get(self, path: str, **options: object) -> TestResponse:
        return self.client.get(path, **options)

    def token(self, page: str) -> str:
        """The form token that the page at ``page`` carries."""
        found = re.search(r'name="once" value="([^"]+)"', self.get(page).text)
        assert found is not None, f"no form on {page}"
        return found[1]

    def post(self, path: str, data: Mapping[str, object] | None = None, *, page: str | None = None) -> TestResponse:
        """Send a form with the token of ``page`` (by default the page at ``path`` itself)."""
        token = (data or {}).get("once") or self.token(page or path)
        return self.client.post(path, data={"once": token, **(data or {})})


def wait_until(condition: Callable[[], bool], seconds: float = 10) -> None:
    """Wait for something that happens elsewhere. Raises ``AssertionError`` when it does not."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)
