"""What most commands begin with."""

from samrum import logs, migrations
from samrum.assembly import make_platform
from samrum.config import Settings, SettingsError, load_settings
from samrum.services import installation
from samrum.services.platform import Platform


def read_settings() -> Settings:
    """The settings, with logging set up by them. Raises ``SettingsError``."""
    settings = load_settings()
    logs.configure(settings.log_level)
    return settings


def open_platform() -> Platform:
    """The platform on a database that is up to date, with the keys that belong to it. Raises ``SettingsError``."""
    platform = make_platform(read_settings())
    if not migrations.is_current(platform.database.engine):
        raise SettingsError("The database is not up to date. Run `samrum migrate` first.")
    installation.check_keys(platform)
    return platform
