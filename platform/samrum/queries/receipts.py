"""Consents and the receipts that were made of them."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from samrum.models import Case, Consent, Unit

_PARTS = (joinedload(Consent.units).joinedload(Unit.organisation), joinedload(Consent.giver))


def consent_of(session: Session, case_id: UUID, consent_id: UUID) -> Consent | None:
    """A consent given through login, if it is one of this case's, with the units it names and its receipt."""
    query = select(Consent).options(*_PARTS)
    query = query.where(Consent.id == consent_id, Consent.case_id == case_id, Consent.method == "oidc")
    return session.scalars(query).unique().one_or_none()


def locked(session: Session, consent_id: UUID) -> Consent | None:
    """A consent, held until the transaction ends."""
    return session.scalars(select(Consent).where(Consent.id == consent_id).with_for_update()).one_or_none()


def without_receipt(session: Session, limit: int) -> list[tuple[UUID, UUID]]:
    """(case, consent) of those given through login whose receipt was never stored, the oldest first.

    Where the case's key was destroyed there is nothing left to store it under.
    """
    query = select(Consent.case_id, Consent.id).join(Case, Case.id == Consent.case_id)
    query = query.where(Consent.receipt_id.is_(None), Consent.method == "oidc", Case.key_blob.is_not(None))
    return [(case, consent) for case, consent in session.execute(query.order_by(Consent.given_at).limit(limit))]
