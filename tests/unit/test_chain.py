"""The audit chain: one byte form for a row, and the first row that is not as it was written."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samrum.services.chain import (
    BEGINNING,
    FIRST_HASH,
    ChainBroken,
    Fault,
    Link,
    Mark,
    Removed,
    canonical,
    follow,
    link,
)

NOON = datetime(2026, 11, 2, 11, 0, 0, 5, UTC)
ID = UUID("12345678-1234-4234-8234-123456789abc")


def chained(count: int, start: Mark = BEGINNING) -> list[Link]:
    rows: list[Link] = []
    last = start
    for number in range(start.sequence + 1, start.sequence + count + 1):
        fields = {"sequence": number, "action": "case_viewed", "at": NOON}
        last = Mark(number, link(last.hash, fields))
        rows.append(Link(number, canonical(fields), rows[-1].hash if rows else start.hash, last.hash))
    return rows


def broken(rows: list[Link], **options: object) -> tuple[Fault, int]:
    with pytest.raises(ChainBroken) as caught:
        follow(rows, **options)  # type: ignore[arg-type]
    return caught.value.fault, caught.value.sequence


def test_a_row_has_one_byte_form_that_another_program_can_make() -> None:
    fields = {"at": NOON, "actor_id": ID, "case_id": None, "detail": {"b": 2, "a": True, "navn": "ø"}, "sequence": 1}
    expected = (
        '{"actor_id":"12345678-1234-4234-8234-123456789abc","at":"2026-11-02T11:00:00.000005+00:00","case_id":null,'
        '"detail":{"a":true,"b":2,"navn":"ø"},"sequence":1}'
    )
    assert canonical(fields) == expected.encode()
    assert link(FIRST_HASH, fields) == sha256(bytes(32) + expected.encode()).digest()


def test_the_order_of_the_fields_does_not_matter() -> None:
    assert canonical({"a": 1, "b": {"x": 1, "y": 2}}) == canonical({"b": {"y": 2, "x": 1}, "a": 1})


def test_whole_seconds_are_written_with_their_microseconds() -> None:
    assert canonical({"at": NOON.replace(microsecond=0)}) == b'{"at":"2026-11-02T11:00:00.000000+00:00"}'


@pytest.mark.parametrize("value", [object(), b"bytes", {1, 2}, float("nan"), float("inf")])
def test_what_has_no_one_form_is_refused(value: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        canonical({"x": value})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"x": "1"}, {"x": 1}),
        ({"x": None}, {"x": "null"}),
        ({"x": None}, {}),
        ({"x": True}, {"x": 1}),
        ({"x": "a", "y": "b"}, {"x": 'a","y":"b'}),
        ({"at": NOON}, {"at": NOON + timedelta(microseconds=1)}),
        ({"at": NOON}, {"at": NOON.astimezone(timezone(timedelta(hours=1)))}),
    ],
)
def test_two_different_rows_never_have_the_same_bytes(one: dict[str, object], other: dict[str, object]) -> None:
    assert canonical(one) != canonical(other)


def test_a_hash_covers_the_row_before_it() -> None:
    assert link(FIRST_HASH, {"x": 1}) != link(sha256(b"").digest(), {"x": 1})


def test_an_untouched_chain_is_whole() -> None:
    rows = chained(20)
    whole = follow(rows, end=Mark(20, rows[-1].hash), marks=[Mark(5, rows[4].hash), Mark(20, rows[19].hash)])
    assert (whole.rows, whole.end) == (20, Mark(20, rows[-1].hash))
    assert follow([], end=BEGINNING).rows == 0


def changed(rows: list[Link], at: int) -> list[Link]:
    return [row._replace(body=row.body + b" ") if row.sequence == at else row for row in rows]


def rehashed(rows: list[Link], at: int) -> list[Link]:
    body = b'{"forged":true}'
    return [
        row._replace(body=body, hash=sha256(row.previous_hash + body).digest()) if row.sequence == at else row
        for row in rows
    ]


def dropped(rows: list[Link], at: int) -> list[Link]:
    return [row for row in rows if row.sequence != at]


@given(st.integers(2, 30), st.data())
def test_every_row_that_is_touched_is_named(count: int, data: st.DataObject) -> None:
    rows = chained(count)
    end = Mark(count, rows[-1].hash)
    at = data.draw(st.integers(1, count))
    assert broken(changed(rows, at), end=end) == (Fault.CHANGED, at)
    assert broken(rehashed(rows, at), end=end) == (Fault.CHANGED, at)
    assert broken(dropped(rows, at), end=end) == (Fault.DROPPED, at)
    assert broken([*rows[:at], rows[at - 1], *rows[at:]], end=end) == (Fault.INSERTED, at)
    if at < count:
        swapped = [*rows[: at - 1], rows[at], rows[at - 1], *rows[at + 1 :]]
        assert broken(swapped, end=end) == (Fault.REORDERED, at)


def test_without_its_end_a_cut_tail_is_not_seen_and_with_it_it_is() -> None:
    rows = chained(5)
    assert follow(rows[:4]).rows == 4
    assert broken(rows[:4], end=Mark(5, rows[4].hash)) == (Fault.DROPPED, 5)
    assert broken([*rows, *chained(1, Mark(5, rows[4].hash))], end=Mark(5, rows[4].hash)) == (Fault.INSERTED, 6)


def test_a_tail_written_anew_is_seen_by_a_place_known_from_elsewhere_alone() -> None:
    rows = chained(10)
    forged = [*rows[:6], *_forged(4, Mark(6, rows[5].hash))]
    assert follow(forged).rows == 10
    assert broken(forged, marks=[Mark(3, rows[2].hash), Mark(9, rows[8].hash)]) == (Fault.REWRITTEN, 4)


def _forged(count: int, start: Mark) -> list[Link]:
    rows, last = [], start
    for number in range(start.sequence + 1, start.sequence + count + 1):
        fields = {"sequence": number, "action": "forged", "at": NOON}
        previous, last = last.hash, Mark(number, link(last.hash, fields))
        rows.append(Link(number, canonical(fields), previous, last.hash))
    return rows


def _removed(rows: list[Link], last: int, *, told: dict[str, object]) -> tuple[Removed, list[Link]]:
    """The first rows removed, and what is left, with a row behind it that says what is ``told``."""
    end = Mark(len(rows), rows[-1].hash)
    fields = {"action": "log_shortened", "at": NOON, "detail": {"first": 1, "last": last}, "sequence": end.sequence + 1}
    body = canonical(fields | told)
    row = Link(end.sequence + 1, body, end.hash, sha256(end.hash + body).digest())
    return Removed(1, last, FIRST_HASH, rows[last - 1].hash, NOON), [*rows[last:], row]


def test_a_stretch_removed_in_its_time_leaves_the_rest_verifiable() -> None:
    gone, rows = _removed(chained(9), 4, told={})
    assert follow(rows, removed=[gone], end=Mark(10, rows[-1].hash)).rows == 6
    rows = [*chained(4), *rows]
    assert broken(rows[5:], removed=[gone]) == (Fault.DROPPED, 5)
    assert broken(rows[4:], removed=[replace(gone, first=2)]) == (Fault.DROPPED, 1)
    assert broken(rows[4:], removed=[replace(gone, last_hash=FIRST_HASH)])[0] is Fault.CHANGED


@pytest.mark.parametrize(
    "told",
    [
        {"action": "log_viewed"},
        {"at": NOON + timedelta(days=1)},
        {"detail": {"first": 1, "last": 3}},
        {"detail": {"first": 1, "last": 40}},
        {"detail": {"words": '"detail":{"first":1,"last":4}'}},
    ],
)
def test_a_stretch_that_the_log_itself_does_not_say_was_removed_then_is_found(told: dict[str, object]) -> None:
    gone, rows = _removed(chained(9), 4, told=told)
    with pytest.raises(ChainBroken) as caught:
        follow(rows, removed=[gone])
    assert (caught.value.fault, caught.value.sequence, caught.value.until) == (Fault.UNTOLD, 1, 4)


def test_two_places_known_of_one_row_that_differ_name_that_row() -> None:
    rows = chained(5)
    for false in (bytes(32), b"\xff" * 32):
        with pytest.raises(ChainBroken) as caught:
            follow(rows, marks=[Mark(4, rows[3].hash), Mark(4, false)])
        assert caught.value.until == 4
        assert 1 <= caught.value.sequence <= 4
