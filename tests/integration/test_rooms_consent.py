"""Giving and withdrawing consent."""

import re
from datetime import date

import pytest

from samrum.queries.cases import parents_of
from samrum.services import cases, consents, grants, rooms
from samrum.services.platform import Caller
from samrum.services.room_parts import ConsentLine
from support.broker import BROKER, Broker
from support.household import Household, words
from support.world import MOTHER_CPR, YOUTH_CPR, Browser, World


@pytest.fixture
def broker(world: World) -> Broker:
    return Broker.of(world)


@pytest.fixture
def home(world: World, broker: Broker) -> Household:
    return Household.make(world)


@pytest.fixture
def browser(home: Household) -> Browser:
    return home.world.client(home.youth)


def good(home: Household, **changes: object) -> dict[str, object]:
    return {
        "recipients": [str(home.colleague.unit)],
        "kinds": ["education", "work"],
        "purpose": "De skal hjælpe mig med at finde en læreplads.",
        "until_day": "2027-05-01",
    } | changes


def given(home: Household) -> list[ConsentLine]:
    return rooms.show(home.world.platform, Caller(home.owner), home.case_id).consents


def test_the_page_offers_each_recipient_and_ticks_nothing_beforehand(home: Household, browser: Browser) -> None:
    page = browser.get(f"{home.path}/consent").text
    assert "UU, Testby Kommune" in page
    assert "Mine forældre: Jan Lind og Mette Lind" in page
    assert " checked" not in page
    assert "Børn og Unge, Testby" not in words(page)
    assert 'value="2027-11-02"' in page
    assert "De skal arbejde sammen om at hjælpe mig videre" in page


def test_consent_is_given_in_a_fresh_login_that_says_what_it_is_for(
    home: Household, browser: Browser, broker: Broker
) -> None:
    answer = browser.post(f"{home.path}/consent", good(home, recipients=[str(home.colleague.unit), "parents"]))
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith(BROKER)
    assert given(home) == []
    ((text, fresh),) = broker.begun
    assert fresh
    assert text is not None
    assert "Sofie" not in text
    back = browser.get("/login/citizen/callback?state=state-1&code=x")
    (consent,) = given(home)
    assert (consent.giver, consent.method, consent.status) == ("Sofie Lind", "oidc", "in_force")
    assert back.headers["Location"] == f"{home.path}/consent/{consent.id}/given"
    assert consent.unit_ids == {home.colleague.unit}
    assert consent.to_parents
    assert consent.kinds == ["education", "work"]
    assert consent.purpose == "De skal hjælpe mig med at finde en læreplads."
    assert (consent.from_day, consent.until_day) == (date(2026, 11, 2), date(2027, 5, 1))
    assert "Dit samtykke er givet" in browser.get(back.headers["Location"]).text


def test_somebody_else_at_the_broker_gives_nothing(home: Household, browser: Browser, broker: Broker) -> None:
    browser.post(f"{home.path}/consent", good(home))
    broker.cpr = MOTHER_CPR
    browser.get("/login/citizen/callback?state=state-1&code=x")
    assert given(home) == []


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("recipients", [], "Vælg mindst én, som samtykket skal gælde for"),
        ("recipients", ["8d7ab1f6-1d1e-4c5f-8f2e-0c1b2a3d4e5f"], "ikke længere med i rummet"),
        ("recipients", ["not a unit"], "ikke længere med i rummet"),
        ("kinds", [], "Vælg mindst én ting"),
        ("kinds", ["secrets"], "Vælg mindst én ting"),
        ("purpose", "  \n ", "Skriv, hvad de skal bruge det til"),
        ("purpose", "x" * 501, "Skriv højst 500 tegn"),
        ("until_day", "", "Vælg den sidste dag"),
        ("until_day", "2026-11-01", "Samtykket slutter, før det begynder"),
        ("until_day", "2029-01-01", "højst gælde i to år"),
        ("until_day", "2027-02-30", "Skriv en dato, der findes"),
    ],
)
def test_a_consent_that_says_too_little_goes_nowhere_and_keeps_what_was_chosen(
    home: Household, browser: Browser, broker: Broker, field: str, value: object, sentence: str
) -> None:
    answer = browser.post(f"{home.path}/consent", good(home, **{field: value}))
    assert answer.status_code == 422
    error = answer.text.index(f'id="{field}-error"')
    assert sentence in words(answer.text[error : error + 400])
    if field != "purpose":
        assert "De skal hjælpe mig med at finde en læreplads." in answer.text
    if field != "kinds":
        assert len(re.findall(r'name="kinds"[^>]* checked', answer.text)) == 2
    assert broker.begun == []


def test_after_the_browsers_back_button_the_same_form_goes_to_the_broker_again(
    home: Household, browser: Browser, broker: Broker
) -> None:
    once = {"once": browser.token(f"{home.path}/consent")}
    for _ in range(2):
        assert browser.post(f"{home.path}/consent", good(home) | once).status_code == 303
    browser.get("/login/citizen/callback?state=state-1&code=x")
    browser.get("/login/citizen/callback?state=state-1&code=x")
    assert len(given(home)) == 1


def test_a_unit_that_left_the_room_meanwhile_is_told_on_the_way_back(home: Household, browser: Browser) -> None:
    browser.post(f"{home.path}/consent", good(home))
    team = rooms.show(home.world.platform, Caller(home.owner), home.case_id).team
    grant_id = team[1].grant_id
    assert grant_id is not None
    grants.revoke_grant(home.world.platform, Caller(home.owner), home.case_id, grant_id)
    back = browser.get("/login/citizen/callback?state=state-1&code=x")
    assert back.headers["Location"] == f"{home.path}/consent"
    assert "ikke længere med i rummet" in browser.get(f"{home.path}/consent").text
    assert given(home) == []


def test_what_was_said_yes_to_before_stands_at_the_recipient(home: Household, browser: Browser) -> None:
    home.world.consent(home.youth, home.case_id, home.colleague.unit)
    assert "Du har allerede sagt ja til og med den 2. november 2027." in browser.get(f"{home.path}/consent").text


def test_with_nobody_to_say_yes_to_the_page_says_so(world: World) -> None:
    owner = world.staff("Birgit", "Børn og Unge", case_creator=True)
    case_id = world.case(owner)
    page = world.client(world.citizen(YOUTH_CPR)).get(f"/rooms/{case_id}/consent").text
    assert "Der er ingen at sige ja til endnu" in page


def test_a_custody_holder_gets_the_page_in_words_for_parents(home: Household) -> None:
    page = words(home.world.client(home.mother).get(f"{home.path}/consent").text)
    assert "Både Sofie Lind selv og alle med forældremyndighed skal sige ja" in page
    assert "Mine forældre" not in page


def test_a_parent_without_custody_gives_no_consent(home: Household) -> None:
    parents = rooms.show(home.world.platform, Caller(home.owner), home.case_id).parents
    cases.set_custody(home.world.platform, Caller(home.owner), home.case_id, parents[1].id, False)
    mother = home.world.client(home.mother)
    assert mother.get(f"{home.path}/consent").status_code == 403
    assert "Giv samtykke" not in mother.get(home.path).text


def test_in_a_closed_room_no_consent_is_given_but_one_is_withdrawn(home: Household, browser: Browser) -> None:
    consent_id = home.world.consent(home.youth, home.case_id, home.colleague.unit)
    cases.close(home.world.platform, Caller(home.owner), home.case_id)
    assert browser.get(f"{home.path}/consent").status_code == 403
    assert browser.post(f"{home.path}/consent/{consent_id}/withdraw").status_code == 303
    assert given(home)[0].status == "withdrawn"


def test_withdrawing_says_what_happens_and_bites_at_once(home: Household, browser: Browser) -> None:
    home.everybody_consents()
    (mine,) = [line for line in given(home) if line.giver_id == home.youth.id]
    colleague = home.world.client(home.colleague)
    assert colleague.get(home.path).status_code == 200
    withdraw = f"{home.path}/consent/{mine.id}/withdraw"
    page = browser.get(withdraw).text
    assert "De her kan ikke længere se filerne på grund af dette samtykke: UU, Testby Kommune; forældrene." in page
    once = {"once": browser.token(withdraw)}
    assert browser.post(withdraw, once).status_code == 303
    assert browser.post(withdraw, once).status_code == 303
    assert colleague.get(home.path).status_code == 403
    assert "Dit samtykke mangler" in browser.get(home.path).text


def test_a_consent_that_is_withdrawn_already_asks_no_question(home: Household, browser: Browser) -> None:
    consent_id = home.world.consent(home.youth, home.case_id, home.colleague.unit)
    consents.withdraw(home.world.platform, Caller(home.youth), home.case_id, consent_id)
    answer = browser.get(f"{home.path}/consent/{consent_id}/withdraw")
    assert (answer.status_code, answer.headers["Location"]) == (302, home.path)


def test_nobody_withdraws_the_consent_of_another(home: Household, browser: Browser) -> None:
    theirs = home.world.consent(home.father, home.case_id, home.colleague.unit)
    withdraw = f"{home.path}/consent/{theirs}/withdraw"
    mother = home.world.client(home.mother)
    assert mother.get(withdraw).status_code == 404
    assert browser.get(withdraw).status_code == 404
    assert mother.post(withdraw, page=f"{home.path}/consent").status_code in (403, 404)
    assert browser.post(withdraw, page=f"{home.path}/consent").status_code in (403, 404)
    assert given(home)[0].status == "in_force"


def test_the_owner_records_a_withdrawal_that_came_on_paper(home: Household) -> None:
    theirs = home.world.consent(home.father, home.case_id, home.colleague.unit)
    owner = home.world.client(home.owner)
    withdraw = f"{home.path}/consent/{theirs}/withdraw"
    assert withdraw in owner.get(home.path).text
    assert "Jan Lind har sagt det til dig" in owner.get(withdraw).text
    assert owner.post(withdraw).status_code == 303
    assert given(home)[0].status == "withdrawn"
    assert "skrev ind, at Jan Lind har trukket sit samtykke tilbage" in owner.get(f"{home.path}/log").text


def test_a_colleague_records_no_withdrawal(home: Household) -> None:
    home.everybody_consents()
    theirs = given(home)[0]
    colleague = home.world.client(home.colleague)
    assert colleague.get(f"{home.path}/consent/{theirs.id}/withdraw").status_code == 403
    assert given(home)[0].status == "in_force"


def test_giving_and_withdrawing_take_the_same_number_of_clicks(home: Household, browser: Browser) -> None:
    """A link on the room's page, and a button on the page behind it: both ways."""
    assert f'href="{home.path}/consent"' in browser.get(home.path).text
    assert browser.get(f"{home.path}/consent").text.count('<button class="button button-primary"') == 1
    consent_id = home.world.consent(home.youth, home.case_id, home.colleague.unit)
    assert f'href="{home.path}/consent/{consent_id}/withdraw"' in browser.get(home.path).text
    assert browser.get(f"{home.path}/consent/{consent_id}/withdraw").text.count("button button-warning") == 1


def test_a_parent_without_custody_any_more_is_not_offered_to_withdraw(world: World) -> None:
    household = Household.make(world)
    household.everybody_consents()
    browser = world.client(household.mother)
    assert "/withdraw" in browser.get(household.path).text
    with world.platform.database.transaction(writes=False) as session:
        mother = next(row for row in parents_of(session, household.case_id) if row.citizen_id == household.mother.id)
    cases.set_custody(world.platform, Caller(household.owner), household.case_id, mother.id, False)
    assert "/withdraw" not in browser.get(household.path).text
