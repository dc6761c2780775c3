"""Whatever order the steps of a login come in, nobody is logged in without both factors, and no login survives its end.

The machine plays a person, an administrator and a thief on the real services and a real database. What it remembers is
a model so small that it can be seen to be right: a token is alive or it is not, and a dead one never lives again.
"""

from uuid import UUID

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule
from sqlalchemy import select

from auth import totp
from samrum.models import Passkey
from samrum.services import first_passkey, passkeys, people, recovery, sessions, staff_login, step_up
from samrum.services.errors import Invalid, LoginRefused, NotThere
from samrum.services.people import Identity
from samrum.services.platform import Caller
from samrum.services.sessions import Stage
from support.authenticator import SoftAuthenticator
from support.login_model import ELSEWHERE, EMAIL, HALF, HERE, IDLE, LONGEST, PASSWORDS, SEEN_EVERY, Known, LoginModel
from support.world import PASSWORD


class LoginMachine(LoginModel):
    @initialize(demanded=st.booleans())
    def people(self, demanded: bool) -> None:
        self.admin = self.world.staff("Anna", "It", administrator=True)
        self.birgit = self.world.staff("Birgit", "Børn og Unge", case_creator=True)
        self._demand(demanded=demanded)

    # What is checked after every step.

    @invariant()
    def a_token_opens_exactly_what_the_model_says(self) -> None:
        dead = [known for known in self.known if not known.alive]
        for known in [*self._alive(), *dead[-3:]]:
            login = sessions.look_up(self.platform, known.token)
            assert self._is_authenticated(login) == (known.alive and known.full)
            is_half = login is not None and login.is_running and login.stage is Stage.PASSWORD
            assert is_half == (known.alive and not known.full)
            if known.alive and self.clock.now() - known.seen > SEEN_EVERY:
                known.seen = self.clock.now()

    # The first factor.

    @rule(password=st.sampled_from([*PASSWORDS, PASSWORD]))
    def give_password(self, password: str) -> None:
        try:
            token = staff_login.give_password(self.platform, self._nobody(), EMAIL, password)
        except LoginRefused:
            assert password != self.password or not self.active
            return
        assert password == self.password
        assert self.active
        self._remember(token, full=False)

    @rule()
    @precondition(lambda self: self.active and not self.demanded and (self.secret is not None or self._has_no_factor))
    def log_in(self) -> None:
        """Both steps as they should be, so that there is somebody logged in to play with."""
        self.clock.move(seconds=31)
        self._age()
        half = staff_login.give_password(self.platform, self._nobody(), EMAIL, self.password)
        login = sessions.look_up(self.platform, half)
        assert login is not None
        secret = staff_login.asked(self.platform, self._caller(login), login.id).new_secret or self.secret
        assert secret is not None
        now = self.clock.now()
        step = int(now.timestamp()) // totp.STEP_SECONDS
        if self.secret is not None and step <= self.last_step:
            self._remember(half, full=False)
            return
        token = staff_login.give_code(self.platform, self._caller(login), login.id, totp.code_at(secret, now)).token
        self.secret, self.last_step = secret, step
        self._remember(token, full=True)

    # The second factor.

    @rule(data=st.data(), kind=st.sampled_from(["now", "next", "old", "wrong", "empty", "recovery", "used recovery"]))
    def give_code(self, data: st.DataObject, kind: str) -> None:
        half = self._pick(data, full=False)
        login = sessions.look_up(self.platform, half.token) if half is not None else None
        if half is None or login is None:
            return
        caller = self._caller(login)
        was_alive, enrolling = half.alive, self._has_no_factor
        secret = self.secret
        try:
            secret = staff_login.asked(self.platform, caller, login.id).new_secret or self.secret
        except LoginRefused:
            assert not was_alive
        code, good = self._code(kind, secret)
        if "recovery" not in kind:
            good = good and (not self.demanded if enrolling else self._app_counts())
        try:
            entered = staff_login.give_code(self.platform, caller, login.id, code)
        except LoginRefused:
            assert not (was_alive and good)
            return
        assert was_alive
        assert good
        assert entered.is_complete != self.demanded
        half.alive = False
        if enrolling:
            self.secret = secret
        self._spent(kind, code)
        self._remember(entered.token, full=entered.is_complete, enrols=self.demanded)
        if self.demanded:
            self.known[-1].begun = half.begun

    @rule(until=st.sampled_from(["password", "code", "passkey", "passkey"]))
    @precondition(lambda self: self.active and self.demanded and self.passkeys == 0)
    def log_in_by_making_a_passkey(self, until: str) -> None:
        """All of it, or as far as somebody gets who makes the passkey later, twice or never."""
        self.clock.move(seconds=31)
        self._age()
        token = staff_login.give_password(self.platform, self._nobody(), EMAIL, self.password)
        self._remember(token, full=False)
        login = sessions.look_up(self.platform, token)
        step = int(self.clock.now().timestamp()) // totp.STEP_SECONDS
        if login is None or until == "password" or (self.secret is not None and step <= self.last_step):
            return
        if self.secret is not None:
            code = totp.code_at(self.secret, self.clock.now())
            entered = staff_login.give_code(self.platform, self._caller(login), login.id, code)
            assert not entered.is_complete
            self.known[-1].alive, self.last_step = False, step
            self._remember(entered.token, full=False, enrols=True)
        if until == "passkey":
            self._make_first_passkey(self.known[-1])

    @rule(data=st.data())
    def make_the_passkey_that_completes_a_login(self, data: st.DataObject) -> None:
        half = self._pick(data, full=False)
        if half is not None:
            self._make_first_passkey(half)

    def _make_first_passkey(self, half: Known) -> None:
        login = sessions.look_up(self.platform, half.token)
        if login is None:
            return
        new, caller = SoftAuthenticator("http://localhost", "localhost"), self._caller(login)
        good = half.alive and (half.enrols or (self.demanded and self._has_no_factor))
        try:
            options = first_passkey.options(self.platform, caller, login.id)
            token = first_passkey.make(self.platform, caller, login.id, "Telefon", new.create(options))
        except LoginRefused:
            assert not good
            return
        assert good
        self.passkey, self.passkeys, self.invitation = new, self.passkeys + 1, None
        self._all_end()
        self._remember(token, full=True)

    @rule(browser=st.sampled_from([HERE, ELSEWHERE]), kind=st.sampled_from(["right", "forged", "locked", "replayed"]))
    def log_in_with_a_passkey(self, browser: str, kind: str) -> None:
        if self.passkey is None:
            return
        options = passkeys.options(self.platform, self._nobody(), HERE)
        answer = self._answer(options, kind)
        good = browser == HERE and kind == "right" and self.active and self._passkey_counts()
        try:
            token = passkeys.log_in(self.platform, self._nobody(), browser, answer)
        except LoginRefused:
            assert not good
            return
        assert good
        self.answers.append(answer)
        self._remember(token, full=True)

    # In the middle of a login.

    @rule(data=st.data(), kind=st.sampled_from(["now", "next", "old", "wrong", "recovery", "used recovery"]))
    def step_up(self, data: st.DataObject, kind: str) -> None:
        full, login = self._full(data)
        if full is None or login is None:
            return
        code, good = self._code(kind, self.secret)
        good = good and not self.demanded
        try:
            token = step_up.with_code(self.platform, self._caller(login), login.id, code)
        except LoginRefused:
            assert not (full.alive and good)
            return
        assert full.alive
        assert good
        self._spent(kind, code)
        self._renewed(full, token, others_end=False)

    @rule(data=st.data())
    def make_a_passkey(self, data: st.DataObject) -> None:
        full, login = self._full(data)
        if full is None or login is None:
            return
        new = SoftAuthenticator("http://localhost", "localhost")
        try:
            options = passkeys.options_to_add(self.platform, self._caller(login), login.id)
            token = passkeys.add(self.platform, self._caller(login), login.id, "Telefon", new.create(options))
        except LoginRefused:
            assert not full.alive
            return
        assert full.alive
        self.passkey, self.passkeys = new, self.passkeys + 1
        self._renewed(full, token)

    @rule(data=st.data())
    def remove_the_passkey(self, data: st.DataObject) -> None:
        full, login = self._full(data)
        if full is None or login is None or self.passkey is None:
            return
        with self.platform.database.transaction() as session:
            query = select(Passkey.id).where(Passkey.credential_id == self.passkey.credential_id)
            passkey_id: UUID = session.scalars(query).one()
        counted = self._passkey_counts()
        another_way = self.passkeys > 1 or (self.secret is not None and not self.demanded)
        try:
            token = passkeys.revoke(self.platform, self._caller(login), login.id, passkey_id)
        except (LoginRefused, NotThere, Invalid):
            assert not (full.alive and counted and another_way)
            return
        assert full.alive
        assert another_way
        self.passkeys -= 1
        self._renewed(full, token)

    @rule(data=st.data())
    def make_recovery_codes(self, data: st.DataObject) -> None:
        full, login = self._full(data)
        if full is None or login is None:
            return
        try:
            token, codes = recovery.new_codes(self.platform, self._caller(login), login.id)
        except LoginRefused:
            assert not full.alive
            return
        assert full.alive
        self.used_codes += self.codes
        self.codes = codes
        self._renewed(full, token)

    @rule(data=st.data(), old=st.sampled_from(PASSWORDS), new=st.sampled_from(PASSWORDS))
    def change_the_password(self, data: st.DataObject, old: str, new: str) -> None:
        full, login = self._full(data)
        if full is None or login is None:
            return
        try:
            token = recovery.change_password(self.platform, self._caller(login), login.id, old, new)
        except LoginRefused:
            assert not (full.alive and old == self.password)
            return
        assert full.alive
        assert old == self.password
        assert isinstance(token, str)
        self.password = new
        self.invitation = None
        self._renewed(full, token)

    @rule()
    @precondition(lambda self: len(self.known) > 1)
    def passkeys_are_demanded_or_not_any_more(self) -> None:
        self._demand(demanded=not self.demanded)

    # The ends.

    @rule(data=st.data())
    def log_out(self, data: st.DataObject) -> None:
        if not self.known:
            return
        known = data.draw(st.sampled_from(self.known))
        login = sessions.look_up(self.platform, known.token)
        if login is not None:
            sessions.log_out(self.platform, self._caller(login), login.id)
            known.alive = False

    @rule(minutes=st.sampled_from([1, 1, 9, 16, 29, 31]))
    def time_passes(self, minutes: int) -> None:
        self.clock.move(minutes=minutes)
        self._age()

    @rule()
    @precondition(lambda self: any(known.alive and known.full for known in self.known))
    def a_long_day_passes(self) -> None:
        """In steps short enough that a login in use never idles."""
        for _ in range(13):
            self.clock.move(minutes=25)
            self._age()
            self.a_token_opens_exactly_what_the_model_says()

    def _age(self) -> None:
        now = self.clock.now()
        for known in self.known:
            if now - known.seen >= IDLE or now - known.begun >= (LONGEST if known.full else HALF):
                known.alive = False

    @rule()
    @precondition(lambda self: self.active and len(self.known) > 2)
    def the_administrator_resets_the_factor(self) -> None:
        people.reset_second_factor(self.platform, Caller(self.admin), self.birgit.id, Identity.IN_PERSON)
        self.secret, self.last_step, self.invitation, self.passkeys = None, -1, None, 0
        self.used_codes += self.codes
        self.codes = []
        self._all_end()

    @rule()
    @precondition(lambda self: self.active)
    def the_administrator_invites_again(self) -> None:
        self.invitation = people.renew_invitation(self.platform, Caller(self.admin), self.birgit.id)

    @rule(new=st.sampled_from(PASSWORDS), right=st.booleans())
    def choose_a_password_with_a_code(self, new: str, right: bool) -> None:
        code = self.invitation if right and self.invitation else "AAAAA-BBBBB-CCCCC-DDDDD-EEEEE"
        try:
            problems = staff_login.accept_invitation(self.platform, self._nobody(), code, new)
        except LoginRefused:
            assert not (right and self.invitation)
            return
        assert right
        assert code == self.invitation
        assert problems == []
        assert self.active
        self.password, self.invitation = new, None
        self._all_end()

    @rule()
    @precondition(lambda self: self.active and len(self.known) > 8)
    def the_administrator_closes_the_account(self) -> None:
        people.deactivate_staff(self.platform, Caller(self.admin), self.birgit.id)
        self.active, self.invitation = False, None
        self._all_end()

    def teardown(self) -> None:
        for known in self.known:
            assert self._is_authenticated(sessions.look_up(self.platform, known.token)) == (known.alive and known.full)
        for known in self.known[-2:]:
            browser = self.world.client()
            browser.client.set_cookie("samrum-login", known.token)
            assert (browser.get("/login/sessions").status_code == 200) == (known.alive and known.full)
        self.platform.database.engine.dispose()
        self.folder.cleanup()


LoginMachine.TestCase.settings = settings(
    max_examples=25,
    stateful_step_count=50,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
test_no_order_of_steps_logs_anybody_in_too_easily_or_for_too_long = LoginMachine.TestCase
