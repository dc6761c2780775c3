"""The ``samrum`` command: serving, looking after an installation, and the demo."""

import sys
from pathlib import Path

import click

from samrum import logs, migrations
from samrum.assembly import make_platform, make_store
from samrum.cli import server
from samrum.cli.audit import audit
from samrum.config import Settings, SettingsError, load_settings
from samrum.db import Database, DatabaseUnavailable
from samrum.demo import municipality
from samrum.demo.supervisor import run_demo
from samrum.fieldkeys import FieldKeys
from samrum.services import installation, people, upkeep
from samrum.services.errors import Invalid
from samrum.services.people import NewStaff
from samrum.services.platform import SYSTEM, Platform
from storage import BadKeyFile, KeyFile, StorageError


class _Command(click.Group):
    """Says what is wrong in a sentence; a stack trace helps nobody at a terminal."""

    def invoke(self, context: click.Context) -> object:
        try:
            return super().invoke(context)
        except (SettingsError, BadKeyFile) as error:
            raise click.ClickException(str(error)) from error
        except DatabaseUnavailable as error:
            raise click.ClickException("The database does not answer. Check SAMRUM_DATABASE_URL.") from error
        except StorageError as error:
            raise click.ClickException(f"The file storage does not answer as it should: {error}") from error


@click.group(cls=_Command)
def main() -> None:
    """Samrum, a shared room for the files of one young person."""


main.add_command(audit)


def _settings() -> Settings:
    settings = load_settings()
    logs.configure(settings.log_level)
    return settings


def _platform() -> Platform:
    """The platform on a database that is up to date, with the keys that belong to it."""
    platform = make_platform(_settings())
    if not migrations.is_current(platform.database.engine):
        raise SettingsError("The database is not up to date. Run `samrum migrate` first.")
    installation.check_keys(platform)
    return platform


@main.command()
def serve() -> None:
    """Serve the pages with several worker processes."""
    platform = _platform()
    platform.database.engine.dispose()
    server.run(platform.settings)


@main.command()
def migrate() -> None:
    """Bring the database to this release. Run it once before each new release serves."""
    settings = _settings()
    migrations.upgrade(Database(settings.database_url.get_secret_value()).engine)
    click.echo("The database is up to date.")


@main.command("create-bucket")
def create_bucket() -> None:
    """Make the bucket for the encrypted files, where it is not there yet."""
    make_store(_settings()).ensure_bucket()
    click.echo("The bucket is there.")


@main.command("create-staff")
@click.option("--name", required=True)
@click.option("--email", required=True)
@click.option("--organisation", required=True)
@click.option("--unit", required=True)
@click.option("--case-creator", is_flag=True, help="May open rooms.")
@click.option("--administrator", is_flag=True, help="Runs accounts; never sees a file.")
@click.option("--auditor", is_flag=True, help="Reads the log; never sees a file.")
def create_staff(**given: str | bool) -> None:
    """Create an account, and print the code with which its owner chooses a password at /login/welcome."""
    try:
        _, code = people.create_staff(_platform(), SYSTEM, NewStaff(**given))  # type: ignore[arg-type]
    except Invalid as invalid:
        raise click.ClickException(f"The account was not created: {invalid.problem.value}") from invalid
    click.echo(code)


@main.command()
def gc() -> None:
    """Remove what nobody needs any more. Run it every night."""
    swept = upkeep.collect_garbage(_platform())
    click.echo(
        f"Removed {swept.objects} orphaned objects and {swept.unfinished} unfinished uploads; "
        f"logged {swept.consents_run_out} consents that ran out; stored {swept.receipts} receipts."
    )


@main.command()
def fsck() -> None:
    """Check that every version is there, opens, and has its hash. Exit status 1 when one does not."""
    platform = _platform()

    def progress(count: int) -> None:
        if sys.stderr.isatty():
            click.echo(f"\r{count} versions", nl=False, err=True)

    report = upkeep.check_everything(platform, progress)
    for label, found in (("missing", report.missing), ("corrupt", report.corrupt), ("orphan", report.orphans)):
        for name in found:
            click.echo(f"{label} {name}")
    click.echo(
        f"{report.checked} versions checked: {len(report.missing)} missing, {len(report.corrupt)} corrupt; "
        f"{len(report.orphans)} objects without a version."
    )
    if not report.is_clean:
        sys.exit(1)


@main.group()
def keys() -> None:
    """The keys outside the database."""


@keys.command("create")
@click.argument("path", type=click.Path(path_type=Path))
def keys_create(path: Path) -> None:
    """Write a new file with a key-encryption key. Keep a copy in a safe: without it every file is lost."""
    KeyFile.create(path)
    click.echo(f"Written. Set SAMRUM_KEY_FILE={path}")


@keys.command("create-field-key")
@click.argument("path", type=click.Path(path_type=Path))
def keys_create_field_key(path: Path) -> None:
    """Write a new file with the key for CPR numbers. Keep a copy in a safe."""
    try:
        FieldKeys.create(path)
    except OSError as error:
        raise click.ClickException(f"The key file can't be written: {error.strerror}") from error
    click.echo(f"Written. Set SAMRUM_FIELD_KEY_FILE={path}")


@main.command()
@click.option("--port", default=8000, show_default=True, help="Port of the web pages on this machine.")
@click.option("--var", default=Path("var"), type=click.Path(path_type=Path), help="Where the demo keeps its data.")
def demo(port: int, var: Path) -> None:
    """Run a demo municipality on this machine: storage, citizen login and pages in one."""
    sys.exit(run_demo(var, port))


@main.command("demo-load", hidden=True)
def demo_load() -> None:
    """Load the demo municipality into an empty database."""
    platform = _platform()
    if platform.settings.is_production:
        raise SettingsError("The demo municipality does not belong in production.")
    make_store(platform.settings).ensure_bucket()
    municipality.load(platform)
