"""What every kind of test may ask for: real servers, a browser, and no silent skips where all must run."""

import os
import uuid
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support.browsers import HOW_TO_GET_ONE, find_chromium

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from samrum.demo.weed import EmbeddedS3
    from support.live import LiveDemo
    from support.postgres import TestPostgres
    from support.world import World

# The order of the folders in a run: the quick and narrow first.
_ORDER = ("unit", "property", "contract", "integration", "security", "e2e")
_ALL_MUST_RUN = os.environ.get("CI") == "true"
_ROOT = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def rank(item: pytest.Item) -> int:
        folder = item.path.relative_to(_ROOT).parts[0] if item.path.is_relative_to(_ROOT) else ""
        return _ORDER.index(folder) if folder in _ORDER else len(_ORDER)

    items.sort(key=rank)
    if find_chromium() is None and not _ALL_MUST_RUN:
        for item in items:
            if item.get_closest_marker("browser"):
                item.add_marker(pytest.mark.skip(reason=HOW_TO_GET_ONE))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if _ALL_MUST_RUN and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, and with CI=true every test must run: {report.longrepr}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    if _ALL_MUST_RUN and report.skipped:
        report.outcome = "failed"
        report.longrepr = f"skipped, and with CI=true every test must run: {report.longrepr}"
    return report


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator["EmbeddedS3"]:
    """A running S3 server for everybody: give it its own bucket name (`s3_bucket`), and leave it running."""
    from samrum.demo.weed import EmbeddedS3

    with EmbeddedS3(tmp_path_factory.mktemp("s3"), None, "test-access", "test-secret-" + "0" * 28) as server:
        yield server


@pytest.fixture(scope="session")
def _fragile_s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator["EmbeddedS3"]:
    from samrum.demo.weed import EmbeddedS3

    with EmbeddedS3(tmp_path_factory.mktemp("fragile-s3"), None, "test-access", "test-secret-" + "0" * 28) as server:
        yield server


@pytest.fixture
def breakable_s3(_fragile_s3: "EmbeddedS3") -> Iterator["EmbeddedS3"]:
    """A running S3 server for tests that kill, stop and start it; it runs again for the next test."""
    yield _fragile_s3
    if _fragile_s3.process is None:
        _fragile_s3.start()


@pytest.fixture
def s3_bucket() -> str:
    """A bucket name that nobody else uses; making the bucket is the test's."""
    return f"test-{uuid.uuid4().hex[:20]}"


@pytest.fixture(scope="session")
def postgres_server() -> Iterator["TestPostgres"]:
    """A running PostgreSQL; `new_database(template)` makes a database and gives its address."""
    from support.postgres import TestPostgres

    with TestPostgres() as server:
        yield server


@pytest.fixture(scope="session")
def postgres_url(postgres_server: "TestPostgres") -> str:
    """SQLAlchemy's address of the server's own database `postgres`, for its superuser."""
    return postgres_server.url()


@pytest.fixture
def new_postgres_database(postgres_server: "TestPostgres") -> Iterator[Callable[[], str]]:
    """Call it for the SQLAlchemy address of a new, empty database; they are gone after the test."""
    made: list[str] = []

    def new() -> str:
        made.append(postgres_server.new_database())
        return made[-1]

    yield new
    for url in made:
        postgres_server.drop_database(url)


@pytest.fixture
def postgres_database(new_postgres_database: Callable[[], str]) -> str:
    """SQLAlchemy's address of a new, empty database of this test's own."""
    return new_postgres_database()


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator["LiveDemo"]:
    """The whole demo, newly loaded for the tests of one file: web service, S3 server and stand-in login."""
    from support.live import LiveDemo

    with LiveDemo(tmp_path_factory.mktemp("demo") / "var") as running:
        yield running


@pytest.fixture(scope="session")
def chromium() -> Iterator["Browser"]:
    """A running Chromium under Playwright; tests that use it carry the mark `browser`."""
    from playwright.sync_api import sync_playwright

    path = find_chromium()
    if path is None:
        pytest.fail(HOW_TO_GET_ONE)
    as_root = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*as_root, "--disable-dev-shm-usage"])
        yield browser
        browser.close()


@pytest.fixture
def world(tmp_path: Path) -> "World":
    """A small municipality on SQLite, its files in memory."""
    from support.world import World

    return World.make(tmp_path)


@pytest.fixture
def world_on_s3(tmp_path: Path, s3_server: "EmbeddedS3", s3_bucket: str) -> "World":
    """A small municipality on SQLite and a running S3 server."""
    from storage import S3Store
    from support.world import World

    store = S3Store(
        endpoint_url=s3_server.endpoint_url,
        bucket=s3_bucket,
        access_key=s3_server.access_key,
        secret_key=s3_server.secret_key,
    )
    store.ensure_bucket()
    return World.make(tmp_path, store=store)


@pytest.fixture(scope="session")
def hsm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The PKCS#11 module of a SoftHSM of our own, with one token; whoever uses it takes a label for its keys."""
    from support.hsm import new_token, soft_hsm

    made = soft_hsm(tmp_path_factory.mktemp("hsm"))
    if made is None:
        pytest.skip("SoftHSM 2 is not installed (Debian: softhsm2)")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOFTHSM2_CONF", str(made[1]))
        new_token()
        yield made[0]
