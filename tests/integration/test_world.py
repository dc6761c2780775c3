"""The use cases together, on a database."""

from auth.policy import Level
from samrum.cpr import Cpr
from samrum.services import rooms
from samrum.services.cases import NewParent
from samrum.services.platform import Caller
from support.world import FATHER_CPR, MOTHER_CPR, YOUTH_CPR, World


def test_a_grant_gives_nothing_before_every_consent_is_given(world: World) -> None:
    owner = world.staff("Birgit", "Børn og Unge", case_creator=True)
    counsellor = world.staff("Ulla", "UU")
    parents = (NewParent("Mette Lind", Cpr.parse(MOTHER_CPR), True), NewParent("Jan Lind", Cpr.parse(FATHER_CPR), True))
    case_id = world.case(owner, parents=parents)
    world.grant(owner, case_id, "ulla@test.dk", Level.WRITE)

    def reason() -> str:
        return rooms.my_rooms(world.platform, Caller(counsellor))[0].reason.value

    assert reason() == "youth_consent_missing"
    world.consent(world.citizen(YOUTH_CPR), case_id, counsellor.unit)
    world.consent(world.citizen(MOTHER_CPR), case_id, counsellor.unit)
    assert reason() == "custody_consent_missing"
    world.consent(world.citizen(FATHER_CPR), case_id, counsellor.unit)
    assert reason() == "granted"
