"""A room whose owner has left gets a new one, by an administrator who sees nothing of it."""

import html
from uuid import UUID

import pytest
from sqlalchemy import select

from auth.policy import StaffActor
from samrum.models import AuditRow, Case
from samrum.services import people
from samrum.services.platform import Caller
from support.world import Browser, World


class Left:
    """A room whose owner's account is closed, an administrator, and a colleague who may take it over."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.anne: StaffActor = world.staff("Anne", "Administrationen", administrator=True)
        self.birgit: StaffActor = world.staff("Birgit", "Børn og Unge", case_creator=True)
        self.dorte: StaffActor = world.staff("Dorte", "UU", case_creator=True)
        self.case_id: UUID = world.case(self.birgit)
        self.number: str = self.case().number

    def case(self) -> Case:
        with self.world.platform.database.transaction() as session:
            return session.get_one(Case, self.case_id)

    def owner_leaves(self) -> None:
        people.deactivate_staff(self.world.platform, Caller(self.anne), self.birgit.id)

    def hand_over(self, browser: Browser, **changes: str) -> tuple[int, str]:
        form = {"number": self.number, "email": "dorte@test.dk", "why": "left", **changes}
        answer = browser.post("/people/hand-over", dict(form))
        return answer.status_code, html.unescape(answer.text)

    def rows(self) -> list[AuditRow]:
        with self.world.platform.database.transaction() as session:
            wanted = AuditRow.action.in_(("case_handed_over", "denied"))
            return list(session.scalars(select(AuditRow).where(wanted).order_by(AuditRow.sequence)))


@pytest.fixture
def left(world: World) -> Left:
    return Left(world)


@pytest.mark.parametrize("spelling", ["{0}", " {0} ", "{1}", "{2}"])
def test_the_room_gets_its_new_owner_by_its_number(left: Left, spelling: str) -> None:
    left.owner_leaves()
    number = spelling.format(left.number, left.number.lower(), left.number.replace("-", " "))
    status, _ = left.hand_over(left.world.client(left.anne), number=number)
    assert status == 303
    assert left.case().owner_id == left.dorte.id
    (done,) = left.rows()
    assert (done.action, done.actor_id, done.subject_id) == ("case_handed_over", left.anne.id, left.dorte.id)
    assert done.detail == {"from": str(left.birgit.id), "why": "left"}


def test_nothing_of_the_room_is_shown_on_the_way(left: Left) -> None:
    left.owner_leaves()
    browser = left.world.client(left.anne)
    pages = [browser.get("/people/hand-over").text, left.hand_over(browser)[1], browser.get("/people").text]
    for page in pages:
        assert "Sofie" not in page
        assert str(left.case_id) not in page
    assert browser.get(f"/rooms/{left.case_id}").status_code == 404


def test_a_room_whose_owner_is_here_is_as_if_it_were_not(left: Left) -> None:
    browser = left.world.client(left.anne)
    status, page = left.hand_over(browser)
    unknown_status, unknown = left.hand_over(browser, number="ZZZZ-2222")
    assert status == unknown_status == 422
    message = "Der er ikke noget rum med det nummer, som du kan give videre"
    assert message in page
    assert message in unknown
    assert left.case().owner_id == left.birgit.id
    assert [row.action for row in left.rows()] == ["denied"]


def test_a_room_of_another_organisation_is_not_there(left: Left) -> None:
    left.owner_leaves()
    rasmus = left.world.staff("Rasmus", "Ledelsen", organisation="Regionen", administrator=True)
    left.world.staff("Rita", "Psykiatrien", organisation="Regionen", case_creator=True)
    status, page = left.hand_over(left.world.client(rasmus), email="rita@test.dk")
    assert status == 422
    assert "Der er ikke noget rum med det nummer" in page
    assert left.case().owner_id == left.birgit.id


@pytest.mark.parametrize("email", ["anne@test.dk", "carl@test.dk", "rita@test.dk", "birgit@test.dk", "ingen@test.dk"])
def test_only_an_active_case_creator_of_the_organisation_receives(left: Left, email: str) -> None:
    left.owner_leaves()
    left.world.staff("Carl", "UU")
    left.world.staff("Rita", "Psykiatrien", organisation="Regionen", case_creator=True)
    assert left.hand_over(left.world.client(left.anne), email=email)[0] == 422
    assert left.case().owner_id == left.birgit.id


@pytest.mark.parametrize("changes", [{"why": ""}, {"why": "because"}, {"number": ""}, {"email": ""}])
def test_everything_is_asked_for(left: Left, changes: dict[str, str]) -> None:
    left.owner_leaves()
    assert left.hand_over(left.world.client(left.anne), **changes)[0] == 422
    assert left.rows() == []


def test_two_clicks_hand_over_once(left: Left) -> None:
    left.owner_leaves()
    browser = left.world.client(left.anne)
    once = browser.token("/people/hand-over")
    assert [left.hand_over(browser, once=once)[0] for _ in range(2)] == [303, 303]
    assert len(left.rows()) == 1


def test_a_closed_room_can_be_handed_over_so_that_somebody_may_reopen_it(left: Left) -> None:
    with left.world.platform.database.transaction() as session:
        session.get_one(Case, left.case_id).status = "closed"
    left.owner_leaves()
    assert left.hand_over(left.world.client(left.anne))[0] == 303
