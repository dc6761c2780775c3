"""``samrum fsck``: whether every stored version is there and whole."""

import json
import sys
from collections import Counter
from pathlib import Path
from uuid import UUID

import click

from samrum.cli.common import open_platform
from samrum.services import fsck as services
from samrum.services.fsck import Checked, Fault, Plan
from samrum.services.platform import Platform
from storage import StorageError

_NOT_FINISHED = 2


class Tally:
    """How far a check has come and what it counted; in a file, where one is given, after every page of versions."""

    def __init__(self, path: Path | None, sample: int | None) -> None:
        self._path = path
        self.plan = services.new_plan(sample)
        self.behind: Checked | None = None
        self.counts: Counter[str] = Counter()
        if path is not None and path.exists():
            self._read(path)
            if sample not in (None, self.plan.sample):
                raise click.UsageError(
                    f"{path} is from a check of another sample. Leave --sample out to go on with it."
                )

    def add(self, page: Checked) -> None:
        """Print what is wrong, count it, and only then write down that the page is done."""
        for version, fault in page.faults.items():
            click.echo(f"{fault.value} {version}")
        self.counts.update(fault.value for fault in page.faults.values())
        self.counts.update({"versions": page.versions, "erased": page.erased})
        self.behind = page
        if self._path is not None:
            state = {
                "start": str(self.plan.start),
                "sample": self.plan.sample,
                "last": str(page.last),
                "wrapped": page.wrapped,
                "counts": dict(self.counts),
            }
            beside = self._path.with_name(self._path.name + ".new")
            beside.write_text(json.dumps(state))
            beside.replace(self._path)

    def finish(self) -> None:
        """Leave nothing to go on from: the next check begins anew."""
        if self._path is not None:
            self._path.unlink(missing_ok=True)

    def _read(self, path: Path) -> None:
        try:
            state = json.loads(path.read_text())
            self.plan = Plan(UUID(state["start"]), state["sample"])
            self.behind = Checked(UUID(state["last"]), state["wrapped"], 0, 0, {})
            self.counts = Counter(state["counts"])
        except OSError as error:
            raise click.ClickException(f"{path} can't be read: {error.strerror}") from error
        except (ValueError, KeyError, TypeError) as error:
            raise click.ClickException(f"{path} is not from a check that was broken off.") from error


@click.command()
@click.option("--sample", type=click.IntRange(min=1), help="Check so many versions, chosen at random.")
@click.option("--resume", type=click.Path(path_type=Path, dir_okay=False), help="Where to keep how far it has come.")
@click.option("--repair", is_flag=True, help="Remove objects that no version needs. Nothing else is ever changed.")
def fsck(sample: int | None, resume: Path | None, repair: bool) -> None:
    """Check that every version is there, opens, and is what was uploaded.

    With --resume a check that was broken off goes on where it stopped. Exit status 1 when a version is missing or
    corrupt, or its key-encryption key is not here; 2 when the check could not be finished.
    """
    platform = open_platform()
    tally = Tally(resume, sample)
    try:
        _check_versions(platform, tally)
        for name in services.orphaned(platform, repair=repair):
            click.echo(f"orphan {name}")
            tally.counts["orphan"] += 1
    except StorageError as error:
        click.echo(f"Not finished, the file storage does not answer as it should: {error}", err=True)
        sys.exit(_NOT_FINISHED)
    tally.finish()
    counts = tally.counts
    click.echo(
        f"{counts['versions']} versions checked: {counts[Fault.MISSING]} missing, {counts[Fault.CORRUPT]} corrupt, "
        f"{counts[Fault.KEY_MISSING]} without their key; {counts['erased']} of erased cases. "
        f"{counts['orphan']} objects without a version{', removed' if repair else ''}."
    )
    if any(counts[fault] for fault in Fault):
        sys.exit(1)


def _check_versions(platform: Platform, tally: Tally) -> None:
    total, done = services.count(platform, tally.plan), tally.counts["versions"]
    with click.progressbar(length=total, label="Versions", file=sys.stderr) as bar:
        bar.update(done)
        for page in services.check(
            platform, tally.plan, done=done, behind=tally.behind, progress=lambda: bar.update(1)
        ):
            tally.add(page)
