"""Until when a sender must have sent: the web server itself waits for ever, and a few who send a letter a minute would
hold all of its threads (ASVS 5.0 V15.2.2)."""

import socket
import threading
import time
from contextlib import suppress
from typing import Final

REQUEST_SECONDS: Final = 30.0
"""For a request's head, and its body where that is a form."""

CHUNK_SECONDS: Final = 120.0
"""For each further piece of an upload."""


class Deadlines:
    """Closes the receiving side of connections whose time is up: whoever reads from one finds its end there, and can
    still answer."""

    def __init__(self, every: float = 1.0) -> None:
        self._every = every
        self._until: dict[socket.socket, float] = {}
        self._guard = threading.Lock()
        self._watch: threading.Thread | None = None

    def give(self, connection: socket.socket, seconds: float) -> None:
        """Let a connection's sender have so long from now."""
        with self._guard:
            self._until[connection] = time.monotonic() + seconds
            if self._watch is None:  # only now, since a thread does not come along into a forked worker
                self._watch = threading.Thread(target=self._close_for_ever, name="deadlines", daemon=True)
                self._watch.start()

    def forget(self, connection: socket.socket) -> None:
        """The request is answered."""
        with self._guard:
            self._until.pop(connection, None)

    def close_late(self) -> None:
        """Close those whose time is up."""
        now = time.monotonic()
        with self._guard:
            late = [connection for connection, until in self._until.items() if until < now]
            for connection in late:
                del self._until[connection]
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RD)

    def _close_for_ever(self) -> None:
        while True:
            time.sleep(self._every)
            self.close_late()


deadlines: Final = Deadlines()
