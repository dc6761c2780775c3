"""A second reading of the access rules, built unlike the code: every objection at once, and the first is shown."""

from datetime import date
from uuid import UUID

from auth.policy import PARENTS, Action, Actor, CaseFacts, Level, Recipient, StaffActor, Status

ORDER = [
    "not_attached",
    "no_grant",
    "grant_read_only",
    "grant_expired",
    "youth_consent_missing",
    "custody_holder_missing",
    "custody_consent_missing",
    "youth_access_off",
    "youth_read_only",
    "parent_access_off",
    "parent_read_only",
    "youth_is_adult",
    "case_closed",
    "account_inactive",
]

# What each tie to a case can lead to at all; everything else meets `not_attached`, or `no_grant` for a colleague.
REACH = {
    "owner": "see_number see_case see_log read_files write_files manage reopen hand_over",
    "grant": "see_number see_case read_files write_files",
    "youth": "see_number see_case see_log read_files write_files see_own_consent give_consent withdraw_consent",
    "parent": "see_number read_files write_files see_own_consent",
    "custody holder": "see_number read_files write_files see_own_consent give_consent withdraw_consent",
    "leaver's administrator": "hand_over",
    "nobody": "",
}
FILES = (Action.READ_FILES, Action.WRITE_FILES)
ALLOWED = {
    "owner": "owner",
    "grant": "granted",
    "youth": "own_file",
    "parent": "parent_of_minor",
    "custody holder": "parent_of_minor",
    "leaver's administrator": "owner_has_left",
}
# What a closed case stops for each tie.
RESTS_WHEN_CLOSED = {
    "owner": "write_files manage hand_over",
    "grant": "read_files write_files",
    "youth": "write_files give_consent",
    "parent": "read_files write_files",
    "custody holder": "read_files write_files give_consent",
}


def eighteen(birth: date, leap_day_becomes: tuple[int, int]) -> date:
    """The 18th birthday, with the day that stands in for 29 February."""
    try:
        return birth.replace(year=birth.year + 18)
    except ValueError:
        return date(birth.year + 18, *leap_day_becomes)


def has_consented(person: UUID, facts: CaseFacts, recipient: Recipient, today: date) -> bool:
    """Whether a consent of the person covers the recipient today."""
    theirs = [given for given in facts.consents if given.giver == person and not given.withdrawn]
    return any(recipient in given.recipients and given.from_day <= today <= given.until_day for given in theirs)


def gaps(facts: CaseFacts, recipient: Recipient, today: date) -> set[str]:
    """Everything that keeps the recipient from being covered."""
    found = set()
    if recipient != facts.owner_unit:
        if not has_consented(facts.youth, facts, recipient, today):
            found.add("youth_consent_missing")
        if today < eighteen(facts.birth_date, (3, 1)):
            holders = {parent.citizen for parent in facts.parents if parent.custody_holder}
            if len(holders) == 0:
                found.add("custody_holder_missing")
            if sum(has_consented(holder, facts, recipient, today) for holder in holders) < len(holders):
                found.add("custody_consent_missing")
    return found


def tie_of(actor: Actor | None, facts: CaseFacts) -> str:
    """What the person is to the case."""
    if isinstance(actor, StaffActor):
        ties = {"grant": actor.id in [grant.staff for grant in facts.grants], "owner": actor.id == facts.owner}
        if actor.administrator or actor.auditor:
            at_home = actor.organisation == facts.organisation
            ties = {"leaver's administrator": actor.administrator and facts.owner_has_left and at_home}
    elif actor is not None:
        parents = {parent.citizen for parent in facts.parents}
        holders = {parent.citizen for parent in facts.parents if parent.custody_holder}
        ties = {"parent": actor.id in parents, "custody holder": actor.id in holders, "youth": actor.id == facts.youth}
    else:
        ties = {}
    return [tie for tie, holds in {"nobody": True, **ties}.items() if holds][-1]


def against_colleague(actor: StaffActor, action: Action, facts: CaseFacts, today: date) -> set[str]:
    """Every objection to a colleague who has or had a grant."""
    valid = [grant for grant in facts.grants if grant.staff == actor.id and not grant.revoked]
    now = [grant for grant in valid if grant.last_day is None or grant.last_day >= today]
    against = set() if action is Action.SEE_NUMBER else gaps(facts, actor.unit, today)
    if not valid:
        against.add("no_grant")
    if action is Action.WRITE_FILES and all(grant.level is Level.READ for grant in now or valid):
        against.add("grant_read_only")
    if not now:
        against.add("grant_expired")
    return against


def against_youth(action: Action, facts: CaseFacts) -> set[str]:
    """Every objection to the young person."""
    against = set()
    if action in FILES and facts.youth_access is Level.NONE:
        against.add("youth_access_off")
    if action is Action.WRITE_FILES and facts.youth_access is Level.READ:
        against.add("youth_read_only")
    return against


def against_parent(action: Action, facts: CaseFacts, today: date) -> set[str]:
    """Every objection to a parent."""
    against = gaps(facts, PARENTS, today) if action in FILES else set()
    if action in FILES and facts.parent_access is Level.NONE:
        against.add("parent_access_off")
    if action is Action.WRITE_FILES and facts.parent_access is Level.READ:
        against.add("parent_read_only")
    if today >= eighteen(facts.birth_date, (2, 28)):
        against.add("youth_is_adult")
    return against


def expected(actor: Actor | None, action: Action, facts: CaseFacts, today: date) -> str:
    """The reason code that the rules give."""
    if action is Action.RECEIVE_CASE:
        return _receiving(actor, facts)
    tie = tie_of(actor, facts)
    against: set[str] = set()
    if tie == "grant" and isinstance(actor, StaffActor):
        against = against_colleague(actor, action, facts, today)
    elif tie == "youth":
        against = against_youth(action, facts)
    elif tie in ("parent", "custody holder"):
        against = against_parent(action, facts, today)
    if facts.status is Status.CLOSED and action in RESTS_WHEN_CLOSED.get(tie, "").split():
        against.add("case_closed")
    if action not in REACH[tie].split():
        against.add("no_grant" if tie == "grant" else "not_attached")
    if actor is not None and not actor.active:
        against.add("account_inactive")
    return min(against, key=ORDER.index) if against else ALLOWED[tie]


def _receiving(actor: Actor | None, facts: CaseFacts) -> str:
    if not isinstance(actor, StaffActor) or actor.administrator or actor.auditor:
        return "not_attached"
    if actor.case_creator and actor.organisation == facts.organisation:
        return "case_creator" if actor.active else "account_inactive"
    return "not_attached"
