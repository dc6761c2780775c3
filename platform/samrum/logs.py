"""Logs: one JSON object a line, with what an operator needs and nothing about a person."""

import json
import logging
import sys
import threading
import time
from datetime import UTC, datetime
from types import TracebackType

from flask import Flask, Response, g, request

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"})
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class JsonFormatter(logging.Formatter):
    """Time, level, logger, event and the extra fields. Of an exception the types and places, never its text."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "event": record.getMessage(),
        }
        line.update((key, value) for key, value in vars(record).items() if key not in _STANDARD)
        if record.exc_info and record.exc_info[1] is not None:
            line["exception"] = _types(record.exc_info[1])
            line["where"] = _places(record.exc_info[2])
        return json.dumps(line, ensure_ascii=False, default=str)


def configure(level: str) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in ("botocore", "boto3", "urllib3", "s3transfer", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)
    threading.excepthook = _of_a_thread


def _of_a_thread(failed: threading.ExceptHookArgs) -> None:
    """What fails outside of any request is told as everything else is: Python itself would print the error's text."""
    if failed.exc_value is not None:
        error = (failed.exc_type, failed.exc_value, failed.exc_traceback)
        logging.getLogger("samrum.errors").error("unexpected error", exc_info=error)


def install(app: Flask) -> None:
    """One line for each request: the route's pattern, never its values, and no word of the sender's own choice."""
    log = logging.getLogger("samrum.requests")

    @app.before_request
    def _start() -> None:
        g.started = time.perf_counter()

    @app.after_request
    def _end(response: Response) -> Response:
        if request.endpoint != "static":
            log.info(
                "request",
                extra={
                    "method": request.method if request.method in _METHODS else "(other)",
                    "route": request.url_rule.rule if request.url_rule else "(none)",
                    "status": response.status_code,
                    "milliseconds": round((time.perf_counter() - g.get("started", time.perf_counter())) * 1000, 1),
                },
            )
        return response


def _types(error: BaseException) -> list[str]:
    """The error and what led to it; a chain may lead back into itself."""
    chain: list[BaseException] = []
    current: BaseException | None = error
    while current is not None and current not in chain:
        chain.append(current)
        current = current.__cause__ or current.__context__
    return [type(one).__name__ for one in chain]


def _places(traceback: TracebackType | None) -> list[str]:
    places = []
    while traceback is not None:
        places.append(f"{traceback.tb_frame.f_code.co_name}:{traceback.tb_lineno}")
        traceback = traceback.tb_next
    return places[-12:]
