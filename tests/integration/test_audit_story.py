"""What a room's whole life leaves in the log: who, what, which, when, from where, and why not."""

from collections.abc import Iterable, Iterator

import pytest

from samrum.services import audit, audit_check
from samrum.services.audit import Event
from support.route_world import RouteWorld
from support.story import Story
from support.world import NOON, YOUTH_CPR, World


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    found = Story(World.make(tmp_path_factory.mktemp("story")))
    found.play()
    return found


@pytest.mark.parametrize(
    "event",
    [
        Event.CASE_CREATED, Event.CASE_CHANGED, Event.CASE_VIEWED, Event.CASE_CLOSED, Event.CASE_REOPENED,
        Event.CASE_HANDED_OVER, Event.LOG_VIEWED, Event.LEVELS_SET, Event.PARENT_ADDED, Event.PARENT_CHANGED,
        Event.GRANT_SET, Event.GRANT_REVOKED, Event.CONSENT_GIVEN, Event.CONSENT_WITHDRAWN, Event.DOCUMENT_VIEWED,
        Event.VERSION_UPLOADED, Event.VERSION_DOWNLOADED, Event.DENIED,
    ],
)  # fmt: skip
def test_everything_that_happens_in_a_room_is_there_with_who_what_and_when(story: Story, event: Event) -> None:
    found = story.rows(event)
    assert found
    for row in found:
        assert row.case_id == story.case_id
        assert row.actor_id is not None
        assert row.actor_kind in ("staff", "citizen")
        assert row.at == NOON
        assert row.address in ("127.0.0.1", None)  # None: consents given by the test without a request


def test_logins_failures_and_logouts_are_there(story: Story) -> None:
    wrong, unknown = story.rows(Event.LOGIN_FAILED)[:2]
    assert (wrong.actor_id, wrong.subject_id, wrong.reason) == (None, story.birgit.id, "password")
    assert (unknown.actor_id, unknown.subject_id, unknown.reason) == (None, None, "password")
    (login,) = story.rows(Event.LOGGED_IN)
    (logout,) = story.rows(Event.LOGGED_OUT)
    for row in (login, logout):
        assert (row.actor_kind, row.actor_id, row.address) == ("staff", story.birgit.id, "127.0.0.1")


def test_every_refusal_is_there_with_its_reason(story: Story) -> None:
    found = [(row.actor_id, row.reason) for row in story.rows(Event.DENIED)]
    ulla, birgit = story.ulla.id, story.birgit.id
    assert (ulla, "youth_consent_missing") in found
    assert (ulla, "grant_read_only") in found
    assert (birgit, "not_attached") in found, "the former owner looks in after the hand-over"


def test_files_are_named_by_document_and_version_only(story: Story) -> None:
    for row in story.rows(Event.VERSION_UPLOADED, Event.VERSION_DOWNLOADED):
        assert row.document_id == story.document_id
        assert row.version_id is not None


def test_the_log_names_nobody_and_nothing(story: Story) -> None:
    for row in story.rows():
        text = f"{row.action} {row.reason} {row.address} {row.detail}"
        assert not [secret for secret in story.secrets if secret in text], row.action


def test_the_chain_of_it_all_holds(story: Story) -> None:
    assert audit_check.check(story.world.platform.database).rows == len(story.rows())


class LogDown(Exception):
    """The fault that the next tests inject."""


@pytest.fixture(scope="module")
def routes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RouteWorld]:
    with RouteWorld(tmp_path_factory.mktemp("routes")) as found:
        yield found


@pytest.fixture
def no_log(monkeypatch: pytest.MonkeyPatch) -> None:
    def down(_connection: object, entries: Iterable[object]) -> None:
        if list(entries):
            raise LogDown

    monkeypatch.setattr(audit, "add", down)


def _content(routes: RouteWorld) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table but those that only remember the visit."""
    passing = {"login_session", "login_failure", "form_receipt", "passkey_challenge", "login_attempt"}
    with routes.world.platform.database.engine.connect() as connection:
        names = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'").scalars().all()
        return {
            name: [tuple(row) for row in connection.exec_driver_sql(f'SELECT * FROM "{name}" ORDER BY 1')]
            for name in names
            if name not in passing
        }


ACTS = (
    ("owner", "rooms.close_now"),
    ("owner", "rooms.reopen_now"),
    ("owner", "rooms.revoke_now"),
    ("owner", "rooms.remove_parent_now"),
    ("owner", "rooms.withdraw_now"),
    ("youth", "rooms.withdraw_now"),
    ("parent", "rooms.withdraw_now"),
    ("administrator", "people.deactivate"),
)


@pytest.mark.parametrize(("kind", "endpoint"), ACTS)
def test_an_act_without_its_row_in_the_log_is_not_done(
    routes: RouteWorld, no_log: None, kind: str, endpoint: str
) -> None:
    before = _content(routes)
    after = []
    restore = routes.restore

    def look_first() -> None:
        after.append(_content(routes))
        restore()

    routes.restore = look_first  # type: ignore[method-assign]
    try:
        assert routes.ask(kind, endpoint, "POST").status_code == 500
    finally:
        routes.restore = restore  # type: ignore[method-assign]
    assert after == [before]


@pytest.mark.parametrize(("kind", "endpoint"), ACTS)
def test_the_same_act_is_done_when_the_log_works(routes: RouteWorld, kind: str, endpoint: str) -> None:
    assert routes.ask(kind, endpoint, "POST").status_code == 303


def test_nor_is_a_second_factor_forgotten_without_its_row(routes: RouteWorld, no_log: None) -> None:
    before = _content(routes)
    answer = routes._ask("administrator", "people.reset", "POST", {}, {"identity": "in_person"})
    assert (answer.status_code, _content(routes)) == (500, before)


@pytest.mark.parametrize("kind", ["owner", "reader", "writer", "youth", "parent"])
@pytest.mark.parametrize("endpoint", ["rooms.show", "files.history", "files.download"])
def test_without_a_row_in_the_log_nothing_is_shown(routes: RouteWorld, no_log: None, kind: str, endpoint: str) -> None:
    answer = routes.ask(kind, endpoint, "GET")
    assert answer.status_code == 500
    main = answer.text.split("<main", 1)[1]
    for secret in ("Sofie", "plan.txt", "et maal", "Birgit", YOUTH_CPR[:6]):
        assert secret not in main


# What is no view of a case: the lists of one's own, the form for a new one, and pages that show no more than a number.
UNLOGGED = {"rooms.mine", "rooms.create", "rooms.hand_over", "worklist.show", "health.show", "audit.sample"}


@pytest.mark.parametrize("kind", ["owner", "reader", "writer", "youth", "parent", "administrator", "auditor"])
def test_no_other_page_of_all_there_are_is_shown_without_its_row(routes: RouteWorld, no_log: None, kind: str) -> None:
    """Every address of the service, so that a new page is held to it too."""
    shown = set()
    for endpoint, method in routes.rules:
        if method == "GET" and not endpoint.startswith(("login.", "people.", "public.", "static")):
            for asked in ("GET", "HEAD"):
                if routes.ask(kind, endpoint, asked).status_code in (200, 206):
                    shown.add(endpoint)
    assert shown <= UNLOGGED


@pytest.mark.parametrize("kind", ["colleague", "unheard", "auditor", "administrator"])
def test_a_refusal_that_cannot_be_logged_is_still_a_refusal(routes: RouteWorld, no_log: None, kind: str) -> None:
    answer = routes.ask(kind, "files.download", "GET")
    assert answer.status_code == 500
    assert b"et maal" not in answer.data


def test_nobody_logs_in_without_a_row_in_the_log(routes: RouteWorld, no_log: None) -> None:
    browser = routes.world.client()
    answer = browser.post("/login/staff", {"email": "birgit@test.dk", "password": "forkert"})
    assert answer.status_code == 500


def test_logging_out_without_a_row_in_the_log_leaves_one_logged_in_and_says_so(
    routes: RouteWorld, no_log: None
) -> None:
    assert routes.ask("owner", "login.logout", "POST").status_code == 500
    assert routes.ask("owner", "login.own_logins", "GET").status_code == 200
