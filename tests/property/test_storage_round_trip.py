from functools import cache
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from storage.cobblestone import CHUNK, Opener, expander, open_whole, plain_size, seal, sealed_size
from storage.errors import Corrupt
from support.vaults import Room, new_room, noise

KEY = bytes(range(32))

# lengths near the borders of chunks and of the blocks of 16 chunks that are opened together, and any other
sizes = st.one_of(
    st.integers(0, 40 * CHUNK),
    st.builds(lambda n, d: max(n * CHUNK + d, 0), st.sampled_from([0, 1, 2, 15, 16, 17, 32, 33]), st.integers(-2, 2)),
)


@cache
def a_room() -> Room:
    with TemporaryDirectory() as directory:
        return new_room(Path(directory))


@given(size=sizes, cuts=st.lists(st.integers(1, 5 * CHUNK), max_size=6), data=st.data())
def test_any_length_written_in_any_pieces_reads_back_in_any_range(
    size: int, cuts: list[int], data: st.DataObject
) -> None:
    room, plain = a_room(), noise(size)
    place, at = room.place(), 0
    with room.vault.upload(room.case_key, place) as upload:
        for cut in cuts:
            upload.write(memoryview(plain)[at : at + cut])
            at = min(at + cut, size)
        upload.write(plain[at:])
        stored = upload.finish()
    reader = room.open(place, stored)
    assert reader.size == size
    start = data.draw(st.integers(0, size))
    stop = data.draw(st.integers(start, size))
    assert b"".join(reader.read(start, stop)) == plain[start:stop]
    assert b"".join(reader.read()) == plain
    room.vault.delete(stored.object_name)


@given(size=sizes, cuts=st.lists(st.integers(0, 60 * CHUNK), max_size=8), data=st.data())
def test_a_stream_cut_anywhere_opens_the_same(size: int, cuts: list[int], data: st.DataObject) -> None:
    plain = noise(size)
    sealed = seal(expander(KEY), b"", plain)
    opener = Opener(expander(KEY), b"", sealed[:56], len(sealed))
    start = data.draw(st.integers(0, size))
    stop = data.draw(st.integers(start, size))
    lower, upper = opener.span(start, stop)
    borders = [lower, *sorted(min(max(c, lower), upper) for c in cuts), upper]
    pieces = [sealed[a:b] for a, b in pairwise(borders)]
    assert b"".join(opener.open_range(pieces, start, stop)) == plain[start:stop]


@given(size=st.integers(0, (1 << 52) - 1))
def test_sizes_are_known_both_ways(size: int) -> None:
    assert plain_size(sealed_size(size)) == size


@given(length=st.integers(0, 1 << 53))
def test_a_length_is_either_that_of_one_size_or_refused(length: int) -> None:
    try:
        size = plain_size(length)
    except Corrupt:
        return
    assert sealed_size(size) == length


@given(plain=st.binary(max_size=200), context=st.binary(max_size=60), other=st.binary(max_size=60))
@settings(max_examples=50)
def test_a_message_opens_for_its_context_only(plain: bytes, context: bytes, other: bytes) -> None:
    sealed = seal(expander(KEY), context, plain)
    assert open_whole(expander(KEY), context, sealed) == plain
    if other != context:
        try:
            open_whole(expander(KEY), other, sealed)
        except Corrupt:
            return
        raise AssertionError("it opened for another context")
