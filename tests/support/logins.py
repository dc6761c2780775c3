"""At the login pages, as staff are."""

import re

from sqlalchemy import select
from werkzeug.test import TestResponse

from samrum.models import AuditRow
from support.world import PASSWORD, Browser, World


def give_password(
    browser: Browser, email: str = "birgit@test.dk", password: str = PASSWORD, path: str = "/login/staff"
) -> TestResponse:
    return browser.post(path, {"email": email, "password": password})


def log_in(world: World, browser: Browser) -> TestResponse:
    give_password(browser)
    return browser.post("/login/staff/code", {"code": world.code()})


def is_logged_in(browser: Browser) -> bool:
    return browser.get("/login/sessions").status_code == 200


def actions(world: World) -> list[tuple[str, str | None]]:
    with world.platform.database.transaction() as session:
        rows = session.scalars(select(AuditRow).order_by(AuditRow.sequence))
        return [(row.action, row.reason) for row in rows if row.action != "staff_created"]


def enrolment_secret(page: TestResponse) -> str:
    key = re.search(r'id="enrol-key">(.*?)</p>', page.text, re.DOTALL)
    assert key is not None
    return "".join(re.findall(r"<span>(\w{4})</span>", key[1]))
