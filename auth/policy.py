"""The one authoriser: who may do what in a case, decided from values alone.

Source of every rule: access-rules.md. No database, no request, no clock: the caller gathers a `CaseFacts` and the
Copenhagen day (`auth.age.copenhagen_day`), asks `decide` again at every request, and logs the reason code.

Readings, where the text leaves room:

- The reason shown is the first *in the order of the rules' list* that applies to the actor, so every function below
  asks in that order and `account_inactive` comes last. A read grant that has run out answers `grant_read_only` to a
  write and `grant_expired` to everything else.
- `not_attached` also answers someone who knows the case but asks for what nobody in that role can have (a parent who
  wants to manage). `no_grant` answers staff whose grant is revoked, and staff who ask for what no grant gives.
- Closing rests the *files* for grants and parents. It does not change who sees that the case exists: that column of
  the table has no such condition, and a reason can only be told to someone who may know the case.
- An administrator or auditor never sees a file, so a grant or ownership gives such an account nothing.
- Withdrawing a consent always works; giving one rests while the case is closed. A consent given then would open the
  case by itself on reopening, for a purpose nobody could state when it was given.
- On 28 February of the year in which someone born on 29 February turns 18, a custody holder's consent is still needed
  but the custody holder sees nothing, so they neither give nor withdraw through login; on paper they still can.
- A case is handed over within its organisation, and an administrator acts in the own organisation only, also in a
  closed case: nobody else could ever reopen it. The owner of a closed case reopens it first.
"""

from datetime import date
from typing import Final

from auth.age import is_minor_for_consent, parents_access_ended
from auth.facts import (
    PARENTS,
    Action,
    Actor,
    CaseFacts,
    CitizenActor,
    Consent,
    Decision,
    Grant,
    Level,
    Missing,
    Parent,
    Parents,
    Reason,
    Recipient,
    Sight,
    StaffActor,
    Status,
)

__all__ = [
    "PARENTS",
    "Action",
    "Actor",
    "CaseFacts",
    "CitizenActor",
    "Consent",
    "Decision",
    "Grant",
    "Level",
    "Missing",
    "Parent",
    "Parents",
    "Reason",
    "Recipient",
    "Sight",
    "StaffActor",
    "Status",
    "covered",
    "decide",
    "decide_on_consent",
    "may_create_case",
    "missing_consents",
    "sees_only_number",
]

_OWNER_ALWAYS: Final = frozenset({Action.SEE_NUMBER, Action.SEE_CASE, Action.SEE_LOG, Action.READ_FILES, Action.REOPEN})
_OWNER_WHILE_ACTIVE: Final = frozenset({Action.WRITE_FILES, Action.MANAGE, Action.HAND_OVER})
_GRANTABLE: Final = frozenset({Action.SEE_NUMBER, Action.SEE_CASE, Action.READ_FILES, Action.WRITE_FILES})
_FILES: Final = frozenset({Action.READ_FILES, Action.WRITE_FILES})
_YOUTH_ALWAYS: Final = frozenset(
    {Action.SEE_NUMBER, Action.SEE_CASE, Action.SEE_LOG, Action.SEE_OWN_CONSENT, Action.WITHDRAW_CONSENT}
)
_YOUTH_SOMETIMES: Final = _FILES | {Action.GIVE_CONSENT}
_PARENT: Final = _FILES | {Action.SEE_NUMBER, Action.SEE_OWN_CONSENT}
_CUSTODY_HOLDER: Final = _PARENT | {Action.GIVE_CONSENT, Action.WITHDRAW_CONSENT}
_REST_WHILE_CLOSED: Final = frozenset({Action.WRITE_FILES, Action.GIVE_CONSENT})


def decide(actor: Actor | None, action: Action, facts: CaseFacts, today: date) -> Decision:
    """Whether the actor may do this in this case on this Copenhagen day. Total: never raises.

    `None` is somebody who is not logged in. What no rule allows is denied.
    """
    if isinstance(actor, StaffActor):
        return _decide_staff(actor, action, facts, today)
    if isinstance(actor, CitizenActor):
        if actor.id == facts.youth:
            return _decide_youth(actor, action, facts)
        return _decide_parent(actor, action, facts, today)
    return Decision(Reason.NOT_ATTACHED, Sight.NOTHING)


def decide_on_consent(actor: Actor | None, action: Action, consent: Consent, facts: CaseFacts, today: date) -> Decision:
    """As `decide`, for an act on one consent through login: nobody but its giver may see it as own, or withdraw it."""
    decision = decide(actor, action, facts, today)
    if not isinstance(actor, CitizenActor) or actor.id != consent.giver:
        return Decision(Reason.NOT_ATTACHED, decision.sight)
    return decision


def may_create_case(actor: Actor | None) -> Decision:
    """Whether the actor may create a case: staff with the case-creator right, never an administrator or auditor."""
    return Decision(_case_creator(actor, None), Sight.NOTHING)


def missing_consents(facts: CaseFacts, recipient: Recipient, today: date) -> Missing:
    """Whose consent the recipient lacks on this day; falsy when the recipient is covered."""
    if recipient == facts.owner_unit:
        return Missing()
    givers = {
        consent.giver for consent in facts.consents if recipient in consent.recipients and consent.in_force(today)
    }
    youth = facts.youth not in givers
    if not is_minor_for_consent(facts.birth_date, today):
        return Missing(youth)
    holders = dict.fromkeys(parent.citizen for parent in facts.parents if parent.custody_holder)
    return Missing(youth, not holders, tuple(holder for holder in holders if holder not in givers))


def covered(facts: CaseFacts, recipient: Recipient, today: date) -> Reason | None:
    """None when the recipient is covered on this day, else the first thing that is missing."""
    missing = missing_consents(facts, recipient, today)
    if missing.youth:
        return Reason.YOUTH_CONSENT_MISSING
    if missing.no_custody_holder:
        return Reason.CUSTODY_HOLDER_MISSING
    if missing.custody_holders:
        return Reason.CUSTODY_CONSENT_MISSING
    return None


def sees_only_number(actor: Actor | None, facts: CaseFacts, today: date) -> bool:
    """Whether the actor is staff with a grant in force whose unit is not covered: number and reason, no name."""
    return decide(actor, Action.SEE_NUMBER, facts, today).sight is Sight.NUMBER


def _decide_staff(actor: StaffActor, action: Action, facts: CaseFacts, today: date) -> Decision:
    is_owner = actor.id == facts.owner and not actor.never_sees_files
    grant = None if is_owner or actor.never_sees_files else _best_grant(actor, facts, today)
    gap = covered(facts, actor.unit, today) if grant is not None else None
    sight = Sight.NOTHING
    if actor.active and is_owner:
        sight = Sight.CASE
    elif actor.active and grant is not None and grant.in_force(today):
        sight = Sight.CASE if gap is None else Sight.NUMBER

    if action is Action.RECEIVE_CASE:
        reason = _case_creator(actor, facts)
    elif is_owner:
        reason = _owner(actor, action, facts)
    elif action is Action.HAND_OVER and actor.administrator:
        reason = _administrator(actor, facts)
    elif grant is None:
        reason = Reason.NOT_ATTACHED
    else:
        is_closed = facts.status is not Status.ACTIVE
        reason = _first(
            (action not in _GRANTABLE or grant.revoked or grant.level is Level.NONE, Reason.NO_GRANT),
            (action is Action.WRITE_FILES and grant.level is not Level.WRITE, Reason.GRANT_READ_ONLY),
            (not grant.in_force(today), Reason.GRANT_EXPIRED),
            (action is not Action.SEE_NUMBER, gap),
            (action in _FILES and is_closed, Reason.CASE_CLOSED),
            (not actor.active, Reason.ACCOUNT_INACTIVE),
            (True, Reason.GRANTED),
        )
    return Decision(reason, sight)


def _best_grant(actor: StaffActor, facts: CaseFacts, today: date) -> Grant | None:
    """The actor's strongest grant: one in force before one run out before a revoked one, then the higher level."""
    own = [grant for grant in facts.grants if grant.staff == actor.id]
    if len(own) > 1:
        own.sort(key=lambda grant: (grant.in_force(today), not grant.revoked, grant.level is Level.WRITE))
    return own[-1] if own else None


def _owner(actor: StaffActor, action: Action, facts: CaseFacts) -> Reason:
    is_closed = facts.status is not Status.ACTIVE
    return _first(
        (action not in _OWNER_ALWAYS and action not in _OWNER_WHILE_ACTIVE, Reason.NOT_ATTACHED),
        (action in _OWNER_WHILE_ACTIVE and is_closed, Reason.CASE_CLOSED),
        (not actor.active, Reason.ACCOUNT_INACTIVE),
        (True, Reason.OWNER),
    )


def _administrator(actor: StaffActor, facts: CaseFacts) -> Reason:
    return _first(
        (not facts.owner_has_left or actor.organisation != facts.organisation, Reason.NOT_ATTACHED),
        (not actor.active, Reason.ACCOUNT_INACTIVE),
        (True, Reason.OWNER_HAS_LEFT),
    )


def _case_creator(actor: Actor | None, facts: CaseFacts | None) -> Reason:
    if not isinstance(actor, StaffActor):
        return Reason.NOT_ATTACHED
    return _first(
        (not actor.case_creator or actor.never_sees_files, Reason.NOT_ATTACHED),
        (facts is not None and actor.organisation != facts.organisation, Reason.NOT_ATTACHED),
        (not actor.active, Reason.ACCOUNT_INACTIVE),
        (True, Reason.CASE_CREATOR),
    )


def _decide_youth(actor: CitizenActor, action: Action, facts: CaseFacts) -> Decision:
    is_closed = facts.status is not Status.ACTIVE
    reason = _first(
        (action not in _YOUTH_ALWAYS and action not in _YOUTH_SOMETIMES, Reason.NOT_ATTACHED),
        (action in _FILES and facts.youth_access is Level.NONE, Reason.YOUTH_ACCESS_OFF),
        (action is Action.WRITE_FILES and facts.youth_access is not Level.WRITE, Reason.YOUTH_READ_ONLY),
        (action in _REST_WHILE_CLOSED and is_closed, Reason.CASE_CLOSED),
        (not actor.active, Reason.ACCOUNT_INACTIVE),
        (True, Reason.OWN_FILE),
    )
    return Decision(reason, Sight.CASE if actor.active else Sight.NOTHING)


def _decide_parent(actor: CitizenActor, action: Action, facts: CaseFacts, today: date) -> Decision:
    # Somebody registered twice counts by the stronger tie.
    ties = [parent.custody_holder for parent in facts.parents if parent.citizen == actor.id]
    if not ties:
        return Decision(Reason.NOT_ATTACHED, Sight.NOTHING)
    is_closed = facts.status is not Status.ACTIVE
    has_ended = parents_access_ended(facts.birth_date, today)
    reason = _first(
        (action not in (_CUSTODY_HOLDER if any(ties) else _PARENT), Reason.NOT_ATTACHED),
        (action in _FILES, covered(facts, PARENTS, today) if action in _FILES else None),
        (action in _FILES and facts.parent_access is Level.NONE, Reason.PARENT_ACCESS_OFF),
        (action is Action.WRITE_FILES and facts.parent_access is not Level.WRITE, Reason.PARENT_READ_ONLY),
        (has_ended, Reason.YOUTH_IS_ADULT),
        ((action in _FILES or action is Action.GIVE_CONSENT) and is_closed, Reason.CASE_CLOSED),
        (not actor.active, Reason.ACCOUNT_INACTIVE),
        (True, Reason.PARENT_OF_MINOR),
    )
    return Decision(reason, Sight.OWN_CONSENT if actor.active and not has_ended else Sight.NOTHING)


def _first(*answers: tuple[bool, Reason | None]) -> Reason:
    """The first reason that applies; a last answer that always applies closes every list."""
    for applies, reason in answers:
        if applies and reason is not None:
            return reason
    return Reason.NOT_ATTACHED
