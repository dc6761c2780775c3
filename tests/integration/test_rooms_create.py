"""Opening a room, and changing what was entered."""

import pytest
from sqlalchemy import func, select

from auth.policy import StaffActor
from samrum.models import Case, CaseParent
from samrum.queries.people import staff_by_email
from samrum.services import cases
from samrum.services.platform import Caller
from samrum.services.sessions import staff_actor
from support.household import Household, words
from support.world import MOTHER_CPR, YOUTH_CPR, Browser, World

GOOD = {
    "youth_name": "Sofie Lind",
    "cpr": YOUTH_CPR,
    "coordinator": "Birgit Madsen",
    "placement": "residential_home",
    "trusted_adult": "Mormor Inge",
    "youth_access": "write",
    "parent_access": "read",
    "parent_1-name": "Mette Lind",
    "parent_1-cpr": MOTHER_CPR,
    "parent_1-custody_holder": "y",
    "parent_3-name": "Onkel Ib",
}


@pytest.fixture
def browser(world: World) -> Browser:
    return world.client(world.staff("Birgit", "Børn og Unge", case_creator=True))


def how_many(world: World, table: type[Case | CaseParent]) -> int:
    with world.platform.database.transaction() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_the_room_is_made_with_everything_that_was_entered(world: World, browser: Browser) -> None:
    answer = browser.post("/rooms/new", GOOD)
    assert answer.status_code == 303
    page = words(browser.get(answer.headers["Location"]).text)
    for text in ("Sofie Lind", "Birgit Madsen", "Opholdssted", "Mormor Inge", "Mette Lind", "Onkel Ib", "750809-****"):
        assert text in page
    assert YOUTH_CPR[6:] not in page
    assert how_many(world, CaseParent) == 2


def test_the_coordinator_is_suggested_to_be_oneself(browser: Browser) -> None:
    assert 'value="Birgit"' in browser.get("/rooms/new").text


def test_the_levels_are_explained_and_start_with_write_for_the_youth_and_nothing_for_parents(browser: Browser) -> None:
    page = browser.get("/rooms/new").text
    assert "Den unge kan ikke se filerne." in page
    assert page.count(" checked") == 2


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("youth_name", "   ", "Skriv den unges navn"),
        ("youth_name", "x" * 201, "Skriv højst 200 tegn"),
        ("cpr", "", "Skriv den unges CPR-nummer"),
        ("cpr", "300209-4993", "er ikke en dato, der findes"),
        ("cpr", "12345", "Et CPR-nummer har 10 tal"),
        ("cpr", "010150-1234", "passer ikke på en ung"),
        ("coordinator", "", "Skriv, hvem der er koordinator"),
        ("placement", "the moon", "Vælg, hvor den unge bor"),
        ("placement", "", "Vælg, hvor den unge bor"),
        ("youth_access", "everything", "Vælg, hvad den unge må"),
        ("parent_access", "", "Vælg, hvad forældrene må"),
        ("parent_1-name", "", "Skriv forælderens navn"),
        ("parent_1-cpr", "3002801234", "er ikke en dato, der findes"),
        ("parent_1-cpr", YOUTH_CPR, "CPR-nummeret er den unges eget"),
        ("parent_3-cpr", MOTHER_CPR, "allerede registreret som forælder"),
    ],
)
def test_bad_input_is_told_at_its_field_and_nothing_typed_is_lost(
    world: World, browser: Browser, field: str, value: str, sentence: str
) -> None:
    answer = browser.post("/rooms/new", GOOD | {field: value})
    assert answer.status_code == 422
    assert sentence in words(answer.text)
    error = answer.text.index(f'id="{field}-error"')
    assert sentence in words(answer.text[error : error + 400])
    for name, typed in GOOD.items():
        if name != field and name.endswith(("name", "cpr", "coordinator", "adult")):
            assert f'value="{typed}"' in answer.text, name
    assert how_many(world, Case) == 0
    assert how_many(world, CaseParent) == 0


def test_an_error_is_linked_from_the_top_of_the_page(browser: Browser) -> None:
    page = browser.post("/rooms/new", GOOD | {"cpr": "x", "parent_2-cpr": "x"}).text
    assert 'href="#cpr"' in page
    assert 'href="#parent_2-cpr"' in page
    assert "<title>Fejl: " in page


def test_a_double_click_makes_one_room(world: World, browser: Browser) -> None:
    once = {"once": browser.token("/rooms/new")}
    first, second = browser.post("/rooms/new", GOOD | once), browser.post("/rooms/new", GOOD | once)
    assert first.status_code == second.status_code == 303
    assert first.headers["Location"] == second.headers["Location"]
    assert how_many(world, Case) == 1


def test_the_same_young_person_has_one_room_in_an_organisation(world: World, browser: Browser) -> None:
    browser.post("/rooms/new", GOOD)
    answer = browser.post("/rooms/new", GOOD)
    assert answer.status_code == 422
    assert "allerede et rum for denne unge" in answer.text
    assert how_many(world, Case) == 1


def test_only_a_case_creator_gets_the_form(world: World) -> None:
    assert world.client(world.staff("Ulla", "UU")).get("/rooms/new").status_code == 404
    administrator = world.staff("Admin", "IT", administrator=True)
    assert world.client(administrator).get("/rooms/new").status_code == 404


def test_what_was_typed_before_the_login_ended_stands_there_again(world: World, browser: Browser) -> None:
    token = browser.token("/rooms/new")
    world.clock.move(hours=2)
    answer = browser.post("/rooms/new", GOOD | {"once": token})
    assert answer.status_code == 303
    assert how_many(world, Case) == 0
    draft = answer.headers["Location"].partition("next=")[2].replace("%3D", "=").replace("%3F", "?")
    again = world.client(_birgit(world))
    page = again.get(draft).text
    assert 'value="Sofie Lind"' in page
    assert 'value="Mette Lind"' in page


def test_master_data_can_be_changed_by_the_owner(world: World) -> None:
    home = Household.make(world)
    browser = world.client(home.owner)
    page = browser.get(f"{home.path}/data").text
    assert 'value="Sofie Lind"' in page
    changed = {"youth_name": "Sofie Lind Holm", "coordinator": "Karen", "placement": "own_lodging", "trusted_adult": ""}
    assert browser.post(f"{home.path}/data", changed).status_code == 303
    page = words(browser.get(home.path).text)
    assert "Sofie Lind Holm" in page
    assert "Eget værelse" in page
    assert "Mormor Inge" not in page


def test_bad_master_data_keeps_what_was_typed(world: World) -> None:
    home = Household.make(world)
    answer = world.client(home.owner).post(
        f"{home.path}/data", {"youth_name": "", "coordinator": "Karen", "placement": "home", "trusted_adult": "Bo"}
    )
    assert answer.status_code == 422
    assert "Skriv den unges navn" in answer.text
    assert 'value="Karen"' in answer.text


def test_levels_bite_at_once(world: World) -> None:
    home = Household.make(world)
    youth = world.client(home.youth)
    assert "Læg en fil op" in youth.get(home.path).text
    answer = world.client(home.owner).post(f"{home.path}/levels", {"youth_access": "read", "parent_access": "none"})
    assert answer.status_code == 303
    page = youth.get(home.path).text
    assert "Læg en fil op" not in page
    assert "Du kan læse filerne, men ikke lægge noget op" in page


def test_a_level_that_is_none_of_the_three_is_refused(world: World) -> None:
    home = Household.make(world)
    answer = world.client(home.owner).post(f"{home.path}/levels", {"youth_access": "admin", "parent_access": "none"})
    assert answer.status_code == 422
    assert "Vælg, hvad den unge må" in answer.text


def test_nobody_but_the_owner_changes_anything(world: World) -> None:
    home = Household.make(world)
    home.everybody_consents()
    for page in ("data", "levels", "access", "parents", "close", "hand-over"):
        assert world.client(home.colleague).get(f"{home.path}/{page}").status_code == 403, page
        assert world.client(home.youth).get(f"{home.path}/{page}").status_code == 404, page
        assert world.client(world.staff(f"S{page}", "UU")).get(f"{home.path}/{page}").status_code == 404, page


def test_a_room_is_closed_and_reopened_after_a_question(world: World) -> None:
    home = Household.make(world)
    browser = world.client(home.owner)
    assert "Luk rummet?" in browser.get(f"{home.path}/close").text
    once = {"once": browser.token(f"{home.path}/close")}
    assert browser.post(f"{home.path}/close", once).status_code == 303
    assert browser.post(f"{home.path}/close", once).status_code == 303
    page = browser.get(home.path).text
    assert "Rummet er lukket" in page
    assert "Læg en fil op" not in page
    assert f"{home.path}/access" not in page
    assert browser.get(f"{home.path}/levels").status_code == 403
    assert browser.post(f"{home.path}/reopen").status_code == 303
    assert "Læg en fil op" in browser.get(home.path).text


def test_an_owner_of_a_closed_room_is_told_to_reopen_it_first(world: World) -> None:
    home = Household.make(world)
    cases.close(world.platform, Caller(home.owner), home.case_id)
    answer = world.client(home.owner).get(f"{home.path}/access")
    assert answer.status_code == 403
    assert "før ejeren åbner det igen" in answer.text


def _birgit(world: World) -> StaffActor:
    with world.platform.database.transaction() as session:
        found = staff_by_email(session, "birgit@test.dk")
        assert found is not None
        return staff_actor(found)
