"""The service through its pages, whatever happens in whatever order, against a small model of the rules.

The acts that take a browser and a broker (giving consent) go through the use case; all others, and every question,
through HTTP.
"""

import tempfile
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from auth.policy import CitizenActor, StaffActor
from samrum.services.documents import NewVersion, receive
from samrum.services.platform import Caller
from support.household import FATHER, MOTHER
from support.world import FATHER_CPR, MOTHER_CPR, YOUTH_CPR, World

BIRTHDAY = date(2027, 8, 15)  # the 18th of YOUTH_CPR
STAFF = ("birgit", "eva", "ulla", "jens")
PEOPLE = (*STAFF, "youth", "mother", "father", "stranger")
LEVELS = ("none", "read", "write")


@dataclass
class Model:
    """What the rules make of what happened; written from the rules, not from the code."""

    today: date
    owner: str = "birgit"
    closed: bool = False
    youth_access: str = "write"
    parent_access: str = "read"
    grants: dict[str, str] = field(default_factory=dict)
    consents: dict[str, dict[str, date]] = field(default_factory=dict)  # giver -> recipient -> last day
    parents: set[str] = field(default_factory=lambda: {"mother", "father"})
    inactive: set[str] = field(default_factory=set)

    def covered(self, recipient: str) -> bool:
        if recipient == self.owner:
            return True
        needed = {"youth"} | (self.parents if self.today < BIRTHDAY else set())
        if self.today < BIRTHDAY and not self.parents:
            return False
        ends = [self.consents.get(giver, {}).get(recipient) for giver in needed]
        return all(end is not None and self.today <= end for end in ends)

    def level(self, who: str) -> str:
        """How far the files are open to somebody today."""
        if who in self.inactive:
            return "none"
        if who == self.owner:
            return "read" if self.closed else "write"
        if who == "youth":
            return "read" if self.closed and self.youth_access == "write" else self.youth_access
        if who in ("mother", "father"):
            open_to = who in self.parents and self.today < BIRTHDAY and not self.closed and self.covered("parents")
            return self.parent_access if open_to else "none"
        return self.grants.get(who, "none") if not self.closed and self.covered(who) else "none"


class Service(RuleBasedStateMachine):
    """Each of the staff is alone in a unit of that name, so that a unit stands for its person."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.world = World.make(Path(self.folder.name))
        self.model = Model(self.world.clock.now().date())
        self.staff: dict[str, StaffActor] = {
            name: self.world.staff(name.title(), name.title(), case_creator=name in ("birgit", "eva"))
            for name in (*STAFF, "stranger")
        }
        self.administrator = self.world.staff("Anna", "It", administrator=True)
        self.case_id: UUID = self.world.case(self.staff["birgit"], parents=(MOTHER, FATHER))
        cprs = {"youth": YOUTH_CPR, "mother": MOTHER_CPR, "father": FATHER_CPR}
        self.citizens = {name: self.world.citizen(cpr) for name, cpr in cprs.items()}
        new = NewVersion("plan.txt", "goal_plan")
        with receive(self.world.platform, Caller(self.staff["birgit"]), self.case_id, new) as incoming:
            incoming.write(b"planen\n")
            self.document = incoming.finish().document_id

    def teardown(self) -> None:
        self.world.platform.database.engine.dispose()
        self.folder.cleanup()

    @property
    def room(self) -> str:
        return f"/rooms/{self.case_id}"

    def person(self, who: str) -> StaffActor | CitizenActor:
        return self.staff[who] if who in self.staff else self.citizens[who]

    def manage(self, path: str, data: dict[str, object], page: str = "") -> bool:
        """The owner sends a form of the room; whether it was carried out."""
        browser = self.world.client(self.staff[self.model.owner])
        if browser.get(self.room + (page or path)).status_code != 200:
            return False
        return browser.post(self.room + path, data, page=self.room + (page or path)).status_code in (302, 303)

    @rule(who=st.sampled_from(STAFF), level=st.sampled_from(LEVELS[1:]))
    def grant(self, who: str, level: str) -> None:
        if self.manage("/access", {"email": f"{who}@test.dk", "level": level, "last_day": ""}):
            assert self.model.owner not in (who, *self.model.inactive)
            self.model.grants[who] = level

    @rule(who=st.sampled_from(STAFF))
    def revoke(self, who: str) -> None:
        page = self.world.client(self.staff[self.model.owner]).get(f"{self.room}/access")
        rows = [row for row in page.text.split("<li") if f">{who.title()}<" in row and "/revoke" in row]
        if page.status_code == 200 and rows:
            path = rows[0].split(self.room)[1].split('"')[0]
            if self.manage(path, {}, page="/access"):
                self.model.grants.pop(who, None)

    @rule(youth=st.sampled_from(LEVELS), parents=st.sampled_from(LEVELS))
    def set_levels(self, youth: str, parents: str) -> None:
        if self.manage("/levels", {"youth_access": youth, "parent_access": parents}):
            self.model.youth_access, self.model.parent_access = youth, parents

    @rule(giver=st.sampled_from(("youth", "mother", "father")), days=st.integers(1, 400), to_parents=st.booleans())
    def consent(self, giver: str, days: int, to_parents: bool) -> None:
        """A new consent beside the earlier ones, to everybody who has a grant."""
        is_minor = self.model.today < BIRTHDAY
        may = giver == "youth" or (giver in self.model.parents and is_minor)
        named = set(self.model.grants) - {self.model.owner}
        if self.model.closed or not may or not (named or (to_parents and is_minor)):
            return
        units = [self.staff[name].unit for name in named]
        self.world.consent(self.citizens[giver], self.case_id, *units, to_parents=to_parents and is_minor, days=days)
        end = self.model.today + timedelta(days=days)
        running = self.model.consents.setdefault(giver, {})
        for recipient in named | ({"parents"} if to_parents and is_minor else set()):
            running[recipient] = max(end, running.get(recipient, end))

    @rule(giver=st.sampled_from(("youth", "mother", "father")))
    def withdraw_everything(self, giver: str) -> None:
        browser = self.world.client(self.citizens[giver])
        while True:
            links = [
                part.split('"')[0] for part in browser.get(self.room).text.split('href="') if "/withdraw" in part[:120]
            ]
            if not links:
                break
            assert browser.post(links[0], page=links[0]).status_code in (302, 303)
        may = giver == "youth" or (giver in self.model.parents and self.model.today < BIRTHDAY)
        if may:
            self.model.consents.pop(giver, None)

    @rule(parent=st.sampled_from(("mother", "father")))
    def take_a_parent_off(self, parent: str) -> None:
        name = {"mother": "Mette Lind", "father": "Jan Lind"}[parent]
        page = self.world.client(self.staff[self.model.owner]).get(f"{self.room}/parents")
        rows = [row for row in page.text.split("<li") if name in row and f"{self.room}/parents/" in row]
        if page.status_code == 200 and rows:
            path = rows[0].split(f"{self.room}")[1].split('"')[0].removesuffix("/remove")
            if self.manage(f"{path}/remove", {}):
                self.model.parents.discard(parent)

    @rule()
    def close(self) -> None:
        if self.manage("/close", {}):
            self.model.closed = True

    @rule()
    def reopen(self) -> None:
        if self.model.closed and self.manage("/reopen", {}):
            self.model.closed = False

    @rule(receiver=st.sampled_from(("birgit", "eva")))
    def hand_over(self, receiver: str) -> None:
        if receiver != self.model.owner and self.manage(
            "/hand-over", {"email": f"{receiver}@test.dk", "understood": "y"}
        ):
            assert receiver not in self.model.inactive
            self.model.grants.pop(receiver, None)
            self.model.owner = receiver

    @rule(who=st.sampled_from(STAFF))
    def deactivate(self, who: str) -> None:
        path = f"/people/{self.staff[who].id}/deactivate"
        browser = self.world.client(self.administrator)
        if who not in self.model.inactive and browser.get(path).status_code == 200:
            assert browser.post(path).status_code in (302, 303)
            self.model.inactive.add(who)

    @rule(days=st.integers(1, 200))
    def time_passes(self, days: int) -> None:
        self.world.clock.move(days=days)
        self.model.today += timedelta(days=days)

    @rule(who=st.sampled_from(PEOPLE))
    def upload(self, who: str) -> None:
        answer = self.world.client(self.person(who)).get(f"{self.room}/files/{self.document}/new")
        assert (answer.status_code == 200) == (self.model.level(who) == "write")

    @invariant()
    def nobody_reads_more_or_less_than_the_rules_allow(self) -> None:
        for who in PEOPLE:
            browser = self.world.client(self.person(who))
            may_read = self.model.level(who) in ("read", "write")
            for path in (f"/files/{self.document}", f"/files/{self.document}/1"):
                answer = browser.get(self.room + path)
                assert (answer.status_code == 200) == may_read, (who, path, answer.status_code, self.model)
                assert may_read or b"planen" not in answer.data
                answer.close()


def test_whatever_happens_in_whatever_order_the_rules_hold() -> None:
    run_state_machine_as_test(
        Service,
        settings=settings(
            max_examples=12, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
