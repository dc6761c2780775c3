"""What range after range of the same version needs again: the two ends of its object, as they lie in the store."""

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

_KEPT: Final = 64
"""Objects whose ends are kept: about a mebibyte."""


@dataclass(frozen=True, slots=True)
class Ends:
    """The header and the last chunk of an object of ``total`` bytes, sealed; objects never change."""

    total: int
    header: bytes
    last: bytes


class EndsKept:
    """The ends of the objects that were read in part lately. Safe between threads."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Ends] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, name: str) -> Ends | None:
        """The ends of an object, if they are here."""
        with self._lock:
            ends = self._kept.get(name)
            if ends is not None:
                self._kept.move_to_end(name)
            return ends

    def keep(self, name: str, ends: Ends) -> None:
        """Keep them, in place of those that nobody asked for the longest."""
        with self._lock:
            self._kept[name] = ends
            self._kept.move_to_end(name)
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
