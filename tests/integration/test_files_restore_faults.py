"""What happens to a version that is being restored when something breaks, on the real server."""

import http.client
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode
from uuid import UUID

import pytest

from samrum.config import MIB
from samrum.demo.weed import EmbeddedS3
from samrum.services import upkeep
from support.kept import Kept
from support.service import Answer, Service
from support.uploads import pdf
from support.world import SteppingClock, wait_until

SIZE = 96 * MIB  # it takes half a second or more to copy


class Restoring:
    """The owner restores version 1 of a large document."""

    def __init__(self, kept: Kept) -> None:
        self.kept = kept
        self.document: UUID = kept.document(SIZE)
        newer = f"{kept.papers.url}/files/{self.document}/new"
        assert kept.client.upload(newer, "Ny.pdf", pdf(), fields={"based_on": "1"}).status == 303
        self.page = f"{kept.papers.url}/files/{self.document}/1/restore"
        self.form = urlencode({"once": kept.client.token(self.page), "seen": "2"})
        self.objects_before = len(kept.papers.objects())
        self.answers: list[Answer | Exception] = []
        self._sender = threading.Thread(target=self._send)

    def _send(self) -> None:
        try:
            self.answers.append(self.kept.client.post(self.page, self.form))
        except (OSError, http.client.HTTPException) as error:
            self.answers.append(error)

    def begin(self) -> None:
        """Send the form, and come back when the content is on its way to its new place."""
        self._sender.start()
        wait_until(lambda: bool(self.unfinished()))

    def finish(self) -> Answer | Exception:
        self._sender.join(60)
        (found,) = self.answers
        return found

    def unfinished(self) -> list[object]:
        return list(self.kept.papers.world.platform.vault.store.unfinished("v1/"))

    def objects(self) -> int:
        """How many more objects there are than before."""
        return len(self.kept.papers.objects()) - self.objects_before

    def numbers(self) -> list[tuple[int, int | None]]:
        """Every version of the document, with the one it was restored from."""
        versions = [version for version in self.kept.papers.versions() if version.document_id == self.document]
        return [(version.number, version.restored_from) for version in versions]

    def again(self) -> None:
        """Restore it now that everything works."""
        client = self.kept.service.client(self.kept.papers.owner)
        form = urlencode({"once": client.token(self.page), "seen": "2"})
        assert client.post(self.page, form).status == 303
        assert self.numbers() == [(1, None), (2, None), (3, 1)]
        assert client.get(f"{self.kept.papers.url}/files/{self.document}/3").body == pdf(SIZE)

    def sweep(self) -> upkeep.Swept:
        """The nightly upkeep, a day and more later."""
        platform = self.kept.papers.world.platform
        later = datetime.now(UTC) + timedelta(hours=platform.settings.orphan_hours + 1)
        return upkeep.collect_garbage(replace(platform, clock=SteppingClock(later)))


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, s3_server: EmbeddedS3) -> Iterator[Kept]:
    with Service(tmp_path_factory.mktemp("restored"), s3_server, "restore-faults", workers=1) as service:
        yield Kept(service)


@pytest.fixture
def restoring(served: Kept) -> Restoring:
    served.client = served.service.client(served.papers.owner)
    return Restoring(served)


def test_a_store_that_is_down_or_dies_in_the_middle_keeps_nothing_of_it(
    tmp_path: Path, breakable_s3: EmbeddedS3, s3_bucket: str
) -> None:
    with Service(tmp_path, breakable_s3, s3_bucket, workers=1) as service:
        restoring = Restoring(Kept(service))
        breakable_s3.kill()
        assert restoring.kept.client.post(restoring.page, restoring.form).status == 503
        breakable_s3.start()
        restoring.begin()
        breakable_s3.kill()
        answer = restoring.finish()
        assert isinstance(answer, Answer)
        assert answer.status == 503
        assert "Vi kan ikke nå filerne lige nu" in answer.text
        breakable_s3.start()
        assert restoring.numbers() == [(1, None), (2, None)]
        assert restoring.objects() == 0
        restoring.again()


def test_a_worker_that_is_killed_half_way_shows_nothing_and_the_sweeper_removes_what_stays(
    restoring: Restoring,
) -> None:
    restoring.begin()
    restoring.kept.service.kill_workers()
    assert isinstance(restoring.finish(), Exception)
    wait_until(restoring.kept.service.answers, seconds=30)
    assert restoring.numbers() == [(1, None), (2, None)]
    assert len(restoring.unfinished()) == 1
    assert restoring.sweep().unfinished == 1
    assert restoring.unfinished() == []
    assert restoring.objects() == 0
    restoring.again()


def _upload(restoring: Restoring) -> None:
    client = restoring.kept.service.client(restoring.kept.papers.youth)
    page = f"{restoring.kept.papers.url}/files/{restoring.document}/new"
    assert client.upload(page, "Imens.pdf", pdf(), fields={"based_on": "2"}).status == 303


def _trash(restoring: Restoring) -> None:
    client = restoring.kept.service.client(restoring.kept.papers.youth)
    page = f"{restoring.kept.papers.url}/files/{restoring.document}"
    assert client.post(f"{page}/trash", urlencode({"once": client.token(page)})).status == 303


@pytest.mark.parametrize(
    ("meanwhile", "status", "numbers"),
    [
        (_upload, 303, [(1, None), (2, None), (3, None), (4, 1)]),
        (_trash, 409, [(1, None), (2, None)]),
    ],
)
def test_what_somebody_else_does_meanwhile_stands(
    restoring: Restoring,
    meanwhile: Callable[[Restoring], None],
    status: int,
    numbers: list[tuple[int, int | None]],
) -> None:
    restoring.begin()
    meanwhile(restoring)
    answer = restoring.finish()
    assert isinstance(answer, Answer)
    assert answer.status == status
    assert restoring.numbers() == numbers
    assert restoring.objects() == len(numbers) - 2
    if status == 303:
        page = restoring.kept.client.get(answer.headers["Location"]).text
        assert "Version 4 er version 1, som Birgit gjorde til den nyeste." in page
        assert "Sofie Lind kom først med version 3." in page
