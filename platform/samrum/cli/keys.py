"""``samrum keys``: the keys outside the database, which of them are in use, and erasing a case for good."""

import sys
from pathlib import Path

import click

from samrum.assembly import make_keys
from samrum.cli.common import open_platform, read_settings
from samrum.config import SettingsError
from samrum.fieldkeys import FieldKeys
from samrum.services import keys as services
from samrum.services.errors import FilesErased, NotThere
from samrum.services.keys import Doomed, KekInUse, Reason, StillOpen
from samrum.services.platform import Platform
from storage import KeyFile

_PATH = click.Path(path_type=Path)


@click.group()
def keys() -> None:
    """The keys outside the database."""


@keys.command()
@click.argument("path", type=_PATH)
def create(path: Path) -> None:
    """Write a new file with a key-encryption key. Keep a copy in a safe: without it every file is lost."""
    KeyFile.create(path)
    click.echo(f"Written. Set SAMRUM_KEY_FILE={path}")


@keys.command("create-in-hsm")
def create_in_hsm() -> None:
    """Make the first key-encryption key inside the hardware security module that the settings name."""
    settings = read_settings()
    if settings.pkcs11_module is None:
        raise SettingsError("SAMRUM_PKCS11_MODULE names no hardware security module.")
    wrapper = make_keys(settings)
    if wrapper.fingerprints:
        raise click.ClickException(
            "The module holds a key-encryption key already. `samrum keys rotate --new` adds one."
        )
    click.echo(f"Made {wrapper.add()}. Have the module backed up by its own means: without the key every file is lost.")


@keys.command("create-field-key")
@click.argument("path", type=_PATH)
def create_field_key(path: Path) -> None:
    """Write a new file with the key for CPR numbers. Keep a copy in a safe."""
    try:
        FieldKeys.create(path)
    except OSError as error:
        raise click.ClickException(f"The key file can't be written: {error.strerror}") from error
    click.echo(f"Written. Set SAMRUM_FIELD_KEY_FILE={path}")


@keys.command()
def status() -> None:
    """Which key-encryption keys there are, and how many cases' keys lie under each."""
    _show_status(open_platform())


@keys.command()
@click.option("--new", is_flag=True, help="Make a fresh key-encryption key the active one first.")
def rotate(new: bool) -> None:
    """Bring every case key under the active key-encryption key, while the service runs.

    Can be broken off at any moment and begun again. Exit status 1 when a key could not be moved.
    """
    platform = open_platform()
    if new:
        click.echo(f"The active key-encryption key is now {services.add_kek(platform)}. Put a copy of it in a safe.")
    with click.progressbar(length=0, label="Case keys", file=sys.stderr) as bar:

        def progress(done: int, total: int) -> None:
            bar.length = total
            bar.update(done - bar.pos)

        moved = services.rotate(platform, progress)
    for label, numbers in (("key missing", moved.key_missing), ("corrupt", moved.corrupt)):
        for number in numbers:
            click.echo(f"{label} {number}")
    click.echo(f"{moved.cases} case keys moved.")
    _show_status(platform)
    if not moved.is_complete:
        sys.exit(1)


@keys.command()
@click.argument("kek")
def remove(kek: str) -> None:
    """Take the key-encryption key KEK (its fingerprint) out of the key file, once nothing lies under it.

    Backups from when it was in use can't be read any more without a copy of it, the keys of erased cases included.
    """
    platform = open_platform()
    try:
        services.remove_kek(platform, kek)
    except KekInUse as error:
        raise click.ClickException("Something still lies under it. Run `samrum keys rotate` first.") from error
    except NotThere as error:
        raise click.ClickException("The keys are in a hardware security module: remove it by its own means.") from error
    click.echo("Removed. Destroy its copies as well.")


@keys.command("destroy-case")
@click.argument("number")
@click.option("--reason", required=True, type=click.Choice([reason.value for reason in Reason]), help="For the log.")
def destroy_case(number: str, reason: str) -> None:
    """Erase all files of the closed case NUMBER for good, by destroying their key. Nothing brings them back."""
    platform = open_platform()
    try:
        found = services.doomed(platform, number)
        _confirm(found)
        services.destroy(platform, number, Reason(reason))
    except NotThere as error:
        raise click.ClickException("There is no case with that number.") from error
    except StillOpen as error:
        raise click.ClickException("The case is not closed. Its owner closes it first.") from error
    except FilesErased as error:
        raise click.ClickException("Its files were erased before.") from error
    click.echo(
        f"Erased: {found.versions} versions of case {number} never open again. Backups hold copies of the key until "
        "they run out, or until the key-encryption key they are wrapped under is gone: `samrum keys rotate --new`, "
        "then `samrum keys remove`."
    )


def _confirm(found: Doomed) -> None:
    click.echo(f"This erases {found.versions} versions of case {found.number}. Nobody can undo it.")
    if click.prompt("Type the number of the case to go on", default="", show_default=False) != found.number:
        raise click.ClickException("Not the number. Nothing was erased.")


def _show_status(platform: Platform) -> None:
    found, destroyed = services.status(platform)
    for use in found:
        what = "active" if use.is_active else "retired" if use.is_held else "MISSING"
        click.echo(f"{use.kek}  {what:<7}  {use.cases} cases")
    if destroyed:
        click.echo(f"{destroyed} cases' keys were destroyed.")
