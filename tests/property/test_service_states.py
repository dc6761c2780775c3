"""The running service, whatever happens in whatever order, against a small model of the rules.

Every act and every question goes to the web server's processes over real sockets, with a login's cookie; a file moves
their clock. Two things are done beside it: consents are given by the use case (the pages want a broker), and what no
page does (closing a parent's account, giving a closed account's e-mail free) is done in the database.

`SAMRUM_STATES` sets how many rooms are lived through, with a change of rights and some acts with files in each of
their steps; four make about four thousand requests.
"""

import io
import itertools
import os
import re
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, ClassVar, NamedTuple
from urllib.parse import urlencode
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import select

from auth.policy import CitizenActor, StaffActor
from samrum.cpr import Cpr
from samrum.demo.municipality import test_cpr as demo_cpr
from samrum.demo.weed import EmbeddedS3
from samrum.models import Case, CaseParent, Citizen, Staff
from samrum.queries.cases import grant_in_force
from samrum.queries.people import staff_by_email
from samrum.services.cases import NewParent
from samrum.services.documents import NewVersion, receive
from samrum.services.platform import Caller
from samrum.services.sessions import staff_actor
from support.room_model import BIRTHDAY, FORMER, LEVELS, PARENTS, PEOPLE, STAFF, Model, Paper
from support.service import Answer, Client, Service
from support.world import NOON

EXAMPLES, STEPS = int(os.environ.get("SAMRUM_STATES", "4")), 22
ASKED_AT_ONCE = 3
"""Of the eight addresses of a room's files each person asks for so many after every act, in turn, and for its page."""

ANY_PAGE = "/login/sessions"
"""A page that everybody has, with a form token on it."""

NAMES = {"mother": "Mette Lind", "father": "Jan Lind", "newcomer": "Mette Lind"}
NAMED = re.compile(r"\b(?:plan|note)-\d+\.txt")
CONTENT = re.compile(rb"indhold \d+")
levels, granted = st.sampled_from(LEVELS), st.sampled_from(LEVELS[1:])


class Act(NamedTuple):
    """Something that somebody does with a paper; ``number`` is for restoring, ``sure`` for the trash."""

    what: str
    who: str
    kind: str
    number: int
    sure: bool


acts = st.lists(
    st.builds(
        Act,
        st.sampled_from(("upload", "restore", "trash", "back")),
        st.sampled_from(("birgit", "youth", *PEOPLE)),
        st.sampled_from(("plan", "note")),
        st.integers(1, 3),
        st.booleans(),
    ),
    max_size=6,
)


def _change(name: str, **given: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[str, dict[str, Any]]]:
    return st.fixed_dictionaries(given).map(lambda values: (name, values))


_colleague, _parent = st.sampled_from(STAFF), st.sampled_from(PARENTS)
_giver, _creator = st.sampled_from(("youth", *PARENTS)), st.sampled_from(("birgit", "eva"))
_consent = _change("consent", giver=_giver, days=st.integers(1, 400), to_parents=st.booleans())
changes = st.one_of(
    _change("grant", who=_colleague, level=granted),
    _change("revoke", who=_colleague),
    _change("set_levels", youth=levels, parents=levels),
    _change("set_levels", youth=st.just("write"), parents=st.just("write")),
    _consent,
    _consent,
    _change("withdraw_everything", giver=_giver),
    _change("take_a_parent_off", parent=_parent),
    _change("put_a_parent_on", parent=_parent),
    _change("close_a_parent_s_account", parent=_parent),
    _change("close"),
    _change("reopen"),
    _change("hand_over", receiver=_creator),
    _change("an_administrator_hands_over_what_has_no_owner", receiver=_creator),
    _change("deactivate", who=_colleague),
    _change("create_somebody_anew", who=_colleague),
    _change("time_passes", days=st.integers(1, 200)),
)
"""What can happen to the rights in a room: the name of a method of ``Room``, and what it is given."""


class Room(RuleBasedStateMachine):
    """One room in an organisation of its own; the service stays."""

    service: ClassVar[Service]
    numbers: ClassVar[Iterator[int]] = itertools.count()
    asking: ClassVar[ThreadPoolExecutor]

    def __init__(self) -> None:
        super().__init__()
        self.number = next(self.numbers)
        self.world = self.service.world
        self.days = 0
        self.set_clock()
        self.clients: dict[str, Client] = {}
        self.staff = {who: self._colleague(who) for who in (*STAFF, "stranger", "anna")}
        born = BIRTHDAY.replace(year=BIRTHDAY.year - 18)
        self.cprs = {
            "youth": demo_cpr(born, 4100 + self.number),
            **{who: demo_cpr(born.replace(year=1980 + place), 100 + self.number) for place, who in enumerate(PARENTS)},
        }
        parents = tuple(NewParent(NAMES[who], Cpr.parse(self.cprs[who]), True) for who in ("mother", "father"))
        self.case_id = self.world.case(self.staff["birgit"], cpr=self.cprs["youth"], parents=parents)
        self.room = f"/rooms/{self.case_id}"
        self.citizens = {who: self.world.citizen(self.cprs[who]) for who in ("youth", "mother", "father")}
        self.model = Model((NOON + timedelta(days=self.days)).date())
        self.written = itertools.count(1)
        self.asked = 0
        self.documents = {kind: self._document(kind) for kind in ("plan", "note")}

    def teardown(self) -> None:
        self.forget_logins()

    def set_clock(self) -> None:
        """Put the service's clock, and the test's, to noon of the day."""
        self.world.clock.moment = NOON + timedelta(days=self.days)
        offset = self.world.clock.moment - datetime.now(UTC)
        path = self.world.platform.settings.demo_clock_file
        assert path is not None
        fresh = path.with_suffix(".new")
        fresh.write_text(str(int(offset.total_seconds())))
        fresh.replace(path)

    def page(self, kind: str) -> str:
        """The address of a paper."""
        return f"{self.room}/files/{self.documents[kind]}"

    def email(self, who: str) -> str:
        return f"{who}{self.number}@test.dk"

    def _colleague(self, who: str) -> StaffActor:
        roles = {"case_creator": who in ("birgit", "eva"), "administrator": who == "anna"}
        name = f"{who.title()}{self.number}"
        return self.world.staff(name, name, organisation=f"By {self.number}", **roles)

    def _document(self, kind: str) -> UUID:
        """A paper in two versions."""
        document, versions = None, [self.new_content(kind) for _ in range(2)]
        for name, content in versions:
            tool = {"plan": "goal_plan", "note": "meeting_note"}[kind]
            new = NewVersion(name, None if document else tool, document, 1 if document else None)
            with receive(self.world.platform, Caller(self.staff["birgit"]), self.case_id, new) as incoming:
                incoming.write(content)
                document = incoming.finish().document_id
        assert document is not None
        self.model.papers[kind] = Paper(versions)
        return document

    def new_content(self, kind: str) -> tuple[str, bytes]:
        """A name and a content that no other version in the room has."""
        number = next(self.written)
        return f"{kind}-{number}.txt", b"indhold %d\n" % number

    def client(self, who: str) -> Client:
        """Somebody's own login, on a connection that is fresh: the server closes those that rest."""
        if who not in self.clients:
            person: StaffActor | CitizenActor | None = self.staff.get(who) or self.citizens.get(who)
            assert person is not None
            self.clients[who] = self.service.client(person)
        self.clients[who].connection.close()
        return self.clients[who]

    def forget_logins(self) -> None:
        for client in self.clients.values():
            client.connection.close()
        self.clients.clear()

    def send(self, who: str, path: str, fields: dict[str, str], page: str = ANY_PAGE) -> Answer:
        """Send a form with the token of some page, whether or not the page with that form is shown to them."""
        token = self.token(who, page)
        return self.clients[who].post(path, urlencode({"once": token, **fields}))

    def token(self, who: str, page: str = ANY_PAGE) -> str:
        """The form token of a page; one that is nobody's for who gets no page at all."""
        found = re.search(r'name="once" value="([^"]+)"', self.client(who).get(page).text)
        return found[1] if found else "x.y"

    def manage(self, path: str, data: dict[str, str], page: str = "") -> bool:
        """The owner sends a form of the room; whether it was carried out."""
        if self.model.owner not in self.staff:
            return False
        page = self.room + (page or path)
        if self.client(self.model.owner).get(page).status != 200:
            return False
        return self.send(self.model.owner, self.room + path, data, page).status in (302, 303)

    def is_done(self, answer: Answer) -> bool:
        return answer.status == 303 and answer.headers["Location"].startswith(self.room)

    @rule(change=changes, acts=acts)
    def something_happens(self, change: tuple[str, dict[str, Any]], acts: list[Act]) -> None:
        """One change of the rights, and what people do with files then."""
        name, given = change
        getattr(self, name)(**given)
        self.use_files(acts)

    # what people do

    @initialize(ulla=granted, jens=granted, silent=st.sampled_from(("nobody", "nobody", "youth", "mother", "father")))
    def begin(self, ulla: str, jens: str, silent: str) -> None:
        """Two colleagues are let in, and everybody has consented, or all but one."""
        self.grant("ulla", ulla)
        self.grant("jens", jens)
        for giver in {"youth", "mother", "father"} - {silent}:
            self.consent(giver, 300, to_parents=True)

    def grant(self, who: str, level: str) -> None:
        if self.manage("/access", {"email": self.email(who), "level": level, "last_day": ""}):
            assert self.model.owner not in (who, *self.model.inactive)
            self.model.grants[who] = level

    def revoke(self, who: str) -> None:
        with self.world.platform.database.transaction(writes=False) as session:
            found = grant_in_force(session, self.case_id, self.staff[who].id)
        if found is not None and self.manage(f"/access/{found.id}/revoke", {}, page="/access"):
            del self.model.grants[who]

    def set_levels(self, youth: str, parents: str) -> None:
        if self.manage("/levels", {"youth_access": youth, "parent_access": parents}):
            self.model.youth_access, self.model.parent_access = youth, parents

    def consent(self, giver: str, days: int, to_parents: bool) -> None:
        """A new consent beside the earlier ones, to everybody who has a grant."""
        to_parents = to_parents and self.model.is_minor
        named = set(self.model.grants) - {self.model.owner}
        if self.model.closed or not self.model.may_consent(giver) or not (named or to_parents):
            return
        units = [self.staff[name].unit for name in named]
        self.world.consent(self.citizens[giver], self.case_id, *units, to_parents=to_parents, days=days)
        end = self.model.today + timedelta(days=days)
        running = self.model.consents.setdefault(giver, {})
        for recipient in named | ({"parents"} if to_parents else set()):
            running[recipient] = max(end, running.get(recipient, end))

    def withdraw_everything(self, giver: str) -> None:
        if giver not in self.citizens:
            return
        while True:
            text = self.client(giver).get(self.room).text
            links = re.findall(rf'href="({self.room}/consents?/[0-9a-f-]+/withdraw)"', text)
            if not links:
                break
            assert self.is_done(self.send(giver, links[0], {}))
        if self.model.may_consent(giver):
            self.model.consents.pop(giver, None)

    def tie(self, parent: str) -> UUID | None:
        """The id under which a parent stands in the room."""
        if parent not in self.citizens:
            return None
        with self.world.platform.database.transaction(writes=False) as session:
            wanted = (CaseParent.case_id == self.case_id, CaseParent.citizen_id == self.citizens[parent].id)
            return session.scalars(select(CaseParent.id).where(*wanted)).one_or_none()

    def take_a_parent_off(self, parent: str) -> None:
        tie = self.tie(parent)
        if tie is not None and self.manage(f"/parents/{tie}/remove", {}):
            self.model.parents.discard(parent)

    def put_a_parent_on(self, parent: str) -> None:
        """Also one who was there before, one of the same name, and one whose account was closed meanwhile."""
        fields = {"name": NAMES[parent], "cpr": self.cprs[parent], "custody_holder": "y"}
        if self.manage("/parents", fields):
            assert parent not in self.model.parents
            self.model.parents.add(parent)
            self.citizens[parent] = self.world.citizen(self.cprs[parent])

    def close_a_parent_s_account(self, parent: str) -> None:
        if parent in self.citizens:
            with self.world.platform.database.transaction() as session:
                session.get_one(Citizen, self.citizens[parent].id).active = False
            self.citizens[parent] = self.world.citizen(self.cprs[parent])
            self.model.inactive.add(parent)

    def close(self) -> None:
        if self.manage("/close", {}):
            self.model.closed = True

    def reopen(self) -> None:
        if self.model.closed and self.manage("/reopen", {}):
            self.model.closed = False

    def has_new_owner(self, receiver: str) -> None:
        assert receiver not in self.model.inactive
        self.model.grants.pop(receiver, None)
        self.model.owner = self.model.owner_unit = receiver

    def hand_over(self, receiver: str) -> None:
        data = {"email": self.email(receiver), "understood": "y"}
        if receiver != self.model.owner and self.manage("/hand-over", data):
            self.has_new_owner(receiver)

    def an_administrator_hands_over_what_has_no_owner(self, receiver: str) -> None:
        with self.world.platform.database.transaction(writes=False) as session:
            number = session.get_one(Case, self.case_id).number
        fields = {"number": number, "email": self.email(receiver), "why": "left"}
        if self.send("anna", "/people/hand-over", fields).status == 303:
            assert self.model.owner in (FORMER, *self.model.inactive)
            self.has_new_owner(receiver)

    def deactivate(self, who: str) -> None:
        if who not in self.model.inactive:
            path = f"/people/{self.staff[who].id}/deactivate"
            assert self.send("anna", path, {}).status in (302, 303)
            self.model.inactive.add(who)

    def create_somebody_anew(self, who: str) -> None:
        """The same name, unit, roles and e-mail; the e-mail of a closed account is refused until it is given free."""
        if who not in self.model.inactive:
            return
        name = f"{who.title()}{self.number}"
        fields = {"name": name, "email": self.email(who), "unit": name}
        if who in ("birgit", "eva"):
            fields["roles"] = "case_creator"
        assert self.send("anna", "/people/new", fields).status == 422
        with self.world.platform.database.transaction() as session:
            session.get_one(Staff, self.staff[who].id).email = f"{self.staff[who].id.hex}@test.dk"
        assert self.send("anna", "/people/new", fields).status == 200
        with self.world.platform.database.transaction(writes=False) as session:
            found = staff_by_email(session, self.email(who))
            assert found is not None
            self.staff[who] = staff_actor(found)
        self.clients.pop(who, None)
        self.model.inactive.discard(who)
        self.model.grants.pop(who, None)
        if self.model.owner == who:
            self.model.owner = FORMER

    def time_passes(self, days: int) -> None:
        self.days += days
        self.set_clock()
        self.forget_logins()
        self.model.today += timedelta(days=days)

    # what people do with files

    def use_files(self, acts: list[Act]) -> None:
        for what, who, kind, number, sure in acts:
            if who not in self.staff and who not in self.citizens:
                continue  # the newcomer, before anybody knows of them
            if what == "upload":
                self.upload(who, kind)
            elif what == "restore":
                self.restore(who, kind, number)
            elif what == "trash":
                self.move_to_trash(who, kind, sure)
            else:
                self.bring_back(who, kind)

    def expect(self, answer: Answer, who: str, kind: str) -> bool:
        """Hold an answer against the model; whether it is up to the document now what became of it."""
        if self.model.level(who) != "write":
            assert not self.is_done(answer)
            assert answer.status in (302, 303, 400, 403, 404), (who, answer.status, self.model)
            return False
        if self.model.papers[kind].trashed:
            assert answer.status == 409, (who, answer.status, self.model)
            return False
        return True

    def upload(self, who: str, kind: str) -> None:
        versions = self.model.papers[kind].versions
        name, content = self.new_content(kind)
        path = f"{self.page(kind)}/new"
        fields, token = {"based_on": len(versions)}, self.token(who)
        answer = self.clients[who].upload(path, name, content, fields=fields, token=token)
        if self.expect(answer, who, kind):
            assert self.is_done(answer)
            versions.append((name, content))

    def restore(self, who: str, kind: str, number: int) -> None:
        versions = self.model.papers[kind].versions
        path = f"{self.page(kind)}/{number}/restore"
        answer = self.send(who, path, {"seen": str(len(versions))})
        if self.expect(answer, who, kind):
            assert answer.status == (303 if number <= len(versions) else 404)
            if number < len(versions):
                versions.append(versions[number - 1])

    def move_to_trash(self, who: str, kind: str, sure: bool) -> None:
        paper, path = self.model.papers[kind], f"{self.page(kind)}/trash"
        answer = self.send(who, path, {"although_last": "1"} if sure else {})
        assert self.is_done(answer) == (self.model.level(who) == "write")
        if self.is_done(answer):
            is_asked = kind == "plan" and not sure and not paper.trashed
            assert (answer.headers["Location"] == path) == is_asked
            paper.trashed = paper.trashed or not is_asked

    def bring_back(self, who: str, kind: str) -> None:
        answer = self.send(who, f"{self.page(kind)}/bring-back", {})
        assert self.is_done(answer) == (self.model.level(who) == "write")
        if self.is_done(answer):
            self.model.papers[kind].trashed = False

    # what must hold

    @invariant()
    def nobody_is_answered_more_or_less_than_the_rules_allow(self) -> None:
        known = [who for who in PEOPLE if who in self.staff or who in self.citizens]
        for who in known:
            self.client(who)  # not in the threads: a login is a row of its own
        self.asked += 1
        for question in [self.asking.submit(self._ask, who, place) for place, who in enumerate(known)]:
            question.result()

    def _ask(self, who: str, place: int) -> None:
        client, reads = self.clients[who], self.model.reads(who)
        room = client.get(self.room)
        assert room.status == self.model.answer(who), (who, room.status, self.model)
        assert _names(room) == (set(self.model.listed(trashed=False)) if reads else set()), (who, self.model)
        questions = [self._ask_for_trash, self._ask_for_everything]
        for kind in self.model.papers:
            questions += [
                partial(one, kind) for one in (self._ask_for_history, self._ask_for_newest, self._ask_for_old)
            ]
        for turn in range(ASKED_AT_ONCE):
            questions[(self.asked * ASKED_AT_ONCE + place + turn) % len(questions)](client, who)
        client.connection.close()

    def _ask_for_history(self, kind: str, client: Client, who: str) -> None:
        paper, reads = self.model.papers[kind], self.model.reads(who)
        history = self._held(client.get(self.page(kind)), who)
        offers = self.model.level(who) == "write" and not paper.trashed
        assert _names(history) == ({name for name, _content in paper.versions} if reads else set())
        assert (f'action="{self.page(kind)}/trash"' in history.text) == offers, (who, self.model)
        assert (f'href="{self.page(kind)}/1/restore"' in history.text) == (offers and len(paper.versions) > 1)

    def _ask_for_newest(self, kind: str, client: Client, who: str) -> None:
        versions = self.model.papers[kind].versions
        newest = self._held(client.get(f"{self.page(kind)}/{len(versions)}"), who)
        assert not self.model.reads(who) or newest.body == versions[-1][1]

    def _ask_for_old(self, kind: str, client: Client, who: str) -> None:
        part = self._held(client.get(f"{self.page(kind)}/1", {"Range": "bytes=3-20"}), who, 206)
        assert not self.model.reads(who) or part.body == self.model.papers[kind].versions[0][1][3:21]

    def _ask_for_trash(self, client: Client, who: str) -> None:
        trash = self._held(client.get(f"{self.room}/trash"), who)
        lying = set(self.model.listed(trashed=True)) if self.model.reads(who) else set()
        assert _names(trash) == lying, (who, self.model)

    def _ask_for_everything(self, client: Client, who: str) -> None:
        lying = self.model.listed(trashed=False)
        answer = self._held(client.get(f"{self.room}/files/all"), who, 200 if lying else 302)
        if self.model.reads(who) and lying:
            with zipfile.ZipFile(io.BytesIO(answer.body)) as found:
                assert {name.rpartition("/")[2]: found.read(name) for name in found.namelist()} == lying

    def _held(self, answer: Answer, who: str, status: int = 200) -> Answer:
        """An answer about files: as a reader gets it, or telling nothing of them."""
        if self.model.reads(who):
            assert answer.status == status, (who, answer.status, self.model)
        else:
            assert answer.status in (302, 403, 404), (who, answer.status, self.model)
            assert not _names(answer)
            assert not CONTENT.search(answer.body)
            assert "Content-Disposition" not in answer.headers
        return answer


def _names(answer: Answer) -> set[str]:
    """The names of papers that an answer tells."""
    return set(NAMED.findall(answer.body.decode(errors="replace")))


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, s3_server: EmbeddedS3) -> Iterator[Service]:
    with Service(tmp_path_factory.mktemp("states"), s3_server, "service-states", workers=2) as running:
        yield running


@pytest.mark.slow
@pytest.mark.timeout(max(180, 30 * EXAMPLES))
def test_whatever_happens_in_whatever_order_the_rules_hold(service: Service) -> None:
    with ThreadPoolExecutor(4) as asking:
        machine = type("Room", (Room,), {"service": service, "asking": asking})
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=EXAMPLES,
                stateful_step_count=STEPS,
                deadline=None,
                phases=(Phase.reuse, Phase.generate),  # what failed tells of itself; to shrink it takes too long
                suppress_health_check=list(HealthCheck),
            ),
        )
    assert service.requests() > 25 * EXAMPLES * STEPS  # it was asked, and over its sockets
