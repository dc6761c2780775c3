"""The ``samrum`` command: serving, looking after an installation, and the demo."""

import sys
from pathlib import Path

import click

from samrum import migrations
from samrum.assembly import make_store
from samrum.cli import server
from samrum.cli.audit import audit
from samrum.cli.common import open_platform, read_settings
from samrum.cli.fsck import fsck
from samrum.cli.keys import keys
from samrum.cli.logins import end_logins, reset_factor
from samrum.config import SettingsError
from samrum.db import Database, DatabaseUnavailable
from samrum.demo import municipality
from samrum.demo.supervisor import run_demo
from samrum.services import people, upkeep
from samrum.services.errors import Invalid
from samrum.services.people import NewStaff
from samrum.services.platform import SYSTEM
from storage import BadKeyFile, StorageError, UnknownKek


class _Command(click.Group):
    """Says what is wrong in a sentence; a stack trace helps nobody at a terminal."""

    def invoke(self, context: click.Context) -> object:
        try:
            return super().invoke(context)
        except (SettingsError, BadKeyFile) as error:
            raise click.ClickException(str(error)) from error
        except DatabaseUnavailable as error:
            raise click.ClickException("The database does not answer. Check SAMRUM_DATABASE_URL.") from error
        except UnknownKek as error:
            raise click.ClickException(f"A key-encryption key is missing: {error}") from error
        except StorageError as error:
            raise click.ClickException(f"The file storage does not answer as it should: {error}") from error


@click.group(cls=_Command)
def main() -> None:
    """Samrum, a shared room for the files of one young person."""


main.add_command(audit)
main.add_command(fsck)
main.add_command(end_logins)
main.add_command(reset_factor)
main.add_command(keys)


@main.command()
def serve() -> None:
    """Serve the pages with several worker processes."""
    platform = open_platform()
    platform.database.engine.dispose()
    server.run(platform.settings)


@main.command()
def migrate() -> None:
    """Bring the database to this release. Run it once before each new release serves."""
    settings = read_settings()
    migrations.upgrade(Database(settings.database_url.get_secret_value()).engine)
    click.echo("The database is up to date.")


@main.command("create-bucket")
def create_bucket() -> None:
    """Make the bucket for the encrypted files, where it is not there yet."""
    make_store(read_settings()).ensure_bucket()
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
        _, code = people.create_staff(open_platform(), SYSTEM, NewStaff(**given))  # type: ignore[arg-type]
    except Invalid as invalid:
        raise click.ClickException(f"The account was not created: {invalid.problem.value}") from invalid
    click.echo(code)


@main.command()
def gc() -> None:
    """Remove what nobody needs any more. Run it every night."""
    swept = upkeep.collect_garbage(open_platform())
    click.echo(
        f"Removed {swept.objects} orphaned objects and {swept.unfinished} unfinished uploads; "
        f"logged {swept.consents_run_out} consents that ran out; stored {swept.receipts} receipts."
    )


@main.command()
@click.option("--port", default=8000, show_default=True, help="Port of the web pages on this machine.")
@click.option("--var", default=Path("var"), type=click.Path(path_type=Path), help="Where the demo keeps its data.")
def demo(port: int, var: Path) -> None:
    """Run a demo municipality on this machine: storage, citizen login and pages in one."""
    sys.exit(run_demo(var, port))


@main.command("demo-load", hidden=True)
def demo_load() -> None:
    """Load the demo municipality into an empty database."""
    platform = open_platform()
    if platform.settings.is_production:
        raise SettingsError("The demo municipality does not belong in production.")
    make_store(platform.settings).ensure_bucket()
    municipality.load(platform)
