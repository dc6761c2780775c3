"""Samrum: a shared room for the files of one young person."""

from hashlib import sha256
from importlib.resources import files

from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from jinja2 import FileSystemLoader
from werkzeug.middleware.proxy_fix import ProxyFix

from samrum import logs, web
from samrum.assembly import make_platform
from samrum.config import MIB, Settings
from samrum.services.platform import Platform


class _Sessions(SecureCookieSessionInterface):
    """Language and messages in a signed cookie; Flask itself still signs with SHA-1."""

    digest_method = staticmethod(sha256)


def create_app(settings: Settings, platform: Platform | None = None) -> Flask:
    """The web service. Raises ``SettingsError``. ``platform`` stands in for the one built from the settings."""
    app = Flask(__name__, template_folder=None)
    platform = platform or make_platform(settings)
    app.extensions["samrum"] = platform
    app.session_interface = _Sessions()
    app.jinja_loader = FileSystemLoader(str(files("templates")))
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.config.update(
        DEBUG=settings.debug,
        SECRET_KEY=platform.fields.recognise("flask session", b"signing key"),
        SESSION_COOKIE_NAME="__Host-samrum" if settings.secure_cookies else "samrum",
        SESSION_COOKIE_SECURE=settings.secure_cookies,
        SESSION_COOKIE_SAMESITE="Lax",
        PROVIDE_AUTOMATIC_OPTIONS=False,
        MAX_CONTENT_LENGTH=MIB,
        MAX_FORM_MEMORY_SIZE=MIB,
        SEND_FILE_MAX_AGE_DEFAULT=3600,
    )
    if settings.trusted_proxies:
        count = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=count)  # type: ignore[method-assign]
    logs.install(app)
    web.install(app)
    return app
