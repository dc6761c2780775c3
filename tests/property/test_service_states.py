"""The running service, whatever happens in whatever order, against a small model of the rules.

Every act and every question goes to the web server's processes over real sockets, with a login's cookie; a file moves
their clock. Two things are done beside it: a consent by login is given by the use case (the pages want a broker; one on
paper is scanned and sent), and what no page does (closing a parent's account, giving a closed account's e-mail free) is
done in the database.

`SAMRUM_STATES` sets how many rooms are lived through, with a change of rights and some acts with files in each of
their steps; four make some 3,400 requests.
"""

import io
import itertools
import os
import re
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, ClassVar, NamedTuple

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from samrum.demo.weed import EmbeddedS3
from support.room_model import LEVELS, PARENTS, PEOPLE, STAFF
from support.room_rights import RoomRights
from support.service import Answer, Client, Service

EXAMPLES, STEPS = int(os.environ.get("SAMRUM_STATES", "4")), 22
ASKED_AT_ONCE = 3
"""Of the eight addresses of a room's files each person asks for so many after every act, in turn, and for its page."""

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
_consent = _change("consent", giver=_giver, days=st.integers(1, 400), to_parents=st.booleans(), on_paper=st.booleans())
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
    _change("open_an_account_again", who=_colleague),
    _change("create_somebody_anew", who=_colleague),
    _change("time_passes", days=st.integers(1, 200)),
)
"""What can happen to the rights in a room: the name of a method of ``Room``, and what it is given."""


class Room(RoomRights, RuleBasedStateMachine):
    """One room; the service stays."""

    running: ClassVar[Service]
    numbers: ClassVar[Iterator[int]] = itertools.count()
    asking: ClassVar[ThreadPoolExecutor]

    def __init__(self) -> None:
        RuleBasedStateMachine.__init__(self)
        RoomRights.__init__(self, self.running, next(self.numbers))
        self.asked = 0

    def teardown(self) -> None:
        self.forget_logins()

    @initialize(ulla=granted, jens=granted, silent=st.sampled_from(("nobody", "nobody", "youth", "mother", "father")))
    def begin(self, ulla: str, jens: str, silent: str) -> None:
        """Two colleagues are let in, and everybody has consented, or all but one."""
        self.grant("ulla", ulla)
        self.grant("jens", jens)
        for giver in ("youth", "mother", "father"):
            if giver != silent:
                self.consent(giver, 300, to_parents=True, on_paper=giver == "father")

    @rule(change=changes, acts=acts)
    def something_happens(self, change: tuple[str, dict[str, Any]], acts: list[Act]) -> None:
        """One change of the rights, and what people do with files then."""
        name, given = change
        getattr(self, name)(**given)
        self.use_files(acts)

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
        scans = self.model.scans
        answer = self._held(client.get(f"{self.room}/files/all"), who, 200 if lying or scans else 302)
        if self.model.reads(who) and (lying or scans):
            with zipfile.ZipFile(io.BytesIO(answer.body)) as found:
                content = {name.rpartition("/")[2]: found.read(name) for name in found.namelist()}
            assert {name: content.pop(name, None) for name in lying} == lying
            assert len(content) == scans, (content.keys(), self.model)

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
        machine = type("Room", (Room,), {"running": service, "asking": asking})
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
