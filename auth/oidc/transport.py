"""Talking to the provider: JSON only, nothing followed, nothing endless, nothing in clear text."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy

import requests

from auth.oidc.errors import ProviderUnavailable, Refusal, Refused
from auth.oidc.settings import ProviderSettings, is_loopback, is_secure

LARGEST_ANSWER = 512 * 1024
LONGEST_ANSWER_SECONDS = 20


def new_session() -> requests.Session:
    """A session without cookies that takes nothing from the environment: .netrc could replace our authorisation."""
    session = requests.Session()
    session.trust_env = False
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    return session


@dataclass(frozen=True, slots=True)
class Answer:
    """Status and JSON object of an answer; an object is what it must be."""

    status: int
    body: Mapping[str, object]


class Transport:
    """HTTP with one provider: ProviderUnavailable when it does not answer, Refused when it answers no JSON object."""

    def __init__(self, settings: ProviderSettings, session: requests.Session | None) -> None:
        self._settings = settings
        self._session = session or new_session()
        self._loopback = is_loopback(settings.issuer)

    def get(self, url: str, headers: Mapping[str, str] | None = None) -> Answer:
        """The JSON at an address."""
        return self._send("GET", url, headers or {}, None)

    def post(self, url: str, form: str, headers: Mapping[str, str]) -> Answer:
        """The JSON answer to an urlencoded form."""
        return self._send("POST", url, {**headers, "Content-Type": "application/x-www-form-urlencoded"}, form)

    def allows(self, url: str) -> bool:
        """Whether the provider may send us or the citizen to this address."""
        return is_secure(url, loopback=self._loopback)

    def _send(self, method: str, url: str, headers: Mapping[str, str], form: str | None) -> Answer:
        if not self.allows(url):
            raise Refused(Refusal.INSECURE_ENDPOINT)
        settings = self._settings
        try:
            with self._session.request(
                method,
                url,
                data=form,
                headers={"Accept": "application/json", **headers},
                timeout=(settings.connect_timeout, settings.read_timeout),
                verify=settings.ca_bundle or True,
                proxies={"https": settings.proxy, "http": settings.proxy} if settings.proxy else None,
                allow_redirects=False,
                stream=True,
            ) as response:
                return Answer(response.status_code, _json_object(response))
        except requests.RequestException as error:
            raise ProviderUnavailable(type(error).__name__) from error


def _json_object(response: requests.Response) -> Mapping[str, object]:
    if response.status_code >= 500 or response.status_code == 429:
        raise ProviderUnavailable(f"HTTP {response.status_code}")
    if response.is_redirect:
        raise Refused(Refusal.ANSWER_MALFORMED)
    started = time.monotonic()
    content = bytearray()
    for chunk in response.iter_content(16 * 1024):
        content += chunk
        if len(content) > LARGEST_ANSWER:
            raise Refused(Refusal.ANSWER_MALFORMED)
        if time.monotonic() - started > LONGEST_ANSWER_SECONDS:
            raise ProviderUnavailable("too slow")
    try:
        body = json.loads(content, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise Refused(Refusal.ANSWER_MALFORMED) from error
    if not isinstance(body, dict):
        raise Refused(Refusal.ANSWER_MALFORMED)
    return body


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is not JSON")
