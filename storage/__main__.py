"""``python -m storage vectors FILE``: lets an auditor check the cryptographic core against public test vectors."""

import argparse
import sys
from pathlib import Path

from storage.vectors import BadVectorFile, run


def main(arguments: list[str] | None = None) -> int:
    """The exit status: 0 when every vector passes, 1 when one fails, 2 when there is nothing to run."""
    parser = argparse.ArgumentParser(prog="python -m storage")
    commands = parser.add_subparsers(dest="command", required=True)
    vectors = commands.add_parser("vectors", help="run a Wycheproof file for Cobblestone-256 against the core")
    vectors.add_argument("file", type=Path)
    path: Path = parser.parse_args(arguments).file
    count = failures = 0
    try:
        for outcome in run(path):
            count += 1
            if outcome.complaint:
                failures += 1
                sys.stdout.write(f"{outcome.number}: {outcome.comment}: {outcome.complaint}\n")
    except (BadVectorFile, OSError) as error:
        sys.stderr.write(f"{path}: {error}\n")
        return 2
    sys.stdout.write(f"{count - failures} of {count} vectors passed\n")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
