import threading
from collections.abc import Iterator

import pytest

from storage.ahead import read_ahead
from storage.errors import Unavailable


def numbers(count: int, taken: list[int]) -> Iterator[bytes]:
    for number in range(count):
        taken.append(number)
        yield bytes([number])


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "samrum-read-ahead"]


@pytest.mark.parametrize("count", [0, 1, 4, 5, 100])
def test_the_same_pieces_come_in_the_same_order(count: int) -> None:
    assert list(read_ahead(numbers(count, []))) == [bytes([number]) for number in range(count)]
    assert threads() == []


def test_a_piece_is_there_before_it_is_asked_for_but_never_more_than_a_few() -> None:
    taken: list[int] = []
    later = threading.Event()

    def source() -> Iterator[bytes]:
        for piece in numbers(100, taken):
            if len(taken) == 5:
                later.set()
            yield piece

    pieces = read_ahead(source())
    assert next(pieces) == b"\x00"
    assert later.wait(5)
    pieces.close()  # type: ignore[attr-defined]
    assert len(taken) == 5


def test_an_error_comes_in_its_place_and_nothing_after_it() -> None:
    def source() -> Iterator[bytes]:
        yield b"first"
        raise Unavailable("as asked")

    pieces = read_ahead(source())
    assert next(pieces) == b"first"
    with pytest.raises(Unavailable, match="as asked"):
        next(pieces)
    assert next(pieces, None) is None
    assert threads() == []


def test_whoever_stops_early_leaves_no_thread_and_an_open_source() -> None:
    closed = threading.Event()

    def source() -> Iterator[bytes]:
        try:
            while True:
                yield b"more"
        finally:
            closed.set()

    given = source()
    pieces = read_ahead(given)
    next(pieces)
    pieces.close()  # type: ignore[attr-defined]
    assert threads() == []
    given.close()  # type: ignore[attr-defined]
    assert closed.is_set()
