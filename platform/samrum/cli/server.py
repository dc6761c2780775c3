"""The production web server: gunicorn, several processes with several threads each."""

import gc
import select
from collections.abc import Callable
from typing import Any, Final

from gunicorn.app.base import BaseApplication
from gunicorn.workers.gthread import ThreadWorker

from samrum import create_app
from samrum.config import Settings
from samrum.deadlines import REQUEST_SECONDS, deadlines

_NEXT_MS: Final = 20
"""Milliseconds that a thread stays with a connection whose next request may follow at once: the way through the
worker's main thread and back costs more than many an answer. Whoever waits for a thread goes first."""


class Worker(ThreadWorker):  # type: ignore[misc]
    """The threaded worker, with an end to its patience, and a second look at the connection just served."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._queued: set[Any] = set()
        self._staying: set[Any] = set()

    def enqueue_req(self, conn: Any) -> None:
        self._queued.add(conn)
        super().enqueue_req(conn)

    def handle(self, conn: Any) -> Any:
        self._queued.discard(conn)
        while (kept := self._handle_one(conn)) is True and self._goes_on(conn):
            pass
        return kept

    def _handle_one(self, conn: Any) -> Any:
        deadlines.give(conn.sock, REQUEST_SECONDS)
        try:
            return super().handle(conn)
        finally:
            deadlines.forget(conn.sock)

    def _goes_on(self, conn: Any) -> bool:
        """Whether the next request comes at once. One thread is always left for other connections."""
        if not self.alive or self._queued or len(self._staying) >= self.cfg.threads - 1:
            return False
        poll = select.poll()
        poll.register(conn.sock, select.POLLIN)
        self._staying.add(conn)
        try:
            return bool(poll.poll(_NEXT_MS))
        finally:
            self._staying.discard(conn)


def _settle(_worker: object) -> None:
    """What was loaded stays: nobody looks through it again and again for rubbish, and less often for new rubbish."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000)


class _Server(BaseApplication):  # type: ignore[misc]
    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        super().__init__()

    def load_config(self) -> None:
        settings = self._settings
        options: dict[str, Any] = {
            "bind": settings.bind,
            "workers": settings.workers,
            "threads": settings.threads,
            "worker_class": f"{__name__}.{Worker.__name__}",
            "timeout": 60,
            "graceful_timeout": 20,
            "keepalive": 15,
            "limit_request_line": 4094,
            "limit_request_fields": 60,
            "accesslog": None,
            "loglevel": "warning",
            "proc_name": "samrum",
            "post_worker_init": _settle,
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Callable[..., Any]:
        return create_app(self._settings)


def run(settings: Settings) -> None:
    """Serve until told to stop."""
    _Server(settings).run()
