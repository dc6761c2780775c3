"""My rooms."""

import pytest

from samrum.services import cases
from samrum.services.platform import Caller
from support.household import MOTHER, Household, words
from support.queries import counted_queries
from support.world import World


@pytest.fixture
def home(world: World) -> Household:
    return Household.make(world)


def test_the_owner_sees_the_name_and_a_way_in(home: Household) -> None:
    page = home.world.client(home.owner).get("/rooms").text
    assert "Sofie Lind" in page
    assert f'href="{home.path}"' in page


def test_a_colleague_without_consent_sees_the_number_and_why_but_no_name(home: Household) -> None:
    page = home.world.client(home.colleague).get("/rooms").text
    assert "Sofie" not in page
    assert "Lind" not in page
    assert "mangler et samtykke fra den unge" in page
    assert home.path not in page
    assert "Rum " in page


def test_a_colleague_with_consent_sees_the_name(home: Household) -> None:
    home.everybody_consents()
    assert "Sofie Lind" in home.world.client(home.colleague).get("/rooms").text


def test_a_citizen_with_one_room_goes_straight_to_it(home: Household) -> None:
    for citizen in (home.youth, home.mother):
        answer = home.world.client(citizen).get("/rooms")
        assert (answer.status_code, answer.headers["Location"]) == (302, home.path)


def test_a_parent_of_two_chooses_between_the_rooms(home: Household) -> None:
    home.world.case(home.owner, cpr="6103124995", name="Karl Lind", parents=(MOTHER,))
    page = home.world.client(home.mother).get("/rooms")
    assert page.status_code == 200
    assert "Sofie Lind" in page.text
    assert "Karl Lind" in page.text


def test_a_parent_of_an_adult_has_no_room(home: Household) -> None:
    home.world.clock.move(days=300)
    page = home.world.client(home.mother).get("/rooms")
    assert page.status_code == 200
    assert "Du er ikke med i noget rum lige nu" in page.text
    assert "Sofie" not in page.text


def test_without_rooms_a_case_creator_is_shown_how_to_begin(world: World) -> None:
    page = world.client(world.staff("Nina", "UU", case_creator=True)).get("/rooms").text
    assert "Du er ikke med i noget rum endnu" in page
    assert 'href="/rooms/new"' in page[page.index("<main") :]


def test_without_rooms_other_staff_are_not_offered_to_create_one(world: World) -> None:
    page = world.client(world.staff("Nina", "UU")).get("/rooms").text
    assert "Du er ikke med i noget åbent rum" in page
    assert "/rooms/new" not in page


def test_closed_rooms_stand_apart(home: Household) -> None:
    cases.close(home.world.platform, Caller(home.owner), home.case_id)
    assert "Lukkede rum (1)" in words(home.world.client(home.owner).get("/rooms").text)


def test_a_grant_that_has_run_out_is_no_room_any_more(home: Household) -> None:
    today = home.world.clock.now().date()
    home.world.grant(home.owner, home.case_id, "ulla@test.dk", last_day=today)
    browser = home.world.client(home.colleague)
    assert "Rum " in words(browser.get("/rooms").text)
    home.world.clock.move(days=1)
    browser = home.world.client(home.colleague)
    assert "Du er ikke med i noget åbent rum" in browser.get("/rooms").text


def test_the_list_costs_the_same_with_many_rooms(home: Household) -> None:
    browser = home.world.client(home.owner)
    browser.get("/rooms")
    with counted_queries(home.world.platform) as few:
        browser.get("/rooms")
    for index in range(12):
        case_id = home.world.case(home.owner, cpr=f"61{index % 9 + 1:02d}11{4000 + index}", parents=(MOTHER,))
        home.world.grant(home.owner, case_id, "ulla@test.dk")
        home.world.clock.move(seconds=1)
    with counted_queries(home.world.platform) as many:
        page = browser.get("/rooms").text
    assert page.count("file-icon") == 13
    assert len(many) == len(few)


def test_whoever_is_not_logged_in_is_asked_to(world: World) -> None:
    answer = world.client().get("/rooms")
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/?next=/rooms")
