"""Spot checks: random, repeatable, marked once, and within the auditor's own organisation."""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from auth.policy import StaffActor
from samrum.services import audit_review, audit_search, rooms
from samrum.services.audit_review import Draw
from samrum.services.audit_search import Search
from samrum.services.errors import NotThere
from samrum.services.platform import Caller
from support.household import Household, words
from support.world import World

EVERYTHING = 10**9


@pytest.fixture
def household(world: World) -> Household:
    made = Household.make(world)
    made.everybody_consents()
    for person in (made.owner, made.colleague, made.youth, made.mother) * 5:
        rooms.show(world.platform, Caller(person), made.case_id)
    return made


@pytest.fixture
def auditor(world: World) -> StaffActor:
    return world.staff("Rie", "Revisionen", auditor=True)


def drawn(household: Household, auditor: StaffActor, seed: int, count: int = 3, upto: int = EVERYTHING) -> list[int]:
    draw = Draw(seed, upto, count, Search())
    found = audit_review.sample(household.world.platform, Caller(auditor), draw)
    return [item.line.sequence for item in found]


def test_a_draw_is_random_and_gives_the_same_rows_again(household: Household, auditor: StaffActor) -> None:
    first = drawn(household, auditor, 1)
    rooms.show(household.world.platform, Caller(household.owner), household.case_id)
    assert len(first) == 3
    assert all(earlier < later for earlier, later in pairwise(first))
    upto = max(drawn(household, auditor, 1, 100)) - 1
    assert drawn(household, auditor, 1, upto=upto) == first
    assert len({tuple(drawn(household, auditor, seed)) for seed in range(6)}) > 3


def test_only_openings_by_staff_are_drawn(household: Household, auditor: StaffActor) -> None:
    draw = Draw(1, EVERYTHING, 100, Search())
    found = audit_review.sample(household.world.platform, Caller(auditor), draw)
    assert Counter((item.line.action, item.line.actor.name) for item in found) == {
        ("case_viewed", "Birgit"): 5,
        ("case_viewed", "Ulla"): 5,
    }


def test_every_row_has_the_same_chance() -> None:
    chances = Counter(
        row for seed in range(2000) for row in audit_review._drawn(Draw(seed, EVERYTHING, 3, Search()), iter(range(10)))
    )
    assert all(500 <= chances[row] <= 700 for row in range(10))  # 600 on average


def test_an_auditor_who_was_a_colleague_before_does_not_mark_the_own_openings(household: Household) -> None:
    platform = household.world.platform
    now_auditor = Caller(replace(household.owner, auditor=True))
    found = audit_review.sample(platform, now_auditor, Draw(1, EVERYTHING, 100, Search()))
    assert {(item.line.actor.name, item.may_review) for item in found} == {("Birgit", False), ("Ulla", True)}
    own = next(item.line.sequence for item in found if not item.may_review)
    with pytest.raises(NotThere):
        audit_review.mark(platform, now_auditor, own, "")


def test_days_limit_the_draw(household: Household, auditor: StaffActor) -> None:
    today = date(2026, 11, 2)
    for within, count in ((Search(first=today), 10), (Search(last=today - timedelta(days=1)), 0)):
        draw = Draw(1, EVERYTHING, 50, within)
        assert len(audit_review.sample(household.world.platform, Caller(auditor), draw)) == count


def test_the_auditor_draws_looks_and_marks_with_a_remark(household: Household, auditor: StaffActor) -> None:
    browser = household.world.client(auditor)
    answer = browser.post("/audit/sample", {"count": "4", "first": "", "last": ""})
    assert answer.status_code == 303
    here = answer.headers["Location"]
    page = browser.get(here).text
    assert page.count("Marker som efterset") == 4
    assert not any(name in words(page) for name in ("Sofie", "Mette", "Lind"))
    action = re.search(r'action="(/audit/sample/\d+[^"]*)"', page)
    assert action is not None
    marked = browser.post(action[1].replace("&amp;", "&"), {"remark": " Var \n på vagt "}, page=here)
    assert marked.status_code == 303
    page = browser.get(here).text
    assert page.count("Marker som efterset") == 3
    assert "Var på vagt" in page
    assert "Rie, 2. november 2026 12:00" in words(page)
    log = words(household.world.client(household.youth).get(f"{household.path}/log").text)
    assert "Rie tjekkede som revisor" in log


def test_a_mark_stands_and_is_never_changed(household: Household, auditor: StaffActor) -> None:
    platform = household.world.platform
    row = drawn(household, auditor, 1)[0]
    audit_review.mark(platform, Caller(auditor), row, "i orden")
    other = household.world.staff("Ole", "Revisionen", auditor=True)
    audit_review.mark(platform, Caller(other), row, "ikke i orden")
    found = audit_review.sample(platform, Caller(other), Draw(1, EVERYTHING, 3, Search()))
    reviews = [item.review for item in found if item.review]
    assert [(review.by, review.remark) for review in reviews] == [("Rie", "i orden")]
    lines = audit_search.export(platform, Caller(auditor), Search(action="row_reviewed"))
    assert [(line.actor.name, line.detail) for line in lines] == [("Rie", {"row": row})]


def test_nobody_marks_a_row_of_another_organisation_or_a_row_that_is_no_opening(
    household: Household, auditor: StaffActor
) -> None:
    platform = household.world.platform
    row = drawn(household, auditor, 1)[0]
    elsewhere = household.world.staff("Nora", "Revision", organisation="Nabo Kommune", auditor=True)
    assert drawn(household, elsewhere, 1, 100) == []
    for who, sequence in ((elsewhere, row), (household.owner, row), (auditor, 1), (auditor, EVERYTHING), (auditor, -1)):
        with pytest.raises(NotThere):
            audit_review.mark(platform, Caller(who), sequence, "")
    browser = household.world.client(elsewhere)
    answer = browser.post(f"/audit/sample/{row}?seed=1&upto=99&count=3", {"remark": ""}, page="/audit/sample")
    assert answer.status_code == 404


def test_a_row_number_that_no_row_can_have_is_not_there(household: Household, auditor: StaffActor) -> None:
    browser = household.world.client(auditor)
    for sequence in (2**63 - 1, 2**63, 10**30):
        path = f"/audit/sample/{sequence}?seed=1&upto=99&count=3"
        assert browser.post(path, {"remark": ""}, page="/audit/sample").status_code == 404


@pytest.mark.parametrize("count", ["", "0", "101", "ti"])
def test_a_draw_of_no_number_says_so(household: Household, auditor: StaffActor, count: str) -> None:
    answer = household.world.client(auditor).post("/audit/sample", {"count": count})
    assert answer.status_code == 422
    assert "form-error-message" in answer.text


@pytest.mark.parametrize(
    "query", ["", "?seed=x", "?seed=1&upto=1&count=1000", "?seed=1&upto=99999999999999999999&count=1"]
)
def test_an_address_without_a_draw_shows_the_form_alone(household: Household, auditor: StaffActor, query: str) -> None:
    page = household.world.client(auditor).get(f"/audit/sample{query}")
    assert page.status_code == 200
    assert "Det, lodtrækningen gav" not in page.text


def test_nobody_but_an_auditor_draws(household: Household) -> None:
    for person in (household.owner, household.youth):
        assert household.world.client(person).get("/audit/sample").status_code == 404
        with pytest.raises(NotThere):
            audit_review.new_draw(household.world.platform, Caller(person), 3, Search())


def test_search_export_and_sample_work_on_postgresql(tmp_path: Path, new_postgres_database: Callable[[], str]) -> None:
    world = World.make(tmp_path, database_url=new_postgres_database())
    household = Household.make(world)
    auditor = Caller(world.staff("Rie", "Revisionen", auditor=True))
    for _ in range(3):
        rooms.show(world.platform, Caller(household.owner), household.case_id)
    wanted = Search(household.case_id, household.owner.id, "case_viewed", date(2026, 11, 2), date(2026, 11, 2))
    assert len(audit_search.search(world.platform, auditor, wanted).lines) == 3
    assert len(list(audit_search.export(world.platform, auditor, wanted))) == 3
    found = audit_review.sample(world.platform, auditor, Draw(1, EVERYTHING, 2, Search()))
    assert [item.may_review for item in found] == [True, True]
    audit_review.mark(world.platform, auditor, found[0].line.sequence, "i orden")
    found = audit_review.sample(world.platform, auditor, Draw(1, EVERYTHING, 2, Search()))
    assert [item.may_review for item in found] == [False, True]
    world.platform.database.engine.dispose()
