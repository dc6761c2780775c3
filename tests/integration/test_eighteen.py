"""What a room's page says of the 18th birthday, and until when somebody gets in."""

from datetime import UTC, date, datetime

import pytest

from auth.policy import CitizenActor, Level, StaffActor
from samrum.cpr import Cpr
from samrum.demo.municipality import test_cpr as cpr_of
from samrum.services.cases import NewParent
from support.household import words
from support.world import MOTHER_CPR, World

LEAP, ORDINARY = date(2008, 2, 29), date(2008, 6, 15)


class Family:
    """A room with a mother and a colleague; the youth consented for a year on 1 December 2025, the mother for less."""

    def __init__(self, world: World, birth: date, *, mother_consents: bool = True) -> None:
        world.clock.moment = datetime(2025, 12, 1, 11, tzinfo=UTC)
        self.world = world
        self.owner: StaffActor = world.staff("Birgit", "Børn og Unge", case_creator=True)
        colleague = world.staff("Ulla", "UU")
        cpr = cpr_of(birth, 4101)
        mother = NewParent("Mette Lind", Cpr.parse(MOTHER_CPR), True)
        self.case_id = world.case(self.owner, cpr=cpr, parents=(mother,), parent_access=Level.READ)
        world.grant(self.owner, self.case_id, "ulla@test.dk")
        self.youth: CitizenActor = world.citizen(cpr)
        self.mother: CitizenActor = world.citizen(MOTHER_CPR)
        world.consent(self.youth, self.case_id, colleague.unit, to_parents=True)
        if mother_consents:
            world.consent(self.mother, self.case_id, colleague.unit, to_parents=True, days=300)

    def page(self, who: StaffActor | CitizenActor, day: date | None = None) -> str:
        if day is not None:
            self.world.clock.moment = datetime(day.year, day.month, day.day, 11, tzinfo=UTC)
        answer = self.world.client(who).get(f"/rooms/{self.case_id}")
        return words(answer.text) if answer.status_code == 200 else str(answer.status_code)


@pytest.mark.parametrize(
    ("birth", "birthday", "without_parents", "last_day"),
    [
        (ORDINARY, "15. juni 2026", "15. juni 2026", "14. juni 2026"),
        (LEAP, "1. marts 2026", "28. februar 2026", "27. februar 2026"),
    ],
)
def test_everybody_is_told_what_changes_and_when(
    world: World, birth: date, birthday: str, without_parents: str, last_day: str
) -> None:
    family = Family(world, birth)
    youth = family.page(family.youth)
    assert f"Den {birthday} fylder du 18. Fra den dag er det kun dit eget samtykke, der tæller." in youth
    assert f"Dine forældre kan ikke længere se rummet fra den {without_parents}." in youth
    owner = family.page(family.owner)
    assert f"Den {birthday} fylder Sofie Lind 18. Fra den dag tæller kun den unges eget samtykke." in owner
    assert f"Forældrene kan ikke længere se rummet fra den {without_parents}." in owner
    assert f"Mette Lind Kan se filerne i dag Forælder Må læse til og med den {last_day}" in owner
    mother = family.page(family.mother)
    assert f"Du kan ikke længere se rummet fra den {without_parents}, fordi Sofie Lind fylder 18." in mother


def test_what_was_told_is_what_happens_also_to_somebody_born_on_29_february(world: World) -> None:
    family = Family(world, LEAP)
    assert "Du kan ikke længere se rummet" in family.page(family.mother, date(2026, 2, 27))
    assert family.page(family.mother, date(2026, 2, 28)) == "404"
    owner = family.page(family.owner)
    assert "Mette Lind Kan ikke se filerne i dag" in owner
    assert "Den 1. marts 2026 fylder Sofie Lind 18." in owner
    assert "Du er fyldt 18." in family.page(family.youth, date(2026, 3, 1))
    assert "Sofie Lind er fyldt 18." in family.page(family.owner)


def test_until_when_follows_the_consents_that_still_count_then(world: World) -> None:
    """The mother's consent ends on 27 September, when only the young person's own counts."""
    family = Family(world, ORDINARY)
    assert "Ulla Kan se filerne i dag UU, Testby Kommune Må læse til og med den 1. december 2026" in family.page(
        family.owner
    )


def test_a_colleague_for_whom_only_a_parents_consent_is_missing_gets_in_on_the_birthday_and_everybody_is_told(
    world: World,
) -> None:
    family = Family(world, ORDINARY, mother_consents=False)
    told = (
        "UU, Testby Kommune kan se filerne fra den 15. juni 2026, fordi det kun er forældrenes samtykke, der mangler."
    )
    assert told in family.page(family.owner)
    assert told in family.page(family.youth)
    assert "Ulla Kan ikke se filerne i dag" in family.page(family.owner)
    assert "Ulla Kan se filerne i dag" in family.page(family.owner, date(2026, 6, 15))
