"""Throttling with real worker processes on one database: what one counts all know, and a restart forgets nothing."""

import http.client
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlencode

import psutil
import pytest

from samrum.demo.weed import EmbeddedS3
from support.service import Service
from support.world import PASSWORD

pytestmark = pytest.mark.slow
EMAIL = "birgit@test.dk"


@pytest.fixture
def service(tmp_path: Path, s3_server: EmbeddedS3, s3_bucket: str, postgres_database: str) -> Iterator[Service]:
    """Two worker processes of one thread each, and an account."""
    made = Service(tmp_path, s3_server, s3_bucket, workers=2, threads=1, database_url=postgres_database)
    made.world.staff("Birgit", "UU")
    yield made
    made.world.platform.database.engine.dispose()


def try_password(service: Service, password: str) -> int:
    """The status that a browser of its own gets for a password."""
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=30)
    try:
        connection.request("GET", "/login/staff")
        page = connection.getresponse()
        visitor = str(page.headers["Set-Cookie"]).partition(";")[0]
        token = re.search(r'name="once" value="([^"]+)"', page.read().decode())
        assert token is not None
        form = urlencode({"once": token[1], "email": EMAIL, "password": password})
        headers = {"Cookie": visitor, "Content-Type": "application/x-www-form-urlencoded", "Connection": "close"}
        connection.request("POST", "/login/staff", form, headers)
        return connection.getresponse().status
    finally:
        connection.close()


def tries(service: Service, count: int) -> list[int]:
    return [try_password(service, f"gæt {number}") for number in range(count)]


def test_the_eighth_failure_at_any_worker_closes_the_account_at_all_of_them_and_a_restart_forgets_nothing(
    service: Service,
) -> None:
    with service:
        first, second = service.workers()
        second.suspend()  # so that it is known who answers
        assert tries(service, 5) == [422] * 5
        second.resume()
        first.suspend()
        assert tries(service, 4) == [422] * 3 + [429], "the fourth here is the ninth of all"
        first.resume()
        second.suspend()
        assert try_password(service, PASSWORD) == 429, "the right one does not help any more, where it was not closed"
        second.resume()
        service.kill_workers()
        psutil.wait_procs([first, second], timeout=10)
        assert try_password(service, PASSWORD) == 429, "nor with new processes"
    with service:
        assert try_password(service, PASSWORD) == 429, "nor after the service was started again"


def test_of_many_guesses_at_the_same_moment_no_more_are_tried_than_of_as_many_in_a_row(service: Service) -> None:
    with service, ThreadPoolExecutor(12) as pool:
        found = list(pool.map(lambda number: try_password(service, f"gæt {number}"), range(24)))
    assert sorted(found) == [422] * 8 + [429] * 16
