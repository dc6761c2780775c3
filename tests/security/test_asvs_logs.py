"""What the logs hold, and what they never do (OWASP ASVS 5.0 V16)."""

import io
import json
import logging
from datetime import datetime, timedelta
from typing import Self
from uuid import uuid4

import pytest
from sqlalchemy import select

from auth.policy import StaffActor
from samrum import logs
from samrum.models import AuditRow
from support.logins import give_password, log_in
from support.papers import Papers
from support.uploads import Parcel, pdf
from support.world import PASSWORD, YOUTH_CPR, World


@pytest.fixture
def birgit(world: World) -> StaffActor:
    return world.staff("Birgit", "Børn og Unge", case_creator=True)


@pytest.fixture
def written() -> "Written":
    return Written()


class Written(logging.Handler):
    """The technical log as an operator gets it."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []
        self.setFormatter(logs.JsonFormatter())

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))

    def __enter__(self) -> Self:
        self._before = logging.getLogger().level
        logging.getLogger().addHandler(self)
        logging.getLogger().setLevel(logging.DEBUG)
        return self

    def __exit__(self, *_: object) -> None:
        logging.getLogger().removeHandler(self)
        logging.getLogger().setLevel(self._before)


def rows(world: World) -> list[AuditRow]:
    with world.platform.database.transaction() as session:
        return list(session.scalars(select(AuditRow).order_by(AuditRow.sequence)))


def test_a_row_says_who_what_when_from_where_and_about_what(world: World, birgit: StaffActor) -> None:
    case_id = world.case(birgit)
    browser = world.client(birgit)
    browser.client.environ_base["REMOTE_ADDR"] = "192.0.2.44"
    browser.get(f"/rooms/{case_id}")
    row = rows(world)[-1]
    assert (row.action, row.actor_kind, row.actor_id, row.case_id, row.address) == (
        "case_viewed", "staff", birgit.id, case_id, "192.0.2.44"
    )  # fmt: skip
    assert row.at == world.clock.now()
    assert row.at.utcoffset() == timedelta(0)


def test_every_try_to_log_in_leaves_a_row_whether_it_led_in_or_not(world: World, birgit: StaffActor) -> None:
    before = len(rows(world))
    give_password(world.client(), password="forkert kodeord")
    half = world.client()
    give_password(half)
    half.post("/login/staff/code", {"code": "000000"})
    half.post("/login/staff/code", {"code": world.code()})
    half.post("/login/out", page="/login/sessions")
    assert [(row.action, row.reason) for row in rows(world)[before:]] == [
        ("login_failed", "password"),
        ("login_failed", "second_factor"),
        ("logged_in", None),
        ("logged_out", None),
    ]


def test_somebody_at_a_door_that_is_not_theirs_leaves_a_row(world: World, birgit: StaffActor) -> None:
    assert world.client(birgit).get("/people").status_code == 404
    row = rows(world)[-1]
    assert (row.action, row.reason, row.actor_id) == ("denied", "not_attached", birgit.id)


def test_an_administrator_who_reaches_for_another_organisation_leaves_a_row(world: World) -> None:
    anna = world.staff("Anna", "It", administrator=True)
    other = world.staff("Otto", "It", organisation="Regionen")
    admin = world.client(anna)
    admin.client.environ_base["REMOTE_ADDR"] = "192.0.2.44"
    for answer in (admin.get(f"/people/{other.id}"), admin.post(f"/people/{other.id}/deactivate", page="/people/new")):
        assert answer.status_code == 404
    for row in rows(world)[-2:]:
        assert (row.action, row.reason, row.actor_id, row.address) == ("denied", "not_there", anna.id, "192.0.2.44")


def test_a_room_that_is_not_there_leaves_a_row_too(world: World, birgit: StaffActor) -> None:
    assert world.client(birgit).get(f"/rooms/{uuid4()}").status_code == 404
    assert (rows(world)[-1].action, rows(world)[-1].reason) == ("denied", "not_there")


def test_a_line_of_the_technical_log_is_one_json_object_with_the_time_in_utc() -> None:
    record = logging.LogRecord(
        "samrum", logging.WARNING, __file__, 1, "first\nsecond %s", ('{"level": "forged"}\r\n',), None
    )
    line = logs.JsonFormatter().format(record)
    assert "\n" not in line
    assert "\r" not in line
    found = json.loads(line)
    assert (found["level"], found["logger"]) == ("WARNING", "samrum")
    assert datetime.fromisoformat(found["time"]).utcoffset() == timedelta(0)


def test_the_technical_log_goes_to_standard_error_and_nowhere_else(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr("sys.stderr", stream)
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    try:
        logs.configure("INFO")
        assert [type(handler) for handler in root.handlers] == [logging.StreamHandler]
        logging.getLogger("samrum").info("here")
    finally:
        root.handlers[:] = before
        root.setLevel(level)
    assert json.loads(stream.getvalue())["event"] == "here"


def test_nothing_of_a_person_and_nothing_secret_gets_into_the_technical_log(world: World, written: Written) -> None:
    papers = Papers.make(world)
    with written:
        browser = world.client()
        give_password(browser, "birgit@test.dk", "et forkert kodeord")
        log_in(world, browser)
        path = f"{papers.url}/files/new"
        once = papers.browser().token(path)
        papers.post(
            path, Parcel({"once": once, "kind": "other", "comment": "Sofie er ked af det"}, "Sofies plan.pdf", pdf())
        )
        papers.post(path, Parcel({"once": once, "kind": "other"}, "Sofies virus.exe", b"MZ"))
        papers.browser().get(f"{papers.url}?cpr={YOUTH_CPR}")
        browser.client.post("/rooms/new", data={"cpr": YOUTH_CPR, "once": "forkert"})
    text = "\n".join(written.lines)
    assert text.count('"event": "request"') > 8, "the log was watched"
    cookie = browser.client.get_cookie("samrum-login")
    assert cookie is not None
    for secret in (
        "kodeord",
        PASSWORD,
        "birgit",
        "Birgit",
        "Sofie",
        "plan.pdf",
        "virus",
        YOUTH_CPR,
        once,
        cookie.value,
        world.code(),
    ):
        assert secret not in text, secret


def test_what_does_not_answer_is_named_in_the_technical_log(world: World, written: Written) -> None:
    with written:
        assert world.client().get("/login/citizen").status_code == 503
    assert any(json.loads(line).get("what") == "login" for line in written.lines)
