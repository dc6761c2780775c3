import base64
import re
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from auth.totp import code_at, new_secret, provisioning_uri, qr_svg, verify

RFC_SECRET = base64.b32encode(b"12345678901234567890").decode()
NOW = datetime(2026, 3, 2, 9, 0, 15, tzinfo=UTC)
STEP = timedelta(seconds=30)
SECRET = new_secret()
COUNTER = int(NOW.timestamp()) // 30


@pytest.mark.parametrize(
    ("seconds", "code"),
    [(59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (1234567890, "005924"), (20000000000, "353130")],
)
def test_the_codes_of_rfc_6238_appendix_b_are_accepted(seconds: int, code: str) -> None:
    now = datetime.fromtimestamp(seconds, UTC)
    assert code_at(RFC_SECRET, now) == code
    assert verify(RFC_SECRET, code, now, None) == seconds // 30


@pytest.mark.parametrize("steps", [-1, 0, 1])
def test_one_step_of_drift_is_forgiven(steps: int) -> None:
    assert verify(SECRET, code_at(SECRET, NOW + steps * STEP), NOW, None) == COUNTER + steps


@pytest.mark.parametrize("steps", [-2, 2, 100])
def test_more_drift_is_not(steps: int) -> None:
    assert verify(RFC_SECRET, code_at(RFC_SECRET, NOW + steps * STEP), NOW, None) is None


def test_a_code_counts_once() -> None:
    code = code_at(SECRET, NOW)
    accepted = verify(SECRET, code, NOW, None)
    assert accepted == COUNTER
    assert verify(SECRET, code, NOW, accepted) is None
    assert verify(SECRET, code, NOW + STEP, accepted) is None


def test_an_older_code_does_not_count_after_a_newer_one() -> None:
    accepted = verify(SECRET, code_at(SECRET, NOW), NOW, None)
    assert verify(SECRET, code_at(SECRET, NOW - STEP), NOW, accepted) is None
    assert verify(SECRET, code_at(SECRET, NOW + STEP), NOW + STEP, accepted) == COUNTER + 1


def test_spaces_as_apps_show_them_do_not_matter() -> None:
    code = code_at(SECRET, NOW)
    assert verify(SECRET, f" {code[:3]} {code[3:]}\u00a0\n", NOW, None) == COUNTER


@pytest.mark.parametrize(
    "code", ["", "12345", "1234567", "abcdef", "12345a", "-12345", "\uff11" * 6, "²" * 6, "12.456"]
)
def test_what_is_not_six_digits_is_refused(code: str) -> None:
    assert verify(SECRET, code, NOW, None) is None


def test_the_code_of_another_secret_is_refused() -> None:
    other = base64.b32encode(b"09876543210987654321").decode()
    assert verify(other, code_at(RFC_SECRET, NOW), NOW, None) is None


def test_secrets_are_random_and_160_bits_long() -> None:
    assert len(base64.b32decode(SECRET)) == 20
    assert len({new_secret() for _ in range(50)}) == 50


def test_the_address_names_the_service_and_the_account() -> None:
    parts = urlsplit(provisioning_uri(SECRET, "anne@solgaarden.example", "Samrum Ærø"))
    assert (parts.scheme, parts.netloc) == ("otpauth", "totp")
    assert unquote(parts.path) == "/Samrum Ærø:anne@solgaarden.example"
    assert parse_qs(parts.query) == {"secret": [SECRET], "issuer": ["Samrum Ærø"]}


def test_the_qr_code_needs_no_inline_style_or_script() -> None:
    svg = qr_svg(provisioning_uri(SECRET, "anne@solgaarden.example", "Samrum"))
    assert svg.startswith("<svg ")
    assert svg.rstrip().endswith("</svg>")
    assert 'class="qr"' in svg
    assert "viewBox=" in svg
    assert not re.search(r"style|script|href|\son\w+=", svg)
    assert SECRET not in svg
