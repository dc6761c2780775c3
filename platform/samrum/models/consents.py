"""Consents: who gave them, to whom, for what, until when.

Rows are never changed but for the withdrawal and, where the storage failed at first, the receipt that came later.
"""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from samrum.models.base import Base, Identified
from samrum.models.documents import Version
from samrum.models.people import Citizen, Unit


class Consent(Identified):
    __tablename__ = "consent"
    __table_args__ = (
        CheckConstraint("method IN ('oidc', 'paper')", name="method"),
        CheckConstraint("until_day >= from_day", name="days"),
        CheckConstraint("method <> 'paper' OR scan_id IS NOT NULL", name="paper_has_scan"),
        Index("ix_consent_case_id_giver_id", "case_id", "giver_id"),
        Index("ix_consent_until_day", "until_day"),
        Index("ix_consent_without_receipt", "given_at", sqlite_where=text("receipt_id IS NULL AND method = 'oidc'"),
              postgresql_where=text("receipt_id IS NULL AND method = 'oidc'")),
    )  # fmt: skip
    case_id: Mapped[UUID] = mapped_column(ForeignKey("case.id"))
    giver_id: Mapped[UUID] = mapped_column(ForeignKey("citizen.id"), index=True)
    to_parents: Mapped[bool] = mapped_column(default=False)
    kinds: Mapped[str] = mapped_column(Text)
    purpose: Mapped[str] = mapped_column(Text)
    from_day: Mapped[date]
    until_day: Mapped[date]
    method: Mapped[str] = mapped_column(String(10))
    wording_version: Mapped[int]
    given_at: Mapped[datetime]
    assurance: Mapped[str | None] = mapped_column(String(40))
    transaction_id: Mapped[str | None] = mapped_column(String(200))
    recorded_by: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    scan_id: Mapped[UUID | None] = mapped_column(ForeignKey("version.id"))
    receipt_id: Mapped[UUID | None] = mapped_column(ForeignKey("version.id"))
    withdrawn_at: Mapped[datetime | None]
    withdrawal_recorded_by: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    run_out_logged: Mapped[bool] = mapped_column(default=False)
    giver: Mapped[Citizen] = relationship()
    scan: Mapped[Version | None] = relationship(foreign_keys=[scan_id])
    receipt: Mapped[Version | None] = relationship(foreign_keys=[receipt_id])
    units: Mapped[list[Unit]] = relationship(secondary="consent_unit", order_by="Unit.name")


class ConsentUnit(Base):
    """A unit that a consent names."""

    __tablename__ = "consent_unit"
    consent_id: Mapped[UUID] = mapped_column(ForeignKey("consent.id"), primary_key=True)
    unit_id: Mapped[UUID] = mapped_column(ForeignKey("unit.id"), primary_key=True, index=True)
