"""The stand-in as a Flask application."""

from datetime import UTC, datetime
from urllib.parse import urlsplit

from flask import Flask, render_template
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from auth.oidc.settings import Clock
from auth.standin import endpoints, pages
from auth.standin.broker import Broker
from auth.standin.settings import StandinSettings


class _SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


def create_standin(settings: StandinSettings, clock: Clock | None = None) -> Flask:
    """The stand-in provider, to be served at the issuer's address by one process with threads.

    Its `Broker`, with the switches for tests, is `app.extensions["standin"]`. NotInProduction is raised by the
    settings themselves.
    """
    app = Flask("auth.standin", static_folder=None, template_folder=None)
    app.extensions["standin"] = Broker(settings, clock or _SystemClock())
    app.jinja_env.autoescape = True
    app.register_blueprint(endpoints.blueprint)
    app.register_blueprint(pages.blueprint)
    addresses = (*settings.redirect_uris, *settings.post_logout_redirect_uris)
    # A browser holds form-action against the redirect after a form too, and that leads back to the client.
    origins = sorted({"://".join(urlsplit(address)[:2]) for address in addresses})
    policy = (
        "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'; "
        f"form-action 'self' {' '.join(origins)}"
    )

    @app.after_request
    def protect(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = policy
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    @app.errorhandler(HTTPException)
    def explain(error: HTTPException) -> tuple[str, int]:
        title = "Siden findes ikke" if error.code == 404 else "Det gik ikke"
        return render_template("standin/message.html", title=title, text="Gå tilbage, og prøv igen."), error.code or 500

    return app
