"""The wheel carries everything the service needs: installed alone, it serves pages from any folder."""

import os
import shutil
import subprocess
import sys
import sysconfig
import time
import urllib.error
import urllib.request
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from samrum.demo.children import free_ports, spawn, stop
from samrum.demo.weed import EmbeddedS3

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
_SHIPPED = ("auth", "platform", "storage", "templates", "pyproject.toml", "README.md")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built from a copy of the tree, so that nothing is left in the tree and nothing stale gets in."""
    tree = tmp_path_factory.mktemp("tree")
    for name in _SHIPPED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copyfile(ROOT / name, tree / name)
    built = subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", tree / "dist", tree],
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stdout + built.stderr
    (made,) = (tree / "dist").glob("*.whl")
    return made


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty environment with the wheel in it, and the locked dependencies as a search path behind it.

    Python reads .pth files in its own site-packages only, so the tests' own editable install is not seen.
    """
    place = tmp_path_factory.mktemp("empty environment")
    venv.create(place, with_pip=False, symlinks=True)
    python = place / "bin" / "python"
    pip: list[str | Path] = [
        sys.executable,
        "-m",
        "pip",
        "--python",
        python,
        "--disable-pip-version-check",
        "--quiet",
        "install",
    ]
    subprocess.run([*pip, "--no-index", "--no-deps", wheel], check=True)
    (site,) = place.glob("lib/python3*/site-packages")
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return place


@pytest.fixture
def served(environment: Path, s3_server: EmbeddedS3, s3_bucket: str, tmp_path: Path) -> Iterator[str]:
    """The address of `samrum serve` from the wheel, run in a folder that has nothing to do with the tree."""
    (port,) = free_ports(1)
    settings = {
        "SAMRUM_ENV": "demo",
        "SAMRUM_BASE_URL": f"http://127.0.0.1:{port}",
        "SAMRUM_BIND": f"127.0.0.1:{port}",
        "SAMRUM_DATABASE_URL": f"sqlite:///{tmp_path / 'samrum.sqlite'}",
        "SAMRUM_KEY_FILE": str(tmp_path / "files.key"),
        "SAMRUM_FIELD_KEY_FILE": str(tmp_path / "fields.key"),
        "SAMRUM_S3_ENDPOINT": s3_server.endpoint_url,
        "SAMRUM_S3_BUCKET": s3_bucket,
        "SAMRUM_S3_ACCESS_KEY": s3_server.access_key,
        "SAMRUM_S3_SECRET_KEY": s3_server.secret_key,
        "SAMRUM_OIDC_ISSUER": "http://127.0.0.1:9",
        "SAMRUM_OIDC_CLIENT_ID": "samrum",
        "SAMRUM_OIDC_CLIENT_SECRET": "not-used-here-but-long-enough",
        "SAMRUM_SECURE_COOKIES": "false",
    }
    env = {name: value for name, value in os.environ.items() if not name.startswith(("SAMRUM_", "PYTHON"))} | settings
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    samrum = environment / "bin" / "samrum"
    make_keys = (
        "import os; from storage import KeyFile; from samrum.fieldkeys import FieldKeys; from pathlib import Path\n"
        "KeyFile.create(os.environ['SAMRUM_KEY_FILE']); FieldKeys.create(Path(os.environ['SAMRUM_FIELD_KEY_FILE']))"
    )
    commands: list[list[str | Path]] = [[environment / "bin" / "python", "-c", make_keys], [samrum, "migrate"]]
    for command in commands:
        done = subprocess.run(command, cwd=elsewhere, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    log = tmp_path / "serve.log"
    with log.open("wb") as output:
        process = spawn([samrum, "serve"], output=output, env=env, cwd=elsewhere)
    try:
        address = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + 60
        while not _answers(address):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        yield address
    finally:
        stop(process, patience=15)


def _answers(address: str) -> bool:
    try:
        urllib.request.urlopen(address + "/health", timeout=10).close()
    except urllib.error.HTTPError as answer:
        answer.close()
    except OSError:
        return False
    return True


def _page(address: str, language: str = "da") -> tuple[int, str]:
    request = urllib.request.Request(address, headers={"Accept-Language": language})
    with urllib.request.urlopen(request, timeout=20) as answer:
        return answer.status, answer.read().decode()


def test_the_wheel_holds_pages_static_files_translations_migrations_and_data(wheel: Path) -> None:
    held = set(zipfile.ZipFile(wheel).namelist())

    def shipped(folder: str, pattern: str, top: str = "") -> set[str]:
        return {str(path.relative_to(ROOT / top)) for path in (ROOT / folder).rglob(pattern) if path.is_file()}

    pages = shipped("templates", "*.html")
    migrations = shipped("platform/samrum/migrations", "[!.]*.*", "platform")
    statics = shipped("platform/samrum/static", "[!.]*.*", "platform")
    translations = shipped("platform/samrum/translations", "*.mo", "platform")
    data = shipped("auth/data", "[!.]*.*") | shipped("auth/standin", "[!.]*.*")
    wordings = shipped("platform/samrum/wording", "*.txt", "platform")
    for files in (pages, migrations, statics, data, wordings):
        assert files
    assert "samrum/static/vendor/dkfds/css/dkfds.min.css" in statics
    everything = pages | migrations | statics | translations | data | wordings
    assert {name for name in everything - held if "__pycache__" not in name} == set()


def test_the_wheel_holds_no_tests_no_deployment_and_no_folder_platform(wheel: Path) -> None:
    tops = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"auth", "samrum", "storage", "templates"}


def test_the_environment_runs_the_wheel_and_not_the_tree(environment: Path, tmp_path: Path) -> None:
    program = (
        "import samrum, storage, auth, templates; print(*(m.__file__ for m in (samrum, storage, auth, templates)))"
    )
    python = environment / "bin" / "python"
    where = subprocess.run([python, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert str(ROOT) not in where
    assert where.count(str(environment)) == 4


def test_pages_and_their_files_are_served_from_another_folder(served: str) -> None:
    status, page = _page(served + "/")
    assert status == 200
    assert '<html lang="da"' in page
    for name in ("vendor/dkfds/css/dkfds.min.css", "vendor/dkfds/js/dkfds.min.js", "samrum.css"):
        assert _page(f"{served}/static/{name}")[0] == 200
