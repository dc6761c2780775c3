"""The platform of the running application."""

from flask import current_app

from samrum.services.platform import Platform


def platform() -> Platform:
    found: Platform = current_app.extensions["samrum"]
    return found
