"""One room and the people around it, for tests of the rooms' pages."""

import re
from dataclasses import dataclass
from html import unescape
from uuid import UUID

from auth.policy import CitizenActor, Level, StaffActor
from samrum.cpr import Cpr
from samrum.services.cases import NewParent
from samrum.services.incoming import NewVersion, receive
from samrum.services.platform import Caller
from support.world import FATHER_CPR, MOTHER_CPR, YOUTH_CPR, World

MOTHER = NewParent("Mette Lind", Cpr.parse(MOTHER_CPR), True)
FATHER = NewParent("Jan Lind", Cpr.parse(FATHER_CPR), True)


@dataclass(frozen=True)
class Household:
    """The room of Sofie Lind, 17: Birgit owns it, Ulla of another unit may write, both parents hold custody."""

    world: World
    owner: StaffActor
    colleague: StaffActor
    youth: CitizenActor
    mother: CitizenActor
    father: CitizenActor
    case_id: UUID

    @classmethod
    def make(cls, world: World, *, parent_access: Level = Level.READ, youth_access: Level = Level.WRITE) -> "Household":
        owner = world.staff("Birgit", "Børn og Unge", case_creator=True)
        colleague = world.staff("Ulla", "UU")
        case_id = world.case(owner, parents=(MOTHER, FATHER), parent_access=parent_access, youth_access=youth_access)
        world.grant(owner, case_id, "ulla@test.dk", Level.WRITE)
        youth, mother, father = (world.citizen(cpr) for cpr in (YOUTH_CPR, MOTHER_CPR, FATHER_CPR))
        return cls(world, owner, colleague, youth, mother, father, case_id)

    @property
    def path(self) -> str:
        return f"/rooms/{self.case_id}"

    def everybody_consents(self, *, days: int = 365) -> None:
        """The young person and both parents consent, to the colleague's unit and to the parents."""
        for giver in (self.youth, self.mother, self.father):
            self.world.consent(giver, self.case_id, self.colleague.unit, to_parents=True, days=days)

    def upload(self, who: StaffActor | CitizenActor, name: str, kind: str = "goal_plan") -> UUID:
        with receive(self.world.platform, Caller(who), self.case_id, NewVersion(name, kind)) as incoming:
            incoming.write(b"hej\n")
            return incoming.finish().document_id


def words(html: str) -> str:
    """What a page says, without its tags and the spaces between lines."""
    main = html[html.index("<main") : html.index("</main>")] if "<main" in html else html
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", main)).split())
