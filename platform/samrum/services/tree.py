"""The Merkle tree over the audit log's rows (RFC 6962, 2.1), kept as its right edge: a hash for every 1 of its size.

Leaf ``n`` is the hash (32 bytes) of the log's row ``n + 1``. Whoever knows the edge at some size can go on from there
without any of the rows before, which is how the tree outlives rows that were removed.
"""

from collections.abc import Sequence
from hashlib import sha256
from typing import Final

_EMPTY: Final = sha256(b"").digest()


class Tree:
    """A tree of ``size`` leaves. ``edge``: the roots of the complete trees that it is made of, the largest first."""

    def __init__(self, size: int = 0, edge: Sequence[bytes] = ()) -> None:
        """Go on from an edge. ValueError for one that no tree of this size has."""
        if size < 0 or len(edge) != size.bit_count() or any(len(one) != 32 for one in edge):
            raise ValueError("no tree of this size has such an edge")
        self.size = size
        self._edge = list(edge)

    @property
    def edge(self) -> tuple[bytes, ...]:
        return tuple(self._edge)

    def add(self, leaf: bytes) -> None:
        """Add a leaf behind the others."""
        node, size, edge = sha256(b"\x00" + leaf).digest(), self.size, self._edge
        while size & 1:
            node = sha256(b"\x01" + edge.pop() + node).digest()
            size >>= 1
        edge.append(node)
        self.size += 1

    def root(self) -> bytes:
        """The tree's hash, 32 bytes."""
        if not self._edge:
            return _EMPTY
        *rest, node = self._edge
        for left in reversed(rest):
            node = sha256(b"\x01" + left + node).digest()
        return node
