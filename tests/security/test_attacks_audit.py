"""Nobody looks, or tries to, without a row in the log; each was once a way to do so."""

import re
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from auth.policy import StaffActor
from samrum.models import AuditRow
from samrum.services.cases import remove_parent
from samrum.services.platform import Caller
from samrum.services.rooms import show
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


@pytest.mark.parametrize("path", ["/close", "/access", "/data", "/parents", "/hand-over", "/paper-consent"])
def test_a_parent_who_tries_an_owner_s_page_stands_in_the_log(home: Household, path: str) -> None:
    assert home.world.client(home.mother).get(home.path + path).status_code == 404
    assert rows(home.world, home.mother.id) == [("denied", home.case_id)]


def test_a_form_sent_to_an_owner_s_page_stands_in_the_log(home: Household) -> None:
    browser = home.world.client(home.mother)
    token = browser.token("/login/sessions")
    assert browser.client.post(f"{home.path}/close", data={"once": token}).status_code == 404
    assert rows(home.world, home.mother.id) == [("denied", home.case_id)]


def test_an_administrator_who_tries_a_room_stands_in_the_log(home: Household) -> None:
    administrator = home.world.staff("Anne", "Administrationen", administrator=True)
    browser = home.world.client(administrator)
    for path in (home.path, f"{home.path}/hand-over", f"{home.path}/log", f"{home.path}/consent"):
        assert browser.get(path).status_code == 404
    assert rows(home.world, administrator.id) == [("denied", home.case_id)] * 4


@pytest.mark.parametrize("path", ["/people", "/people/new", "/audit", "/rooms/new"])
def test_whoever_tries_a_page_of_another_role_stands_in_the_log(home: Household, path: str) -> None:
    for person in (home.colleague, home.mother):
        assert home.world.client(person).get(path).status_code == 404
        assert rows(home.world, person.id) == [("denied", None)]


@pytest.mark.parametrize("page", ["", "/log", "/files/new", "/consent", "/levels"])
def test_a_room_that_is_not_there_is_refused_and_logged_like_one_that_is(home: Household, page: str) -> None:
    """As many rows and the same words, so that neither the answer nor its time tells the two apart."""
    lines = show(home.world.platform, Caller(home.owner), home.case_id).parents
    (parent,) = [line for line in lines if line.citizen_id == home.father.id]
    remove_parent(home.world.platform, Caller(home.owner), home.case_id, parent.id)
    browser = home.world.client(home.father)
    real, made_up = (browser.get(f"/rooms/{case_id}{page}") for case_id in (home.case_id, uuid4()))
    assert (real.status_code, made_up.status_code) == (404, 404)
    assert _without_ids(real.text) == _without_ids(made_up.text)
    assert rows(home.world, home.father.id) == [("denied", home.case_id), ("denied", None)]


def _without_ids(text: str) -> str:
    text = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "", text)
    return re.sub(r'name="once" value="[^"]+"', "", text)
