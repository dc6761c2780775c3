"""The contract of `storage.ObjectStore`, held against every implementation."""

import os
import threading
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from storage import AlreadyExists, Corrupt, NotFound, ObjectStore, StorageError, Unavailable

PART = 5 * 1024 * 1024  # the least that S3 takes for a part that is not the last
DATA = bytearray(os.urandom(300_000))


def read(store: ObjectStore, name: str, start: int = 0, stop: int | None = None) -> bytes:
    with store.read(name, start, stop) as blob:
        data = b"".join(blob.pieces)
        assert len(data) == blob.stop - blob.start
        return data


def names(store: ObjectStore, prefix: str = "") -> list[str]:
    return [info.name for info in store.list(prefix)]


def test_an_object_comes_back_as_it_went_in(store: ObjectStore) -> None:
    store.put("v1/a", DATA)
    assert read(store, "v1/a") == DATA


@pytest.mark.parametrize(
    ("start", "stop"),
    [(0, 1), (0, 300_000), (0, 1_000_000), (1, 2), (299_999, 300_000), (299_999, None), (123_456, 234_567)],
)
def test_a_range_tells_where_it_lies(store: ObjectStore, start: int, stop: int | None) -> None:
    store.put("v1/a", DATA)
    end = 300_000 if stop is None else min(stop, 300_000)
    with store.read("v1/a", start, stop) as blob:
        assert (blob.start, blob.stop, blob.total) == (start, end, 300_000)
        assert b"".join(blob.pieces) == DATA[start:end]


@pytest.mark.parametrize(("start", "first"), [(-1, 299_999), (-300_000, 0), (-400_000, 0)])
def test_a_negative_start_counts_from_the_end(store: ObjectStore, start: int, first: int) -> None:
    store.put("v1/a", DATA)
    with store.read("v1/a", start, None) as blob:
        assert (blob.start, blob.stop, blob.total) == (first, 300_000, 300_000)
        assert b"".join(blob.pieces) == DATA[first:]


@pytest.mark.parametrize("start", [300_000, 300_001, 1 << 40])
def test_an_object_that_ends_too_early_is_corrupt(store: ObjectStore, start: int) -> None:
    store.put("v1/a", DATA)
    with pytest.raises(Corrupt):
        read(store, "v1/a", start, start + 10)


@pytest.mark.parametrize(("start", "stop"), [(0, 64), (-64, None)])
def test_an_empty_object_is_corrupt_for_whoever_wants_a_byte_of_it(
    store: ObjectStore, start: int, stop: int | None
) -> None:
    store.put("v1/a", bytearray())
    with pytest.raises(Corrupt):
        read(store, "v1/a", start, stop)


def test_a_range_left_unread_does_no_harm(store: ObjectStore) -> None:
    store.put("v1/a", bytearray(3_000_000))
    for _ in range(5):
        with store.read("v1/a", 0, None) as blob:
            next(blob.pieces)
    assert len(read(store, "v1/a")) == 3_000_000


def test_what_is_not_there_is_not_found(store: ObjectStore) -> None:
    with pytest.raises(NotFound):
        read(store, "v1/a")
    with pytest.raises(NotFound):
        store.fetch("v1/a", [(0, 10), (-10, None)])


def test_stretches_come_in_the_order_they_were_asked_for(store: ObjectStore) -> None:
    store.put("v1/a", DATA)
    found = store.fetch("v1/a", [(123_456, 234_567), (-1000, None), (0, 64), (299_000, 400_000)])
    assert [(one.start, one.total) for one in found] == [
        (123_456, 300_000),
        (299_000, 300_000),
        (0, 300_000),
        (299_000, 300_000),
    ]
    assert [one.data for one in found] == [DATA[123_456:234_567], DATA[-1000:], DATA[:64], DATA[299_000:]]


def test_a_stretch_behind_the_end_is_corrupt_and_the_others_do_no_harm(store: ObjectStore) -> None:
    store.put("v1/a", DATA)
    for _ in range(3):
        with pytest.raises(Corrupt):
            store.fetch("v1/a", [(0, 64), (300_000, 300_100), (-64, None)])
    assert store.fetch("v1/a", [(0, 64)])[0].data == DATA[:64]


def test_an_object_is_never_overwritten(store: ObjectStore) -> None:
    store.put("v1/a", DATA)
    with pytest.raises(AlreadyExists):
        store.put("v1/a", bytearray(b"other"))
    with pytest.raises(AlreadyExists):
        store.put("v1/a", bytearray(300_000))
    assert read(store, "v1/a") == DATA


@pytest.mark.parametrize("size", [0, 200_000])
def test_what_is_done_meanwhile_is_done_once_and_its_errors_come_through(store: ObjectStore, size: int) -> None:
    done: list[str] = []

    def fail() -> None:
        done.append("failed")
        raise KeyError

    store.put("v1/a", bytearray(size), lambda: done.append("put"))
    with pytest.raises(KeyError):
        store.put("v1/b", bytearray(size), fail)
    assert set(names(store)) == {"v1/a", "v1/b"}  # it was on its way; whoever does not want it takes it away
    if size:
        store.fetch("v1/a", [(0, 9), (-9, None)], lambda: done.append("fetched"))
        with pytest.raises(KeyError):
            store.fetch("v1/a", [(0, 9), (-9, None)], fail)
        assert len(read(store, "v1/a")) == size
    assert done == ["put", "failed", "fetched", "failed"][: 4 if size else 2]


def test_the_same_bytes_again_are_no_error_since_they_may_be_a_retry(store: ObjectStore) -> None:
    store.put("v1/a", DATA)
    store.put("v1/a", DATA)
    assert names(store) == ["v1/a"]


def test_of_many_who_put_at_once_one_wins(store: ObjectStore) -> None:
    outcomes: list[str] = []

    def put(number: int) -> None:
        try:
            store.put("v1/a", bytearray([number]) * 1000)
            outcomes.append("stored")
        except AlreadyExists:
            outcomes.append("refused")

    threads = [threading.Thread(target=put, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["refused"] * 7 + ["stored"]
    assert len(set(read(store, "v1/a"))) == 1


def test_parts_become_one_object_once_completed(store: ObjectStore) -> None:
    parts = [bytearray(os.urandom(PART)), bytearray(os.urandom(PART)), bytearray(b"the end")]
    upload = store.begin("v1/a")
    tags = [store.put_part("v1/a", upload, number, part) for number, part in enumerate(parts, 1)]
    assert names(store) == []
    with pytest.raises(NotFound):
        read(store, "v1/a")
    store.complete("v1/a", upload, tags)
    assert read(store, "v1/a") == b"".join(parts)
    assert list(store.unfinished()) == []


def test_parts_may_arrive_in_any_order(store: ObjectStore) -> None:
    parts = [bytearray([number]) * PART for number in range(3)]
    upload = store.begin("v1/a")
    tags = {n: store.put_part("v1/a", upload, n, parts[n - 1]) for n in (3, 1, 2)}
    store.complete("v1/a", upload, [tags[1], tags[2], tags[3]])
    assert read(store, "v1/a") == b"".join(parts)


def test_a_multipart_upload_overwrites_nothing_either(store: ObjectStore) -> None:
    store.put("v1/a", DATA)
    upload = store.begin("v1/a")
    tag = store.put_part("v1/a", upload, 1, bytearray(b"other"))
    with pytest.raises(AlreadyExists):
        store.complete("v1/a", upload, [tag])
    store.abort("v1/a", upload)
    assert read(store, "v1/a") == DATA


def test_an_aborted_upload_leaves_nothing(store: ObjectStore) -> None:
    upload = store.begin("v1/a")
    tag = store.put_part("v1/a", upload, 1, bytearray(PART))
    store.abort("v1/a", upload)
    assert list(store.unfinished()) == []
    with pytest.raises(Unavailable):
        store.complete("v1/a", upload, [tag])
    with pytest.raises(Unavailable):
        store.put_part("v1/a", upload, 2, bytearray(PART))
    assert names(store) == []


def test_aborting_twice_or_what_never_was_is_no_error(store: ObjectStore) -> None:
    upload = store.begin("v1/a")
    store.abort("v1/a", upload)
    store.abort("v1/a", upload)
    store.abort("v1/a", "0" * 32)


def test_unfinished_uploads_are_listed_with_their_age(store: ObjectStore) -> None:
    before = datetime.now(UTC) - timedelta(seconds=2)
    upload = store.begin("v1/a")
    store.begin("v2/b")
    (found,) = store.unfinished("v1/")
    assert (found.name, found.upload) == ("v1/a", upload)
    assert before <= found.started <= datetime.now(UTC) + timedelta(seconds=2)
    assert found.started.utcoffset() == timedelta(0)


def test_objects_are_listed_with_size_and_age(store: ObjectStore) -> None:
    before = datetime.now(UTC) - timedelta(seconds=2)
    store.put("v1/b", DATA)
    store.put("v1/a", bytearray(7))
    store.put("v2/c", bytearray(8))
    first, second = store.list("v1/")
    assert [(first.name, first.size), (second.name, second.size)] == [("v1/a", 7), ("v1/b", 300_000)]
    assert before <= first.modified <= datetime.now(UTC) + timedelta(seconds=2)
    assert first.modified.utcoffset() == timedelta(0)
    assert names(store) == ["v1/a", "v1/b", "v2/c"]
    assert names(store, "nothing/") == []


def test_a_listing_goes_on_beyond_a_thousand(store: ObjectStore) -> None:
    for number in range(1_005):
        store.put(f"v1/{number:04}", bytearray(1))
    found = names(store, "v1/")
    assert len(found) == 1_005
    assert all(one < other for one, other in pairwise(found))


def test_a_deleted_object_is_gone_and_deleting_again_is_no_error(store: ObjectStore) -> None:
    store.put("v1/a", DATA)
    store.delete("v1/a")
    store.delete("v1/a")
    with pytest.raises(NotFound):
        read(store, "v1/a")
    assert names(store) == []


def test_many_threads_share_a_store(store: ObjectStore) -> None:
    failures: list[BaseException] = []

    def use(number: int) -> None:
        try:
            data = bytearray([number]) * 50_000
            for turn in range(5):
                store.put(f"v1/{number}-{turn}", data)
                assert read(store, f"v1/{number}-{turn}") == data
        except (StorageError, AssertionError) as error:
            failures.append(error)

    threads = [threading.Thread(target=use, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(names(store)) == 60
