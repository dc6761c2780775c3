"""Log lines: what an operator needs, one JSON object each, and nothing about a person."""

import json
import logging
import sys

import pytest
from flask import Flask
from werkzeug.exceptions import NotFound

from samrum import logs

NAME, CPR = "Sofie Lind", "150809-4993"


def line(record: logging.LogRecord) -> dict[str, object]:
    text = logs.JsonFormatter().format(record)
    assert "\n" not in text
    found: dict[str, object] = json.loads(text)
    return found


def record(message: str = "something", *arguments: object, **extra: object) -> logging.LogRecord:
    made = logging.LogRecord("samrum.test", logging.WARNING, __file__, 1, message, arguments, None)
    vars(made).update(extra)
    return made


def test_a_line_says_when_how_bad_where_and_what() -> None:
    made = record("a version of %s", "3", route="/rooms/<uuid:case_id>", status=200)
    made.created = 1793617200.5
    assert line(made) == {
        "time": "2026-11-02T11:00:00.500+00:00",
        "level": "WARNING",
        "logger": "samrum.test",
        "event": "a version of 3",
        "route": "/rooms/<uuid:case_id>",
        "status": 200,
    }


def test_a_line_is_one_line_whatever_is_in_it() -> None:
    assert line(record("one\ntwo\r\nthree", what='"} {"level": "INFO"'))["event"] == "one\ntwo\r\nthree"


def test_of_an_error_the_kinds_and_places_are_told_and_never_the_text() -> None:
    def inner() -> None:
        raise ValueError(f"{NAME} {CPR}")

    def outer() -> None:
        try:
            inner()
        except ValueError as error:
            raise KeyError(NAME) from error

    made = record("unexpected error")
    try:
        outer()
    except KeyError:
        made.exc_info = sys.exc_info()
    found = line(made)
    assert found["exception"] == ["KeyError", "ValueError"]
    places = found["where"]
    assert isinstance(places, list)
    assert [place.split(":")[0] for place in places][-1] == "outer"
    assert NAME not in json.dumps(found)
    assert CPR not in json.dumps(found)


def test_an_error_that_goes_round_in_a_circle_is_told_too() -> None:
    made = record("unexpected error")
    try:
        try:
            raise ValueError
        except ValueError as one:
            raise KeyError from one
    except KeyError:
        made.exc_info = sys.exc_info()
        error = made.exc_info[1]
        assert error is not None
        assert error.__cause__ is not None
        error.__cause__.__context__ = error
    assert line(made)["exception"] == ["KeyError", "ValueError"]


def test_what_json_does_not_know_is_written_as_its_text() -> None:
    assert line(record(what={"a"}))["what"] == "{'a'}"


@pytest.fixture
def app() -> Flask:
    found = Flask(__name__)
    logs.install(found)

    @found.get("/people/<name>")
    def view(name: str) -> str:
        if name == "nobody":
            raise NotFound
        return name

    return found


@pytest.mark.parametrize(
    ("path", "route", "status"),
    [
        (f"/people/{NAME}?cpr={CPR}", "/people/<name>", 200),
        (f"/people/nobody?next=/{NAME}", "/people/<name>", 404),
        (f"/{NAME}/{CPR}", "(none)", 404),
    ],
)
def test_a_request_is_told_by_its_route_and_never_by_its_values(
    app: Flask, caplog: pytest.LogCaptureFixture, path: str, route: str, status: int
) -> None:
    with caplog.at_level(logging.INFO, "samrum.requests"):
        app.test_client().get(path, headers={"Referer": f"http://localhost/{NAME}", "User-Agent": NAME})
    (made,) = [one for one in caplog.records if one.name == "samrum.requests"]
    found = line(made)
    assert (found["method"], found["route"], found["status"]) == ("GET", route, status)
    assert isinstance(found["milliseconds"], float)
    assert NAME not in json.dumps(found)
    assert CPR not in json.dumps(found)


def test_a_style_sheet_is_not_worth_a_line(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "samrum.requests"):
        app.test_client().get("/static/none.css")
    assert caplog.records == []


def test_libraries_that_would_tell_addresses_are_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])
    monkeypatch.setattr(root, "level", root.level)
    logs.configure("DEBUG")
    for name in ("botocore", "urllib3", "alembic", "sqlalchemy.engine"):
        assert not logging.getLogger(name).isEnabledFor(logging.INFO), name
