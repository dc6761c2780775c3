"""What a person's logins should be like, in a model small enough to be seen to be right; and the tools to try them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine
from sqlalchemy import delete, event, select

from auth import totp
from samrum.models import LoginFailure, Organisation, Passkey
from samrum.services import sessions
from samrum.services.platform import Caller
from samrum.services.sessions import Login, Stage
from support.authenticator import SoftAuthenticator
from support.world import PASSWORD, World

EMAIL = "birgit@test.dk"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
PASSWORDS = (PASSWORD, "helt andre kloge ord her", "og en tredje lang sætning")
IDLE, LONGEST, HALF = timedelta(minutes=30), timedelta(hours=10), timedelta(minutes=15)
SEEN_EVERY = timedelta(minutes=1)  # no more often is it written down that a login was used
HERE, ELSEWHERE = "this browser", "another browser"


@dataclass
class Known:
    """A token that was handed out, as the model sees it."""

    token: str
    full: bool
    begun: datetime
    seen: datetime
    alive: bool = True
    enrols: bool = False


def _do_not_wait_for_the_disk(connection: Any, _record: object) -> None:
    connection.execute("PRAGMA synchronous=OFF")


class LoginModel(RuleBasedStateMachine):
    """A world with one person, whose password, factors and tokens the model knows."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.world = World.make(Path(self.folder.name))
        self.platform = self.world.platform
        event.listen(self.platform.database.engine, "connect", _do_not_wait_for_the_disk)
        self.clock = self.world.clock
        self.known: list[Known] = []
        self.password = PASSWORD
        self.secret: str | None = SECRET
        self.last_step = -1
        self.codes: list[str] = []
        self.used_codes: list[str] = []
        self.invitation: str | None = None
        self.active = True
        self.passkey: SoftAuthenticator | None = None
        self.answers: list[str] = []
        self.passkeys = 0
        self.demanded = False

    @property
    def _has_no_factor(self) -> bool:
        return self.secret is None and self.passkeys == 0

    def _app_counts(self) -> bool:
        """Whether a right code of the app does anything: where passkeys are demanded, only for who has none yet."""
        return self.secret is not None and not (self.demanded and self.passkeys > 0)

    def _demand(self, *, demanded: bool) -> None:
        with self.platform.database.transaction() as session:
            session.scalars(select(Organisation)).one().passkeys_demanded_at = self.clock.now() if demanded else None
        self.demanded = demanded

    @staticmethod
    def _is_authenticated(login: Login | None) -> bool:
        return login is not None and login.is_running and login.stage is Stage.FULL

    def _nobody(self) -> Caller:
        return self._unthrottled(Caller(None, "127.0.0.1"))

    def _caller(self, login: Login) -> Caller:
        return self._unthrottled(Caller(login.actor, "127.0.0.1"))

    def _unthrottled(self, caller: Caller) -> Caller:
        """Nobody waits here: throttling has tests of its own."""
        with self.platform.database.transaction() as session:
            session.execute(delete(LoginFailure))
        return caller

    def _remember(self, token: str, *, full: bool, enrols: bool = False) -> None:
        assert token not in [known.token for known in self.known]
        self.known.append(Known(token, full, self.clock.now(), self.clock.now(), enrols=enrols))

    def _renewed(self, full: Known, token: str, *, others_end: bool = True) -> None:
        """The old token is dead, the new one carries on the same login; what was changed ends every other one."""
        if others_end:
            self._all_end()
            self.invitation = None
        full.alive = False
        self._remember(token, full=True)
        self.known[-1].begun = full.begun

    def _alive(self) -> list[Known]:
        return [known for known in self.known if known.alive]

    def _all_end(self) -> None:
        for known in self.known:
            known.alive = False

    def _pick(self, data: st.DataObject, *, full: bool) -> Known | None:
        found = [known for known in self.known if known.full == full]
        alive = [known for known in found if known.alive]
        wants_alive: bool = data.draw(st.sampled_from([True, True, True, False]))
        if alive and wants_alive:
            return alive[-1]
        return data.draw(st.sampled_from(found)) if found else None

    def _full(self, data: st.DataObject) -> tuple[Known | None, Login | None]:
        known = self._pick(data, full=True)
        return known, sessions.look_up(self.platform, known.token) if known is not None else None

    def _code(self, kind: str, secret: str | None) -> tuple[str, bool]:
        """A code, and whether it counts by the model."""
        now = self.clock.now()
        if kind == "recovery" and self.codes:
            return self.codes[0], True
        if kind == "used recovery" and self.used_codes:
            return self.used_codes[-1], False
        shift = {"now": 0, "next": 30, "old": -120}.get(kind)
        if secret is None or shift is None:
            return {"empty": "", "wrong": "000000"}.get(kind, "AAAA-AAAA-AAAA"), False
        moment = now + timedelta(seconds=shift)
        step = int(moment.timestamp()) // totp.STEP_SECONDS
        return totp.code_at(secret, moment), shift >= 0 and step > self.last_step

    def _spent(self, kind: str, code: str) -> None:
        if kind == "recovery" and code in self.codes:
            self.codes.remove(code)
            self.used_codes.append(code)
        elif kind in ("now", "next"):
            shift = 30 if kind == "next" else 0
            self.last_step = (int(self.clock.now().timestamp()) + shift) // totp.STEP_SECONDS

    def _passkey_counts(self) -> bool:
        assert self.passkey is not None
        with self.platform.database.transaction(writes=False) as session:
            query = select(Passkey.revoked_at).where(Passkey.credential_id == self.passkey.credential_id)
            return session.scalars(query).one() is None

    def _answer(self, options: str, kind: str) -> str:
        assert self.passkey is not None
        if kind == "replayed" and self.answers:
            return self.answers[-1]
        if kind == "replayed":
            return "{}"
        if kind == "forged":
            mine = self.passkey
            thief = SoftAuthenticator(mine.origin, mine.rp_id, credential_id=mine.credential_id)
            thief.user_handle, thief.sign_count = mine.user_handle, mine.sign_count
            return thief.get(options)
        if kind == "locked":
            flags, self.passkey.flags = self.passkey.flags, 1
            answer = self.passkey.get(options)
            self.passkey.flags = flags
            return answer
        return self.passkey.get(options)
