"""How an organisation's staff are named to citizens: each organisation chooses."""

import pytest

from samrum.queries.people import staff_by_email
from samrum.services import organisations
from samrum.services.errors import NotThere
from samrum.services.platform import Caller
from support.household import Household, words
from support.world import World


@pytest.fixture
def home(world: World) -> Household:
    home = Household.make(world)
    home.everybody_consents()
    document_id = home.upload(home.colleague, "Plan.txt")
    colleague = world.client(home.colleague)
    for path in ("", f"/files/{document_id}", f"/files/{document_id}/1"):
        assert colleague.get(home.path + path).status_code == 200
    return home


def by_unit(home: Household, organisation: str = "Testby Kommune") -> None:
    name = "".join(letter for letter in organisation if letter.isalpha())
    administrator = home.world.staff(f"Anna{name}", "It", organisation=organisation, administrator=True)
    organisations.show_staff_as(home.world.platform, Caller(administrator), "unit")


def pages_of(home: Household) -> dict[str, str]:
    """The pages on which a young person sees who has done what."""
    browser = home.world.client(home.youth)
    room = browser.get(home.path).text
    files = room[room.index('id="files"') : room.index("</section>", room.index('id="files"'))]
    start = room.index(f"{home.path}/files/", room.index("file-list"))
    history = room[start : room.index('"', start)]
    return {
        "files": words(files),
        "history": words(browser.get(history).text),
        "new version": words(browser.get(f"{history}/new").text),
        "log": words(browser.get(f"{home.path}/log").text),
    }


def test_to_begin_with_staff_are_named(home: Household) -> None:
    for page in pages_of(home).values():
        assert "Ulla" in page
        assert "UU" in page
    assert "Ulla åbnede rummet" in pages_of(home)["log"]


def test_an_organisation_that_chose_so_is_named_by_its_units(home: Household) -> None:
    by_unit(home)
    for name, page in pages_of(home).items():
        assert "Ulla" not in page, name
        assert "UU" in page, name
    log = pages_of(home)["log"]
    assert "UU åbnede rummet" in log
    assert "Børn og Unge gav UU adgang" in log
    assert "Birgit" not in log


def test_parents_see_it_too_and_colleagues_see_the_names(home: Household) -> None:
    by_unit(home)
    assert "Ulla" not in words(home.world.client(home.mother).get(home.path).text)
    assert "Ulla, UU" in words(home.world.client(home.owner).get(home.path).text)
    assert "Ulla åbnede rummet" in words(home.world.client(home.owner).get(f"{home.path}/log").text)


def test_the_choice_of_one_organisation_says_nothing_of_anothers_staff(home: Household) -> None:
    by_unit(home, "Anden Kommune")
    assert "Ulla åbnede rummet" in pages_of(home)["log"]


def test_the_administrator_chooses_on_a_page_and_it_is_remembered_and_logged(home: Household) -> None:
    administrator = home.world.staff("Anna", "It", administrator=True)
    browser = home.world.client(administrator)
    assert 'href="/people/organisation"' in browser.get("/people").text
    page = browser.get("/people/organisation").text
    assert "Testby Kommune" in page
    answer = browser.post("/people/organisation", {"staff_shown_as": "unit"})
    assert (answer.status_code, answer.location) == (303, "/people/organisation")
    assert "Det er gemt" in browser.get(answer.location).text
    assert "UU åbnede rummet" in pages_of(home)["log"]
    with home.world.platform.database.transaction(writes=False) as session:
        staff = staff_by_email(session, "anna@test.dk")
        assert staff is not None
        assert staff.unit.organisation.staff_shown_as == "unit"


@pytest.mark.parametrize("value", ["", "nothing", "NAME"])
def test_any_other_choice_is_refused_in_words(home: Household, value: str) -> None:
    browser = home.world.client(home.world.staff("Anna", "It", administrator=True))
    answer = browser.post("/people/organisation", {"staff_shown_as": value})
    assert answer.status_code == 422
    assert "Vælg, hvordan jeres ansatte skal stå" in words(answer.text)


def test_nobody_else_chooses(home: Household) -> None:
    for person in (home.owner, home.colleague, home.youth):
        assert home.world.client(person).get("/people/organisation").status_code == 404
        with pytest.raises(NotThere):
            organisations.show_staff_as(home.world.platform, Caller(person), "unit")
