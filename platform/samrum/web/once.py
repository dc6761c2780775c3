"""One hidden field in every form: it shows that the form came from our own page in this very browser, and it is carried
out once however often it is sent."""

import hmac
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from urllib.parse import urlsplit

from flask import g, request
from markupsafe import Markup

from samrum.services.errors import AlreadyDone
from samrum.web import cookies
from samrum.web.current import platform


class StaleForm(Exception):
    """The form's token is missing or belongs to another browser or login."""


def field() -> Markup:
    """The hidden field, with a new token each time."""
    nonce = secrets.token_urlsafe(16)
    return Markup('<input type="hidden" name="once" value="{}">').format(f"{nonce}.{_proof(nonce)}")


def check(token: str) -> None:
    """Check a form's token and remember it for the use case. Raises ``StaleForm``."""
    nonce, _, proof = token.partition(".")
    if not nonce or not hmac.compare_digest(proof.encode(), _proof(nonce).encode()):
        raise StaleForm
    g.once = sha256(token.encode()).digest()


def check_origin() -> None:
    """Refuse a request that a browser says comes from another site. Raises ``StaleForm``."""
    origin = request.headers.get("Origin")
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    if site not in ("same-origin", "none") or (origin is not None and origin != _own_origin()):
        raise StaleForm


@contextmanager
def only_once() -> Iterator[None]:
    """Within it a form that was carried out before counts as carried out now."""
    with suppress(AlreadyDone):
        yield


def _own_origin() -> str:
    parts = urlsplit(platform().settings.base_url)
    return f"{parts.scheme}://{parts.netloc}"


def _proof(nonce: str) -> str:
    bound_to = cookies.login_token() or cookies.visitor()
    proof = platform().fields.recognise("form token", f"{bound_to} {nonce}".encode())
    return urlsafe_b64encode(proof[:18]).decode()
