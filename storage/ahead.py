"""Reading ahead: the next pieces come in while the last one is worked on."""

import threading
from collections.abc import Iterator
from queue import SimpleQueue
from typing import Final

_AHEAD: Final = 4
"""Pieces that may wait: they are as large as their source cuts them."""


class _End:
    """Where the pieces end, and by what error if by one."""

    def __init__(self, error: BaseException | None) -> None:
        self.error = error


def read_ahead(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The same pieces, taken by a thread of their own. What is raised there is raised here, in its place.

    Closed before the end, it comes back once the thread has let go of ``pieces``.
    """
    arrived: SimpleQueue[bytes | _End] = SimpleQueue()
    room = threading.Semaphore(_AHEAD)
    enough = threading.Event()

    def take() -> None:
        error: BaseException | None = None
        try:
            for piece in pieces:
                arrived.put(piece)
                room.acquire()
                if enough.is_set():
                    break
        except BaseException as caught:  # noqa: BLE001 it is raised again where the pieces are wanted
            error = caught
        arrived.put(_End(error))

    thread = threading.Thread(target=take, name="samrum-read-ahead", daemon=True)
    thread.start()
    try:
        while not isinstance(piece := arrived.get(), _End):
            yield piece
            room.release()
        if piece.error is not None:
            raise piece.error
    finally:
        enough.set()
        room.release()
        thread.join()
