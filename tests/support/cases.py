"""Cases with keys of their own and nothing else in them, as many as a test likes."""

from uuid import UUID, uuid4

from auth.policy import StaffActor
from samrum.models import Case, Citizen
from support.world import World


def case_of(world: World, owner: StaffActor, number: str, case_id: UUID | None = None) -> tuple[Citizen, Case]:
    """A young person and an open case, for a test to put into the database in that order."""
    youth, case_id = uuid4(), case_id or uuid4()
    key = world.platform.vault.new_case_key(owner.organisation, case_id)
    case = Case(
        id=case_id,
        number=number,
        organisation_id=owner.organisation,
        owner_id=owner.id,
        youth_id=youth,
        youth_name="Unge",
        coordinator="Birgit",
        placement="home",
        created_at=world.clock.now(),
        key_blob=key.blob,
        key_kek=key.kek,
    )
    return Citizen(id=youth, name="Unge", birth_date=world.clock.now().date().replace(year=2009)), case


def many_cases(world: World, owner: StaffActor, count: int) -> list[UUID]:
    """So many cases of one owner, in the database, numbered SAG-0 and so on."""
    made = [case_of(world, owner, f"SAG-{number}") for number in range(count)]
    with world.platform.database.transaction() as session:
        session.add_all(youth for youth, _ in made)
        session.flush()
        session.add_all(case for _, case in made)
        return [case.id for _, case in made]
