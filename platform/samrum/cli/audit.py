"""``samrum audit``: checking the log, writing it out, and signing how far it has come."""

import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import BinaryIO, TypeVar

import click

from samrum import migrations
from samrum.clock import SystemClock
from samrum.config import SettingsError, load_settings
from samrum.db import Database
from samrum.services import audit_check, audit_retention, checkpoint_store
from samrum.services.audit_export import check_export
from samrum.services.chain import ChainBroken, Fault, Mark, Whole
from samrum.services.checkpoints import BadCheckpoint, BadKey, PublicKey, SigningKey, load_public, open_checkpoint
from storage import StorageError
from storage.locked import LockedStore

T = TypeVar("T")

_PATH = click.Path(path_type=Path)
_FAULTS = {
    Fault.CHANGED: "Row {0} was changed after it was written.",
    Fault.DROPPED: "Row {0} is missing.",
    Fault.INSERTED: "Row {0} was put in: there is no place for it.",
    Fault.REORDERED: "Row {0} is not in its place; it comes later.",
    Fault.UNTOLD: "Rows {0} to {1} are gone as if their time had passed, but no row of the log says that they were"
    " removed.",
    Fault.REWRITTEN: "The log was rewritten somewhere from row {0} to row {1}: it holds together, but it is not the log"
    " that the checkpoint of row {1} was signed for.",
    Fault.UNREADABLE: "Row {0} cannot be read.",
    Fault.CUT_SHORT: "The file ends before row {0} and does not say that the log does.",
}


@click.group()
def audit() -> None:
    """The audit log: who did what, in rows that are chained to each other."""


@audit.command()
@click.option("--file", "path", type=_PATH, help="Check this export; no database and no settings are needed.")
@click.option("--checkpoint", "checkpoints", type=_PATH, multiple=True, help="A checkpoint the log must agree with.")
@click.option("--from-store", is_flag=True, help="All checkpoints in SAMRUM_CHECKPOINT_BUCKET as well.")
@click.option("--public-key", "public", type=_PATH, multiple=True, help="A key that checkpoints are signed with.")
def verify(path: Path | None, checkpoints: tuple[Path, ...], from_store: bool, public: tuple[Path, ...]) -> None:
    """Check that every row is there and as it was written. Exit status 1, and the first wrong row, where one is not."""
    if (checkpoints or from_store) and not public:
        raise click.UsageError("A checkpoint is worth nothing without the key it was signed with: give --public-key.")
    keys = _public(public)
    marks = _marks(checkpoints, keys)
    if from_store:
        marks += (stored := _stored(_store(), keys))
        if not stored:
            raise click.ClickException("The bucket holds no checkpoint of this log.")
    if path is None:
        whole = _checked(lambda: audit_check.check(_database(), marks=marks, progress=_progress))
    else:
        with _open(path) as file:
            whole = _checked(lambda: check_export(file, marks=marks, progress=_progress))
    for stretch in whole.removed:
        click.echo(f"Rows {stretch.first} to {stretch.last} were removed on {stretch.removed_at:%Y-%m-%d}.")
    for mark in whole.unchecked:
        click.echo(f"The checkpoint of row {mark.sequence} is older than the rows that are left, and shows nothing.")
    click.echo(
        f"{whole.rows} rows, every one as it was written; the last is row {whole.end.sequence}."
        + (_vouched(marks, whole) if marks else "")
    )


@audit.command()
@click.option("--output", type=_PATH, help="A new file to write to, instead of the standard output.")
def export(output: Path | None) -> None:
    """Write the whole log as JSON Lines, one row on each. The export is itself logged."""
    lines = audit_check.export(_database(), SystemClock(), progress=_progress)
    if output is None:
        _write(lines, sys.stdout.buffer.write)
        return
    try:
        output.touch(mode=0o600, exist_ok=False)
        with output.open("wb") as file:
            _write(lines, file.write)
    except OSError as error:
        raise click.ClickException(f"{output} can't be written: {error.strerror}") from error


@audit.command()
@click.option("--key", "key_path", type=_PATH, required=True, help="The file with the log's secret key.")
@click.option("--checkpoint", "earlier", type=_PATH, multiple=True, help="An earlier checkpoint to agree with first.")
@click.option(
    "--public-key", "public", type=_PATH, multiple=True, help="An earlier key, to agree with its checkpoints."
)
@click.option("--output", type=_PATH, help="A new file to write to, instead of the standard output.")
@click.option("--to-store", is_flag=True, help="Agree with all in SAMRUM_CHECKPOINT_BUCKET, and put it there.")
def checkpoint(
    key_path: Path, earlier: tuple[Path, ...], public: tuple[Path, ...], output: Path | None, to_store: bool
) -> None:
    """Check the log, and sign how far it has come. Keep the result out of reach of whoever runs the database."""
    try:
        key = SigningKey.load(key_path)
    except BadKey as error:
        raise click.ClickException(f"{key_path}: {error}") from error
    keys = [key.public, *_public(public)]
    marks = _marks(earlier, keys)
    store = _store() if to_store else None
    if store is not None:
        marks += _stored(store, keys)
    whole = _checked(lambda: audit_check.check(_database(), marks=marks, progress=_progress))
    if whole.root is None:
        raise click.ClickException(
            "Rows of this log were removed by an earlier version that kept no tree: there is nothing to sign. Keep the"
            " checkpoints that there are; `samrum audit verify` goes on comparing them."
        )
    mark = Mark(whole.end.sequence, whole.root)
    text = key.sign(mark)
    if store is not None:
        days = load_settings().checkpoint_days
        if not _reached(lambda: checkpoint_store.put(store, mark, text, SystemClock().now(), days)):
            click.echo("The bucket has no object lock: whoever has its key can remove this checkpoint.", err=True)
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        with output.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise click.ClickException(f"{output} can't be written: {error.strerror}") from error


@audit.command("create-bucket")
def create_bucket() -> None:
    """Make SAMRUM_CHECKPOINT_BUCKET, with object lock. Nothing happens where it is there already."""
    store = _store()
    _reached(store.ensure_bucket)
    if not _reached(lambda: store.locks):
        raise click.ClickException(
            "The bucket has no object lock, which can be turned on for a new bucket only. Name another one, or keep"
            " the checkpoints where nobody who runs the database can remove them."
        )
    click.echo("The bucket is there, and holds what is put into it until its day.")


@audit.command("remove-old")
def remove_old() -> None:
    """Remove rows older than SAMRUM_AUDIT_MONTHS, whole months at a time. Run it every night."""
    settings = load_settings()
    removed = _checked(
        lambda: audit_retention.remove_old(_database(), SystemClock(), settings.audit_months, progress=_progress)
    )
    if removed is None:
        click.echo("No row is old enough.")
    else:
        click.echo(f"Rows {removed.first} to {removed.last} were removed.")


@audit.command("create-key")
@click.argument("path", type=_PATH)
@click.option("--name", required=True, help="What the log is called, such as samrum.example.dk/audit.")
def create_key(path: Path, name: str) -> None:
    """Write a new key for checkpoints, and print its public half. Keep both away from the database."""
    try:
        key = SigningKey.create(path, name)
    except BadKey as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        raise click.ClickException(f"{path} can't be written: {error.strerror}") from error
    click.echo(key.public.text)


def _database() -> Database:
    """The database of the settings: no keys and no file storage are needed to read the log."""
    database = Database(load_settings().database_url.get_secret_value())
    if not migrations.is_current(database.engine):
        raise SettingsError("The database is not up to date. Run `samrum migrate` first.")
    return database


def _checked(check: Callable[[], T]) -> T:
    try:
        found = check()
    except ChainBroken as broken:
        _end_progress()
        click.echo(_FAULTS[broken.fault].format(broken.sequence, broken.until))
        sys.exit(1)
    _end_progress()
    return found


def _vouched(marks: Iterable[Mark], whole: Whole) -> str:
    """How far the checkpoints go: of the rows behind the newest one they show nothing."""
    agreeing = [mark for mark in marks if mark not in whole.unchecked]
    if not agreeing:
        return " No checkpoint shows anything about them."
    newest = max(agreeing)
    rest = "." if newest.sequence == whole.end.sequence else "; they show nothing about the rows behind that one."
    return f" {len(agreeing)} checkpoints agree, the newest is of row {newest.sequence}{rest}"


def _marks(paths: Iterable[Path], keys: Sequence[PublicKey]) -> list[Mark]:
    marks = []
    for path in paths:
        with _open(path) as file:
            text = file.read(1 << 20).decode("utf-8", "replace")
        try:
            marks.append(open_checkpoint(text, *keys))
        except BadCheckpoint as error:
            raise click.ClickException(f"{path}: {error}") from error
    return marks


def _store() -> LockedStore:
    return checkpoint_store.checkpoint_store(load_settings())


def _stored(store: LockedStore, keys: Sequence[PublicKey]) -> list[Mark]:
    """The checkpoints in the bucket. What is not one is named, and shows nothing."""
    found = _reached(lambda: checkpoint_store.find(store, keys))
    for name in found.strange:
        plain = ascii(name)[1:-1]  # whoever has the bucket's key chose it
        click.echo(f"{plain} in the bucket is not a checkpoint signed with this key, and shows nothing.", err=True)
    return found.marks


def _reached(ask: Callable[[], T]) -> T:
    try:
        return ask()
    except StorageError as error:
        raise click.ClickException(f"The bucket for checkpoints can't be used: {error}") from error


def _public(paths: Iterable[Path]) -> list[PublicKey]:
    keys = []
    for path in paths:
        try:
            keys.append(load_public(path))
        except BadKey as error:
            raise click.ClickException(f"{path}: {error}") from error
    return keys


def _open(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise click.ClickException(f"{path} can't be read: {error.strerror}") from error


def _write(lines: Iterable[bytes], write: Callable[[bytes], object]) -> None:
    for line in lines:
        write(line)
    _end_progress()


def _progress(rows: int) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r{rows} rows", nl=False, err=True)


def _end_progress() -> None:
    if sys.stderr.isatty():
        click.echo("\r", nl=False, err=True)
