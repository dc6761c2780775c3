"""The production web server: gunicorn, several processes with several threads each."""

import gc
from collections.abc import Callable
from typing import Any

from gunicorn.app.base import BaseApplication
from gunicorn.workers.gthread import ThreadWorker

from samrum import create_app
from samrum.config import Settings
from samrum.deadlines import REQUEST_SECONDS, deadlines


class Worker(ThreadWorker):  # type: ignore[misc]
    """The threaded worker, with an end to its patience."""

    def handle(self, conn: Any) -> Any:
        deadlines.give(conn.sock, REQUEST_SECONDS)
        try:
            return super().handle(conn)
        finally:
            deadlines.forget(conn.sock)


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
