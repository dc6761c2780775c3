"""``samrum end-logins``."""

import click

from samrum.cli.common import open_platform
from samrum.services import end_logins as services
from samrum.services.errors import NotThere


@click.command("end-logins")
@click.option("--email", help="Of the member of staff whose logins end.")
@click.option("--everybody", is_flag=True, help="End all logins, those of citizens too.")
def end_logins(email: str | None, *, everybody: bool) -> None:
    """Log somebody out everywhere, or everybody. Whoever still may logs in again."""
    if (email is None) != everybody:
        raise click.UsageError("Give --email, or --everybody.")
    try:
        count = services.end(open_platform(), email)
    except NotThere as error:
        raise click.ClickException("There is no account with that e-mail.") from error
    click.echo(f"Ended {count} logins.")
