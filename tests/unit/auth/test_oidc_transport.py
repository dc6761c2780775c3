from collections.abc import Iterator
from http.client import HTTPMessage
from io import BytesIO
from types import SimpleNamespace
from typing import Any

import pytest
import requests
from requests.cookies import extract_cookies_to_jar

from auth.oidc import OidcError, ProviderSettings, ProviderUnavailable, Refusal, Refused
from auth.oidc.transport import Transport, new_session

SETTINGS: dict[str, Any] = {
    "issuer": "https://broker.example/op",
    "client_id": "samrum",
    "credential": "hush",
    "redirect_uri": "https://samrum.example/login",
}
URL = "https://broker.example/op/keys"


class Answering(requests.Session):
    """A session that answers with what it was given and remembers what it was asked."""

    def __init__(self, body: bytes = b"{}", status: int = 200, error: Exception | None = None) -> None:
        super().__init__()
        self.body, self.status, self.error = body, status, error
        self.asked: list[dict[str, Any]] = []

    def request(self, method: Any, url: Any, *_: Any, **options: Any) -> requests.Response:
        self.asked.append({"method": method, "url": url, **options})
        if self.error:
            raise self.error
        response = requests.Response()
        response.status_code = self.status
        response.headers["Location"] = "https://elsewhere.example/"
        response.raw = BytesIO(self.body)
        return response


def transport(session: requests.Session, **changes: Any) -> Transport:
    return Transport(ProviderSettings(**(SETTINGS | changes)), session)


def test_a_json_object_is_the_answer() -> None:
    answer = transport(Answering(b'{"keys": []}')).get(URL)
    assert (answer.status, answer.body) == (200, {"keys": []})


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b'"text"', b"null", b"{", b"\xff{}", b'{"exp": NaN}', b'{"exp": Infinity}', b"[" * 100_000],
)
def test_anything_else_is_refused(body: bytes) -> None:
    with pytest.raises(Refused) as refused:
        transport(Answering(body)).get(URL)
    assert refused.value.code is Refusal.ANSWER_MALFORMED


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(status: int) -> None:
    session = Answering(status=status)
    with pytest.raises(Refused):
        transport(session).get(URL)
    assert [asked["allow_redirects"] for asked in session.asked] == [False]


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_server_in_trouble_is_unavailable(status: int) -> None:
    with pytest.raises(ProviderUnavailable):
        transport(Answering(status=status)).post(URL, "a=b", {})


@pytest.mark.parametrize("error", [requests.ConnectTimeout(), requests.ReadTimeout(), requests.exceptions.SSLError()])
def test_a_server_that_cannot_be_reached_is_unavailable_and_the_error_tells_no_address(error: Exception) -> None:
    with pytest.raises(ProviderUnavailable) as unavailable:
        transport(Answering(error=error)).get(URL)
    assert str(unavailable.value) == type(error).__name__


def test_an_answer_that_trickles_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    moments: Iterator[float] = iter(range(0, 1000, 15))
    monkeypatch.setattr("auth.oidc.transport.time.monotonic", lambda: next(moments))
    with pytest.raises(ProviderUnavailable):
        transport(Answering(b" " * 100_000)).get(URL)


def test_every_request_is_checked_and_has_its_limits() -> None:
    session = Answering()
    transport(session, ca_bundle="/etc/ca.pem", proxy="http://proxy.example:3128").post(URL, "a=b", {})
    (asked,) = session.asked
    assert asked["verify"] == "/etc/ca.pem"
    assert asked["timeout"] == (5.0, 10.0)
    assert asked["proxies"] == {"https": "http://proxy.example:3128", "http": "http://proxy.example:3128"}
    assert asked["headers"]["Content-Type"] == "application/x-www-form-urlencoded"
    session = Answering()
    transport(session).get(URL)
    assert session.asked[0]["verify"] is True


@pytest.mark.parametrize("url", ["http://broker.example/keys", "http://127.0.0.1/keys", "file:///etc/passwd", ""])
def test_a_provider_with_https_may_send_us_nowhere_without_it(url: str) -> None:
    session = Answering()
    with pytest.raises(OidcError) as refused:
        transport(session).get(url)
    assert refused.value.args == (Refusal.INSECURE_ENDPOINT.value,)
    assert session.asked == []


def test_our_own_session_keeps_no_cookies_and_takes_nothing_from_the_environment() -> None:
    session = new_session()
    assert session.trust_env is False
    for jar, kept in ((requests.Session().cookies, 1), (session.cookies, 0)):
        message = HTTPMessage()
        message["Set-Cookie"] = "a=b"
        answer = SimpleNamespace(_original_response=SimpleNamespace(msg=message))
        extract_cookies_to_jar(jar, requests.Request("GET", URL).prepare(), answer)  # type: ignore[no-untyped-call]
        assert len(jar) == kept
