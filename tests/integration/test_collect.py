"""Collecting the front-end files and translations, tried in a copy of the tree with the packages fetched already."""

import gettext
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

_CATALOGUE = """
msgid ""
msgstr ""
"Language: en\\n"
"Content-Type: text/plain; charset=utf-8\\n"

msgid "Log ind"
msgstr "{translation}"
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    frontend = tmp_path / "deploy" / "frontend"
    frontend.mkdir(parents=True)
    shutil.copy(ROOT / "deploy" / "collect.py", tmp_path / "deploy")
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(ROOT / "deploy" / "frontend" / name, frontend)
    (frontend / "node_modules").symlink_to(ROOT / "deploy" / "frontend" / "node_modules")
    (tmp_path / "platform" / "samrum" / "static").mkdir(parents=True)
    _catalogue(tmp_path).parent.mkdir(parents=True)
    _catalogue(tmp_path).write_text(_CATALOGUE.format(translation="Log in"))
    return tmp_path


def _catalogue(tree: Path) -> Path:
    return tree / "platform" / "samrum" / "translations" / "en" / "LC_MESSAGES" / "messages.po"


def _vendor(tree: Path) -> Path:
    return tree / "platform" / "samrum" / "static" / "vendor"


def _collect(tree: Path) -> subprocess.CompletedProcess[str]:
    command: list[str | Path] = [sys.executable, tree / "deploy" / "collect.py", "--tests"]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")


def _state(tree: Path) -> dict[str, int]:
    files = [*_vendor(tree).rglob("*"), _catalogue(tree).with_suffix(".mo")]
    return {str(path): path.stat().st_mtime_ns for path in files if path.is_file()}


def test_everything_the_style_sheet_names_is_collected_and_nothing_is_fetched_twice(tree: Path) -> None:
    first = _collect(tree)
    assert (first.returncode, first.stdout) == (0, "")
    style = _vendor(tree) / "dkfds" / "css" / "dkfds.min.css"
    named = [url for url in re.findall(r"url\(([^)]+)\)", style.read_text()) if not url.startswith(("data:", '"data:'))]
    assert len(named) > 50
    assert [url for url in named if not (style.parent / url.strip("\"'").split("?")[0].split("#")[0]).is_file()] == []
    assert "sourceMappingURL" not in style.read_text()
    before = _state(tree)
    assert _collect(tree).returncode == 0
    assert _state(tree) == before


def test_what_an_interrupted_run_left_is_put_right(tree: Path) -> None:
    assert _collect(tree).returncode == 0
    whole = set(_state(tree))
    (_vendor(tree) / "dkfds").rename(_vendor(tree) / ".dkfds-cut-short")
    (_vendor(tree) / ".dkfds-cut-short" / ".collected").unlink()
    assert _collect(tree).returncode == 0
    assert set(_state(tree)) == whole
    assert [path.name for path in _vendor(tree).iterdir()] == ["dkfds"]


def test_a_changed_catalogue_is_compiled_anew(tree: Path) -> None:
    assert _collect(tree).returncode == 0
    _catalogue(tree).write_text(_CATALOGUE.format(translation="Sign in"))
    assert _collect(tree).returncode == 0
    with _catalogue(tree).with_suffix(".mo").open("rb") as compiled:
        assert gettext.GNUTranslations(compiled).gettext("Log ind") == "Sign in"


def test_a_translation_that_names_other_fields_is_refused_in_words_and_the_compiled_one_stays(tree: Path) -> None:
    assert _collect(tree).returncode == 0
    before = _catalogue(tree).with_suffix(".mo").read_bytes()
    wrong = '\n#, python-format\nmsgid "Hej %(name)s"\nmsgstr "Hi %(nmae)s"\n'
    _catalogue(tree).write_text(_CATALOGUE.format(translation="Log in") + wrong)
    done = _collect(tree)
    assert done.returncode == 1
    assert "messages.po could not be compiled" in done.stderr
    assert _catalogue(tree).with_suffix(".mo").read_bytes() == before
    assert {path.name for path in _catalogue(tree).parent.iterdir()} == {"messages.po", "messages.mo"}
