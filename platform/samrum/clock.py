"""The time, handed in and never read in the middle: UTC moments, Copenhagen days."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol


class Clock(Protocol):
    def now(self) -> datetime:
        """The present moment, timezone-aware, in UTC."""
        ...


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass(frozen=True)
class ShiftedClock:
    """A clock for demonstrations and tests, moved by the whole seconds written in a file.

    The file is read at every call, so that all processes of a running service move together.
    Production refuses it (see ``config.Settings``).
    """

    path: Path

    def now(self) -> datetime:
        try:
            shift = int(self.path.read_text().strip() or "0")
        except FileNotFoundError:
            shift = 0
        return datetime.now(UTC) + timedelta(seconds=shift)
