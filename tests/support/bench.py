"""Samrum's speed beside what it is built on, as a table of ratios from one run: see storage/BENCHMARKS.md.

Arguments choose rows by a part of their names; `--quick` measures little, to see whether everything runs.
"""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from support import bench_audit, bench_lists, bench_logins, bench_memory, bench_service

Row = tuple[str, str, str, str]


@dataclass(frozen=True)
class Scale:
    """How much is measured: rounds, files in a row, seconds under load, MiB of the large file and the very large."""

    rounds: int = 5
    files: int = 200
    seconds: float = 20
    large: int = 100
    huge: int = 2048
    memory: int = 1024


QUICK = Scale(1, 20, 2, 16, 64, 32)


def _rows(scale: Scale, wanted: Callable[[str], bool]) -> Iterator[Row]:
    yield from bench_memory.rows(scale.memory, wanted)
    yield from bench_service.rows(scale, wanted)


def main() -> None:
    words = [word for word in sys.argv[1:] if not word.startswith("-")]
    scale = QUICK if "--quick" in sys.argv else Scale()

    def wanted(name: str) -> bool:
        return not words or any(word in name for word in words)

    sys.stdout.write(f"{'what':<55}{'measured':<34}{'beside':<34}{'ratio':>9}  reach\n")
    for name, ours, theirs, ratio in _rows(scale, wanted):
        what, _, reach = name.partition(" | ")
        sys.stdout.write(f"{what:<55}{ours:<34}{theirs:<34}{ratio:>9}  {reach}\n")
        sys.stdout.flush()
    for name, measure in (("logins", bench_logins), ("lists", bench_lists), ("audit", bench_audit)):
        if wanted(name):
            measure.measure()


if __name__ == "__main__":
    main()
