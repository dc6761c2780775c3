"""What is printed where nobody thought of it holds nothing about a person."""

import json
import logging
import threading
from collections.abc import Iterator

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from samrum import logs
from samrum.db import make_engine

CPR = "150809-4993"


@pytest.fixture
def own_logs() -> Iterator[None]:
    """The service's logging, taken off again afterwards."""
    root, before = logging.getLogger(), threading.excepthook
    level, handlers = root.level, root.handlers[:]
    logs.configure("INFO")
    yield
    threading.excepthook = before
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.mark.usefixtures("own_logs")
def test_what_fails_behind_an_answer_is_logged_without_its_text(capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        raise RuntimeError(f"Sofie Lind {CPR}")

    logs.configure("INFO")
    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    written = capsys.readouterr().err
    assert "Sofie" not in written
    assert CPR not in written
    assert json.loads(written)["exception"] == ["RuntimeError"]


@pytest.mark.parametrize("url", ["sqlite://", "postgresql+psycopg://nobody@127.0.0.1:9/x"])
def test_an_error_of_the_database_never_repeats_what_was_asked_for(url: str) -> None:
    engine = make_engine(url)
    with pytest.raises(OperationalError) as failed, engine.begin() as connection:
        connection.execute(text("select * from nowhere where cpr = :cpr"), {"cpr": CPR})
    assert CPR not in str(failed.value)
