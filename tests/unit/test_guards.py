"""The tree keeps its own rules: its layout, its size, and what must never stand in it."""

import os
import platform
import re
import subprocess
import sys
import sysconfig
import tomllib
from pathlib import Path

import pytest

pytestmark = pytest.mark.programs

ROOT = Path(__file__).resolve().parents[2]
MAKEFILE = ROOT / "Makefile"


def _tracked() -> list[Path]:
    """The files git holds, or would hold after `git add`."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout.decode()
    return [path for name in listed.split("\0") if name and (path := ROOT / name).is_file()]


def _texts() -> list[tuple[Path, str]]:
    found = []
    for path in _tracked():
        content = path.read_bytes()
        if b"\0" not in content:
            found.append((path, content.decode(errors="replace")))
    return found


def _where(pattern: str) -> list[str]:
    """Each line of a tracked text that matches, as "file:line"."""
    expression = re.compile(pattern)
    return [
        f"{path.relative_to(ROOT)}:{number}"
        for path, text in _texts()
        for number, line in enumerate(text.splitlines(), 1)
        if expression.search(line)
    ]


def test_the_folder_platform_is_no_package() -> None:
    assert not (ROOT / "platform" / "__init__.py").exists()
    assert not (ROOT / "tests" / "platform").exists()


def test_the_standard_library_s_platform_is_what_the_repository_root_imports() -> None:
    where = subprocess.run(
        [sys.executable, "-c", "import platform; print(platform.__file__, platform.python_version())"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert Path(where[0]).parent == Path(sysconfig.get_path("stdlib"))
    assert where[1] == platform.python_version()


def test_the_test_folders_are_no_packages() -> None:
    assert [str(path.relative_to(ROOT)) for path in _tracked() if path.match("tests/**/__init__.py")] == []


def test_no_file_is_larger_than_a_megabyte() -> None:
    assert [str(path.relative_to(ROOT)) for path in _tracked() if path.stat().st_size > 1_000_000] == []


def test_no_module_is_longer_than_four_hundred_lines() -> None:
    written = [found for found in _texts() if found[0].suffix == ".py" and "migrations" not in found[0].parts]
    assert [str(path.relative_to(ROOT)) for path, text in written if text.count("\n") > 400] == []


def test_no_path_of_a_developer_s_machine_stands_in_the_tree() -> None:
    # put together here, so that this file does not hold what it looks for
    assert _where("|".join("/" + name + "/" for name in ("work", "root", "farm", r"home/\w+", r"Users/\w+"))) == []


def test_no_address_of_a_package_registry_stands_in_the_tree() -> None:
    # in parts, so that this file does not hold what it looks for
    hosts = (("files", "pythonhosted"), ("pypi", "org/simple"), ("registry", "npmjs"), ("registry", "yarnpkg"))
    assert _where("|".join(re.escape(".".join(parts)) for parts in hosts)) == []


def test_the_locks_hold_every_package_by_hash() -> None:
    for name in ("run.txt", "dev.txt"):
        lock = (ROOT / "deploy" / "locks" / name).read_text()
        pinned = re.findall(r"^([a-z0-9][\w.-]*(?:\[[\w,-]+\])?)==", lock, re.MULTILINE)
        entries = re.split(r"^(?=[a-z0-9])", lock, flags=re.MULTILINE)[1:]
        assert len(pinned) == len(entries) > 40
        assert [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry] == []
    frontend = (ROOT / "deploy" / "frontend" / "package-lock.json").read_text()
    assert '"resolved"' not in frontend
    assert frontend.count('"integrity": "sha512-') == frontend.count('"node_modules/')


def test_the_demo_and_the_tests_run_the_same_versions() -> None:
    def versions(name: str) -> dict[str, str]:
        lock = (ROOT / "deploy" / "locks" / name).read_text()
        return dict(re.findall(r"^([a-z0-9][\w.-]*)(?:\[[\w,-]+\])?==(\S+)", lock, re.MULTILINE))

    run, dev = versions("run.txt"), versions("dev.txt")
    assert {name: version for name, version in run.items() if dev.get(name) != version} == {}


def test_every_dependency_that_is_named_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    named = [
        *project["dependencies"],
        *project["optional-dependencies"]["demo"],
        *project["optional-dependencies"]["dev"],
    ]
    lock = (ROOT / "deploy" / "locks" / "dev.txt").read_text()
    missing = []
    for requirement in named:
        name = re.split(r"[\[<>=~! ]", requirement)[0].lower().replace("_", "-")
        if not re.search(rf"^{re.escape(name)}(\[[\w,-]+\])?==", lock, re.MULTILINE):
            missing.append(name)
    assert missing == []


def test_what_is_made_here_is_never_committed() -> None:
    made = re.compile(r"(^|/)(node_modules|static/vendor|\.venv|var|dist|build)/|\.(mo|sqlite3?|key|pyc)$")
    committed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert [name for name in committed.splitlines() if made.search(name)] == []


def test_every_make_target_is_explained_and_is_no_file() -> None:
    text = MAKEFILE.read_text()
    phony = set(" ".join(re.findall(r"^\.PHONY:(.*)$", text, re.MULTILINE)).split())
    targets = set(re.findall(r"^([a-z][a-z-]*):", text, re.MULTILINE))
    assert targets == phony
    asked_for = {
        "run",
        "test",
        "check",
        "bench",
        "lock",
        "screenshots",
        "wheel",
        "clean",
        "prove",
        "fresh-clone",
        "help",
    }
    assert asked_for <= set(re.findall(r"^([a-z][a-z-]*):.*## \S", text, re.MULTILINE))


def test_the_ci_script_stops_at_the_first_failure_and_allows_no_skip() -> None:
    script = ROOT / ".ci" / "run"
    text = script.read_text()
    assert os.access(script, os.X_OK)
    assert "set -euo pipefail" in text
    assert "export CI=true" in text
    assert text.rstrip().endswith("make check\nmake test")


def test_nothing_imports_deploy() -> None:
    assert _where(r"^\s*(from|import) deploy\b") == []
