"""Giving, recording and withdrawing consents."""

from dataclasses import dataclass, field, replace
from datetime import date
from typing import Protocol
from uuid import UUID

from auth.age import is_minor_for_consent
from auth.policy import PARENTS, Action, CitizenActor, decide_on_consent
from auth.policy import Consent as ConsentFact
from samrum import wording
from samrum.models import Case, Consent, Unit
from samrum.queries.cases import consents_run_out, parents_of, team_units
from samrum.services.audit import Event
from samrum.services.errors import Denied, Invalid, NotThere, Problem
from samrum.services.naming import Shown, in_order, naming
from samrum.services.platform import SYSTEM, Act, Caller, Platform

KINDS = ("education", "work", "housing", "family", "health", "leisure", "economy", "support")
LONGEST_YEARS = 2
_AT_ONCE = 500


class Evidence(Protocol):
    """What the broker says of the fresh login a consent was given in."""

    @property
    def transaction_id(self) -> str | None: ...
    @property
    def assurance(self) -> object: ...


@dataclass(frozen=True)
class ConsentForm:
    """What somebody consents to: with whom, what kinds of information, for what purpose, from and until when; and which
    version of the words was read."""

    units: frozenset[UUID]
    to_parents: bool
    kinds: tuple[str, ...]
    purpose: str
    from_day: date
    until_day: date
    wording_version: int = field(default_factory=wording.current)


@dataclass(frozen=True)
class Choice:
    """Whom a consent in this case can name."""

    units: list[tuple[UUID, Shown]]
    parents: list[str]


def choices(act: Act, case: Case) -> Choice:
    """The units of the team, without the owner's own, and while the youth is a minor the parents."""
    units = [unit for unit in team_units(act.session, case.id) if unit.id != case.owner.unit_id]
    birth_date = case.youth.birth_date
    is_minor = birth_date is not None and is_minor_for_consent(birth_date, act.today)
    parents = [parent.name for parent in parents_of(act.session, case.id)] if is_minor else []
    shown = naming(act, case)
    offered = {unit.id: shown.unit(unit) for unit in units}
    return Choice(sorted(offered.items(), key=lambda pair: in_order(pair[1])), parents)


def check(platform: Platform, caller: Caller, case_id: UUID, form: ConsentForm) -> str:
    """Whether the caller may give this consent now; returns the case's number. Raises ``Denied`` or ``Invalid``."""
    with platform.act(caller) as act:
        case = act.require(case_id, Action.GIVE_CONSENT).case
        _units(act, case, form)
        return case.number


def give(platform: Platform, caller: Caller, case_id: UUID, form: ConsentForm, evidence: Evidence) -> UUID:
    """Record the consent that the caller gave in a fresh login. Raises ``Denied`` or ``Invalid``."""
    with platform.act(caller) as act:
        case = act.require(case_id, Action.GIVE_CONSENT, lock=True).case
        if not isinstance(caller.actor, CitizenActor):
            raise NotThere
        consent = _consent(act, case, form, caller.actor.id, "oidc")
        consent.assurance, consent.transaction_id = str(evidence.assurance), evidence.transaction_id
        return _add(act, consent)


def record_paper(act: Act, case_id: UUID, giver_id: UUID, form: ConsentForm, scan_id: UUID) -> UUID:
    """Record a consent on paper within the upload of its scan. Raises ``NotThere``, ``Denied`` or ``Invalid``."""
    found = act.require(case_id, Action.MANAGE, lock=True)
    _giver(act, found.case, giver_id)
    consent = _consent(act, found.case, form, giver_id, "paper")
    consent.recorded_by, consent.scan_id = act.caller.id, scan_id
    return _add(act, consent)


def check_paper(platform: Platform, caller: Caller, case_id: UUID, giver_id: UUID, form: ConsentForm) -> None:
    """Whether a paper consent can be recorded, before its scan is uploaded. Raises ``NotThere``, ``Denied`` or
    ``Invalid``."""
    with platform.act(replace(caller, once=None), writes=False) as act:
        case = act.require(case_id, Action.MANAGE).case
        _giver(act, case, giver_id)
        _units(act, case, form)


def withdraw(platform: Platform, caller: Caller, case_id: UUID, consent_id: UUID) -> None:
    """Withdraw one's own consent; it bites at once. Raises ``NotThere`` or ``Denied``."""
    with platform.act(caller) as act:
        found = act.require(case_id, Action.WITHDRAW_CONSENT, lock=True)
        consent = _existing(act, case_id, consent_id)
        fact = ConsentFact(consent.giver_id, frozenset(), consent.from_day, consent.until_day)
        decision = decide_on_consent(caller.actor, Action.WITHDRAW_CONSENT, fact, found.facts, act.today)
        if not decision.allowed:
            raise Denied(decision, case_id, found.case.number)
        _withdraw(act, consent)


def record_withdrawal(platform: Platform, caller: Caller, case_id: UUID, consent_id: UUID) -> None:
    """Record a withdrawal that reached the owner on paper or by word of mouth."""
    with platform.act(caller) as act:
        act.require(case_id, Action.MANAGE, lock=True)
        consent = _existing(act, case_id, consent_id)
        consent.withdrawal_recorded_by = consent.withdrawal_recorded_by or caller.id
        _withdraw(act, consent)


def log_all_run_out(platform: Platform) -> int:
    """Write an audit row for every consent whose last day has passed since; returns how many. Once each, also where
    two do it at the same moment."""
    total = 0
    while True:
        with platform.act(SYSTEM) as act:
            found = log_run_out(act)
        total += found
        if not found:
            return total


def log_run_out(act: Act, case_id: UUID | None = None) -> int:
    """The same for one case, or for as many consents as one transaction should hold."""
    rows = consents_run_out(act.session, act.today, _AT_ONCE, case_id)
    for row in rows:
        row.run_out_logged = True
        act.log(
            Event.CONSENT_RAN_OUT, actor_kind="system", actor_id=None, address=None, case_id=row.case_id,
            subject_id=row.giver_id, detail={"consent": str(row.id), "until": row.until_day.isoformat()},
        )  # fmt: skip
    return len(rows)


def _giver(act: Act, case: Case, giver_id: UUID) -> None:
    holders = {parent.citizen_id for parent in parents_of(act.session, case.id) if parent.custody_holder}
    if giver_id != case.youth_id and giver_id not in holders:
        raise NotThere


def _units(act: Act, case: Case, form: ConsentForm) -> list[Unit]:
    if form.until_day < form.from_day or form.until_day < act.today:
        raise Invalid(Problem.CONSENT_ENDS_FIRST, "until_day")
    if (form.until_day - form.from_day).days > LONGEST_YEARS * 366:
        raise Invalid(Problem.CONSENT_TOO_LONG, "until_day")
    if not form.units and not form.to_parents:
        raise Invalid(Problem.CONSENT_NOBODY_NAMED, "units")
    known = {unit.id: unit for unit in team_units(act.session, case.id)}
    if not form.units <= known.keys():
        raise Invalid(Problem.CONSENT_UNKNOWN_UNIT, "units")
    return [known[unit_id] for unit_id in form.units]


def _consent(act: Act, case: Case, form: ConsentForm, giver_id: UUID, method: str) -> Consent:
    return Consent(
        case_id=case.id,
        giver_id=giver_id,
        units=_units(act, case, form),
        to_parents=form.to_parents,
        kinds=",".join(form.kinds),
        purpose=form.purpose,
        from_day=form.from_day,
        until_day=form.until_day,
        method=method,
        wording_version=form.wording_version,
        given_at=act.now,
    )


def _add(act: Act, consent: Consent) -> UUID:
    act.session.add(consent)
    act.session.flush()
    recipients = [*sorted(str(unit.id) for unit in consent.units), *([PARENTS.value] if consent.to_parents else [])]
    act.log(
        Event.CONSENT_GIVEN,
        case_id=consent.case_id,
        subject_id=consent.giver_id,
        detail={
            "consent": str(consent.id),
            "method": consent.method,
            "recipients": " ".join(recipients),
            "until": consent.until_day.isoformat(),
        },
    )
    act.result = consent.case_id
    return consent.id


def _existing(act: Act, case_id: UUID, consent_id: UUID) -> Consent:
    consent = act.session.get(Consent, consent_id)
    if consent is None or consent.case_id != case_id:
        raise NotThere
    return consent


def _withdraw(act: Act, consent: Consent) -> None:
    if consent.withdrawn_at is None:
        consent.withdrawn_at = act.now
        act.log(
            Event.CONSENT_WITHDRAWN, case_id=consent.case_id, subject_id=consent.giver_id,
            detail={"consent": str(consent.id)},
        )  # fmt: skip
