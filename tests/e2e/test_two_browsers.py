"""Taking access back, with one browser at the owner and one at the colleague."""

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Page, expect

from auth.policy import Actor, Level
from samrum.demo.weed import EmbeddedS3
from samrum.services.incoming import NewVersion, receive
from samrum.services.platform import Caller
from support.actors import new_person
from support.service import Service
from support.world import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

GROWN_UP = "7508074993"  # consents alone
MIB = 1024 * 1024
LARGE = 500 * MIB
HEAD = b"%PDF-1.7\n"

# Reads a download as a slow line would, and keeps count until it ends, whichever way.
READ_SLOWLY = """
path => {
  window.arrived = 0;
  window.ending = null;
  (async () => {
    try {
      const reader = (await fetch(path)).body.getReader();
      for (;;) {
        const {done, value} = await reader.read();
        if (done) { window.ending = 'whole'; return; }
        window.arrived += value.length;
        await new Promise(resolve => setTimeout(resolve, 20));
      }
    } catch (error) { window.ending = 'cut'; }
  })();
}
"""


class Two:
    """The owner and a colleague with a grant and a consent, each at a browser, and a large file in their room."""

    def __init__(self, service: Service, chromium: Browser) -> None:
        self.service, world = service, service.world
        owner = world.staff("Birgit", "Børn og Unge", case_creator=True)
        colleague = world.staff("Ulla", "UU")
        self.case_id = world.case(owner, cpr=GROWN_UP)
        world.grant(owner, self.case_id, "ulla@test.dk", Level.READ)
        world.consent(world.citizen(GROWN_UP), self.case_id, colleague.unit)
        self.file = f"/rooms/{self.case_id}/files/{self._upload(owner)}/1"
        self.owner, self.colleague = self._browser(chromium, owner), self._browser(chromium, colleague)

    def address(self, path: str = "") -> str:
        return f"http://127.0.0.1:{self.service.port}{path or f'/rooms/{self.case_id}'}"

    def _upload(self, owner: Actor) -> UUID:
        with receive(self.service.world.platform, Caller(owner), self.case_id, NewVersion("stor.pdf", "other")) as file:
            file.write(HEAD)
            for _ in range(LARGE // MIB):
                file.write(bytes(MIB))
            return file.finish().document_id

    def _browser(self, chromium: Browser, person: Actor) -> Page:
        cookie = self.service.world.client(person).client.get_cookie("samrum-login")
        assert cookie is not None
        context = new_person(chromium)
        context.add_cookies([{"name": "samrum-login", "value": cookie.value, "url": self.address("/")}])
        return context.new_page()

    def revoke(self) -> None:
        self.owner.goto(self.address(f"/rooms/{self.case_id}/access"))
        self.owner.locator("li", has_text="Ulla").get_by_role("button", name="Fjern adgang").click()
        expect(self.owner.locator(".entry-list")).not_to_contain_text("Ulla")


@pytest.fixture
def two(tmp_path: Path, s3_server: EmbeddedS3, s3_bucket: str, chromium: Browser) -> Iterator[Two]:
    with Service(tmp_path, s3_server, s3_bucket, upload_limit_mib=600, recheck_seconds=0.5) as service:
        yield Two(service, chromium)


def test_taking_a_grant_back_reaches_the_open_page_and_the_running_download(two: Two) -> None:
    page = two.colleague
    page.goto(two.address())
    expect(page.get_by_role("link", name="stor.pdf").first).to_be_visible()
    page.evaluate(READ_SLOWLY, two.file)
    wait_until(lambda: bool(page.evaluate("window.arrived > 1000000")))
    two.revoke()
    wait_until(lambda: bool(page.evaluate("window.ending !== null")), seconds=30)
    assert page.evaluate("window.ending") == "cut"
    assert page.evaluate("window.arrived") < LARGE
    with page.expect_navigation() as answer:
        page.get_by_role("link", name="stor.pdf").first.click()
    assert answer.value is not None
    assert answer.value.status == 404
