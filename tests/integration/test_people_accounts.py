"""Administrators at the accounts of their own organisation."""

import html
import re
from typing import Any

import pytest
from sqlalchemy import select

from auth.policy import StaffActor
from samrum.models import AuditRow, Staff
from samrum.queries.people import staff_by_email
from samrum.services import people
from samrum.services.errors import NotThere
from samrum.services.people import Identity, NewStaff
from samrum.services.platform import SYSTEM, Caller
from support.household import words
from support.logins import actions, give_password, is_logged_in
from support.world import PASSWORD, Browser, World


@pytest.fixture
def anne(world: World) -> StaffActor:
    return world.staff("Anne", "Administrationen", administrator=True)


def shown_code(page: str) -> str:
    found = re.search(r'class="single-use-code">(.*?)</p>', page, re.DOTALL)
    assert found is not None, page
    return "-".join(re.findall(r"<span>(\w{5})</span>", found[1]))


def row(world: World, email: str) -> Staff:
    with world.platform.database.transaction() as session:
        found = staff_by_email(session, email)
    assert found is not None
    return found


def create(browser: Browser, **fields: object) -> tuple[int, str]:
    form = {"name": "Ulla Vejleder", "email": "ulla@test.dk", "unit": "Administrationen", **fields}
    answer = browser.post("/people/new", form)
    return answer.status_code, html.unescape(answer.text)


def test_an_account_is_created_and_its_code_lets_choose_a_password(world: World, anne: StaffActor) -> None:
    status, page = create(world.client(anne), unit="+", new_unit="UU", roles=["case_creator"])
    assert status == 200
    made = row(world, "ulla@test.dk")
    assert (made.name, made.unit.name, made.unit.organisation_id) == ("Ulla Vejleder", "UU", anne.organisation)
    assert (made.case_creator, made.administrator, made.auditor) == (True, False, False)
    browser = world.client()
    assert browser.post("/login/welcome", {"code": shown_code(page), "password": PASSWORD}).status_code == 303
    assert give_password(browser, "ulla@test.dk").status_code == 303
    assert actions(world) == [("password_set", None)]
    with world.platform.database.transaction() as session:
        logged = session.scalars(select(AuditRow).where(AuditRow.subject_id == made.id)).first()
    assert logged is not None
    assert (logged.action, logged.actor_id, logged.detail) == ("staff_created", anne.id, {})


def test_the_code_is_not_shown_again(world: World, anne: StaffActor) -> None:
    browser = world.client(anne)
    code = shown_code(create(browser)[1])
    account = row(world, "ulla@test.dk").id
    for path in ("/people", f"/people/{account}", f"/people/{account}/invite"):
        assert code[:5] not in browser.get(path).text
    with world.platform.database.transaction() as session:
        assert session.get_one(Staff, account).invitation_hash is not None


def test_two_clicks_create_one_account_whose_last_shown_code_works(world: World, anne: StaffActor) -> None:
    browser = world.client(anne)
    once = browser.token("/people/new")
    first, second = (shown_code(create(browser, once=once)[1]) for _ in range(2))
    assert first != second
    assert len(people.list_staff(world.platform, Caller(anne))) == 2
    assert world.client().post("/login/welcome", {"code": first, "password": PASSWORD}).status_code == 422
    assert world.client().post("/login/welcome", {"code": second, "password": PASSWORD}).status_code == 303


def test_a_page_sent_again_later_changes_no_code(world: World, anne: StaffActor) -> None:
    browser = world.client(anne)
    once = browser.token("/people/new")
    code = shown_code(create(browser, once=once)[1])
    world.clock.move(minutes=5)
    status, page = create(browser, once=once)
    assert status == 303
    assert "single-use-code" not in page
    assert world.client().post("/login/welcome", {"code": code, "password": PASSWORD}).status_code == 303


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": ""}, "Skriv brugerens navn"),
        ({"name": " "}, "Skriv et navn"),
        ({"name": "x" * 201}, "Navnet er for langt"),
        ({"email": "ulla"}, "Skriv en hel e-mail"),
        ({"email": "a@b.dk" + "k" * 250}, "E-mailen er for lang"),
        ({"email": "ANNE@test.dk "}, "Der findes allerede en bruger med den e-mail"),
        ({"unit": ""}, "Vælg en enhed, eller skriv navnet på en ny"),
        ({"unit": "+"}, "Vælg en enhed, eller skriv navnet på en ny"),
        ({"roles": ["case_creator", "auditor"]}, "Vælg kun det ene"),
        ({"roles": ["case_creator", "administrator"]}, "Vælg kun det ene"),
    ],
)
def test_what_is_wrong_is_told_at_its_field_and_the_rest_stands(
    world: World, anne: StaffActor, changes: dict[str, object], message: str
) -> None:
    browser = world.client(anne)
    status, page = create(browser, **{"name": "Ulla Vejleder", **changes})
    assert status == 422
    assert message in page
    assert "Fejl: Opret en bruger" in page
    if "name" not in changes:
        assert 'value="Ulla Vejleder"' in page
    assert len(people.list_staff(world.platform, Caller(anne))) == 1


@pytest.mark.parametrize("roles", [["superuser"], ["active"], ["password_hash"]])
def test_no_role_is_made_up(world: World, anne: StaffActor, roles: list[str]) -> None:
    assert create(world.client(anne), roles=roles)[0] == 422


def test_an_account_is_always_made_in_the_administrator_s_own_organisation(world: World, anne: StaffActor) -> None:
    world.staff("Rita", "Psykiatrien", organisation="Regionen")
    people.create_staff(world.platform, Caller(anne), NewStaff("Ny", "ny@test.dk", "Regionen", "Psykiatrien"))
    assert row(world, "ny@test.dk").unit.organisation_id == anne.organisation


def test_a_closed_account_s_e_mail_does_not_become_somebody_else(world: World, anne: StaffActor) -> None:
    people.deactivate_staff(world.platform, Caller(anne), world.staff("Ulla", "UU").id)
    assert "Der findes allerede" in create(world.client(anne))[1]


def test_the_list_shows_one_s_own_organisation_a_page_at_a_time(world: World, anne: StaffActor) -> None:
    world.staff("Rita", "Psykiatrien", organisation="Regionen")
    with world.platform.database.transaction() as session:
        unit = session.get_one(Staff, anne.id).unit_id
        session.add_all(
            Staff(unit_id=unit, name=f"N{i:03}", email=f"n{i:03}@test.dk", created_at=world.clock.now())
            for i in range(120)
        )
    browser = world.client(anne)
    seen: list[str] = []
    path: str | None = "/people"
    while path:
        page = browser.get(path).text
        seen += re.findall(r"<span>(\w+@test\.dk)</span>", page)
        after = re.search(r'href="(/people\?after=[0-9a-f-]{36})"', page)
        path = after[1] if after else None
    assert seen == ["anne@test.dk", *(f"n{i:03}@test.dk" for i in range(120))]
    assert browser.get("/people?after=nobody").status_code == 200


def test_deactivating_asks_first_and_then_ends_everything(world: World, anne: StaffActor) -> None:
    ulla = world.staff("Ulla", "UU")
    theirs = world.client(ulla)
    browser = world.client(anne)
    page = browser.get(f"/people/{ulla.id}/deactivate").text
    assert "Luk kontoen for Ulla?" in page
    assert is_logged_in(theirs)
    assert browser.post(f"/people/{ulla.id}/deactivate").location == f"/people/{ulla.id}"
    assert not is_logged_in(theirs)
    assert give_password(world.client(), "ulla@test.dk").status_code == 422
    assert actions(world)[0] == ("staff_deactivated", None)
    assert browser.get(f"/people/{ulla.id}/deactivate").status_code == 404
    assert "Kontoen er lukket" in browser.get(f"/people/{ulla.id}").text


def test_two_clicks_deactivate_once(world: World, anne: StaffActor) -> None:
    ulla = world.staff("Ulla", "UU")
    browser = world.client(anne)
    once = browser.token(f"/people/{ulla.id}/deactivate")
    for _ in range(2):
        assert browser.post(f"/people/{ulla.id}/deactivate", {"once": once}).status_code == 303
    assert actions(world) == [("staff_deactivated", None)]


def test_an_invitation_dies_with_the_account(world: World, anne: StaffActor) -> None:
    staff_id, code = people.create_staff(world.platform, SYSTEM, NewStaff("Ny", "ny@test.dk", "Testby Kommune", "UU"))
    people.deactivate_staff(world.platform, Caller(anne), staff_id)
    assert world.client().post("/login/welcome", {"code": code, "password": PASSWORD}).status_code == 422


def test_resetting_the_second_factor_ends_the_logins_and_is_logged(world: World, anne: StaffActor) -> None:
    ulla = world.staff("Ulla", "UU")
    theirs = world.client(ulla)
    browser = world.client(anne)
    assert "sætte en ny telefon op?" in browser.get(f"/people/{ulla.id}/reset").text
    assert browser.post(f"/people/{ulla.id}/reset", {"identity": "video"}).status_code == 303
    assert not is_logged_in(theirs)
    changed = row(world, "ulla@test.dk")
    assert (changed.sealed_totp, changed.totp_counter) == (None, None)
    assert actions(world) == [("second_factor_reset", None)]


@pytest.mark.parametrize("identity", ["", "by_mail", "IN_PERSON"])
def test_nothing_is_reset_before_the_administrator_says_how_it_is_known_who_asks(
    world: World, anne: StaffActor, identity: str
) -> None:
    ulla = world.staff("Ulla", "UU")
    theirs = world.client(ulla)
    answer = world.client(anne).post(f"/people/{ulla.id}/reset", {"identity": identity})
    assert answer.status_code == 422
    assert "Vælg, hvordan du ved, at det er brugeren selv" in html.unescape(answer.text)
    assert is_logged_in(theirs)
    assert row(world, "ulla@test.dk").sealed_totp is not None
    assert actions(world) == []


def test_the_auditor_reads_how_it_was_known_who_asked_for_a_new_factor(world: World, anne: StaffActor) -> None:
    ulla = world.staff("Ulla", "UU")
    world.client(anne).post(f"/people/{ulla.id}/reset", {"identity": "video"})
    with world.platform.database.transaction() as session:
        logged = session.scalars(select(AuditRow).where(AuditRow.action == "second_factor_reset")).one()
    assert (logged.actor_id, logged.subject_id, logged.detail) == (anne.id, ulla.id, {"identity": "video"})
    auditor = world.client(world.staff("Rie", "Revisionen", auditor=True))
    page = words(auditor.get("/audit").text)
    assert "To-trins-login nulstillet: Ulla Vi talte sammen på video, og jeg så billed-id" in page
    assert '""identity"": ""video""' in auditor.get("/audit/log.csv").text


def test_a_forgotten_password_gets_a_new_code_that_replaces_the_old(world: World, anne: StaffActor) -> None:
    staff_id, old = people.create_staff(world.platform, SYSTEM, NewStaff("Ny", "ny@test.dk", "Testby Kommune", "UU"))
    answer = world.client(anne).post(f"/people/{staff_id}/invite")
    code = shown_code(answer.text)
    assert world.client().post("/login/welcome", {"code": old, "password": PASSWORD}).status_code == 422
    assert world.client().post("/login/welcome", {"code": code, "password": PASSWORD}).status_code == 303
    assert actions(world)[0] == ("staff_invited", None)


@pytest.mark.parametrize("act", ["invite", "reset", "deactivate"])
def test_nobody_does_it_to_their_own_account(world: World, anne: StaffActor, act: str) -> None:
    browser = world.client(anne)
    path = f"/people/{anne.id}"
    assert browser.get(f"{path}/{act}").status_code == 404
    answer = browser.post(f"{path}/{act}", {"identity": "video"}, page="/people/new")
    assert answer.status_code == 422
    assert "din egen konto" in answer.text
    assert f'href="{path}/{act}"' not in browser.get(path).text
    assert is_logged_in(browser)
    assert actions(world) == []


@pytest.mark.parametrize("act", ["", "/invite", "/reset", "/deactivate"])
def test_another_organisation_s_account_is_not_there(world: World, anne: StaffActor, act: str) -> None:
    rita = world.staff("Rita", "Psykiatrien", organisation="Regionen")
    browser = world.client(anne)
    assert browser.get(f"/people/{rita.id}{act}").status_code == 404
    if act:
        assert browser.post(f"/people/{rita.id}{act}", page="/people/new").status_code == 404
        assert row(world, "rita@test.dk").active
        assert row(world, "rita@test.dk").sealed_totp is not None


@pytest.mark.parametrize("roles", [{}, {"case_creator": True}, {"auditor": True}])
def test_the_services_refuse_who_is_no_administrator(world: World, anne: StaffActor, roles: dict[str, Any]) -> None:
    other = Caller(world.staff("Ulla", "UU", **roles), "127.0.0.1")
    calls = (
        lambda: people.create_staff(world.platform, other, NewStaff("Ny", "ny@test.dk", "Testby Kommune", "UU")),
        lambda: people.list_staff(world.platform, other),
        lambda: people.units(world.platform, other),
        lambda: people.person(world.platform, other, anne.id),
        lambda: people.renew_invitation(world.platform, other, anne.id),
        lambda: people.reset_second_factor(world.platform, other, anne.id, Identity.IN_PERSON),
        lambda: people.deactivate_staff(world.platform, other, anne.id),
    )
    for call in calls:
        with pytest.raises(NotThere):
            call()


def test_somebody_at_a_browser_who_is_not_logged_in_is_not_the_command_line(world: World, anne: StaffActor) -> None:
    visitor = Caller(None, "127.0.0.1")
    with pytest.raises(NotThere):
        people.deactivate_staff(world.platform, visitor, anne.id)
    with pytest.raises(NotThere):
        people.create_staff(world.platform, visitor, NewStaff("Ny", "ny@test.dk", "Nyby", "UU"))
