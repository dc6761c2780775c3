"""What can be done to an export of the log, and which row the offline check names."""

import hashlib
import io
import json
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from samrum.clock import SystemClock
from samrum.services import audit_check
from samrum.services.audit_export import check_export, write_export
from samrum.services.chain import FIRST_HASH, ChainBroken, Fault, Link, Mark, Whole, canonical, link
from support.audit_logs import chained, new_log, rows

COUNT = 11
LINES = COUNT + 1  # the export is a row of its own


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """The lines of an export: eleven rows, the row that tells of the export, and the end."""
    database = new_log(f"sqlite:///{tmp_path_factory.mktemp('export') / 'log.sqlite'}", COUNT)
    lines = list(audit_check.export(database, SystemClock()))
    database.engine.dispose()
    return lines


def check(lines: list[bytes], *marks: Mark) -> Whole:
    return check_export(io.BytesIO(b"".join(lines)), marks=marks)


def fault(lines: list[bytes], *marks: Mark) -> tuple[Fault, int]:
    with pytest.raises(ChainBroken) as broken:
        check(lines, *marks)
    return broken.value.fault, broken.value.sequence


def mark(lines: list[bytes], sequence: int) -> Mark:
    return Mark(sequence, bytes.fromhex(json.loads(lines[sequence - 1])["hash"]))


def forged(lines: list[bytes], first: int, **fields: object) -> list[bytes]:
    """The export with its rows from ``first`` chained anew after a change to that one, by somebody who is thorough."""
    log: list[dict[str, object]] = []
    for line in lines[first - 1 : LINES]:
        found = json.loads(line)["row"]
        log.append(found if log else {**found, **fields})
    last = bytes.fromhex(json.loads(lines[first - 2])["hash"]) if first > 1 else FIRST_HASH
    links = [
        Link(row["sequence"], canonical({k: v for k, v in row.items() if "hash" not in k}), row["previous_hash"],
             row["hash"])
        for row in chained(log, after=(first - 1, last))
    ]  # fmt: skip
    end = Mark(links[-1].sequence, links[-1].hash)
    return [*lines[: first - 1], *write_export(links, [], end, lambda _rows: None)]


def with_hashes(row: bytes) -> bytes:
    """A line with this in place of a row, and hashes of nothing."""
    return b'{"row":' + row + b',"previous_hash":"' + b"0" * 64 + b'","hash":"' + b"0" * 64 + b'"}\n'


def test_an_export_is_json_lines_that_anybody_can_check_with_sha_256_alone(export: list[bytes]) -> None:
    last = bytes(32)
    for number, line in enumerate(export[:-1], 1):
        row, _, hashes = line.removeprefix(b'{"row":').partition(b',"previous_hash"')
        assert json.loads(row)["sequence"] == number
        assert json.loads(b'{"previous_hash"' + hashes)["previous_hash"] == last.hex()
        last = hashlib.sha256(last + row).digest()
        assert json.loads(line)["hash"] == last.hex()
    assert json.loads(export[-1]) == {"end": {"sequence": LINES, "hash": last.hex()}}


def test_an_export_tells_of_itself_and_is_whole(export: list[bytes]) -> None:
    whole = check(export, mark(export, 1), mark(export, LINES))
    assert (whole.rows, whole.end) == (LINES, mark(export, LINES))
    assert json.loads(export[-2])["row"]["action"] == "log_exported"


def test_an_export_holds_ids_and_codes_and_nobodys_name(export: list[bytes]) -> None:
    for line in export[:-1]:
        assert sorted(json.loads(line)["row"]) == [
            "action", "actor_id", "actor_kind", "address", "at", "case_id", "detail", "document_id", "reason",
            "sequence", "subject_id", "version_id",
        ]  # fmt: skip


@pytest.mark.parametrize("number", range(1, LINES + 1))
def test_wherever_a_row_is_changed_dropped_doubled_or_exchanged_it_is_that_row_that_is_named(
    export: list[bytes], number: int
) -> None:
    before, line, after = export[: number - 1], export[number - 1], export[number:]
    changed = line.replace(b'"actor_kind":"s', b'"actor_kind":"c')
    assert fault([*before, changed, *after]) == (Fault.CHANGED, number)
    assert fault([*before, *after]) == (Fault.DROPPED, number)
    assert fault([*before, line, line, *after]) == (Fault.INSERTED, number)
    if number < LINES:
        assert fault([*before, after[0], line, *after[1:]]) == (Fault.REORDERED, number)
        assert fault([*before, *after[:-1], line, after[-1]]) == (Fault.REORDERED, number)


def test_a_row_put_in_with_hashes_that_fit_the_row_before_it_is_named(export: list[bytes]) -> None:
    put_in = forged(export, 6, reason="owner")[5]
    assert fault([*export[:5], put_in, *export[5:]]) == (Fault.INSERTED, 6)


def test_a_row_put_in_place_of_another_is_named(export: list[bytes]) -> None:
    put_in = forged(export, 6, reason="owner")[5]
    assert fault([*export[:5], put_in, *export[6:]]) == (Fault.CHANGED, 6)


def test_a_row_put_in_behind_the_end_is_named(export: list[bytes]) -> None:
    assert fault([*export, export[-2]]) == (Fault.INSERTED, LINES + 1)


@pytest.mark.parametrize("first", [1, 2, 7, LINES])
def test_a_rewritten_tail_is_found_by_a_checkpoint_alone(export: list[bytes], first: int) -> None:
    rewritten = forged(export, first, reason="owner")
    assert check(rewritten).rows == LINES
    assert fault(rewritten, mark(export, LINES))[0] is Fault.REWRITTEN
    if first > 1:
        assert fault(rewritten, mark(export, first - 1), mark(export, LINES)) == (Fault.REWRITTEN, first)


def test_an_export_without_its_last_rows_is_found(export: list[bytes]) -> None:
    end = mark(export, 8)
    shorter = [*export[:8], canonical({"end": {"sequence": 8, "hash": end.hash.hex()}}) + b"\n"]
    assert check(shorter).rows == 8
    assert fault(shorter, mark(export, 10)) == (Fault.DROPPED, 9)
    assert fault([*export[:8], export[-1]]) == (Fault.DROPPED, 9)


def test_a_file_cut_short_anywhere_is_never_taken_for_whole(export: list[bytes]) -> None:
    whole = b"".join(export)
    for length in [*range(0, len(whole) - 2, 97), len(whole) - 2]:
        with pytest.raises(ChainBroken) as broken:
            check_export(io.BytesIO(whole[:length]))
        assert broken.value.fault in (Fault.CUT_SHORT, Fault.UNREADABLE)
    assert fault(export[:5]) == (Fault.CUT_SHORT, 6)


def test_no_byte_of_a_row_can_be_changed(export: list[bytes]) -> None:
    line = export[1]
    for position in range(len(line) - 1):
        changed = line[:position] + bytes([line[position] ^ 1]) + line[position + 1 :]
        found, sequence = fault([export[0], changed, *export[2:]])
        assert found is not Fault.CUT_SHORT
        assert sequence in (1, 2)  # 1 only where the byte is in the row's memory of the row before it


@pytest.mark.parametrize(
    "line",
    [
        b"\n",
        b"[" * 5000 + b"\n",
        b'{"row":' + b'{"a":' * 5000 + b"\n",
        b'{"row":"' + b"x" * 1_000_000,
        b'{"removed":{"first":1}}\n',
        with_hashes(b'{"sequence":true}'),
        with_hashes(b'{"sequence":4.0}'),
        with_hashes(b'{"sequence":"4"}'),
        with_hashes(b"{}"),
        with_hashes(b"{\xff}"),
        with_hashes(b'{"sequence":4}').replace(b'"row":', b'"row": '),
        with_hashes(b'{"sequence":4}').replace(b'"hash":"', b'"hash":"0'),
    ],
)
def test_a_line_that_is_not_a_row_is_named_and_does_no_harm(export: list[bytes], line: bytes) -> None:
    assert fault([*export[:3], line, *export[4:]]) == (Fault.UNREADABLE, 4)


@pytest.mark.parametrize("end", [b'{"end":1}\n', b'{"end":{}}\n', b'{"end":{"sequence":12,"hash":"x"}}\n', b'{"end":'])
def test_an_end_that_is_not_one_is_found(export: list[bytes], end: bytes) -> None:
    assert fault([*export[:-1], end])[0] is Fault.UNREADABLE


@pytest.mark.parametrize(
    "first", [b'{"removed":1}\n', b'{"removed":{"first":1}}\n', b'{"removed":{"first":"x"}}\n', b'{"removed":'],
)  # fmt: skip
def test_a_removed_stretch_that_is_not_one_is_found(export: list[bytes], first: bytes) -> None:
    assert fault([first, *export])[0] is Fault.UNREADABLE


def test_an_empty_file_is_no_export() -> None:
    assert fault([]) == (Fault.CUT_SHORT, 1)


def test_both_checks_agree_on_the_hash_of_every_row(tmp_path: Path) -> None:
    database = new_log(f"sqlite:///{tmp_path / 'log.sqlite'}", COUNT)
    exported = list(audit_check.export(database, SystemClock()))
    with database.engine.connect() as connection:
        for row, line in zip(rows(connection), exported, strict=False):
            fields = {name: value for name, value in row.items() if name not in ("previous_hash", "hash")}
            assert link(row["previous_hash"], fields) == row["hash"]
            assert json.loads(line)["hash"] == row["hash"].hex()
    database.engine.dispose()


def test_a_log_of_any_length_is_checked_in_the_same_small_memory() -> None:
    def many(count: int) -> Iterator[Link]:
        last = FIRST_HASH
        for sequence in range(1, count + 1):
            body = canonical({"sequence": sequence, "detail": {}})
            row_hash = hashlib.sha256(last + body).digest()
            yield Link(sequence, body, last, row_hash)
            last = row_hash

    class Lines(io.RawIOBase):
        """A file that is never all there."""

        def __init__(self, count: int) -> None:
            *_, last = many(count)
            self._lines = write_export(many(count), [], Mark(count, last.hash), lambda _rows: None)

        def readline(self, _size: int | None = -1, /) -> bytes:
            return next(self._lines, b"")

    def peak(count: int) -> int:
        lines = Lines(count)
        tracemalloc.start()
        try:
            assert check_export(lines).rows == count  # type: ignore[arg-type]
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(10)
    assert peak(5000) < peak(500) + 20_000
