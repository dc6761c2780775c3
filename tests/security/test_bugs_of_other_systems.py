"""Bugs of access control that real systems had, each by its name.

Those not here stand where they belong: in the tests of files (old versions, running downloads), of logins (links,
broker sessions, shared computers) and of the log.
"""

import re
from uuid import UUID

from auth.policy import Level
from samrum.cpr import Cpr
from samrum.models import Staff
from samrum.services import cases, people
from samrum.services.cases import NewParent
from samrum.services.platform import SYSTEM, Caller
from support.household import Household
from support.world import PASSWORD, World

GROWN_UP, OTHER_GROWN_UP = "7508074993", "7608074993"


def test_a_read_only_colleague_puts_no_version_on_top(world: World) -> None:
    household = Household.make(world)
    household.everybody_consents()
    document = household.upload(household.owner, "plan.txt")
    world.grant(household.owner, household.case_id, "ulla@test.dk", Level.READ)
    page = f"{household.path}/files/{document}/new"
    browser = world.client(household.colleague)
    assert browser.get(page).status_code == 403
    assert browser.client.post(page, data={"once": browser.token("/login/mine")}).status_code in (400, 403)
    assert "Version 2" not in world.client(household.owner).get(f"{household.path}/files/{document}").text


def test_somebody_created_anew_under_the_same_name_inherits_nothing(world: World) -> None:
    household = Household.make(world)
    household.everybody_consents()
    people.deactivate_staff(world.platform, SYSTEM, household.colleague.id)
    with world.platform.database.transaction() as session:
        session.get_one(Staff, household.colleague.id).email = "ulla.gammel@test.dk"
    anew = world.staff("Ulla", "UU")
    assert anew.unit == household.colleague.unit
    assert world.client(anew).get(household.path).status_code == 404
    assert household.path not in world.client(anew).get("/rooms").text


def test_a_parent_taken_off_and_another_put_on_inherits_nothing(world: World) -> None:
    household = Household.make(world)
    household.everybody_consents()
    household.upload(household.owner, "plan.txt")
    page = world.client(household.owner).get(f"{household.path}/parents").text
    found = re.search(rf"{household.path}/parents/([0-9a-f-]+)", page.split("Mette Lind", 1)[1])
    assert found is not None
    owner = Caller(household.owner)
    cases.remove_parent(world.platform, owner, household.case_id, UUID(found[1]))
    newcomer = NewParent("Mette Lind", Cpr.parse("6103824994"), True)
    cases.add_parent(world.platform, owner, household.case_id, newcomer)
    assert "plan.txt" not in world.client(world.citizen("6103824994")).get(household.path).text
    assert world.client(household.mother).get(household.path).status_code == 404


def test_a_consent_counts_in_its_own_room_alone(world: World) -> None:
    owner = world.staff("Birgit", "Børn og Unge", case_creator=True)
    colleague = world.staff("Ulla", "UU")
    rooms = [world.case(owner, cpr=cpr, name="Ung") for cpr in (GROWN_UP, OTHER_GROWN_UP)]
    for room in rooms:
        world.grant(owner, room, "ulla@test.dk")
    world.consent(world.citizen(GROWN_UP), rooms[0], colleague.unit)
    browser = world.client(colleague)
    assert [browser.get(f"/rooms/{room}").status_code for room in rooms] == [200, 403]


def test_a_second_factor_that_cannot_be_read_lets_nobody_in(world: World) -> None:
    staff = world.staff("Ulla", "UU")
    with world.platform.database.transaction() as session:
        session.get_one(Staff, staff.id).sealed_totp = b"damaged beyond reading, and longer than a nonce"
    browser = world.client()
    browser.post("/login/staff", {"email": "ulla@test.dk", "password": PASSWORD})
    answer = browser.post("/login/staff/code", {"code": world.code()})
    assert answer.status_code == 500
    assert "/login/staff/code" in browser.get("/rooms").headers["Location"]


def test_access_does_not_outlive_its_consent(world: World) -> None:
    household = Household.make(world)
    household.everybody_consents(days=1)
    assert world.client(household.colleague).get(household.path).status_code == 200
    world.clock.move(days=2)
    assert world.client(household.colleague).get(household.path).status_code == 403
