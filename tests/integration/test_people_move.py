"""A member of staff goes over to another unit: the person keeps what the new unit is covered for, and no more."""

import html
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from auth.policy import StaffActor
from samrum.models import AuditRow, Staff, Unit
from samrum.queries import people as queries
from samrum.services import people
from samrum.services.errors import NotThere
from samrum.services.platform import Caller
from support.logins import actions, is_logged_in
from support.world import Browser, World

ADULT_CPR = "6110084123"  # 18 since October 2026: the youth's own consent is all that it takes


class Moving:
    """Ulla of UU is in a room whose youth has said yes to UU and to Jobcenter, and not to the rest."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.anne: StaffActor = world.staff("Anne", "Administrationen", administrator=True)
        self.birgit: StaffActor = world.staff("Birgit", "Børn og Unge", case_creator=True)
        self.ulla: StaffActor = world.staff("Ulla", "UU")
        self.jonas: StaffActor = world.staff("Jonas", "Jobcenter")
        world.staff("Sara", "Skolen")
        self.case_id: UUID = world.case(self.birgit, cpr=ADULT_CPR)
        for email in ("ulla@test.dk", "jonas@test.dk"):
            world.grant(self.birgit, self.case_id, email)
        world.consent(world.citizen(ADULT_CPR), self.case_id, self.ulla.unit, self.jonas.unit)
        self.room = f"/rooms/{self.case_id}"
        self.page = f"/people/{self.ulla.id}/move"

    def move(self, browser: Browser, unit: str, **fields: str) -> tuple[int, str]:
        answer = browser.post(self.page, {"unit": unit, **fields})
        return answer.status_code, html.unescape(answer.text)

    def unit(self, who: StaffActor | None = None) -> Unit:
        with self.world.platform.database.transaction() as session:
            unit: Unit = session.get_one(Staff, (who or self.ulla).id).unit
            return unit

    def rows(self) -> list[AuditRow]:
        with self.world.platform.database.transaction() as session:
            wanted = select(AuditRow).where(AuditRow.action == "staff_moved").order_by(AuditRow.sequence)
            return list(session.scalars(wanted))


@pytest.fixture
def moving(world: World) -> Moving:
    return Moving(world)


def test_the_move_is_asked_about_first_and_then_logged(moving: Moving) -> None:
    browser = moving.world.client(moving.anne)
    assert f'href="{moving.page}"' in browser.get(f"/people/{moving.ulla.id}").text
    page = html.unescape(browser.get(moving.page).text)
    assert "Flyt Ulla til en anden enhed?" in page
    assert "Samtykker gælder for enheder" in page
    assert 'value="UU"' not in page, "where the person is already"
    before = moving.unit()
    assert before.name == "UU"
    answer = browser.post(moving.page, {"unit": "Skolen"})
    assert (answer.status_code, answer.location) == (303, f"/people/{moving.ulla.id}")
    assert moving.unit().name == "Skolen"
    assert "Skolen" in browser.get(f"/people/{moving.ulla.id}").text
    (row,) = moving.rows()
    assert (row.actor_id, row.subject_id) == (moving.anne.id, moving.ulla.id)
    assert row.detail == {"from": str(before.id), "to": str(moving.unit().id)}


def test_a_running_login_goes_on_and_what_it_opens_follows_the_new_unit(moving: Moving) -> None:
    admin, theirs = moving.world.client(moving.anne), moving.world.client(moving.ulla)
    assert theirs.get(moving.room).status_code == 200
    moving.move(admin, "Skolen")
    assert is_logged_in(theirs)
    refused = theirs.get(moving.room)
    assert refused.status_code == 403
    assert "Sofie" not in refused.text
    assert "Sofie" not in theirs.get("/rooms").text
    moving.move(admin, "Jobcenter")
    assert theirs.get(moving.room).status_code == 200
    assert "Sofie" in theirs.get("/rooms").text


def test_the_consent_stays_with_the_unit_that_it_names(moving: Moving) -> None:
    """Who comes to the unit afterwards and is let into the room is covered; the colleagues there are as they were."""
    admin = moving.world.client(moving.anne)
    moving.move(admin, "Skolen")
    assert moving.world.client(moving.jonas).get(moving.room).status_code == 200
    admin.post(f"/people/{moving.jonas.id}/move", {"unit": "UU"})
    assert moving.world.client(moving.jonas).get(moving.room).status_code == 200


def test_a_new_unit_is_made_and_nobody_has_said_yes_to_it(moving: Moving) -> None:
    theirs = moving.world.client(moving.ulla)
    assert moving.move(moving.world.client(moving.anne), "+", new_unit=" Nyt hus ")[0] == 303
    assert moving.unit().name == "Nyt hus"
    assert moving.unit().organisation_id == moving.anne.organisation
    assert theirs.get(moving.room).status_code == 403


def test_an_owner_takes_the_rooms_along_and_the_old_unit_needs_a_consent_like_everybody(moving: Moving) -> None:
    world = moving.world
    bent = world.staff("Bent", "Børn og Unge")
    world.grant(moving.birgit, moving.case_id, "bent@test.dk")
    theirs, owner, admin = world.client(bent), world.client(moving.birgit), world.client(moving.anne)
    assert theirs.get(moving.room).status_code == 200
    page = html.unescape(admin.get(f"/people/{moving.birgit.id}/move").text)
    assert "Rummene følger med" in page
    assert "Rummene følger med" not in html.unescape(admin.get(moving.page).text)
    admin.post(f"/people/{moving.birgit.id}/move", {"unit": "Skolen"})
    assert owner.get(moving.room).status_code == 200
    assert theirs.get(moving.room).status_code == 403


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"unit": ""}, "Vælg en enhed, eller skriv navnet på en ny"),
        ({"unit": "+", "new_unit": " "}, "Vælg en enhed, eller skriv navnet på en ny"),
        ({"unit": "+", "new_unit": "x" * 201}, "Navnet er for langt"),
        ({"unit": "+", "new_unit": "UU"}, "Brugeren er allerede i den enhed"),
        ({"unit": "UU"}, "Brugeren er allerede i den enhed"),
        ({"unit": "Psykiatrien"}, "Vælg en af enhederne på listen"),
    ],
)
def test_what_is_wrong_is_told_and_nobody_is_moved(moving: Moving, fields: dict[str, str], message: str) -> None:
    moving.world.staff("Rita", "Psykiatrien", organisation="Regionen")
    status, page = moving.move(moving.world.client(moving.anne), **fields)
    assert status == 422
    assert message in page
    assert moving.unit().name == "UU"
    assert moving.rows() == []


def test_two_clicks_move_once(moving: Moving) -> None:
    browser = moving.world.client(moving.anne)
    once = browser.token(moving.page)
    for _ in range(2):
        assert moving.move(browser, "+", new_unit="Nyt hus", once=once)[0] == 303
    assert len(moving.rows()) == 1
    with moving.world.platform.database.transaction() as session:
        names = [unit.name for unit in queries.units_of_organisation(session, moving.anne.organisation)]
    assert names.count("Nyt hus") == 1


def test_another_organisation_s_staff_are_not_there(moving: Moving) -> None:
    rita = moving.world.staff("Rita", "Psykiatrien", organisation="Regionen")
    browser = moving.world.client(moving.anne)
    assert browser.get(f"/people/{rita.id}/move").status_code == 404
    assert browser.post(f"/people/{rita.id}/move", {"unit": "Skolen"}, page="/people/new").status_code == 404
    assert moving.unit(rita).name == "Psykiatrien"


def test_nobody_moves_themselves_or_a_closed_account(moving: Moving) -> None:
    browser = moving.world.client(moving.anne)
    people.deactivate_staff(moving.world.platform, Caller(moving.anne), moving.ulla.id)
    for who in (moving.anne, moving.ulla):
        before = moving.unit(who).name
        assert browser.get(f"/people/{who.id}/move").status_code == 404
        assert browser.post(f"/people/{who.id}/move", {"unit": "Skolen"}, page="/people/new").status_code == 404
        assert moving.unit(who).name == before
    assert moving.rows() == []


@pytest.mark.parametrize("roles", [{}, {"case_creator": True}, {"auditor": True}])
def test_the_service_refuses_who_is_no_administrator(moving: Moving, roles: dict[str, Any]) -> None:
    other = Caller(moving.world.staff("Otto", "Skolen", **roles), "127.0.0.1")
    with pytest.raises(NotThere):
        people.move_staff(moving.world.platform, other, moving.ulla.id, "Skolen")
    assert moving.unit().name == "UU"


def test_moving_asks_for_a_fresh_second_factor(moving: Moving) -> None:
    admin = moving.world.client(moving.anne)
    moving.world.clock.move(minutes=11)
    assert admin.get(moving.page).status_code == 200, "looking is free"
    answer = admin.post(moving.page, {"unit": "Skolen"})
    assert answer.location.startswith(f"/login/again?next={moving.page}")
    assert moving.unit().name == "UU"
    assert actions(moving.world)[-1][0] != "staff_moved"
