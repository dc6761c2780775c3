"""Colleagues' access, parents, and handing the room over."""

from uuid import uuid4

import pytest

from samrum.services import cases, rooms
from samrum.services.platform import Caller
from samrum.services.rooms import RoomView
from support.household import Household, words
from support.world import FATHER_CPR, YOUTH_CPR, Browser, World


@pytest.fixture
def home(world: World) -> Household:
    return Household.make(world)


@pytest.fixture
def browser(home: Household) -> Browser:
    return home.world.client(home.owner)


def view(home: Household) -> RoomView:
    return rooms.show(home.world.platform, Caller(home.owner), home.case_id)


def test_access_is_given_by_e_mail_with_a_level_and_a_last_day(home: Household, browser: Browser) -> None:
    home.world.staff("Jens", "Jobcenter")
    answer = browser.post(f"{home.path}/access", {"email": " JENS@test.dk ", "level": "read", "last_day": "2027-01-31"})
    assert answer.status_code == 303
    text = words(browser.get(f"{home.path}/access").text)
    assert "Jens" in text
    assert "Jobcenter, Testby Kommune" in text
    assert "Mangler samtykke fra Sofie Lind" in text
    (jens,) = [member for member in view(home).team if member.name == "Jens"]
    assert (jens.level, str(jens.last_day)) == ("read", "2027-01-31")


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("email", "", "Skriv kollegaens e-mail"),
        ("email", "nobody@test.dk", "Der er ingen aktiv bruger med den e-mail"),
        ("email", "birgit@test.dk", "ejer rummet og har allerede adgang"),
        ("email", "admin@test.dk", "kan ikke få adgang til filer"),
        ("level", "", "Vælg, hvad kollegaen må"),
        ("level", "none", "Vælg, hvad kollegaen må"),
        ("last_day", "2026-11-01", "Den sidste dag er allerede gået"),
        ("last_day", "2026-02-30", "Skriv en dato, der findes"),
        ("last_day", "whenever", "Skriv en dato, der findes"),
    ],
)
def test_bad_grants_are_told_at_their_field(
    home: Household, browser: Browser, field: str, value: str, sentence: str
) -> None:
    home.world.staff("Admin", "IT", administrator=True)
    home.world.staff("Jens", "Jobcenter")
    typed = {"email": "jens@test.dk", "level": "write", "last_day": "2027-01-31"} | {field: value}
    answer = browser.post(f"{home.path}/access", typed)
    assert answer.status_code == 422
    error = answer.text.index(f'id="{field}-error"')
    assert sentence in words(answer.text[error : error + 400])
    if field != "email":
        assert 'value="jens@test.dk"' in answer.text
    assert len(view(home).team) == 2


def test_a_last_day_may_be_written_the_danish_way(home: Household, browser: Browser) -> None:
    browser.post(f"{home.path}/access", {"email": "ulla@test.dk", "level": "read", "last_day": "31-12-2026"})
    assert str(view(home).team[1].last_day) == "2026-12-31"


def test_a_second_grant_replaces_the_first(home: Household, browser: Browser) -> None:
    browser.post(f"{home.path}/access", {"email": "ulla@test.dk", "level": "read", "last_day": ""})
    (ulla,) = [member for member in view(home).team if not member.is_owner]
    assert ulla.level == "read"


def test_revoking_bites_on_the_colleagues_next_click(home: Household, browser: Browser) -> None:
    home.everybody_consents()
    colleague = home.world.client(home.colleague)
    assert colleague.get(home.path).status_code == 200
    revoke = f"{home.path}/access/{view(home).team[1].grant_id}/revoke"
    assert revoke in browser.get(f"{home.path}/access").text
    once = {"once": browser.token(f"{home.path}/access")}
    assert browser.post(revoke, once).status_code == 303
    assert browser.post(revoke, once).status_code == 303
    assert colleague.get(home.path).status_code == 404
    assert "Ulla" not in words(browser.get(f"{home.path}/access").text)


def test_the_address_of_a_revocation_shows_a_question_when_it_is_opened(home: Household, browser: Browser) -> None:
    page = browser.get(f"{home.path}/access/{view(home).team[1].grant_id}/revoke").text
    assert "Fjern adgangen?" in page
    assert "Ulla" in page
    assert browser.get(f"{home.path}/access/{uuid4()}/revoke").status_code == 404


def test_a_grant_of_another_room_cannot_be_revoked_from_this_one(home: Household, browser: Browser) -> None:
    other = home.world.case(home.owner, cpr="6108084991", name="Ahmed")
    answer = browser.post(f"/rooms/{other}/access/{view(home).team[1].grant_id}/revoke", page=f"{home.path}/access")
    assert answer.status_code == 404
    assert len(view(home).team) == 2


def test_a_parent_is_added_on_paper_or_with_a_cpr_number(home: Household, browser: Browser) -> None:
    answer = browser.post(f"{home.path}/parents", {"name": "Værge Vera", "cpr": "", "custody_holder": "y"})
    assert answer.status_code == 303
    text = words(browser.get(f"{home.path}/parents").text)
    assert "Værge Vera Har forældremyndighed Intet CPR-nummer" in text
    assert "Der kan være tre forældre" in text


@pytest.mark.parametrize(
    ("name", "cpr", "sentence"),
    [
        ("", "", "Skriv forælderens navn"),
        ("Vera", "300280-1234", "er ikke en dato, der findes"),
        ("Vera", YOUTH_CPR, "er den unges eget"),
        ("Jan", FATHER_CPR, "allerede registreret som forælder"),
    ],
)
def test_a_parent_who_cannot_be_added_is_told_why(
    home: Household, browser: Browser, name: str, cpr: str, sentence: str
) -> None:
    answer = browser.post(f"{home.path}/parents", {"name": name, "cpr": cpr})
    assert answer.status_code == 422
    assert sentence in answer.text
    assert f'value="{cpr}"' in answer.text
    assert len(view(home).parents) == 2


def test_custody_is_taken_away_and_given_back(home: Household, browser: Browser) -> None:
    father = f"{home.path}/parents/{view(home).parents[0].id}"
    assert "Jan Lind" in browser.get(father).text
    assert browser.post(father, {"custody_holder": "no"}).status_code == 303
    assert [parent.custody_holder for parent in view(home).parents] == [True, False]
    assert browser.post(father, {"custody_holder": "perhaps"}).status_code == 422
    browser.post(father, {"custody_holder": "yes"})
    assert [parent.custody_holder for parent in view(home).parents] == [True, True]


def test_a_parent_who_was_removed_cannot_open_the_room(home: Household, browser: Browser) -> None:
    mother = home.world.client(home.mother)
    assert mother.get(home.path).status_code == 200
    remove = f"{home.path}/parents/{view(home).parents[1].id}/remove"
    assert "Mette Lind" in browser.get(remove).text
    assert browser.post(remove).status_code == 303
    assert mother.get(home.path).status_code == 404


def test_an_unknown_parent_is_not_there(home: Household, browser: Browser) -> None:
    for page in ("", "/remove"):
        assert browser.get(f"{home.path}/parents/{uuid4()}{page}").status_code == 404
        assert browser.post(f"{home.path}/parents/{uuid4()}{page}", page=f"{home.path}/close").status_code in (404, 422)


def test_without_custody_a_minors_room_warns(home: Household, browser: Browser) -> None:
    for parent in view(home).parents:
        cases.set_custody(home.world.platform, Caller(home.owner), home.case_id, parent.id, False)
    assert "der er ikke registreret nogen med forældremyndighed" in browser.get(f"{home.path}/parents").text


def test_handing_over_makes_the_receiver_the_owner_and_leaves_the_giver_nothing(
    home: Household, browser: Browser
) -> None:
    receiver = home.world.client(home.world.staff("Nina", "Ungeenheden", case_creator=True))
    answer = browser.post(f"{home.path}/hand-over", {"email": "nina@test.dk", "understood": "y"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/rooms")
    assert browser.get(home.path).status_code == 404
    assert "Styr rummet" in receiver.get(home.path).text


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"email": "nina@test.dk"}, "Sæt kryds, når du har læst"),
        ({"email": "", "understood": "y"}, "Skriv e-mailen på den"),
        ({"email": "ulla@test.dk", "understood": "y"}, "skal være sagsopretter i samme organisation"),
        ({"email": "other@test.dk", "understood": "y"}, "skal være sagsopretter i samme organisation"),
        ({"email": "nobody@test.dk", "understood": "y"}, "Der er ingen aktiv bruger"),
    ],
)
def test_a_hand_over_that_cannot_be_is_refused_with_the_reason(
    home: Household, browser: Browser, typed: dict[str, object], sentence: str
) -> None:
    home.world.staff("Nina", "Ungeenheden", case_creator=True)
    home.world.staff("Other", "Ungeenheden", organisation="En anden kommune", case_creator=True)
    answer = browser.post(f"{home.path}/hand-over", typed)
    assert answer.status_code == 422
    assert sentence in words(answer.text)
    assert browser.get(home.path).status_code == 200


def test_an_administrator_does_not_hand_over_from_inside_a_room(home: Household) -> None:
    administrator = home.world.client(home.world.staff("Admin", "IT", administrator=True))
    assert administrator.get(f"{home.path}/hand-over").status_code == 404
