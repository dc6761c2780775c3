"""Who has seen and done what in a room."""

import pytest

from samrum.services import cases, room_log, rooms
from samrum.services.cases import NewParent
from samrum.services.platform import Caller
from support.household import Household, words
from support.queries import counted_queries
from support.world import World


@pytest.fixture
def home(world: World) -> Household:
    return Household.make(world)


def test_the_youth_sees_who_opened_what(home: Household) -> None:
    home.everybody_consents()
    document_id = home.upload(home.owner, "Mål.txt")
    colleague = home.world.client(home.colleague)
    colleague.get(home.path)
    colleague.get(f"{home.path}/files/{document_id}/1").get_data()
    page = home.world.client(home.youth).get(f"{home.path}/log").text
    text = words(page)
    assert "Hvem har set mine ting?" in text
    for line in (
        "Birgit oprettede rummet",
        "Birgit gav Ulla adgang",
        "Du gav samtykke",
        "Mette Lind gav samtykke",
        "Birgit lagde en fil op",
        "Mål- og aftaleskema: Mål.txt, version 1",
        "Ulla åbnede rummet",
        "Ulla hentede en fil",
    ):
        assert line in text
    assert "2. november 2026" in text
    assert f'href="{home.path}/files/{document_id}"' in page


def test_what_others_have_opened_and_fetched_can_be_seen_alone(
    home: Household, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.everybody_consents()
    document_id = home.upload(home.owner, "Mål.txt")
    colleague, youth = home.world.client(home.colleague), home.world.client(home.youth)
    youth.get(home.path)
    assert "Ingen andre har åbnet eller hentet noget" in words(youth.get(f"{home.path}/log?only=seen").text)
    for _ in range(3):
        colleague.get(home.path)
        colleague.get(f"{home.path}/files/{document_id}/1").get_data()
    page = youth.get(f"{home.path}/log").text
    assert f'href="{home.path}/log?only=seen"' in page
    text = words(youth.get(f"{home.path}/log?only=seen").text)
    assert "Ulla åbnede rummet" in text
    assert "Ulla hentede en fil" in text
    for other in ("Du åbnede", "gav samtykke", "lagde en fil op", "oprettede rummet"):
        assert other not in text
    monkeypatch.setattr(room_log, "PAGE", 2)
    page = youth.get(f"{home.path}/log?only=seen").text
    older = page[: page.index("Vis ældre")].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")
    assert "only=seen" in older
    assert "gav samtykke" not in words(youth.get(older).text)


def test_a_refusal_is_there_with_its_reason(home: Household) -> None:
    home.world.client(home.colleague).get(home.path)
    text = words(home.world.client(home.youth).get(f"{home.path}/log").text)
    assert "Ulla fik ikke adgang Afvist" in text
    assert "Samtykke fra den unge manglede." in text


def test_a_file_name_is_not_told_to_a_youth_who_may_not_see_the_files(home: Household) -> None:
    home.upload(home.owner, "Hemmelig.txt")
    levels = {"youth_access": "none", "parent_access": "none"}
    home.world.client(home.owner).post(f"{home.path}/levels", levels)
    text = words(home.world.client(home.youth).get(f"{home.path}/log").text)
    assert "Birgit lagde en fil op" in text
    assert "Hemmelig" not in text


def test_the_same_again_and_again_is_one_line(home: Household) -> None:
    youth = home.world.client(home.youth)
    for _ in range(4):
        youth.get(home.path)
    assert "Du åbnede rummet (4 gange)" in words(youth.get(f"{home.path}/log").text)


def test_days_are_danish_days(home: Household) -> None:
    """At 23:30 UTC in summer time it is the next day in Denmark."""
    home.world.clock.move(hours=12.5)
    youth = home.world.client(home.youth)
    youth.get(home.path)
    text = words(youth.get(f"{home.path}/log").text)
    assert text.index("3. november 2026") < text.index("Du åbnede rummet") < text.index("2. november 2026")
    assert "kl. 00:30" in text


def test_a_long_log_is_paged(home: Household, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room_log, "PAGE", 5)
    home.everybody_consents()
    youth = home.world.client(home.youth)
    seen, address = [], f"{home.path}/log"
    for _ in range(10):
        page = youth.get(address).text
        seen.append(words(page))
        if "Vis ældre" not in page:
            break
        address = page[: page.index("Vis ældre")].rsplit('href="', 1)[1].split('"')[0]
    assert len(seen) > 1
    assert "Birgit oprettede rummet" in seen[-1]
    assert "Birgit oprettede rummet" not in seen[0]


def test_a_page_that_no_link_leads_to_is_the_first(home: Household) -> None:
    youth = home.world.client(home.youth)
    for before in ("x", "-1", "²"):
        assert "Birgit oprettede rummet" in youth.get(f"{home.path}/log?before={before}").text


def test_looking_at_the_log_is_logged(home: Household) -> None:
    owner = home.world.client(home.owner)
    owner.get(f"{home.path}/log")
    assert "Birgit så listen over, hvem der har set hvad" in home.world.client(home.youth).get(f"{home.path}/log").text


def test_neither_colleagues_nor_parents_see_the_log(home: Household) -> None:
    home.everybody_consents()
    assert home.world.client(home.colleague).get(f"{home.path}/log").status_code == 403
    assert home.world.client(home.mother).get(f"{home.path}/log").status_code == 403


def test_what_happened_to_a_parent_is_told_also_after_the_parent_is_gone(home: Household) -> None:
    owner = Caller(home.owner)
    cases.add_parent(home.world.platform, owner, home.case_id, NewParent("Værge Vera", None, False))
    browser = home.world.client(home.owner)
    assert "Du tilføjede Værge Vera som forælder" in words(browser.get(f"{home.path}/log").text)
    parent = rooms.show(home.world.platform, owner, home.case_id).parents[-1]
    cases.set_custody(home.world.platform, owner, home.case_id, parent.id, True)
    cases.remove_parent(home.world.platform, owner, home.case_id, parent.id)
    text = words(browser.get(f"{home.path}/log").text)
    assert "Du fjernede en forælder fra rummet" in text
    assert "Du tilføjede en person, der ikke er med længere som forælder" in text
    assert "Vera" not in text


def test_a_page_of_the_log_costs_the_same_however_full_it_is(home: Household) -> None:
    home.upload(home.owner, "nul.txt")
    youth = home.world.client(home.youth)
    youth.get(f"{home.path}/log")
    with counted_queries(home.world.platform) as few:
        youth.get(f"{home.path}/log")
    for index in range(10):
        home.upload(home.owner, f"fil {index}.txt")
        home.world.staff(f"K{index}", f"Enhed {index}")
        home.world.grant(home.owner, home.case_id, f"k{index}@test.dk")
    with counted_queries(home.world.platform) as many:
        youth.get(f"{home.path}/log")
    assert len(many) == len(few)
