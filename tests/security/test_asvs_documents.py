"""What SECURITY.md promises (OWASP ASVS 5.0 asks for much of it in writing) is what the code does."""

import ast
import inspect
import re
from dataclasses import fields
from functools import cache
from pathlib import Path

import pytest

from auth import passwords
from auth.oidc import ProviderSettings
from auth.oidc.transport import LONGEST_ANSWER_SECONDS
from auth.recovery import COUNT
from samrum import mail
from samrum.config import Settings
from samrum.services import audit, consents, documents, filetypes, invitations, staff_login, throttle
from samrum.web import multipart, pages
from storage import S3Store

ROOT = Path(__file__).parents[2]
SERVICES = ROOT / "platform/samrum/services"


@cache
def section(title: str) -> str:
    """The text under a heading, its lines joined."""
    text = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    found = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found is not None, f"no section {title}"
    return " ".join(found[1].split())


def default(setting: str) -> object:
    return Settings.model_fields[setting].default


def test_the_limits_against_guessing_are_those_that_are_written_down() -> None:
    text = section("Ways to log in")
    minutes = int(throttle.WINDOW.total_seconds() // 60)
    assert f"for {minutes} minutes: {throttle.PER_ACCOUNT} for an account" in text
    assert f"{throttle.PER_ADDRESS} for an address" in text
    assert f"{invitations._RESETS} times an hour" in text
    assert invitations._RESETS_WITHIN.total_seconds() == 3600
    assert f"for {int(invitations.RESET_LIFE.total_seconds() // 60)} minutes" in text


def test_the_rules_for_passwords_are_those_that_are_written_down() -> None:
    text = section("Ways to log in")
    assert f"have {passwords.MINIMUM_LENGTH} to {passwords.MAXIMUM_LENGTH} characters" in text
    assert f"{passwords.ADVISED_LENGTH} and more are advised" in text
    assert COUNT == 10
    assert "one of ten recovery codes" in text
    assert "the person's name or e-mail, of the names of their unit and organisation, or of the service's name" in text
    source = ast.get_source_segment((SERVICES / "staff_login.py").read_text(), function("staff_login.py", "own_words"))
    assert source is not None
    for word in ("staff.name", "staff.email", "staff.unit.name", "staff.unit.organisation.name", "ISSUER"):
        assert word in source
    assert staff_login.ISSUER == "Samrum"


def test_how_long_a_login_lasts_is_what_is_written_down() -> None:
    text = section("Ways to log in")
    assert (
        f"{default('session_idle_minutes')} minutes without use, {default('session_hours')} hours in any case" in text
    )
    assert f"in the last {default('step_up_minutes')} minutes" in text
    assert default("session_idle_minutes") == 30, "NIST SP 800-63B, AAL2"
    assert isinstance(hours := default("session_hours"), int)
    assert hours <= 12, "NIST SP 800-63B, AAL2"


def test_there_are_no_ways_to_log_in_besides_those_that_are_written_down() -> None:
    """Whoever begins a full login does so by ``sessions.begin``: these five places do, each with its line."""
    found = set()
    for path in (ROOT / "platform/samrum").rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for outer in ast.walk(tree):
            if isinstance(outer, ast.FunctionDef):
                for node in ast.walk(outer):
                    if isinstance(node, ast.Call) and ast.unparse(node.func) in ("sessions.begin", "begin"):
                        found.add((path.stem, outer.name))
                    if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("LoginSession"):
                        found.add((path.stem, outer.name))
    assert found == {
        ("sessions", "begin"),
        ("staff_login", "give_password"),
        ("staff_login", "_give_code"),
        ("passkeys", "log_in"),
        ("first_passkey", "_make"),
        ("citizen_login", "_finish"),
    }
    text = section("Ways to log in")
    for way in ("MitID through the broker", "one-time code of an app", "recovery codes", "A passkey"):
        assert way in text


def test_what_decides_is_written_down_field_by_field_and_so_is_what_does_not() -> None:
    text = section("What decides who may do what")
    assert "tests/unit/auth/decision_table.md" in text
    assert (ROOT / "tests/unit/auth/decision_table.md").is_file()
    for field in ("name", "CPR number", "File names and comments", "Units, places", "Roles of an account"):
        assert field in text
    for surrounding in (
        "the time",
        "the address",
        "the browser",
        "Place, device and hour of the day are not looked at",
    ):
        assert surrounding in text


def test_the_logs_are_listed_with_what_where_and_for_whom() -> None:
    text = section("What is logged, and where")
    for word in (
        "The audit log",
        "The technical log",
        "append-only",
        "Standard error",
        "UTC",
        "Nothing else is written",
    ):
        assert word in text
    assert len(audit.Event) > 40, "views, downloads, changes, refusals, logins and acts of administrators"


def test_every_key_and_every_kind_of_data_has_its_line() -> None:
    keys = section("Keys, and what they are for")
    for key in (
        "Key-encryption keys",
        "Case keys, data keys",
        "Field key",
        "broker",
        "S3, database and mail",
        "Checkpoint",
    ):
        assert key in keys
    data = section("Data, and how it is kept")
    for kind in ("Files, their names", "CPR numbers", "Passwords", "Names, birth dates", "The audit log", "Open"):
        assert kind in data


def test_how_long_others_are_waited_for_is_what_is_written_down() -> None:
    text = section("What it talks to")
    database = (ROOT / "platform/samrum/db.py").read_text(encoding="utf-8")
    assert "pool_size=8, max_overflow=8, pool_timeout=5" in database
    assert "5 seconds for one of 16 connections (8 kept, 8 more)" in text
    waits = inspect.signature(S3Store).parameters
    assert (
        f"{waits['connect_timeout'].default:.0f} seconds to connect, {waits['read_timeout'].default:.0f} to read,"
        f" {waits['attempts'].default} tries, {waits['connections'].default} connections"
    ) in text
    broker = {field.name: field.default for field in fields(ProviderSettings)}
    assert (
        f"{broker['connect_timeout']:.0f} seconds to connect, {broker['read_timeout']:.0f} to read,"
        f" {LONGEST_ANSWER_SECONDS} for an answer"
    ) in text
    assert f"| {mail.TIMEOUT_SECONDS:.0f} seconds | Notices wait" in text


def test_what_may_be_uploaded_is_what_is_written_down() -> None:
    text = section("What is checked of what comes in")
    words = {"jpg": "JPEG", "jpeg": "JPEG", "webp": "WebP"}
    for extension in filetypes.TYPES:
        assert words.get(extension, extension.upper()) in text
    assert f"{default('upload_limit_mib')} MiB at most" in text
    assert f"names ({filetypes.LONGEST_NAME})" in text
    assert f"comments ({documents.LONGEST_COMMENT})" in text
    assert consents.LONGEST_YEARS == 2
    assert "a consent's two years at most" in text


def test_what_browsers_must_know_is_written_down_with_every_header_that_is_sent() -> None:
    text = section("Browsers")
    for word in (
        "TLS 1.2",
        "`__Host-`",
        "`SameSite`",
        "HSTS",
        "Content-Security-Policy",
        "`Clear-Site-Data`",
        "`nosniff`",
    ):
        assert word in text
    for header in pages._HEADERS:
        word = {"X-Content-Type-Options": "nosniff"}.get(
            header, header.removeprefix("Cross-Origin-").removesuffix("-Policy")
        )
        assert word.lower() in text.lower(), header


def test_what_costs_much_is_what_is_written_down() -> None:
    text = section("Where the risk is")
    cost = passwords.Cost()
    assert f"{cost.memory_kib // 1024} MiB and three passes" in text
    assert cost.passes == 3
    assert f"cut off after {multipart.PATIENCE:.0f} seconds" in text
    assert f"the first {filetypes.SNIFFED // 1024} KiB" in text


@pytest.mark.parametrize("path", ["SECURITY.md", "README.md"])
def test_every_file_of_ours_that_is_named_is_there(path: str) -> None:
    text = (ROOT / path).read_text(encoding="utf-8")
    for name in re.findall(r"`((?:platform|auth|storage|tests|deploy|templates)/[\w./-]+\.\w+)`", text):
        assert (ROOT / name).is_file(), name


def function(file: str, name: str) -> ast.FunctionDef:
    tree = ast.parse((SERVICES / file).read_text(encoding="utf-8"))
    return next(node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == name)
