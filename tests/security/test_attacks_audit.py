"""Nobody looks, or tries to, without a row in the log; each was once a way to do so."""

from uuid import UUID

import pytest
from sqlalchemy import select

from auth.policy import StaffActor
from samrum.models import AuditRow
from support.household import Household
from support.world import World


@pytest.fixture
def home(world: World) -> Household:
    return Household.make(world)


@pytest.fixture
def auditor(world: World) -> StaffActor:
    return world.staff("Rikke", "DPO", auditor=True)


def rows(world: World, who: UUID) -> list[tuple[str, UUID | None]]:
    """What the log says of somebody, the oldest first: the action, and the case."""
    with world.platform.database.transaction(writes=False) as session:
        found = session.scalars(select(AuditRow).where(AuditRow.actor_id == who).order_by(AuditRow.sequence))
        return [(row.action, row.case_id) for row in found]


@pytest.mark.parametrize("before", ["", "?before=999999999", "?before=2", "?before=x"])
def test_no_page_of_the_log_of_a_room_is_seen_unlogged(home: Household, before: str) -> None:
    assert home.world.client(home.youth).get(f"{home.path}/log{before}").status_code == 200
    assert rows(home.world, home.youth.id) == [("log_viewed", home.case_id)]


@pytest.mark.parametrize("query", ["", "?before=999999999", "?before=2", "?first=2026-01-01&before=999999999"])
def test_no_page_of_the_organisation_s_log_is_seen_unlogged(home: Household, auditor: StaffActor, query: str) -> None:
    assert home.world.client(auditor).get(f"/audit{query}").status_code == 200
    assert [action for action, _case in rows(home.world, auditor.id)] == ["log_searched"]


@pytest.mark.parametrize("query", ["before=99999999999999999999", "first=0001-01-01", "last=9999-12-31"])
@pytest.mark.parametrize("path", ["/audit", "/audit/log.csv", "/audit/log.jsonl"])
def test_a_number_or_day_beyond_all_bounds_asks_for_nothing(
    home: Household, auditor: StaffActor, path: str, query: str
) -> None:
    answer = home.world.client(auditor).get(f"{path}?{query}")
    assert answer.status_code == 200
    assert answer.text


def test_the_pages_that_ask_for_a_file_are_views_like_any_other(home: Household) -> None:
    document_id = home.upload(home.owner, "Plan.txt")
    home.everybody_consents()
    browser = home.world.client(home.colleague)
    assert "Sofie" in browser.get(f"{home.path}/files/new").text
    assert "Plan.txt" in browser.get(f"{home.path}/files/{document_id}/new").text
    assert rows(home.world, home.colleague.id) == [("case_viewed", home.case_id), ("document_viewed", home.case_id)]
