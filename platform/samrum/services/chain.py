"""The audit chain: each row's hash covers the row before it and the row's own canonical form.

Here it is also followed from its beginning, to find the first row that is not as it was written. Over the rows' hashes
there is a Merkle tree (``tree.py``), whose root is what checkpoints are signed over.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Final, NamedTuple
from uuid import UUID

from samrum.services.tree import Tree

FIRST_HASH: Final = bytes(32)
PROGRESS_EVERY: Final = 10_000


class Fault(StrEnum):
    """What is wrong with a chain."""

    CHANGED = "changed"
    DROPPED = "dropped"
    INSERTED = "inserted"
    REORDERED = "reordered"
    UNTOLD = "untold"  # a stretch is said to have been removed, and no row behind it says so
    REWRITTEN = "rewritten"  # the chain holds together, but is not the one that a checkpoint was signed for
    UNREADABLE = "unreadable"
    CUT_SHORT = "cut_short"  # an export without its last line


class ChainBroken(Exception):
    """The first row that is not as it was written; of a rewritten tail or a removed stretch, the first and the last."""

    def __init__(self, fault: Fault, sequence: int, until: int | None = None) -> None:
        super().__init__(f"row {sequence}: {fault.value}")
        self.fault = fault
        self.sequence = sequence
        self.until = until


class Link(NamedTuple):
    """One row, in its canonical form."""

    sequence: int
    body: bytes
    previous_hash: bytes
    hash: bytes


class Mark(NamedTuple):
    """A place in the chain: the number of the row there, and its hash or the root of the tree up to it."""

    sequence: int
    hash: bytes


BEGINNING: Final = Mark(0, FIRST_HASH)


@dataclass(frozen=True)
class Removed:
    """A sealed stretch that was removed when its time had passed.

    ``edge``: the right edge of the tree at its last row; None where it was removed before there was a tree.
    """

    first: int
    last: int
    previous_hash: bytes
    last_hash: bytes
    removed_at: datetime
    edge: tuple[bytes, ...] | None = None


@dataclass(frozen=True)
class Whole:
    """A chain in which every row is as it was written. ``unchecked`` marks lie in what was removed.

    ``root`` is the tree's at its end, ``edge`` the tree's right edge at the row that was asked for. Both are None where
    rows were removed before there was a tree.
    """

    rows: int
    end: Mark
    root: bytes | None = None
    edge: tuple[bytes, ...] | None = None
    removed: tuple[Removed, ...] = ()
    unchecked: tuple[Mark, ...] = ()


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat(timespec="microseconds")
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(type(value).__name__)


_ENCODER: Final = json.JSONEncoder(
    default=_plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
)


def canonical(fields: Mapping[str, object]) -> bytes:
    """One byte form for one row: JSON with sorted keys, no spaces, moments in UTC ISO form, ids as hex with dashes."""
    return _ENCODER.encode(fields).encode()


def link(previous_hash: bytes, fields: Mapping[str, object]) -> bytes:
    """The hash (32 bytes) of a row that follows the one with ``previous_hash``."""
    return sha256(previous_hash + canonical(fields)).digest()


def follow(
    links: Iterable[Link],
    *,
    removed: Sequence[Removed] = (),
    marks: Sequence[Mark] = (),
    end: Mark | None = None,
    edge_at: int | None = None,
    progress: Callable[[int], None] = lambda _rows: None,
) -> Whole:
    """Follow the chain from its beginning, one row in memory at a time. Raises ``ChainBroken`` at the first wrong row.

    ``marks`` are places known from elsewhere, such as signed checkpoints; ``end`` is where the chain has to end.
    ``edge_at`` is the row at which the tree's edge is wanted.
    """
    start, tree = _skip(removed), _tree_behind(removed)
    known, told = _Known(marks, start), _Told(removed)
    edge = None
    rows, (sequence, last) = 0, start
    known.check(start, tree)
    remaining = iter(links)
    for found in remaining:
        if found.sequence != sequence + 1:
            raise _out_of_place(found, sequence + 1, remaining)
        if sha256(found.previous_hash + found.body).digest() != found.hash:
            raise ChainBroken(Fault.CHANGED, found.sequence)
        if found.previous_hash != last:
            raise ChainBroken(Fault.CHANGED, _which_changed(found, start, next(remaining, None), end))
        sequence, last = found.sequence, found.hash
        told.hear(found.body)
        if tree is not None:
            tree.add(last)
            if sequence == edge_at:
                edge = tree.edge
        if sequence == known.next:
            known.check(Mark(sequence, last), tree)
        rows += 1
        if rows % PROGRESS_EVERY == 0:
            progress(rows)
    reached = Mark(sequence, last)
    if end is not None and reached != end:
        raise ends_elsewhere(reached, end)
    if known.next is not None:
        raise ChainBroken(Fault.DROPPED, sequence + 1)
    told.check()
    return Whole(rows, reached, tree.root() if tree is not None else None, edge, tuple(removed), known.unchecked)


class _Known:
    """The places known from elsewhere that the chain has to pass through."""

    def __init__(self, marks: Sequence[Mark], start: Mark) -> None:
        self.unchecked = tuple(sorted(mark for mark in marks if mark.sequence < start.sequence))
        self._ahead = sorted(mark for mark in marks if mark.sequence >= start.sequence)
        self._agreed = start.sequence

    @property
    def next(self) -> int | None:
        return self._ahead[0].sequence if self._ahead else None

    def check(self, reached: Mark, tree: Tree | None) -> None:
        """Compare with the tree's root; with the row's hash as well, which is what checkpoints held at first."""
        if self.next != reached.sequence:
            return
        genuine = {reached.hash} | ({tree.root()} if tree is not None else set())
        while self.next == reached.sequence:
            if self._ahead.pop(0).hash not in genuine:
                raise ChainBroken(Fault.REWRITTEN, min(self._agreed + 1, reached.sequence), reached.sequence)
        self._agreed = reached.sequence


def _skip(removed: Sequence[Removed]) -> Mark:
    """Where the rows begin that are still there. Raises ``ChainBroken`` where the removed stretches do not join up."""
    at = BEGINNING
    for stretch in removed:
        if stretch.first != at.sequence + 1 or stretch.previous_hash != at.hash or stretch.last < stretch.first:
            raise ChainBroken(Fault.DROPPED, at.sequence + 1)
        at = Mark(stretch.last, stretch.last_hash)
    return at


class _Told:
    """Whether the log itself says that rows were removed: which, and when. Only of the last removed stretch does the
    row that says so stand for certain behind it; those about earlier ones may have been removed since."""

    def __init__(self, removed: Sequence[Removed]) -> None:
        self._words: tuple[bytes, ...] = ()
        if removed:
            self._stretch = last = removed[-1]
            detail = {"first": last.first, "last": last.last}
            said = {"action": "log_shortened", "at": last.removed_at, "detail": detail}
            self._words = tuple(canonical({name: value})[1:-1] for name, value in said.items())

    def hear(self, body: bytes) -> None:
        if self._words and all(words in body for words in self._words):
            self._words = ()

    def check(self) -> None:
        if self._words:
            raise ChainBroken(Fault.UNTOLD, self._stretch.first, self._stretch.last)


def _tree_behind(removed: Sequence[Removed]) -> Tree | None:
    """The tree over all that was removed. Raises ``ChainBroken`` where its edge cannot be one."""
    if not removed:
        return Tree()
    last = removed[-1]
    if last.edge is None:
        return None
    try:
        return Tree(last.last, last.edge)
    except ValueError as error:
        raise ChainBroken(Fault.UNREADABLE, last.last) from error


def _out_of_place(found: Link, expected: int, rest: Iterator[Link]) -> ChainBroken:
    """What it means that another row stands where ``expected`` should: it may come later, or not at all."""
    if found.sequence < expected:
        return ChainBroken(Fault.INSERTED, found.sequence)
    try:
        comes_later = any(other.sequence == expected for other in rest)
    except ChainBroken:
        comes_later = False
    return ChainBroken(Fault.REORDERED if comes_later else Fault.DROPPED, expected)


def _which_changed(found: Link, start: Mark, follower: Link | None, end: Mark | None) -> int:
    """Which of two rows was changed that do not join: the row behind them was chained to the right one."""
    behind = follower.previous_hash if follower is not None else end.hash if end is not None else found.hash
    is_genuine = behind == found.hash and found.sequence > start.sequence + 1
    return found.sequence - 1 if is_genuine else found.sequence


def ends_elsewhere(reached: Mark, end: Mark) -> ChainBroken:
    """What it means that the chain ends at another place than the one where it has to end."""
    if reached.sequence < end.sequence:
        return ChainBroken(Fault.DROPPED, reached.sequence + 1)
    if reached.sequence > end.sequence:
        return ChainBroken(Fault.INSERTED, end.sequence + 1)
    return ChainBroken(Fault.CHANGED, reached.sequence)
