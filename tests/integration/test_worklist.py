"""What an owner must see to, and an administrator."""

import random
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import event, text

from auth.age import is_minor_for_consent, parents_access_ended
from auth.policy import Action, CaseFacts, CitizenActor, Grant, Level, Reason, StaffActor, Status, decide
from samrum.cpr import Cpr
from samrum.demo.municipality import test_cpr as cpr_of
from samrum.services import cases, grants, people, worklist
from samrum.services.cases import NewParent
from samrum.services.errors import NotThere
from samrum.services.platform import SYSTEM, Caller
from samrum.services.worklist import BIRTHDAY_DAYS, CONSENT_DAYS, Worklist
from support import list_worlds
from support.household import Household, words
from support.list_worlds import MOMENTS, Municipality
from support.queries import counted_queries
from support.world import World

MISSING = {Reason.YOUTH_CONSENT_MISSING, Reason.CUSTODY_HOLDER_MISSING, Reason.CUSTODY_CONSENT_MISSING}
DAY = timedelta(days=1)


@pytest.fixture
def household(world: World) -> Household:
    return Household.make(world)


def of(household: Household, who: StaffActor | None = None) -> Worklist:
    return worklist.worklist(household.world.platform, Caller(who or household.owner))


def test_a_consent_that_ends_in_thirty_days_is_on_the_list_and_one_of_thirty_one_is_not(household: Household) -> None:
    household.everybody_consents(days=31)
    assert of(household).running_out == []
    household.world.clock.move(days=1)
    found = of(household).running_out
    assert [(line.giver, line.last_day) for line in found] == [
        (name, date(2026, 12, 3)) for name in ("Sofie Lind", "Jan Lind", "Mette Lind")
    ]
    assert {(tuple(line.units), line.to_parents) for line in found} == {(("UU, Testby Kommune",), True)}


def test_a_renewed_consent_leaves_the_list(household: Household) -> None:
    household.everybody_consents(days=10)
    household.world.consent(household.mother, household.case_id, household.colleague.unit, to_parents=True)
    assert [line.giver for line in of(household).running_out] == ["Sofie Lind", "Jan Lind"]


def test_a_parents_consent_that_ends_after_the_eighteenth_birthday_is_nothing_to_renew(world: World) -> None:
    owner = world.staff("Birgit", "Børn og Unge", case_creator=True)
    colleague = world.staff("Ulla", "UU")
    cpr = cpr_of(date(2008, 11, 12), 4101)
    mother = NewParent("Mette Lind", Cpr.parse("6103814994"), True)
    case_id = world.case(owner, cpr=cpr, parents=(mother,))
    world.grant(owner, case_id, "ulla@test.dk")
    for giver in (cpr, "6103814994"):
        world.consent(world.citizen(giver), case_id, colleague.unit, to_parents=True, days=15)
    found = worklist.worklist(world.platform, Caller(owner)).running_out
    assert [(line.giver, line.units, line.to_parents) for line in found] == [
        ("Sofie Lind", ["UU, Testby Kommune"], False)
    ]


def test_a_grant_shows_thirty_days_before_its_last_day(household: Household) -> None:
    last = date(2026, 12, 3)
    household.world.grant(household.owner, household.case_id, "ulla@test.dk", last_day=last)
    assert of(household).grants == []
    household.world.clock.move(days=1)
    assert [(line.who, line.unit, line.last_day) for line in of(household).grants] == [
        ("Ulla", "UU, Testby Kommune", last)
    ]
    household.world.clock.move(days=31)
    assert of(household).grants == []


@pytest.mark.parametrize(
    ("birth", "first_day", "birthday", "ends"),
    [
        (date(2009, 3, 15), date(2027, 1, 14), date(2027, 3, 15), date(2027, 3, 15)),
        (date(2008, 2, 29), date(2025, 12, 31), date(2026, 3, 1), date(2026, 2, 28)),
    ],
)
def test_a_birthday_shows_sixty_days_before_and_until_it_comes(
    world: World, birth: date, first_day: date, birthday: date, ends: date
) -> None:
    owner = world.staff("Birgit", "Børn og Unge", case_creator=True)
    world.clock.moment = datetime(2025, 6, 1, 11, tzinfo=UTC)
    world.case(owner, cpr=cpr_of(birth, 4101))

    def shown(day: date) -> list[tuple[date, date]]:
        world.clock.moment = datetime(day.year, day.month, day.day, 11, tzinfo=UTC)
        found = worklist.worklist(world.platform, Caller(owner)).birthdays
        return [(line.birthday, line.access_ends) for line in found]

    assert shown(first_day - DAY) == []
    assert shown(first_day) == [(birthday, ends)]
    assert shown(birthday - DAY) == [(birthday, ends)]
    assert shown(birthday) == []


def test_a_case_without_consents_says_whose_are_missing_and_who_waits(household: Household) -> None:
    (line,) = of(household).lacking
    assert line.youth
    assert set(line.holders) == {"Mette Lind", "Jan Lind"}
    assert (line.units, line.parents) == (["UU, Testby Kommune"], True)
    household.everybody_consents()
    assert of(household).lacking == []


def test_nobody_but_the_owner_has_the_case_on_the_list_and_a_closed_one_is_on_none(household: Household) -> None:
    assert of(household, household.colleague) == Worklist()
    cases.close(household.world.platform, Caller(household.owner), household.case_id)
    assert of(household) == Worklist()


def test_citizens_and_auditors_have_no_worklist(household: Household) -> None:
    auditor = household.world.staff("Rita", "Databeskyttelse", auditor=True)
    for who in (household.youth, household.mother, auditor):
        with pytest.raises(NotThere):
            worklist.worklist(household.world.platform, Caller(who))
        assert household.world.client(who).get("/worklist").status_code == 404
    assert household.world.client().get("/worklist").status_code == 302


def test_an_administrator_sees_the_numbers_of_cases_whose_owner_has_left_and_no_name(household: Household) -> None:
    world = household.world
    administrator = world.staff("Anna", "It", administrator=True)
    elsewhere = world.staff("Ane", "It", organisation="Anden Kommune", administrator=True)
    assert of(household, administrator).ownerless_count == 0
    people.deactivate_staff(world.platform, SYSTEM, household.owner.id)
    found = of(household, administrator)
    assert found.ownerless_count == len(found.ownerless) == 1
    assert of(household, elsewhere) == Worklist()
    page = world.client(administrator).get("/worklist")
    assert found.ownerless[0] in page.text
    assert "Sofie" not in page.text
    assert "Lind" not in page.text
    world.staff("Karin", "Børn og Unge", case_creator=True)
    grants.hand_over_ownerless(world.platform, Caller(administrator), found.ownerless[0], "karin@test.dk", "left")
    assert of(household, administrator) == Worklist()


def test_the_page_says_what_to_do_in_words(household: Household) -> None:
    page = household.world.client(household.owner).get("/worklist")
    said = words(page.text)
    assert "Der mangler samtykke (1)" in said
    assert "Mangler fra: Sofie Lind (den unge); Jan Lind; Mette Lind." in said
    assert "forældremyndighed" not in said
    assert "Venter på det: UU, Testby Kommune; forældrene." in said
    assert 'href="/worklist"' in household.world.client(household.owner).get("/rooms").text


def test_an_empty_list_says_so(world: World) -> None:
    owner = world.staff("Birgit", "Børn og Unge", case_creator=True)
    assert "Der er ikke noget, du skal se på" in world.client(owner).get("/worklist").text


def test_the_number_of_queries_does_not_grow_with_the_list(household: Household) -> None:
    world = household.world
    household.everybody_consents(days=20)
    with counted_queries(world.platform) as few:
        of(household)
    for serial in range(8):
        cpr = cpr_of(date(2008, 11, 20) + serial * DAY, 4200 + serial)
        case_id = world.case(household.owner, cpr=cpr, name=f"Ung {serial}")
        world.grant(household.owner, case_id, "ulla@test.dk", last_day=date(2026, 11, 25))
        world.consent(world.citizen(cpr), case_id, household.colleague.unit, days=20)
    with counted_queries(world.platform) as many:
        found = of(household)
    assert len(found.grants) == len(found.birthdays) == 8
    assert len(found.running_out) == 11
    assert len(many) == len(few)


def test_an_index_is_behind_every_list(household: Household) -> None:
    administrator = household.world.staff("Anna", "It", administrator=True)
    run: list[tuple[str, object]] = []
    engine = household.world.platform.database.engine

    def note(_connection: object, _cursor: object, statement: str, parameters: object, *_rest: object) -> None:
        run.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", note)
    of(household)
    of(household, administrator)
    event.remove(engine, "before_cursor_execute", note)
    plans: list[str] = []
    with engine.connect() as connection:
        connection.execute(text("SELECT 1"))
        for statement, parameters in run:
            if statement.startswith("SELECT"):
                rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)  # type: ignore[arg-type]
                plans.extend(str(row[3]) for row in rows)
    # the accounts of an organisation are few; cases, consents, grants and parents are not
    assert [plan for plan in plans if plan.startswith("SCAN") and "staff" not in plan] == []


def test_the_list_is_what_the_policy_decides_for_every_owner_case_and_day(tmp_path: Path) -> None:
    seen = [0, 0, 0]
    for number in range(4):
        folder = tmp_path / str(number)
        folder.mkdir()
        seen = [sum(counts) for counts in zip(seen, _agree(World.make(folder), random.Random(number)), strict=True)]
    assert all(count > 20 for count in seen), seen


def _agree(world: World, dice: random.Random) -> list[int]:
    """Hold the list of every owner of a random municipality against the policy; returns how much there was on them."""
    town = list_worlds.make(dice)
    with world.platform.database.engine.begin() as connection:
        list_worlds.write(connection, town)
    seen = [0, 0, 0]
    for when, day in MOMENTS:
        world.clock.moment = when
        for owner in town.staff:
            if owner.never_sees_files or not owner.active:
                continue
            found = worklist.worklist(world.platform, Caller(owner))
            own = {key: facts for key, facts in town.cases.items() if facts.owner == owner.id and _is_open(facts)}
            lacking = {key for key, facts in own.items() if _somebody_lacks_consent(town, facts, day)}
            assert {line.case.case_id for line in found.lacking} == lacking
            birthdays = {key for key, facts in own.items() if _comes_of_age(facts, day)}
            assert {line.case.case_id for line in found.birthdays} == birthdays
            ends = {(line.case.case_id, line.last_day) for line in found.running_out}
            lost = {(key, last) for key, facts in own.items() for last in _days_cover_is_lost_after(town, facts, day)}
            assert lost <= ends
            assert all(_somebody_lacks_consent(town, own[key], last + DAY) for key, last in ends)
            more = (len(lacking), len(birthdays), len(lost))
            seen = [sum(counts) for counts in zip(seen, more, strict=True)]
    return seen


def _is_open(facts: CaseFacts) -> bool:
    return facts.status is Status.ACTIVE


def _let_in(town: Municipality, facts: CaseFacts, today: date) -> list[StaffActor | CitizenActor]:
    """Those whom the owner lets in today, whatever the consents."""
    staff: list[StaffActor | CitizenActor] = [
        person
        for person in town.staff
        if person.active and not person.never_sees_files and _grant(facts, person.id, today)
    ]
    if facts.parent_access is not Level.NONE and not parents_access_ended(facts.birth_date, today):
        staff += [CitizenActor(parent.citizen) for parent in facts.parents]
    return staff


def _grant(facts: CaseFacts, staff: UUID, today: date) -> Grant | None:
    own = [grant for grant in facts.grants if grant.staff == staff and staff != facts.owner]
    return next((grant for grant in own if grant.in_force(today)), None)


def _somebody_lacks_consent(town: Municipality, facts: CaseFacts, day: date) -> bool:
    return any(decide(who, Action.READ_FILES, facts, day).reason in MISSING for who in _let_in(town, facts, day))


def _days_cover_is_lost_after(town: Municipality, facts: CaseFacts, today: date) -> set[date]:
    lost = set()
    for ahead in range(CONSENT_DAYS + 1):
        last = today + ahead * DAY
        for who in _let_in(town, facts, today):
            grant = _grant(facts, who.id, today) if isinstance(who, StaffActor) else None
            if grant is not None and not grant.in_force(last + DAY):
                continue
            if isinstance(who, CitizenActor) and parents_access_ended(facts.birth_date, last + DAY):
                continue
            before, after = (decide(who, Action.READ_FILES, facts, when).reason for when in (last, last + DAY))
            if before not in MISSING and after in MISSING:
                lost.add(last)
    return lost


def _comes_of_age(facts: CaseFacts, today: date) -> bool:
    birth = facts.birth_date
    return is_minor_for_consent(birth, today) and not is_minor_for_consent(birth, today + BIRTHDAY_DAYS * DAY)
