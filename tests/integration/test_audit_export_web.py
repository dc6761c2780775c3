"""The auditor's page: what it shows and gives out, and what it never does."""

import csv
import io
import json
import re
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from auth.policy import CitizenActor, Reason, StaffActor
from samrum.queries import audit as audit_queries
from samrum.services import audit_search, people, rooms
from samrum.services.audit import Event
from samrum.services.audit_search import Role, Search
from samrum.services.errors import NotThere
from samrum.services.platform import SYSTEM, Caller
from samrum.web.audit.labels import EVENTS, PEOPLE, REASONS
from support.household import Household, words
from support.world import Browser, World

NAMES = ("Sofie", "Lind", "Mette", "Jan", "hemmelig", "750809", "610381")


@pytest.fixture
def household(world: World) -> Household:
    made = Household.make(world)
    made.everybody_consents()
    made.upload(made.owner, "hemmelig.txt")
    rooms.show(world.platform, Caller(made.youth, "192.0.2.1"), made.case_id)
    rooms.show(world.platform, Caller(made.mother, "192.0.2.2"), made.case_id)
    rooms.show(world.platform, Caller(made.colleague, "192.0.2.3"), made.case_id)
    return made


@pytest.fixture
def auditor(world: World) -> StaffActor:
    return world.staff("Rie", "Revisionen", auditor=True)


@pytest.fixture
def elsewhere(world: World) -> StaffActor:
    """An auditor of another organisation."""
    return world.staff("Nora", "Revision", organisation="Nabo Kommune", auditor=True)


def number_of(household: Household) -> str:
    return rooms.show(household.world.platform, Caller(household.owner), household.case_id).number


def exported(browser: Browser, query: str = "") -> list[dict[str, object]]:
    answer = browser.get(f"/audit/log.jsonl{query}")
    assert answer.status_code == 200, answer.status_code
    return [json.loads(line) for line in answer.text.removesuffix("\n").split("\n") if line]


def test_the_auditor_sees_who_did_what_with_numbers_and_roles_in_place_of_names(
    household: Household, auditor: StaffActor
) -> None:
    page = words(household.world.client(auditor).get("/audit").text)
    for shown in (number_of(household), "Birgit", "Ulla", "Den unge", "Forælder", "Fil lagt op", "192.0.2.2"):
        assert shown in page
    for name in NAMES:
        assert name not in page


def test_no_export_holds_a_citizens_name_a_number_or_a_file_name(household: Household, auditor: StaffActor) -> None:
    browser = household.world.client(auditor)
    for path in ("/audit/log.jsonl", "/audit/log.csv"):
        text = browser.get(path).text
        assert "Birgit" in text
        for name in NAMES:
            assert name not in text


def test_an_auditor_of_another_organisation_finds_nothing_however_they_ask(
    household: Household, elsewhere: StaffActor
) -> None:
    browser = household.world.client(elsewhere)
    for query in ("", f"?room={household.case_id}", f"?actor={household.owner.id}", "?action=case_viewed"):
        assert number_of(household) not in browser.get(f"/audit{query}").text
        assert "birgit" not in browser.get(f"/audit{query}").text.lower()
        assert all(row["case_id"] != str(household.case_id) for row in exported(browser, query))
    answer = browser.post("/audit", {"number": number_of(household), "email": "birgit@test.dk", "action": ""})
    assert answer.status_code == 422
    assert answer.text.count("Din organisation har ikke") >= 2


def test_a_search_for_anothers_room_is_not_logged_in_that_room(household: Household, elsewhere: StaffActor) -> None:
    household.world.client(elsewhere).get(f"/audit?room={household.case_id}")
    log = household.world.client(household.youth).get(f"{household.path}/log").text
    assert "revisor" not in log


def test_a_professional_from_elsewhere_is_shown_by_unit_and_not_by_name(
    household: Household, auditor: StaffActor
) -> None:
    world = household.world
    guest = world.staff("Gro", "Opholdsstedet", organisation="Solgården")
    world.grant(household.owner, household.case_id, "gro@test.dk")
    world.consent(household.youth, household.case_id, guest.unit)
    world.consent(household.mother, household.case_id, guest.unit)
    world.consent(household.father, household.case_id, guest.unit)
    rooms.show(world.platform, Caller(guest), household.case_id)
    page = words(world.client(auditor).get("/audit").text)
    assert "Opholdsstedet, Solgården" in page
    assert "Gro" not in page
    assert "Gro" not in world.client(auditor).get("/audit/log.csv").text


def test_nobody_but_an_auditor_reaches_the_log(household: Household) -> None:
    world = household.world
    administrator = world.staff("Anne", "Administrationen", administrator=True)
    people_outside: list[StaffActor | CitizenActor] = [
        household.owner, household.colleague, administrator, household.youth, household.mother,
    ]  # fmt: skip
    for path in ("/audit", "/audit/log.csv", "/audit/log.jsonl"):
        for person in people_outside:
            assert world.client(person).get(path).status_code == 404
        assert world.client().get(path).status_code == 302
    for person in people_outside:
        for ask in (audit_search.search, audit_search.export):
            with pytest.raises(NotThere):
                ask(world.platform, Caller(person), Search())
        with pytest.raises(NotThere):
            audit_search.case_id_of(world.platform, Caller(person), number_of(household))
        with pytest.raises(NotThere):
            audit_search.staff_id_of(world.platform, Caller(person), "birgit@test.dk")


def test_a_deactivated_auditor_is_out_at_the_next_click(household: Household, auditor: StaffActor) -> None:
    browser = household.world.client(auditor)
    assert browser.get("/audit").status_code == 200
    administrator = household.world.staff("Anne", "Administrationen", administrator=True)
    people.deactivate_staff(household.world.platform, Caller(administrator), auditor.id)
    assert browser.get("/audit").status_code == 302
    assert browser.get("/audit/log.csv").status_code == 302


def test_what_is_looked_for_stands_in_the_address_without_a_name(household: Household, auditor: StaffActor) -> None:
    browser = household.world.client(auditor)
    form: dict[str, object] = {
        "number": number_of(household).lower().replace("-", " "), "email": "Birgit@test.dk",
        "action": "version_uploaded", "first": "2026-11-02", "last": "2026-11-02",
    }  # fmt: skip
    answer = browser.post("/audit", form)
    assert answer.status_code == 303
    address = answer.headers["Location"]
    assert address == (
        f"/audit?room={household.case_id}&actor={household.owner.id}&action=version_uploaded"
        "&first=2026-11-02&last=2026-11-02"
    )
    page = browser.get(address).text
    assert words(page).count("Fil lagt op") == 2  # the choice of the form, and one row
    for kept in ("birgit@test.dk", number_of(household), 'value="2026-11-02"'):
        assert kept in page


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"number": "XXXX-XXXX"}, "ikke et rum med det nummer"),
        ({"email": "nobody@test.dk"}, "ikke en bruger med den e-mail"),
        ({"first": "2026-11-03", "last": "2026-11-02"}, "før den første"),
        ({"first": "i går"}, "Skriv en dato"),
        ({"action": "nonsense"}, ""),
    ],
)
def test_a_search_that_cannot_be_made_says_why_and_keeps_what_was_typed(
    household: Household, auditor: StaffActor, fields: dict[str, object], message: str
) -> None:
    answer = household.world.client(auditor).post("/audit", {"action": "", **fields})
    assert answer.status_code == 422
    assert message in answer.text
    for name in ("number", "email"):
        if name in fields:
            assert f'value="{fields[name]}"' in answer.text


@pytest.mark.parametrize(
    "query",
    [
        "?room=x",
        "?actor=%00",
        "?action=x",
        "?first=yesterday",
        "?before=x",
        "?before=-1",
        "?before=99999999999999999999",
        "?last=9999-12-31",
        "?last=0001-01-01",
        "?first=0001-01-01",
        "?first=9999-12-31",
    ],
)
def test_an_address_made_by_hand_does_no_harm(household: Household, auditor: StaffActor, query: str) -> None:
    assert household.world.client(auditor).get(f"/audit{query}").status_code == 200


def test_days_begin_and_end_at_danish_midnight(world: World, auditor: StaffActor) -> None:
    owner = world.staff("Birgit", "Børn og Unge", case_creator=True)
    case_id = world.case(owner)
    moments = [
        datetime(2026, 10, 24, 21, 59, 59, 999999, UTC),
        datetime(2026, 10, 24, 22, 0, tzinfo=UTC),
        datetime(2026, 10, 25, 22, 59, 59, 999999, UTC),
        datetime(2026, 10, 25, 23, 0, tzinfo=UTC),
    ]
    for moment in moments:
        world.clock.moment = moment
        rooms.show(world.platform, Caller(owner), case_id)
    day = date(2026, 10, 25)
    wanted = Search(case_id, action="case_viewed", first=day, last=day)
    assert [line.at for line in audit_search.export(world.platform, Caller(auditor), wanted)] == moments[2:0:-1]
    before = Search(case_id, action="case_viewed", last=day - timedelta(days=1))
    assert [line.at for line in audit_search.export(world.platform, Caller(auditor), before)] == moments[:1]


def test_pages_follow_each_other_without_a_gap_or_a_row_twice(
    household: Household, auditor: StaffActor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_search, "_BATCH", 7)
    world = household.world
    for _ in range(60):
        rooms.show(world.platform, Caller(household.owner), household.case_id)
    wanted = Search(household.case_id, action="case_viewed")
    everything = [line.sequence for line in audit_search.export(world.platform, Caller(auditor), wanted)]
    assert len(everything) == 63
    paged, before = [], None
    for _ in range(2):
        found = audit_search.search(world.platform, Caller(auditor), wanted, before=before)
        paged += [line.sequence for line in found.lines]
        before = found.older
    assert paged == everything
    assert before is None
    browser = world.client(auditor)
    first = browser.get(f"/audit?room={household.case_id}&action=case_viewed").text
    older = re.search(r'href="(/audit\?[^"]*before=[^"]*)"', first)
    assert older is not None
    page = browser.get(older[1].replace("&amp;", "&")).text
    assert page.count("<tr>") == 1 + 13
    assert "Til det nyeste" in page


def test_a_search_and_an_export_are_logged_and_the_young_person_sees_them(
    household: Household, auditor: StaffActor
) -> None:
    browser = household.world.client(auditor)
    browser.get(f"/audit?room={household.case_id}")
    exported(browser, f"?room={household.case_id}&action=case_viewed")
    log = words(household.world.client(household.youth).get(f"{household.path}/log").text)
    assert "Rie søgte i loggen over rummet som revisor" in log
    assert "Rie tog en kopi af loggen over rummet som revisor" in log
    own = exported(browser, f"?actor={auditor.id}")
    assert own[1]["detail"] == {"action": "case_viewed"}
    assert [row["action"] for row in own] == ["log_exported", "log_exported", "log_searched"]


def test_no_row_no_bytes_an_export_that_cannot_be_logged_gives_nothing(
    household: Household, auditor: StaffActor, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = household.world.client(auditor)

    def fails(*_: object) -> None:
        raise OSError("the log is full")

    monkeypatch.setattr(audit_queries, "add_rows", fails)
    monkeypatch.setattr("samrum.services.audit.add_rows", fails)
    for path in ("/audit", "/audit/log.csv", "/audit/log.jsonl"):
        answer = browser.get(path)
        assert answer.status_code == 500
        assert "Birgit" not in answer.text


def test_an_export_asks_for_a_fresh_second_factor(household: Household, auditor: StaffActor) -> None:
    browser = household.world.client(auditor)
    household.world.clock.move(minutes=20)
    browser.get("/audit")
    household.world.clock.move(minutes=20)
    for path in ("/audit/log.csv", "/audit/log.jsonl"):
        answer = browser.get(path)
        assert answer.status_code == 302
        assert answer.headers["Location"].startswith("/login/")


def test_a_table_opens_in_a_danish_spreadsheet_and_no_cell_is_a_formula(world: World, auditor: StaffActor) -> None:
    owner = world.staff('=HYPERLINK("http://evil")', "Børn og Unge", case_creator=True)
    world.case(owner)
    answer = world.client(auditor).get("/audit/log.csv")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="log.csv"'
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.text.startswith("\ufeffNummer;Tidspunkt;")
    table = list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff")), delimiter=";"))
    assert all(len(row) == len(table[0]) for row in table)
    created = next(row for row in table if row[2] == "Rum oprettet")
    assert created[1] == "2026-11-02 12:00:00"
    assert created[3] == '\'=HYPERLINK("http://evil")'
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in table for cell in row)


def test_a_row_of_an_export_is_found_again_in_the_whole_log(household: Household, auditor: StaffActor) -> None:
    rows = exported(household.world.client(auditor))
    with household.world.platform.database.transaction() as session, audit_queries.every_row(session) as whole:
        hashes = {row.hash.hex() for row in whole}
    assert {row["hash"] for row in rows} <= hashes
    assert len(rows) > 10


def test_logins_and_accounts_of_own_staff_are_there_and_those_of_others_are_not(
    world: World, auditor: StaffActor, elsewhere: StaffActor
) -> None:
    lines = list(audit_search.export(world.platform, Caller(auditor), Search(action="staff_created")))
    assert [(line.actor.role, line.subject.name if line.subject else "") for line in lines] == [(Role.SYSTEM, "Rie")]
    lines = list(audit_search.export(world.platform, Caller(elsewhere), Search(action="staff_created")))
    assert [line.subject.name if line.subject else "" for line in lines] == ["Nora"]


def test_everything_that_can_stand_in_the_log_has_its_words() -> None:
    assert {event.value for event in Event} - EVENTS.keys() == set()
    assert {reason.value for reason in Reason} - REASONS.keys() == set()
    assert {role.value for role in Role} == PEOPLE.keys()


def test_a_person_who_is_not_in_the_log_is_not_made_up(world: World, auditor: StaffActor) -> None:
    with world.platform.act(SYSTEM) as act:
        act.log(Event.ORGANISATION_CHANGED, actor_kind="staff", actor_id=auditor.id, subject_id=UUID(int=7))
    line = next(audit_search.export(world.platform, Caller(auditor), Search(action="organisation_changed")))
    assert (line.actor.name, line.subject) == ("Rie", None)
