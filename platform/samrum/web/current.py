"""The platform of the running application, and the language of the one who asks."""

from flask import current_app
from flask_babel import get_locale

from samrum.services.platform import Platform


def platform() -> Platform:
    found: Platform = current_app.extensions["samrum"]
    return found


def language() -> str:
    """The language of the page: ``da`` or ``en``."""
    return str(get_locale() or "da")
