"""The audit log as a file: written row by row, and checked with nothing else at hand.

An export is JSON Lines. The bytes of a line's ``row`` are the row's canonical form itself, the bytes that its hash
covers: whoever holds an export needs SHA-256 and nothing of ours. The last line says where the chain ends, so that a
file cut short is noticed.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, BinaryIO, Final

from samrum.services.chain import (
    PROGRESS_EVERY,
    ChainBroken,
    Fault,
    Link,
    Mark,
    Removed,
    Whole,
    canonical,
    ends_elsewhere,
    follow,
)

_LONGEST_LINE: Final = 64 * 1024  # bytes; a row holds ids and short codes
_LINE: Final = re.compile(rb'\{"row":(\{.*\}),"previous_hash":"([0-9a-f]{64})","hash":"([0-9a-f]{64})"\}\n?')


def write_export(
    links: Iterable[Link], removed: Iterable[Removed], end: Mark, progress: Callable[[int], None]
) -> Iterator[bytes]:
    """The lines of an export: what was removed, every row, and where it ends."""
    for stretch in removed:
        fields = {
            "first": stretch.first,
            "last": stretch.last,
            "previous_hash": stretch.previous_hash.hex(),
            "last_hash": stretch.last_hash.hex(),
            "removed_at": stretch.removed_at,
            "edge": None if stretch.edge is None else [one.hex() for one in stretch.edge],
        }
        yield canonical({"removed": fields}) + b"\n"
    for rows, found in enumerate(links, 1):
        hashes = f',"previous_hash":"{found.previous_hash.hex()}","hash":"{found.hash.hex()}"}}\n'
        yield b'{"row":' + found.body + hashes.encode()
        if rows % PROGRESS_EVERY == 0:
            progress(rows)
    yield canonical({"end": {"sequence": end.sequence, "hash": end.hash.hex()}}) + b"\n"


def check_export(
    file: BinaryIO, *, marks: Sequence[Mark] = (), progress: Callable[[int], None] = lambda _rows: None
) -> Whole:
    """Follow the chain of an export, with nothing else at hand. Raises ``ChainBroken``."""
    reader = _Reader(file)
    removed = reader.removed()
    whole = follow(reader.rows(), removed=removed, marks=marks, progress=progress)
    if reader.end is None:
        raise ChainBroken(Fault.CUT_SHORT, whole.end.sequence + 1)
    if reader.end != whole.end:
        raise ends_elsewhere(whole.end, reader.end)
    return whole


def _edge(given: list[str] | None) -> tuple[bytes, ...] | None:
    return None if given is None else tuple(bytes.fromhex(one) for one in given)


class _Reader:
    """Reads an export line by line."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._line = b""
        self._next_row = 1
        self.end: Mark | None = None

    def removed(self) -> list[Removed]:
        """The stretches that were removed: they stand first."""
        found = []
        while (line := self._read()).startswith(b'{"removed":'):
            fields = self._json(line)["removed"]
            try:
                found.append(
                    Removed(
                        int(fields["first"]),
                        int(fields["last"]),
                        bytes.fromhex(fields["previous_hash"]),
                        bytes.fromhex(fields["last_hash"]),
                        datetime.fromisoformat(fields["removed_at"]),
                        _edge(fields.get("edge")),
                    )
                )
            except (KeyError, TypeError, ValueError) as error:
                raise ChainBroken(Fault.UNREADABLE, self._next_row) from error
            self._next_row = found[-1].last + 1
        self._line = line
        return found

    def rows(self) -> Iterator[Link]:
        while line := self._line or self._read():
            self._line = b""
            if line.startswith(b'{"end":'):
                self._finish(line)
                return
            found = _LINE.fullmatch(line)
            if found is None:
                raise ChainBroken(Fault.UNREADABLE, self._next_row)
            body, previous_hash, row_hash = found.groups()
            sequence = self._json(body).get("sequence")
            if type(sequence) is not int:
                raise ChainBroken(Fault.UNREADABLE, self._next_row)
            yield Link(sequence, body, bytes.fromhex(previous_hash.decode()), bytes.fromhex(row_hash.decode()))
            self._next_row = sequence + 1

    def _finish(self, line: bytes) -> None:
        fields = self._json(line)["end"]
        try:
            self.end = Mark(int(fields["sequence"]), bytes.fromhex(fields["hash"]))
        except (KeyError, TypeError, ValueError) as error:
            raise ChainBroken(Fault.UNREADABLE, self._next_row) from error
        if self._read():
            raise ChainBroken(Fault.INSERTED, self._next_row)

    def _read(self) -> bytes:
        return self._file.readline(_LONGEST_LINE)

    def _json(self, text: bytes) -> dict[str, Any]:
        try:
            value = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise ChainBroken(Fault.UNREADABLE, self._next_row) from error
        if not isinstance(value, dict):
            raise ChainBroken(Fault.UNREADABLE, self._next_row)
        return value
