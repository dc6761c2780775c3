"""The room's own page, for each of the people around it."""

from datetime import timedelta
from uuid import uuid4

import pytest

from auth.policy import CitizenActor, Level
from samrum.services import cases, consents, rooms
from samrum.services.platform import Caller
from support.household import Household, words
from support.queries import counted_queries
from support.world import YOUTH_CPR, World


@pytest.fixture
def home(world: World) -> Household:
    return Household.make(world)


def test_the_newest_version_of_each_file_stands_first_with_tool_author_and_a_download(home: Household) -> None:
    document_id = home.upload(home.owner, "Mål for Sofie.txt")
    page = home.world.client(home.owner).get(home.path).text
    text = words(page)
    for part in (
        "Mål- og aftaleskema",
        "Mål for Sofie.txt",
        "Version 1",
        "Birgit, Børn og Unge",
        "2. november 2026 12:00",
    ):
        assert part in text
    assert f'href="{home.path}/files/{document_id}/1"' in page
    assert f'href="{home.path}/files/new"' in page
    assert page.index('id="files"') < page.index('id="people"') < page.index('id="consents"')


def test_an_empty_room_says_so(home: Household) -> None:
    assert "Her er ingen filer endnu" in home.world.client(home.owner).get(home.path).text


def test_more_files_than_a_page_holds_are_a_link_away(home: Household, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rooms, "FILES_PER_PAGE", 2)
    for name in ("en.txt", "to.txt", "tre.txt"):
        home.upload(home.owner, name)
        home.world.clock.move(minutes=1)
    browser = home.world.client(home.owner)
    page = browser.get(home.path).text
    assert "tre.txt" in page
    assert "en.txt" not in page
    older = page[: page.index("Vis ældre filer")].rsplit('href="', 1)[1].split('"')[0]
    page = browser.get(older).text
    assert "en.txt" in page
    assert "tre.txt" not in page
    assert "Vis ældre filer" not in page


@pytest.mark.parametrize("before", ["x", "1.x", "9" * 40 + ".x", "99999999999999999999." + "0" * 32])
def test_a_page_of_files_that_no_link_leads_to_is_the_first(home: Household, before: str) -> None:
    home.upload(home.owner, "en.txt")
    answer = home.world.client(home.owner).get(f"{home.path}?before={before}")
    assert answer.status_code == 200
    assert "en.txt" in answer.text


def test_it_says_whose_consent_is_missing_before_a_colleague_gets_in(home: Household) -> None:
    browser = home.world.client(home.owner)

    def said() -> str:
        text = words(browser.get(home.path).text)
        return text[text.index("Ulla Kan") : text.index("Når den unge fylder 18")]

    assert "Ulla Kan ikke se filerne i dag" in said()
    assert "Mangler samtykke fra Sofie Lind, Jan Lind (forælder) og Mette Lind (forælder)." in said()
    home.world.consent(home.youth, home.case_id, home.colleague.unit)
    home.world.consent(home.mother, home.case_id, home.colleague.unit)
    assert "Mangler samtykke fra den ene forælder, Jan Lind." in said()
    home.world.consent(home.father, home.case_id, home.colleague.unit, days=30)
    assert "Ulla Kan se filerne i dag" in said()
    assert "til og med den 2. december 2026" in said()


def test_without_a_custody_holder_it_says_that(world: World) -> None:
    owner = world.staff("Birgit", "Børn og Unge", case_creator=True)
    ulla = world.staff("Ulla", "UU")
    case_id = world.case(owner)
    world.grant(owner, case_id, "ulla@test.dk")
    world.consent(world.citizen(YOUTH_CPR), case_id, ulla.unit)
    page = world.client(owner).get(f"/rooms/{case_id}").text
    assert "Der er ikke registreret nogen med forældremyndighed." in page


def test_a_colleague_in_the_owners_unit_needs_no_consent(home: Household) -> None:
    home.world.staff("Bo", "Børn og Unge")
    home.world.grant(home.owner, home.case_id, "bo@test.dk")
    assert "så der skal ikke samtykke til" in home.world.client(home.owner).get(home.path).text


def test_it_says_when_a_grant_has_run_out(home: Household) -> None:
    last = home.world.clock.now().date()
    home.world.grant(home.owner, home.case_id, "ulla@test.dk", Level.READ, last)
    home.world.clock.move(days=1)
    assert "Adgangen udløb den 2. november 2026." in home.world.client(home.owner).get(home.path).text


def test_it_names_everything_that_keeps_somebody_out_so_that_the_next_thing_is_no_surprise(home: Household) -> None:
    last = home.world.clock.now().date()
    home.world.grant(home.owner, home.case_id, "ulla@test.dk", Level.READ, last)
    home.world.client(home.owner).post(f"{home.path}/levels", {"youth_access": "write", "parent_access": "none"})
    home.world.clock.move(days=1)
    missing = "Mangler samtykke fra Sofie Lind, Jan Lind (forælder) og Mette Lind (forælder)."
    for reader in (home.owner, home.youth):
        text = words(home.world.client(reader).get(home.path).text).replace("fra dig,", "fra Sofie Lind,")
        assert f"Adgangen udløb den 2. november 2026. {missing}" in text
        assert f"Ejeren har ikke åbnet filerne for forældre. {missing}" in text


def test_the_first_line_says_how_many_get_in_today_and_leads_to_who_and_why(home: Household) -> None:
    browser = home.world.client(home.youth)
    page = browser.get(home.path).text
    assert "2 personer kan se filerne i dag. 3 er med, men kan ikke." in words(page)
    assert page.index('href="#people"') < page.index('id="files"')
    assert 'id="people"' in page
    home.everybody_consents()
    assert "5 personer kan se filerne i dag. Se hvem" in words(browser.get(home.path).text)


def test_a_parent_is_told_no_number_of_people(home: Household) -> None:
    home.everybody_consents()
    assert "kan se filerne i dag" not in words(home.world.client(home.mother).get(home.path).text)


def test_it_says_what_changes_at_eighteen_and_what_has_changed_after(home: Household) -> None:
    assert "Den 15. august 2027 fylder Sofie Lind 18." in home.world.client(home.owner).get(home.path).text
    assert "Den 15. august 2027 fylder du 18." in home.world.client(home.youth).get(home.path).text
    assert "Du kan ikke længere se rummet fra den 15. august 2027" in home.world.client(home.mother).get(home.path).text
    home.world.clock.move(days=300)
    assert "Sofie Lind er fyldt 18." in home.world.client(home.owner).get(home.path).text
    assert "Du er fyldt 18." in home.world.client(home.youth).get(home.path).text
    assert home.world.client(home.mother).get(home.path).status_code == 404


def test_a_colleague_who_may_only_know_the_number_is_told_number_and_reason(home: Household) -> None:
    number = rooms.my_rooms(home.world.platform, Caller(home.colleague))[0].number
    answer = home.world.client(home.colleague).get(home.path)
    assert answer.status_code == 403
    assert number in answer.text
    assert "mangler et samtykke fra den unge" in answer.text
    assert "Sofie" not in answer.text


def test_a_stranger_gets_the_same_page_as_for_a_room_that_is_not_there(home: Household) -> None:
    stranger = home.world.client(home.world.staff("Søren", "Jobcenter"))
    administrator = home.world.client(home.world.staff("Admin", "IT", administrator=True))
    missing = f"/rooms/{uuid4()}"
    pages = ("", "/data", "/levels", "/access", "/parents", "/close", "/reopen", "/hand-over", "/log")
    for browser in (stranger, administrator):
        for page in pages:
            there, not_there = browser.get(home.path + page), browser.get(missing + page)
            assert there.status_code == not_there.status_code == 404, page
            assert words(there.text) == words(not_there.text)
    citizen = home.world.client(_other_citizen(home))
    for page in ("", "/consent", "/log", f"/consent/{uuid4()}/withdraw"):
        assert citizen.get(home.path + page).status_code == citizen.get(missing + page).status_code == 404, page


def test_the_youth_is_asked_for_consent_and_can_withdraw_where_it_was_given(home: Household) -> None:
    browser = home.world.client(home.youth)
    page = browser.get(home.path).text
    assert "Dit samtykke mangler" in page
    assert f'href="{home.path}/consent"' in page
    consent_id = home.world.consent(home.youth, home.case_id, home.colleague.unit)
    page = browser.get(home.path).text
    assert "Dit samtykke mangler" not in page
    assert f'href="{home.path}/consent/{consent_id}/withdraw"' in page


def test_a_parent_sees_own_consents_only_and_none_of_the_people(home: Household) -> None:
    home.everybody_consents()
    text = words(home.world.client(home.mother).get(home.path).text)
    assert "Sofie Lind" in text
    assert "Dine samtykker" in text
    assert text.count("Samtykke givet") == 1
    for hidden in ("Jan Lind", "Mormor Inge", "Birgit Madsen", "Ulla", "Hvem kan se filerne i dag", "750809"):
        assert hidden not in text


def test_a_parent_reads_the_files_only_where_that_is_open_and_covered(home: Household) -> None:
    home.upload(home.owner, "Netværk.txt", "network_map")
    mother = home.world.client(home.mother)
    assert "Netværk.txt" not in mother.get(home.path).text
    home.everybody_consents()
    page = mother.get(home.path).text
    assert "Netværk.txt" in page
    assert "Læg en fil op" not in page
    cases.set_levels(home.world.platform, Caller(home.owner), home.case_id, Level.WRITE, Level.NONE)
    page = mother.get(home.path).text
    assert "Netværk.txt" not in page
    assert "ikke åbnet for, at forældre kan se filerne" in page


def test_a_closed_room_shows_a_banner_and_no_way_to_write(home: Household) -> None:
    home.upload(home.owner, "Netværk.txt")
    cases.close(home.world.platform, Caller(home.owner), home.case_id)
    for person in (home.owner, home.youth):
        page = home.world.client(person).get(home.path).text
        assert "Rummet er lukket" in page
        assert "Netværk.txt" in page
        assert "Læg en fil op" not in page
        assert f'{home.path}/consent"' not in page
    assert "Åbn rummet igen" in home.world.client(home.owner).get(home.path).text
    assert "Åbn rummet igen" not in home.world.client(home.youth).get(home.path).text


def test_withdrawn_and_expired_consents_stay_in_the_history(home: Household) -> None:
    gone = home.world.consent(home.youth, home.case_id, home.colleague.unit)
    consents.withdraw(home.world.platform, Caller(home.youth), home.case_id, gone)
    home.world.consent(home.mother, home.case_id, home.colleague.unit, days=1)
    home.world.clock.move(days=2)
    text = words(home.world.client(home.owner).get(home.path).text)
    assert "Tidligere samtykker (2)" in text
    assert "Samtykke trukket tilbage" in text
    assert "Samtykke udløbet" in text
    assert text.count("Mangler samtykke ") >= 3


def test_the_owner_alone_sees_the_masked_cpr_number(home: Household) -> None:
    home.everybody_consents()
    assert "750809-****" in home.world.client(home.owner).get(home.path).text
    for person in (home.youth, home.mother, home.colleague):
        assert "750809" not in home.world.client(person).get(home.path).text
    for person in (home.owner, home.youth, home.mother, home.colleague):
        assert YOUTH_CPR[6:] not in home.world.client(person).get(home.path).text


def test_the_page_costs_the_same_however_long_it_is(home: Household) -> None:
    home.everybody_consents()
    home.upload(home.owner, "en.txt")
    browser = home.world.client(home.owner)
    browser.get(home.path)
    with counted_queries(home.world.platform) as few:
        browser.get(home.path)
    for index in range(8):
        unit = home.world.staff(f"K{index}", f"Enhed {index}").unit
        home.world.grant(home.owner, home.case_id, f"k{index}@test.dk")
        home.world.consent(home.youth, home.case_id, unit, home.colleague.unit)
        home.upload(home.youth if index % 2 else home.colleague, f"fil {index}.txt")
    with counted_queries(home.world.platform) as many:
        page = browser.get(home.path).text
    assert "fil 7.txt" in page
    assert "K7" in page
    assert len(many) == len(few)


def test_the_last_day_shown_is_the_last_day_one_gets_in(home: Household) -> None:
    """What the page promises, held against the decision on each day that follows."""
    today = home.world.clock.now().date()
    home.world.consent(home.youth, home.case_id, home.colleague.unit, days=400)
    home.world.consent(home.mother, home.case_id, home.colleague.unit, days=20)
    home.world.consent(home.father, home.case_id, home.colleague.unit, days=400)
    home.world.consent(home.mother, home.case_id, home.colleague.unit, days=40)

    def promised() -> object:
        view = rooms.show(home.world.platform, Caller(home.owner), home.case_id)
        return next(member for member in view.team if not member.is_owner).until

    assert promised() == today + timedelta(days=40)
    home.world.clock.move(days=40)
    assert rooms.my_rooms(home.world.platform, Caller(home.colleague))[0].may_read
    home.world.clock.move(days=1)
    assert not rooms.my_rooms(home.world.platform, Caller(home.colleague))[0].may_read


def test_a_parents_consent_that_ends_after_the_birthday_ends_nothing(home: Household) -> None:
    """On the 18th birthday only the youth's own consent is left to count, so that one's end is the one shown."""
    today = home.world.clock.now().date()
    home.world.consent(home.youth, home.case_id, home.colleague.unit, days=400)
    for parent in (home.mother, home.father):
        home.world.consent(parent, home.case_id, home.colleague.unit, days=300)
    view = rooms.show(home.world.platform, Caller(home.owner), home.case_id)
    assert next(member for member in view.team if not member.is_owner).until == today + timedelta(days=400)


def _other_citizen(home: Household) -> CitizenActor:
    owner = home.world.staff("Karen", "Børn og Unge", case_creator=True)
    home.world.case(owner, cpr="6108084991", name="Ahmed")
    return home.world.citizen("6108084991")
