"""The values a policy decision is made from and the answer it gives; the rules themselves stand in `auth.policy`."""

from dataclasses import dataclass
from datetime import date
from enum import Enum, IntEnum, StrEnum
from typing import Final
from uuid import UUID


class Level(Enum):
    """How far files are open to someone; ordered none < read < write."""

    NONE = "none"
    READ = "read"
    WRITE = "write"

    def __ge__(self, other: "Level") -> bool:
        return _RANK[self] >= _RANK[other]

    def __gt__(self, other: "Level") -> bool:
        return _RANK[self] > _RANK[other]

    def __le__(self, other: "Level") -> bool:
        return _RANK[self] <= _RANK[other]

    def __lt__(self, other: "Level") -> bool:
        return _RANK[self] < _RANK[other]


_RANK: Final = {level: rank for rank, level in enumerate(Level)}


class Status(Enum):
    """Whether the case is worked on."""

    ACTIVE = "active"
    CLOSED = "closed"


class Action(StrEnum):
    """Everything someone can ask of a case."""

    SEE_NUMBER = "see_number"  # know that the case is there: its neutral number, and why no more is shown
    SEE_CASE = "see_case"  # its people, its consents, who may see what
    SEE_LOG = "see_log"  # who has opened what
    READ_FILES = "read_files"  # list, preview and download documents, old versions and the trash
    WRITE_FILES = "write_files"  # upload, new version, restore, move to trash and back
    MANAGE = "manage"  # people, consents on paper, grants, access levels, close
    REOPEN = "reopen"
    HAND_OVER = "hand_over"
    RECEIVE_CASE = "receive_case"  # asked of the person to whom the case is handed over
    SEE_OWN_CONSENT = "see_own_consent"
    GIVE_CONSENT = "give_consent"
    WITHDRAW_CONSENT = "withdraw_consent"


class Reason(StrEnum):
    """The reason codes of access-rules.md in their order; the last two are allowed acts the list has no code for."""

    OWNER = "owner"
    GRANTED = "granted"
    OWN_FILE = "own_file"
    PARENT_OF_MINOR = "parent_of_minor"
    NOT_ATTACHED = "not_attached"
    NO_GRANT = "no_grant"
    GRANT_READ_ONLY = "grant_read_only"
    GRANT_EXPIRED = "grant_expired"
    YOUTH_CONSENT_MISSING = "youth_consent_missing"
    CUSTODY_HOLDER_MISSING = "custody_holder_missing"
    CUSTODY_CONSENT_MISSING = "custody_consent_missing"
    YOUTH_ACCESS_OFF = "youth_access_off"
    YOUTH_READ_ONLY = "youth_read_only"
    PARENT_ACCESS_OFF = "parent_access_off"
    PARENT_READ_ONLY = "parent_read_only"
    YOUTH_IS_ADULT = "youth_is_adult"
    CASE_CLOSED = "case_closed"
    ACCOUNT_INACTIVE = "account_inactive"
    OWNER_HAS_LEFT = "owner_has_left"
    CASE_CREATOR = "case_creator"


class Sight(IntEnum):
    """How much of the case someone may be told about, whatever they asked for."""

    NOTHING = 0  # the same answer as for a case that is not there
    NUMBER = 1  # the neutral number and the reason, no name
    OWN_CONSENT = 2  # own consents and which case they are about
    CASE = 3  # the case, its people, its consents


class Parents(Enum):
    """The recipient that is not a unit."""

    PARENTS = "parents"


PARENTS: Final = Parents.PARENTS
Recipient = UUID | Parents


@dataclass(frozen=True, slots=True)
class StaffActor:
    """A professional who asks."""

    id: UUID
    unit: UUID
    organisation: UUID
    active: bool = True
    case_creator: bool = False
    administrator: bool = False
    auditor: bool = False

    @property
    def never_sees_files(self) -> bool:
        """Whether the account's role shuts it out of every case."""
        return self.administrator or self.auditor


@dataclass(frozen=True, slots=True)
class CitizenActor:
    """A young person or a parent who asks; which of the two the case decides."""

    id: UUID
    active: bool = True


Actor = StaffActor | CitizenActor


@dataclass(frozen=True, slots=True)
class Parent:
    """A parent registered on the case; `citizen` also names parents who never log in."""

    citizen: UUID
    custody_holder: bool


@dataclass(frozen=True, slots=True)
class Grant:
    """One staff user's access to the case through `last_day` (None: no end)."""

    staff: UUID
    level: Level
    last_day: date | None = None
    revoked: bool = False

    def in_force(self, today: date) -> bool:
        """Whether the grant counts on this day."""
        return not self.revoked and self.level is not Level.NONE and (self.last_day is None or today <= self.last_day)


@dataclass(frozen=True, slots=True)
class Consent:
    """One giver's consent to this case, from `from_day` through `until_day`."""

    giver: UUID
    recipients: frozenset[Recipient]
    from_day: date
    until_day: date
    withdrawn: bool = False

    def in_force(self, today: date) -> bool:
        """Whether the consent counts on this day."""
        return not self.withdrawn and self.from_day <= today <= self.until_day


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """Everything a decision depends on. `grants` may be the viewer's only; parents and consents must be complete."""

    owner: UUID
    owner_unit: UUID
    organisation: UUID  # of the case, which is its owner's
    youth: UUID
    birth_date: date
    status: Status = Status.ACTIVE
    youth_access: Level = Level.WRITE
    parent_access: Level = Level.NONE
    parents: tuple[Parent, ...] = ()
    grants: tuple[Grant, ...] = ()
    consents: tuple[Consent, ...] = ()
    owner_has_left: bool = False  # the owner's account is deactivated


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer: the reason code, and how much of the case the person may be told about."""

    reason: Reason
    sight: Sight

    @property
    def allowed(self) -> bool:
        """Whether the action may be done now."""
        return self.reason in _ALLOWED

    @property
    def is_404(self) -> bool:
        """Whether the answer outside must be the one for a case that is not there."""
        return not self.allowed and self.sight is Sight.NOTHING


@dataclass(frozen=True, slots=True)
class Missing:
    """Whose consent a recipient lacks today; falsy when the recipient is covered."""

    youth: bool = False
    no_custody_holder: bool = False
    custody_holders: tuple[UUID, ...] = ()

    def __bool__(self) -> bool:
        return self.youth or self.no_custody_holder or bool(self.custody_holders)


_ALLOWED: Final = frozenset(
    {
        Reason.OWNER,
        Reason.GRANTED,
        Reason.OWN_FILE,
        Reason.PARENT_OF_MINOR,
        Reason.OWNER_HAS_LEFT,
        Reason.CASE_CREATOR,
    }
)
