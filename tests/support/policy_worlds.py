"""Random small worlds for the policy: few people, units and days, so that every tie comes up often."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import TypeVar
from uuid import UUID

from hypothesis import strategies as st

from auth.policy import (
    PARENTS,
    Actor,
    CaseFacts,
    CitizenActor,
    Consent,
    Grant,
    Level,
    Parent,
    Recipient,
    StaffActor,
    Status,
)

UNITS = [UUID(int=number) for number in range(10, 13)]
ORGANISATIONS = [UUID(int=number) for number in range(20, 22)]
STAFF = [UUID(int=number) for number in range(30, 33)]
# One id stands for a colleague and for a citizen: nothing may take the one for the other.
CITIZENS = [*(UUID(int=number) for number in range(40, 43)), STAFF[0]]
STRANGER = UUID(int=99)
RECIPIENTS: list[Recipient] = [*UNITS, PARENTS]
BIRTHS = [
    date(2008, 6, 15),
    date(2008, 2, 29),
    date(2008, 2, 28),
    date(2008, 3, 1),
    date(2010, 2, 28),
    date(2007, 12, 31),
]
DAY = timedelta(days=1)
WORLD_BYTES, ACTOR_BYTES = 160, 8  # more than the choices for one of them use up

T = TypeVar("T")


class Choices:
    """Choices read from bytes: one draw for a whole world is fast, and still shrinks to the first of every choice."""

    def __init__(self, data: bytes) -> None:
        self._bytes = iter(data)

    def one(self, options: Sequence[T]) -> T:
        """One of the options; the first when the bytes have run out."""
        return options[next(self._bytes, 0) % len(options)]

    def some(self, options: Sequence[T]) -> frozenset[T]:
        """Any of the options, each more often than not."""
        return frozenset(option for option in options if self.one((False, True, True, True)))

    def count(self, most: int) -> range:
        """So many times, at most `most`."""
        return range(self.one(range(most + 1)))


World = tuple[CaseFacts, date]


def world(choices: Choices) -> World:
    """A case and a day within a few days of the 18th birthday, or years from it."""
    birth = choices.one(BIRTHS)
    birthday = (
        date(birth.year + 18, 3, 1) if (birth.month, birth.day) == (2, 29) else birth.replace(year=birth.year + 18)
    )
    today = birthday + choices.one((-1, 0, -2, 1, -400, 400)) * DAY
    return facts(choices, birth, today), today


def facts(choices: Choices, birth: date, today: date) -> CaseFacts:
    """A case of the young person born on this day, with grants and consents that begin and end around today."""
    levels, yes_no = tuple(Level), (False, True)
    youth = choices.one(CITIZENS)
    parents = tuple(Parent(choices.one(CITIZENS), choices.one(yes_no)) for _ in choices.count(3))
    # Those whose consent counts give it more often than not, or hardly any parent would ever get in.
    givers = [youth, *(parent.citizen for parent in parents), *(choices.one(CITIZENS) for _ in choices.count(3))]
    return CaseFacts(
        owner=choices.one(STAFF),
        owner_unit=choices.one(UNITS),
        organisation=choices.one(ORGANISATIONS),
        youth=youth,
        birth_date=birth,
        status=choices.one((Status.ACTIVE, Status.ACTIVE, Status.CLOSED)),
        youth_access=choices.one(levels),
        parent_access=choices.one(levels),
        parents=parents,
        grants=tuple(
            Grant(
                staff=choices.one(STAFF),
                level=choices.one(levels[1:]),
                last_day=choices.one((None, today, today + DAY, today - DAY)),
                revoked=choices.one((False, False, False, True)),
            )
            for _ in choices.count(3)
        ),
        consents=tuple(
            Consent(
                giver=giver,
                recipients=choices.some(RECIPIENTS),
                from_day=today + choices.one((-30, -30, -30, 0, 0, -1, 1)) * DAY,
                until_day=today + choices.one((30, 30, 30, 0, 0, 1, -1)) * DAY,
                withdrawn=choices.one((False,) * 7 + (True,)),
            )
            for giver in givers
            for _ in range(choices.one((1, 1, 1, 0, 2)))
        ),
        owner_has_left=choices.one(yes_no),
    )


def actor(choices: Choices) -> Actor | None:
    """Anybody: staff with any role, a citizen, a stranger, or nobody."""
    active = choices.one((True, True, True, False))
    kind = choices.one(("staff", "staff", "staff", "citizen", "citizen", "citizen", "nobody"))
    if kind == "nobody":
        return None
    if kind == "citizen":
        return CitizenActor(choices.one([*CITIZENS, STRANGER]), active)
    roles = choices.one(((), (), (), ("administrator",), ("auditor",), ("administrator", "auditor")))
    return StaffActor(
        id=choices.one([*STAFF, STRANGER]),
        unit=choices.one(UNITS),
        organisation=choices.one(ORGANISATIONS),
        active=active,
        case_creator=choices.one((True, False)),
        administrator="administrator" in roles,
        auditor="auditor" in roles,
    )


def _choices(size: int) -> st.SearchStrategy[Choices]:
    return st.binary(min_size=size, max_size=size).map(Choices)


def worlds() -> st.SearchStrategy[World]:
    """Cases with a day."""
    return _choices(WORLD_BYTES).map(world)


def actors() -> st.SearchStrategy[Actor | None]:
    """People who ask."""
    return _choices(ACTOR_BYTES).map(actor)


def people(count: int) -> st.SearchStrategy[list[Actor | None]]:
    """Several people who ask."""
    return _choices(ACTOR_BYTES * count).map(lambda choices: [actor(choices) for _ in range(count)])
