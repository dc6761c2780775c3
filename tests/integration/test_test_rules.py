"""The rules of the test run itself: what is skipped where, and what unit tests cannot reach."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]


def _run(folder: Path, **environment: str) -> str:
    """Run pytest on a folder under the house's conftest, with nothing on PATH, and return what it says."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "conftest", "-c", os.devnull, "-rA", "-p", "no:cacheprovider", folder],
        env={"PYTHONPATH": f"{TESTS}:{TESTS.parent / 'platform'}", "HOME": str(folder), "PATH": "", **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout


@pytest.mark.parametrize(
    "skipped",
    [
        "import pytest\n@pytest.mark.skip(reason='not today')\ndef test_it(): pass",
        "import pytest\ndef test_it(): pytest.skip('not today')",
        "import pytest\npytest.skip('not today', allow_module_level=True)",
        "import pytest\nnothing = pytest.importorskip('a_package_nobody_has', reason='not today')",
    ],
)
def test_a_skip_fails_where_all_must_run_and_is_a_skip_elsewhere(tmp_path: Path, skipped: str) -> None:
    (tmp_path / "test_skipped.py").write_text(skipped + "\n")
    strict = _run(tmp_path, CI="true")
    assert "not today" in strict
    assert " skipped" not in strict.splitlines()[-1]
    assert "1 failed" in strict.splitlines()[-1] or "1 error" in strict.splitlines()[-1]
    assert "1 skipped" in _run(tmp_path).splitlines()[-1]


def test_without_a_chromium_browser_tests_are_skipped_with_how_to_get_one(tmp_path: Path) -> None:
    (tmp_path / "test_page.py").write_text(
        "import pytest\npytestmark = pytest.mark.browser\ndef test_one(): pass\ndef test_two(): pass\n"
    )
    said = _run(tmp_path)
    assert "2 skipped" in said.splitlines()[-1]
    (line,) = [line for line in said.splitlines() if "no Chromium found" in line]
    assert "apt-get install chromium" in line
    assert "2 passed" in _run(tmp_path, SAMRUM_CHROMIUM="/somewhere/chromium").splitlines()[-1]


@pytest.mark.parametrize(
    "reach",
    [
        "import socket; socket.create_connection(('127.0.0.1', 9))",
        "import urllib.request; urllib.request.urlopen('http://localhost:9')",
        "import sqlite3; sqlite3.connect(':memory:')",
        "import sqlalchemy; sqlalchemy.create_engine('sqlite://').connect()",
        "import psycopg; psycopg.connect('host=127.0.0.1 port=9')",
        "import subprocess, sys; subprocess.run([sys.executable, '-c', '0'])",
    ],
)
def test_a_unit_test_that_reaches_outside_fails(tmp_path: Path, reach: str) -> None:
    (tmp_path / "conftest.py").write_text((TESTS / "unit" / "conftest.py").read_text())
    (tmp_path / "test_reach.py").write_text(f"def test_it():\n    {reach}\n")
    said = _run(tmp_path)
    assert "1 failed" in said.splitlines()[-1]
    assert "Forbidden" in said
