"""The receipt of a consent: made from the consent's row whenever its giver asks, and kept in the room as a paper.

The row says everything that the receipt says, so a receipt can't be lost: storage that fails when the consent is given
costs only the copy in the room, which the nightly upkeep then makes. It needs no access to files either, so a parent
who may not read them gets the own one. The copy in the room names no place where the young person's address is
protected, since parents may read it there.
"""

import logging
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID, uuid4

from auth.age import copenhagen_day, is_minor_for_consent
from auth.policy import Action, decide_on_consent
from auth.policy import Consent as ConsentFact
from samrum.db import DatabaseUnavailable
from samrum.models import Case, Consent, Document, Version
from samrum.queries import receipts as queries
from samrum.queries.cases import parents_of
from samrum.services.audit import Event
from samrum.services.errors import Denied, FilesErased, NotThere
from samrum.services.keys import case_key
from samrum.services.naming import Naming, naming, neutral_naming
from samrum.services.platform import SYSTEM, Act, Caller, Platform
from samrum.services.receipt_pdf import Receipt, file_name, make_pdf
from samrum.services.room_parts import citizen_names
from samrum.wording import LANGUAGES, wording
from storage import Place, StorageError, Stored, TextPlace

_BATCH = 200
_log = logging.getLogger("samrum.receipts")


@dataclass(frozen=True)
class Given:
    """What the page after a consent shows. ``is_kept``: a copy lies in the room."""

    youth_name: str
    receipt: Receipt
    is_kept: bool


def given(platform: Platform, caller: Caller, case_id: UUID, consent_id: UUID) -> Given:
    """The caller's own consent. Logged as a view. Raises ``NotThere`` or ``Denied``."""
    with platform.act(caller) as act:
        case, consent = _own(act, case_id, consent_id)
        act.log(Event.CASE_VIEWED, case_id=case_id)
        return Given(case.youth_name, _receipt(act, case, consent, naming(act, case)), consent.receipt_id is not None)


def own_receipt(
    platform: Platform, caller: Caller, case_id: UUID, consent_id: UUID, language: str
) -> tuple[str, bytes]:
    """The caller's own receipt as a PDF, and what the file is called. Logged. Raises ``NotThere`` or ``Denied``."""
    with platform.act(caller) as act:
        case, consent = _own(act, case_id, consent_id)
        receipt = _receipt(act, case, consent, naming(act, case))
        act.log(Event.RECEIPT_FETCHED, case_id=case_id, detail={"consent": str(consent_id)})
    words = wording(receipt.wording_version, language)
    return file_name(receipt, words), make_pdf(receipt, words)


def keep(platform: Platform, caller: Caller, case_id: UUID, consent_id: UUID, language: str) -> bool:
    """Store the receipt in the room, as its giver; no where that fails just now. The consent stands either way."""
    try:
        _keep(platform, caller, case_id, consent_id, language)
    except (StorageError, DatabaseUnavailable, FilesErased) as error:
        _log.warning("a receipt could not be stored yet", extra={"why": type(error).__name__})
        return False
    return True


def keep_missing(platform: Platform) -> int:
    """Store the receipts that could not be stored when the consents were given; returns how many.

    Raises ``StorageError`` where the storage still fails.
    """
    with platform.database.transaction(writes=False) as session:
        found = queries.without_receipt(session, _BATCH)
    for case_id, consent_id in found:
        _keep(platform, SYSTEM, case_id, consent_id, LANGUAGES[0])
    return len(found)


def _keep(platform: Platform, caller: Caller, case_id: UUID, consent_id: UUID, language: str) -> None:
    with platform.database.transaction(writes=False) as session:
        act = Act(session, caller, platform.clock.now())
        consent = queries.consent_of(session, case_id, consent_id)
        if consent is None or consent.receipt_id is not None:
            return
        case = session.get_one(Case, case_id)
        shown = neutral_naming(act, case) if case.protected_address else naming(act, case)
        receipt = _receipt(act, case, consent, shown)
    words = wording(receipt.wording_version, language)
    place = Place(case.organisation_id, case.id, uuid4(), uuid4())
    key = case_key(case)
    with platform.vault.upload(key, place) as upload:
        upload.write(make_pdf(receipt, words))
        stored = upload.finish()
    text_place = TextPlace(place.organisation, place.case, place.version)
    name = platform.vault.seal_text(key, text_place, "name", file_name(receipt, words))
    with platform.act(caller) as act:
        row = queries.locked(act.session, consent_id)
        is_first = row is not None and row.receipt_id is None
        if row is not None and is_first:
            _add(act, row, place, stored, name)
    if not is_first:
        with suppress(StorageError):  # the sweeper removes what stays
            platform.vault.delete(stored.object_name)


def _add(act: Act, consent: Consent, place: Place, stored: Stored, sealed_name: bytes) -> None:
    act.session.add(
        Document(
            id=place.document,
            case_id=place.case,
            kind="consent_form",
            created_at=act.now,
            changed_at=act.now,
            newest_number=1,
        )
    )
    act.session.flush()
    act.session.add(
        Version(
            id=place.version,
            document_id=place.document,
            number=1,
            citizen_id=consent.giver_id,
            created_at=act.now,
            size=stored.size,
            sha256=stored.sha256,
            media_type="application/pdf",
            sealed_name=sealed_name,
            object_name=stored.object_name,
            wrapped_data_key=stored.wrapped_data_key,
        )
    )
    act.session.flush()
    consent.receipt_id = place.version
    act.log(
        Event.VERSION_UPLOADED,
        # what the upkeep makes up for at night is nobody's doing, though the paper is its giver's
        actor_kind="system" if act.caller.actor is None else act.caller.kind,
        case_id=place.case,
        document_id=place.document,
        version_id=place.version,
        subject_id=consent.giver_id,
        detail={"number": 1, "based_on": None, "consent": str(consent.id)},
    )


def _own(act: Act, case_id: UUID, consent_id: UUID) -> tuple[Case, Consent]:
    found = act.require(case_id, Action.SEE_OWN_CONSENT)
    consent = queries.consent_of(act.session, case_id, consent_id)
    if consent is None:
        raise NotThere
    fact = ConsentFact(consent.giver_id, frozenset(), consent.from_day, consent.until_day)
    decision = decide_on_consent(act.caller.actor, Action.SEE_OWN_CONSENT, fact, found.facts, act.today)
    if not decision.allowed:
        raise Denied(decision, case_id, found.case.number)
    return found.case, consent


def _receipt(act: Act, case: Case, consent: Consent, shown: Naming) -> Receipt:
    names = citizen_names(case, parents_of(act.session, case.id))
    birth_date = case.youth.birth_date
    return Receipt(
        giver=names.get(consent.giver_id, consent.giver.name),
        youth=case.youth_name,
        number=case.number,
        by_youth=consent.giver_id == case.youth_id,
        by_minor=birth_date is not None and is_minor_for_consent(birth_date, copenhagen_day(consent.given_at)),
        recipients=shown.units(consent.units),
        to_parents=consent.to_parents,
        kinds=consent.kinds.split(",") if consent.kinds else [],
        purpose=consent.purpose,
        from_day=consent.from_day,
        until_day=consent.until_day,
        given_at=consent.given_at,
        assurance=consent.assurance,
        transaction_id=consent.transaction_id,
        wording_version=consent.wording_version,
        withdrawn_at=consent.withdrawn_at,
    )
