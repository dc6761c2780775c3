"""``samrum end-logins`` and ``samrum reset-factor``."""

import click

from samrum.cli.common import open_platform
from samrum.services import end_logins as services
from samrum.services.errors import Invalid, NotThere
from samrum.services.people import Identity


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


@click.command("reset-factor")
@click.option("--email", required=True, help="Of the member of staff who lost the second factor.")
@click.option(
    "--identity", required=True, type=click.Choice([one.value for one in Identity]), help="How you know who asks."
)
def reset_factor(email: str, identity: str) -> None:
    """Forget somebody's second factors, as for an organisation's only administrator. They are set up at the next
    login, with the password."""
    try:
        services.reset_factor(open_platform(), email, Identity(identity))
    except NotThere as error:
        raise click.ClickException("There is no account with that e-mail.") from error
    except Invalid as invalid:
        raise click.ClickException(f"Nothing was reset: {invalid.problem.value}") from invalid
    click.echo("The second factors are forgotten. They are set up anew at the next login.")
